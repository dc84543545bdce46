//! What can go wrong; no message carries a key or a clear text.

use crate::keyring::KeyId;

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The ring lacks the key.
    #[error("sealed with key {0}; start with that key in the keyring")]
    UnknownKey(KeyId),
    /// The envelope was written by a newer program.
    #[error("sealed in format {0}, which this version does not know")]
    UnknownVersion(u8),
    /// Changed, cut short, or moved from another place.
    #[error("the sealed value is damaged or was moved from another place")]
    Damaged,
    /// More than one envelope holds.
    #[error("a secret of more than 64 MiB cannot be sealed")]
    TooLarge,
    /// The library refused, in practice for want of randomness.
    #[error("the cryptographic library refused to work")]
    Crypto,
}

/// Why a text is no encryption key, or a list no keyring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not base64, or not 32 bytes.
    #[error("an encryption key is 32 bytes in base64 (44 characters)")]
    Format,
    /// No key at all.
    #[error("the keyring is empty; at least one encryption key is needed")]
    Empty,
    /// The same key twice.
    #[error("key {0} stands in the keyring twice")]
    Twice(KeyId),
    /// The system has no randomness.
    #[error("the system gave no random bytes")]
    NoRandomness,
}
