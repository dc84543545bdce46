//! The key that signs an environment's webhooks: made at first use, sealed, replaceable.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::entropy::to_hex;
use domain::{EnvironmentId, Scope, Secret};
use store::{SealedSigningKey, SigningKeys};

use crate::context::Context;
use crate::error::Error;

/// How long a replaced key still signs the Standard Webhooks header along, milliseconds.
pub const OVERLAP_MS: i64 = 24 * 3600 * 1000;

/// The keys that sign now.
#[derive(Debug, Clone)]
pub struct Signers {
    /// The key in force.
    pub current: Secret,
    /// The replaced one, while its receivers may not have heard yet.
    pub previous: Option<Secret>,
}

/// The keys of an environment; the first is made here.
///
/// # Errors
/// The database or the vault failed.
pub async fn signers(context: &Context, environment: EnvironmentId) -> Result<Signers, Error> {
    let stored = match context.store.signing_keys(environment).await? {
        Some(stored) => stored,
        None => {
            let first = seal(context, &Secret::new(context.uuid()))?;
            context.store.signing_keys_or_insert(environment, &first, context.now_ms()).await?
        }
    };
    let SigningKeys { current, previous } = stored;
    let now_ms = context.now_ms();
    let previous = previous.filter(|(_, until_ms)| *until_ms > now_ms);
    let previous = previous.map(|(key, _)| open(context, &key)).transpose()?;
    Ok(Signers { current: open(context, &current)?, previous })
}

/// The key in force, for its owner to configure a receiver with.
///
/// # Errors
/// As [`signers`].
pub async fn signing_key(context: &Context, scope: Scope) -> Result<Secret, Error> {
    Ok(signers(context, scope.environment).await?.current)
}

/// Makes a new key, a UUID, and puts it in force; the old one signs the Standard Webhooks header along for a day.
///
/// # Errors
/// The database or the vault failed; then the old key stays in force.
pub async fn rotate_signing_key(context: &Context, scope: Scope) -> Result<Secret, Error> {
    let key = Secret::new(context.uuid());
    put(context, scope, &key).await?;
    Ok(key)
}

/// Puts a key of the operator's choice in force, as an import does.
///
/// # Errors
/// `invalid_signing_key` when it is too short or too long to sign with; else as [`rotate_signing_key`].
pub async fn set_signing_key(context: &Context, scope: Scope, key: Secret) -> Result<(), Error> {
    const LENGTHS: std::ops::RangeInclusive<usize> = 16..=512;
    if !LENGTHS.contains(&key.expose().len()) || !key.expose().chars().all(|c| c.is_ascii_graphic()) {
        let text = "a signing key has 16 to 512 printable ASCII characters without spaces";
        return Err(Error::refused("invalid_signing_key", text));
    }
    put(context, scope, &key).await
}

async fn put(context: &Context, scope: Scope, key: &Secret) -> Result<(), Error> {
    let now_ms = context.now_ms();
    let sealed = seal(context, key)?;
    Ok(context.store.replace_signing_key(scope, &sealed, now_ms + OVERLAP_MS, now_ms).await?)
}

fn place(id: &str) -> vault::Place<'_> {
    vault::Place::new("signing_keys", id, "sealed")
}

fn seal(context: &Context, key: &Secret) -> Result<SealedSigningKey, Error> {
    let id = context.uuid();
    let sealed = context.vault.seal(&place(&id), key.expose().as_bytes())?;
    Ok(SealedSigningKey { id, sealed })
}

fn open(context: &Context, key: &SealedSigningKey) -> Result<Secret, Error> {
    let clear = context.vault.open(&place(&key.id), &key.sealed)?;
    let text = std::str::from_utf8(&clear).map_err(|_| Error::Corrupt("a signing key is no text"))?;
    Ok(Secret::new(text))
}

/// The key as verifiers of Standard Webhooks take it: `whsec_` and the base64 of its bytes
/// (standardwebhooks.com, "Signature scheme").
pub fn standard_secret(key: &Secret) -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode(key.expose())))
}

/// `X-Nango-Signature`: SHA-256 of key and body, hex (contract §8.2; no HMAC, kept for old receivers).
pub fn legacy_signature(key: &Secret, body: &[u8]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(key.expose().as_bytes());
    hash.update(body);
    to_hex(hash.finish().as_ref())
}

/// `X-Nango-Hmac-Sha256`: HMAC-SHA-256 of the body, hex (contract §8.2).
pub fn hmac_signature(key: &Secret, body: &[u8]) -> String {
    to_hex(sign(key, &[body]).as_ref())
}

/// `webhook-signature`: `v1,` and the base64 HMAC-SHA-256 of `id.timestamp.body`, one a key, separated by spaces
/// (standardwebhooks.com, "Signature scheme"). `timestamp` is in Unix seconds.
pub fn standard_signature(signers: &Signers, id: &str, timestamp: i64, body: &[u8]) -> String {
    let head = format!("{id}.{timestamp}.");
    let one = |key| format!("v1,{}", STANDARD.encode(sign(key, &[head.as_bytes(), body])));
    let signatures: Vec<String> =
        [Some(&signers.current), signers.previous.as_ref()].into_iter().flatten().map(one).collect();
    signatures.join(" ")
}

fn sign(key: &Secret, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes()));
    parts.iter().for_each(|part| context.update(part));
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value was made with `printf … | openssl dgst -sha256 -hmac … -binary | base64`.
    #[test]
    fn both_keys_sign_while_receivers_change() {
        let signers = Signers { current: Secret::new("new-key"), previous: Some(Secret::new("old-key")) };
        let both = standard_signature(&signers, "msg_1", 5, b"{}");
        let old = standard_signature(
            &Signers { current: Secret::new("old-key"), previous: None },
            "msg_1",
            5,
            b"{}",
        );
        assert_eq!(both.split(' ').next(), Some("v1,jAZno1rYYDdC6D8ZoVNjQwt6PVb6o2twtf4Gi69cWyw="));
        assert_eq!(both.split(' ').count(), 2);
        assert_eq!(both.split(' ').nth(1), Some(old.as_str()));
        assert_eq!(standard_secret(&Secret::new("new-key")).expose(), "whsec_bmV3LWtleQ==");
    }

    /// Values made with `printf … | openssl dgst -sha256 [-hmac …]`.
    #[test]
    fn the_contract_s_headers() {
        let key = Secret::new("secret");
        assert_eq!(
            legacy_signature(&key, b"{}"),
            "7bd07c7a3a9cdbfb06eafe8b8767001ec5e044a9009067a7b6918b08eba8498b"
        );
        assert_eq!(
            hmac_signature(&Secret::new("key"), b"The quick brown fox jumps over the lazy dog"),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }
}
