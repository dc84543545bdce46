//! The encryption keys as the operator sees them.

use domain::Secret;
use vault::{KeyError, KeyId, KeyMaterial};

use crate::context::Context;
use crate::error::Error;
use crate::key_rotation::{KeyRotation, Rotation};

/// An encryption key, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// 16 hexadecimal digits.
    pub id: String,
    /// What it does here.
    pub state: KeyRole,
    /// How many stored values it seals.
    pub values: u64,
}

/// What a key does in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRole {
    /// It seals, and opens.
    Seals,
    /// It opens.
    Opens,
    /// Something is sealed with it, and this process does not know it.
    Missing,
}

impl KeyRole {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seals => "seals",
            Self::Opens => "opens",
            Self::Missing => "missing",
        }
    }
}

/// The keys, the sealing one first.
///
/// # Errors
/// The database failed.
pub async fn list(context: &Context, rotation: &KeyRotation) -> Result<Vec<KeyState>, Error> {
    let counts = rotation.counts().await?;
    let values = |id: KeyId| counts.iter().filter(|one| one.key == id).map(|one| one.count).sum();
    let known = context.vault.known_keys();
    let mut missing: Vec<KeyId> = counts.iter().map(|one| one.key).filter(|id| !known.contains(id)).collect();
    missing.sort_by_key(ToString::to_string);
    missing.dedup();
    let roles = std::iter::once(KeyRole::Seals).chain(std::iter::repeat(KeyRole::Opens));
    let all = known.into_iter().zip(roles).chain(missing.into_iter().map(|id| (id, KeyRole::Missing)));
    Ok(all.map(|(id, state)| KeyState { id: id.to_string(), state, values: values(id) }).collect())
}

/// Learns a key, 32 bytes in base64, which from now on opens and does not seal; its id.
///
/// # Errors
/// It is no key.
pub fn learn(context: &Context, key: &Secret) -> Result<String, Error> {
    let refused = |error: KeyError| Error::field(error.to_string(), &["key"]);
    let key = KeyMaterial::parse(key.expose()).map_err(refused)?;
    Ok(context.vault.learn(&key).map_err(refused)?.to_string())
}

/// Begins to seal everything with a key that every process knows.
///
/// # Errors
/// The text is no key's id, or as [`KeyRotation::begin`].
pub async fn begin(rotation: &KeyRotation, to: &str) -> Result<Rotation, Error> {
    let id = KeyId::parse(to).ok_or_else(|| Error::field("expected 16 hexadecimal digits", &["to"]))?;
    rotation.begin(id).await
}
