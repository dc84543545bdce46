//! JWS in compact form (RFC 7515 §3.1) with headers of the definition's choice, signed by any algorithm of
//! RFC 7518 §3.1 and RFC 8037.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use aws_lc_rs::{hmac, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;
use rustls_pki_types::PrivateKeyDer;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{SettingProblem, pem};

/// What signs.
pub enum SigningKey {
    /// A shared secret, for `HS…`.
    Shared(Zeroizing<Vec<u8>>),
    /// A private key in PEM, for the rest.
    Private(Secret),
}

impl SigningKey {
    /// A shared secret.
    pub fn shared(secret: Vec<u8>) -> Self {
        Self::Shared(Zeroizing::new(secret))
    }
}

/// Signs claims; `alg` stands in the header.
///
/// # Errors
/// The algorithm is unknown (`none` is), or the key does not fit it.
pub fn sign(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    key: &SigningKey,
) -> Result<Secret, SettingProblem> {
    let part = |map: &Map<String, Value>| {
        serde_json::to_vec(map).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| UNWRITABLE)
    };
    let mut token = Zeroizing::new(format!("{}.{}", part(header)?, part(claims)?));
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let signature = signature(algorithm, token.as_bytes(), key)?;
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Ok(Secret::new(token.as_str()))
}

const UNWRITABLE: SettingProblem = SettingProblem::BadKey("the token's claims cannot be written");
const UNKNOWN: SettingProblem = SettingProblem::BadKey("the definition names no known signing algorithm");
const UNFIT: SettingProblem = SettingProblem::BadKey("the key is of another kind than the algorithm needs");

fn signature(algorithm: &str, message: &[u8], key: &SigningKey) -> Result<Vec<u8>, SettingProblem> {
    if let Some(hash) = shared_secret_hash(algorithm) {
        let SigningKey::Shared(secret) = key else { return Err(UNFIT) };
        if secret.is_empty() {
            return Err(SettingProblem::BadKey("the signing secret is empty"));
        }
        return Ok(hmac::sign(&hmac::Key::new(hash, secret), message).as_ref().to_vec());
    }
    if let Some(padding) = rsa_padding(algorithm) {
        return by_rsa(padding, message, &private(key)?);
    }
    if let Some(curve) = curve(algorithm) {
        let pair = EcdsaKeyPair::from_private_key_der(curve, private(key)?.secret_der())
            .map_err(|_| SettingProblem::BadKey("the private key is not of the algorithm's curve"))?;
        return pair
            .sign(&SystemRandom::new(), message)
            .map(|signed| signed.as_ref().to_vec())
            .map_err(|_| CANNOT_SIGN);
    }
    if algorithm == "EdDSA" {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(private(key)?.secret_der())
            .map_err(|_| SettingProblem::BadKey("the private key is not an Ed25519 key"))?;
        return Ok(pair.sign(message).as_ref().to_vec());
    }
    Err(UNKNOWN)
}

const CANNOT_SIGN: SettingProblem = SettingProblem::BadKey("the private key cannot sign");

fn private(key: &SigningKey) -> Result<PrivateKeyDer<'static>, SettingProblem> {
    match key {
        SigningKey::Private(text) => pem::private_key(text),
        SigningKey::Shared(_) => Err(UNFIT),
    }
}

fn by_rsa(
    padding: &'static dyn RsaEncoding,
    message: &[u8],
    key: &PrivateKeyDer<'_>,
) -> Result<Vec<u8>, SettingProblem> {
    // RFC 7518 §3.3: a key of 2048 bits or more; the library takes no shorter one.
    let pair: rsa::KeyPair = match key {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        other => RsaKeyPair::from_pkcs8(other.secret_der()),
    }
    .map_err(|_| SettingProblem::BadKey("the private key is not an RSA key of 2048 bits or more"))?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| CANNOT_SIGN)?;
    Ok(signature)
}

fn shared_secret_hash(algorithm: &str) -> Option<hmac::Algorithm> {
    match algorithm {
        "HS256" => Some(hmac::HMAC_SHA256),
        "HS384" => Some(hmac::HMAC_SHA384),
        "HS512" => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn rsa_padding(algorithm: &str) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_SHA256,
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        "PS256" => &RSA_PSS_SHA256,
        "PS384" => &RSA_PSS_SHA384,
        "PS512" => &RSA_PSS_SHA512,
        _ => return None,
    })
}

fn curve(algorithm: &str) -> Option<&'static EcdsaSigningAlgorithm> {
    Some(match algorithm {
        "ES256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
        "ES384" => &ECDSA_P384_SHA384_FIXED_SIGNING,
        "ES512" => &ECDSA_P521_SHA512_FIXED_SIGNING,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
