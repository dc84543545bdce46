//! Credentials as the JSON that the vault seals; a storage format, not the wire's.

mod parts;
mod stored;

use domain::credentials::Credentials;
use zeroize::Zeroizing;

/// Sealed bytes that do not hold credentials of this version.
#[derive(Debug, thiserror::Error)]
#[error("the stored credentials have an unknown form; was the database written by a newer version?")]
pub struct UnknownForm;

/// The bytes to seal; wiped when dropped.
pub fn encode(credentials: &Credentials) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    // A map of texts and numbers into memory: there is nothing that can fail.
    let _: Result<(), _> =
        stored::StoredCredentials::serialize(credentials, &mut serde_json::Serializer::new(&mut *bytes));
    bytes
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`UnknownForm`] when the bytes are something else.
pub fn decode(bytes: &[u8]) -> Result<Credentials, UnknownForm> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    stored::StoredCredentials::deserialize(&mut reader).map_err(|_| UnknownForm)
}

#[cfg(test)]
mod tests;
