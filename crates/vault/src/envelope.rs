//! The stored form: `version (1) | key id (8) | nonce (12) | ciphertext and tag`.

use aws_lc_rs::aead::{Aad, MAX_TAG_LEN, NONCE_LEN, Nonce};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::keyring::{Key, KeyId};

/// AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D §8.2.2: at most 2^32 values a key).
const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;
const MAX_CLEAR_LEN: usize = 64 << 20;

/// A parsed envelope.
pub(crate) struct Envelope<'a> {
    pub(crate) key: KeyId,
    nonce: [u8; NONCE_LEN],
    header: &'a [u8],
    ciphertext: &'a [u8],
}

impl<'a> Envelope<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, VaultError> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&other) => return Err(VaultError::UnknownVersion(other)),
            None => return Err(VaultError::Damaged),
        }
        if bytes.len() < HEADER_LEN + MAX_TAG_LEN {
            return Err(VaultError::Damaged);
        }
        let (header, ciphertext) = bytes.split_at(HEADER_LEN);
        let mut key = [0; KEY_ID_LEN];
        key.copy_from_slice(&header[1..=KEY_ID_LEN]);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&header[1 + KEY_ID_LEN..]);
        Ok(Self { key: KeyId::from_bytes(key), nonce, header: &header[..=KEY_ID_LEN], ciphertext })
    }

    pub(crate) fn open(&self, key: &Key, place: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let mut buffer = Zeroizing::new(self.ciphertext.to_vec());
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let length = key
            .cipher
            .open_in_place(nonce, associated(self.header, place), &mut buffer)
            .map_err(|_| VaultError::Damaged)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// Seals `clear` under `key`, bound to the associated data of its place.
pub(crate) fn seal(key: &Key, place: &[u8], clear: &[u8]) -> Result<Vec<u8>, VaultError> {
    if clear.len() > MAX_CLEAR_LEN {
        return Err(VaultError::TooLarge);
    }
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| VaultError::Crypto)?;
    let mut bytes = Vec::with_capacity(HEADER_LEN + clear.len() + MAX_TAG_LEN);
    bytes.push(VERSION);
    bytes.extend_from_slice(key.id.as_bytes());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(clear);
    let (header, body) = bytes.split_at_mut(HEADER_LEN);
    let tag = key
        .cipher
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            associated(&header[..=KEY_ID_LEN], place),
            body,
        )
        .map_err(|_| VaultError::Crypto)?;
    bytes.extend_from_slice(tag.as_ref());
    Ok(bytes)
}

/// Version and key id are authenticated with the place, so that neither can be changed.
fn associated(header: &[u8], place: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([header, place].concat())
}
