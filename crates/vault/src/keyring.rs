//! Keys: parsed, named, never shown.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::KeyError;

const KEY_BYTES: usize = 32;

/// Names a key without telling it: the first 8 bytes of SHA-256 over `sheetbend key id` and the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The 8 bytes of an envelope.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The 8 bytes for an envelope.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Reads 16 hexadecimal digits, as an id is shown.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }

    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"sheetbend key id");
        context.update(key);
        let mut id = [0; 8];
        id.copy_from_slice(&context.finish().as_ref()[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The 32 bytes of one AES-256 key; wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeyMaterial([u8; KEY_BYTES]);

impl KeyMaterial {
    /// Reads 32 bytes in base64, standard or URL-safe; white space around is ignored.
    ///
    /// # Errors
    /// [`KeyError::Format`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let bytes = STANDARD
            .decode(text)
            .or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')))
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Format)?;
        let mut key = Self([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return Err(KeyError::Format);
        }
        key.0.copy_from_slice(&bytes);
        Ok(key)
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = Self([0; KEY_BYTES]);
        rand::fill(&mut key.0).map_err(|_| KeyError::NoRandomness)?;
        Ok(key)
    }

    /// The key in base64, for the key file; the only way out.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0))
    }

    /// The key's public name.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.0)
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyMaterial({})", self.id())
    }
}

/// The keys that open; the first one seals.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<[Key]>,
}

/// A key ready for use.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) cipher: Arc<LessSafeKey>,
}

impl Key {
    fn new(material: &KeyMaterial) -> Result<Self, KeyError> {
        let unbound = UnboundKey::new(&AES_256_GCM, &material.0).map_err(|_| KeyError::Format)?;
        Ok(Self { id: material.id(), cipher: Arc::new(LessSafeKey::new(unbound)) })
    }
}

impl Keyring {
    /// A ring whose first key seals.
    ///
    /// # Errors
    /// [`KeyError::Empty`], [`KeyError::Twice`].
    pub fn new(keys: Vec<KeyMaterial>) -> Result<Self, KeyError> {
        let mut ring: Vec<Key> = Vec::with_capacity(keys.len());
        for material in &keys {
            let id = material.id();
            if ring.iter().any(|key| key.id == id) {
                return Err(KeyError::Twice(id));
            }
            ring.push(Key::new(material)?);
        }
        if ring.is_empty() { Err(KeyError::Empty) } else { Ok(Self { keys: ring.into() }) }
    }

    /// The sealing key's id.
    pub fn sealing_id(&self) -> KeyId {
        self.sealing().id
    }

    /// All ids, the sealing one first.
    pub fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(|key| key.id).collect()
    }

    /// This ring with one more key, which opens; unchanged when it is there.
    pub(crate) fn with(&self, material: &KeyMaterial) -> Result<Self, KeyError> {
        let known = self.find(material.id()).is_some();
        let more = (!known).then(|| Key::new(material)).transpose()?;
        Ok(Self { keys: self.keys.iter().cloned().chain(more).collect() })
    }

    /// This ring with the key `id` first; `None` when it is not there.
    pub(crate) fn led_by(&self, id: KeyId) -> Option<Self> {
        let first = self.find(id)?.clone();
        let rest = self.keys.iter().filter(|key| key.id != id).cloned();
        Some(Self { keys: std::iter::once(first).chain(rest).collect() })
    }

    pub(crate) fn sealing(&self) -> &Key {
        &self.keys[0]
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.ids()).finish()
    }
}
