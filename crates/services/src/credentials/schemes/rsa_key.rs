//! RSA keys of persons and apps: PEM in, PKCS #1 v1.5 signatures out (RFC 8017 §8.2).
//!
//! OAuth 1.0 wants SHA-1 and the field has keys of 1024 bits; aws-lc-rs signs with neither.

use aws_lc_rs::digest;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::SettingProblem;

/// The hash of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaHash {
    /// SHA-1, for protocols that know nothing newer.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl RsaHash {
    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// What stands before the digest in a `DigestInfo` (RFC 8017 §9.2, note 1).
    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Self::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            Self::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        }
    }
}

/// A private RSA key.
pub struct RsaKey(RsaPrivateKey);

impl RsaKey {
    /// Reads `RSA PRIVATE KEY` or `PRIVATE KEY`; line breaks may be written as `\n`.
    ///
    /// # Errors
    /// It is no RSA key in PEM.
    pub fn from_pem(pem: &str) -> Result<Self, SettingProblem> {
        const LONGEST: usize = 16 << 10;
        let bad = SettingProblem::BadKey("the private key is not an RSA key in PEM");
        if pem.len() > LONGEST {
            return Err(bad);
        }
        let pem = pem.replace("\\n", "\n");
        let key = match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs1(der)) => RsaPrivateKey::from_pkcs1_der(der.secret_pkcs1_der()).ok(),
            Ok(PrivateKeyDer::Pkcs8(der)) => RsaPrivateKey::from_pkcs8_der(der.secret_pkcs8_der()).ok(),
            _ => None,
        };
        key.map(Self).ok_or(bad)
    }

    /// The signature of a message.
    ///
    /// # Errors
    /// The key is too short for the hash.
    pub fn sign(&self, hash: RsaHash, message: &[u8]) -> Result<Vec<u8>, SettingProblem> {
        let mut info = hash.prefix().to_vec();
        info.extend_from_slice(digest::digest(hash.algorithm(), message).as_ref());
        self.0
            .sign(Pkcs1v15Sign::new_unprefixed(), &info)
            .map_err(|_| SettingProblem::BadKey("the private key cannot sign"))
    }

    /// The public half, DER of `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn spki_der(&self) -> Result<Vec<u8>, SettingProblem> {
        let bad = |_| SettingProblem::BadKey("the private key has no usable public half");
        self.0.to_public_key().to_public_key_der().map(|der| der.into_vec()).map_err(bad)
    }
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaKey([redacted])")
    }
}
