//! Signed JSON (RFC 7515 compact form) with RSA: our tokens are RS256, client assertions RS256 or PS256.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;

use crate::random;

/// Longest compact token read, in bytes.
const LONGEST: usize = 64 * 1024;

/// The key that signs the sandbox's tokens.
pub(crate) struct SigningKey {
    pair: KeyPair,
    /// Key id, the thumbprint of the public key.
    pub kid: String,
}

impl SigningKey {
    pub fn generate() -> Self {
        Self::of(KeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be generated"))
    }

    /// Reads a PKCS#8 private key; `None` when it is not an RSA one.
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        KeyPair::from_pkcs8(der).ok().map(Self::of)
    }

    fn of(pair: KeyPair) -> Self {
        let kid = random::sha256_hex(pair.public_key().as_ref())[..27].to_owned();
        Self { pair, kid }
    }

    pub fn to_pkcs8(&self) -> Vec<u8> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().expect("a generated key can be encoded");
        der.as_ref().to_vec()
    }

    /// `header.claims.signature`, RS256.
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": self.kid, "kid": self.kid });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut token = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .expect("the buffer has the key's size");
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
        token
    }

    /// Checks one of our own tokens and gives its claims.
    pub fn verify(&self, token: &str) -> Option<Value> {
        let parts = Parts::read(token)?;
        (parts.header["alg"] == "RS256").then_some(())?;
        parts.verify(self.pair.public_key().as_ref()).then_some(parts.claims)
    }

    /// The public key as a JSON Web Key (RFC 7517).
    pub fn jwk(&self, issuer: &str) -> Value {
        let der = self.pair.public_key().as_ref();
        let (_, key) = RSAPublicKey::from_der(der).expect("our own public key is PKCS#1");
        let number = |bytes: &[u8]| {
            let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
            URL_SAFE_NO_PAD.encode(&bytes[first..])
        };
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "x5t": self.kid,
            "n": number(key.modulus), "e": number(key.exponent), "issuer": issuer,
        })
    }
}

/// A compact token taken apart; nothing is verified yet.
pub(crate) struct Parts {
    pub header: Value,
    pub claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Parts {
    pub fn read(token: &str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
        let read = |part: &str| serde_json::from_slice::<Value>(&decode(part)?).ok().filter(Value::is_object);
        Some(Self {
            header: read(header)?,
            claims: read(claims)?,
            signed: signed.to_owned(),
            signature: decode(signature)?,
        })
    }

    /// Whether the signature is by the holder of this key (PKCS#1 DER), by the algorithm that the header names.
    pub fn verify(&self, public_key: &[u8]) -> bool {
        let algorithm = match self.header["alg"].as_str() {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, public_key).verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_verified_and_a_changed_one_refused() {
        let key = SigningKey::generate();
        let token = key.sign(&json!({ "tid": "t" }));
        assert_eq!(key.verify(&token).unwrap()["tid"], "t");
        let (head, signature) = token.rsplit_once('.').unwrap();
        let forged = format!("{}.{signature}", head.replace('.', ".e"));
        assert!(key.verify(&forged).is_none());
        let again = SigningKey::from_pkcs8(&key.to_pkcs8()).unwrap();
        assert_eq!(again.kid, key.kid);
        assert!(again.verify(&token).is_some());
        assert!(SigningKey::generate().verify(&token).is_none());
    }
}
