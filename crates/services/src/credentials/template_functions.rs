//! The functions of provider templates (contract §4.4): pure, over one moment and one random value.

mod moment;

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::entropy::to_hex;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::schemes::rsa_key::RsaKey;
use crate::context::Context;

/// The functions for one request: `now` and `random` are the same wherever its templates name them.
#[derive(Debug, Clone)]
pub struct TemplateFunctions {
    now_ms: i64,
    random: String,
}

impl TemplateFunctions {
    /// Functions of this moment, with a fresh UUID.
    pub fn fresh(context: &Context) -> Self {
        Self::at(context.now_ms(), context.uuid())
    }

    /// Functions of a moment (Unix milliseconds) and a random value.
    pub fn at(now_ms: i64, random: String) -> Self {
        Self { now_ms, random }
    }

    /// The moment, Unix milliseconds.
    pub fn moment_ms(&self) -> i64 {
        self.now_ms
    }

    /// `${now}` and `${random}`.
    pub fn get(&self, path: &str) -> Option<String> {
        match path {
            "now" => moment::format(self.now_ms, "YYYY-MM-DDTHH:mm:ss.SSS[Z]"),
            "random" => Some(self.random.clone()),
            _ => None,
        }
    }

    /// The result of a function; `None` when it is unknown or its arguments are of no use.
    ///
    /// `awsSigV4` is not here: it needs the request.
    pub fn call(&self, name: &str, arguments: &[String]) -> Option<String> {
        match name {
            "now" => moment::shifted(self.now_ms, &arguments.join(",")),
            "base64" => Some(STANDARD.encode(arguments.join(","))),
            "sha256Hex" => Some(to_hex(sha256(&arguments.join(",")).as_ref())),
            "sha256Base64" => Some(STANDARD.encode(sha256(&arguments.join(",")))),
            "hmacSha1Hex" => {
                let (message, key) = message_and_key(arguments)?;
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
                Some(to_hex(hmac::sign(&key, message.as_bytes()).as_ref()))
            }
            "ed25519Sign" => {
                let (message, pem) = message_and_key(arguments)?;
                let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_der()).ok()?;
                Some(STANDARD.encode(key.sign(message.as_bytes())))
            }
            "fingerprint" => fingerprint(&arguments.join(",")),
            _ => None,
        }
    }
}

fn sha256(text: &str) -> digest::Digest {
    digest::digest(&SHA256, text.as_bytes())
}

/// The last argument is the key; the message may hold commas.
fn message_and_key(arguments: &[String]) -> Option<(String, &str)> {
    let (key, message) = arguments.split_last()?;
    (!message.is_empty()).then(|| (message.join(","), key.trim_start()))
}

/// `SHA256:` and the Base64 of the public key's SPKI, as Snowflake names a key pair.
fn fingerprint(pem: &str) -> Option<String> {
    let spki = match RsaKey::from_pem(pem) {
        Ok(key) => key.spki_der().ok()?,
        Err(_) => {
            let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_der()).ok()?;
            let spki: PublicKeyX509Der<'_> = key.public_key().as_der().ok()?;
            spki.as_ref().to_vec()
        }
    };
    Some(format!("SHA256:{}", STANDARD.encode(digest::digest(&SHA256, &spki))))
}

#[cfg(test)]
mod tests;
