//! Seals and opens secrets: AES-256-GCM under a keyring, bound to the place where the secret is kept.
//!
//! Invariant: there is no mode that stores clear text, and no way to open a value outside this crate.

mod check;
mod envelope;
mod error;
mod keyring;

use std::sync::{Arc, PoisonError, RwLock};

use domain::Sealed;
use zeroize::Zeroizing;

pub use error::{KeyError, VaultError};
pub use keyring::{KeyId, KeyMaterial, Keyring};

/// Where a sealed value is kept; a value moved to another place does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table, for example `connections`.
    pub table: &'a str,
    /// The row's stable id, for example a connection's `seal_id`.
    pub row: &'a str,
    /// The column, for example `credentials`.
    pub column: &'a str,
}

impl<'a> Place<'a> {
    /// Names a place.
    pub fn new(table: &'a str, row: &'a str, column: &'a str) -> Self {
        Self { table, row, column }
    }

    /// The associated data: each part preceded by its length (4 bytes, big endian), so that no two places agree.
    fn associated_data(&self) -> Vec<u8> {
        let parts = [self.table, self.row, self.column];
        let mut data = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
        for part in parts {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

/// Seals with the first key of its ring and opens with any. Clones share the ring, which may change while they work.
#[derive(Debug, Clone)]
pub struct Vault {
    keys: Arc<RwLock<Keyring>>,
}

impl Vault {
    /// A vault over a keyring.
    pub fn new(keys: Keyring) -> Self {
        Self { keys: Arc::new(RwLock::new(keys)) }
    }

    /// The ring as it is now.
    fn ring(&self) -> Keyring {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a key that opens and does not seal yet; nothing happens when it is known.
    ///
    /// # Errors
    /// The library refused the key.
    pub fn learn(&self, key: &KeyMaterial) -> Result<KeyId, KeyError> {
        let mut ring = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *ring = ring.with(key)?;
        Ok(key.id())
    }

    /// From now on seals with a key that it knows already.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`].
    pub fn seal_with(&self, id: KeyId) -> Result<(), VaultError> {
        let mut ring = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *ring = ring.led_by(id).ok_or(VaultError::UnknownKey(id))?;
        Ok(())
    }

    /// Seals `clear` so that it opens only at `place`.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`] past 64 MiB; [`VaultError::Crypto`] when the system has no randomness.
    pub fn seal(&self, place: &Place<'_>, clear: &[u8]) -> Result<Sealed, VaultError> {
        envelope::seal(self.ring().sealing(), &place.associated_data(), clear).map(Sealed::from_bytes)
    }

    /// Opens what was sealed at `place`; the clear text is wiped when dropped.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] names the key that is needed; [`VaultError::Damaged`] when the value was changed,
    /// cut or moved from another place.
    pub fn open(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let envelope = envelope::Envelope::read(sealed.as_bytes())?;
        let ring = self.ring();
        let key = ring.find(envelope.key).ok_or(VaultError::UnknownKey(envelope.key))?;
        envelope.open(key, &place.associated_data())
    }

    /// True when the value was sealed with another key than the one that seals now.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] or [`VaultError::UnknownVersion`] when it is no envelope.
    pub fn needs_reseal(&self, sealed: &Sealed) -> Result<bool, VaultError> {
        Ok(envelope::Envelope::read(sealed.as_bytes())?.key != self.ring().sealing_id())
    }

    /// Opens at `place` and seals again with the key that seals now.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::seal`].
    pub fn reseal(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Sealed, VaultError> {
        self.seal(place, &self.open(place, sealed)?)
    }

    /// The id of the key that seals now.
    pub fn sealing_key(&self) -> KeyId {
        self.ring().sealing_id()
    }

    /// The ids of all keys that open, the sealing one first.
    pub fn known_keys(&self) -> Vec<KeyId> {
        self.ring().ids()
    }
}

#[cfg(test)]
mod tests;
