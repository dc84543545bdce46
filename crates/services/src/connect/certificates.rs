//! Key pairs made here for one connection: the private key never leaves, the certificate is shown for upload.

use domain::connect::ConnectSession;
use domain::{IntegrationKey, Scope};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};
use store::PendingCertificate;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::credentials::schemes::assertion;
use crate::error::Error;

/// A pending pair is kept this long: an administrator may have to upload it first.
const PENDING_MS: i64 = 7 * 24 * 3600 * 1000;
/// Microsoft advises against longer lives; Entra refuses an expired certificate.
const LIFE_DAYS: i64 = 365 * 2;

/// How long a page waits for its turn.
const TURN: std::time::Duration = std::time::Duration::from_secs(10);

/// A pair, with its private key.
pub struct Pair {
    /// Its row id.
    pub id: String,
    /// PKCS#8 PEM.
    pub private_key: String,
    /// PEM.
    pub certificate: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    private_key: String,
    certificate: String,
}

/// What the page shows of a new pair.
#[derive(Debug)]
pub struct CreatedCertificate {
    /// Sent back with the form.
    pub id: String,
    /// PEM, to upload.
    pub certificate_pem: String,
    /// base64url of the SHA-256 of the DER.
    pub thumbprint: String,
    /// End of the certificate, Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Makes a pair for an integration, pending until a connection takes it.
///
/// # Errors
/// The pair cannot be made or stored.
pub async fn create(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
) -> Result<CreatedCertificate, Error> {
    super::sessions::check_allowed(session, key)?;
    let scope = Scope { environment: session.environment };
    if context.store.integration(scope, key).await?.is_none() {
        return Err(Error::UnknownIntegration(key.to_string()));
    }
    let now_ms = context.now_ms();
    let busy =
        || Error::refused("too_many_key_pairs", "Too many key pairs are being made; try again in a moment");
    let turn = tokio::time::timeout(TURN, context.key_making.acquire()).await.map_err(|_| busy())?;
    // A 2048-bit RSA key takes up to a second of CPU: not on a thread that serves requests.
    let made = tokio::task::spawn_blocking(move || make(now_ms)).await;
    let (private_key, certificate, expires_at_ms) =
        made.ok().and_then(Result::ok).ok_or(Error::Corrupt("a key pair could not be made"))?;
    drop(turn);
    let id = context.uuid();
    let thumbprint = assertion::thumbprint(&certificate)?;
    let stored = Stored { private_key: private_key.to_string(), certificate: certificate.clone() };
    let clear = Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default());
    let pending = PendingCertificate {
        payload: context.vault.seal(&vault::Place::new("pending_certificates", &id, "payload"), &clear)?,
        id: id.clone(),
        session_id: session.id.clone(),
        integration: key.clone(),
        expires_at_ms: now_ms + PENDING_MS,
    };
    context.store.insert_pending_certificate(scope, &pending).await?;
    Ok(CreatedCertificate { id, certificate_pem: certificate, thumbprint, expires_at_ms })
}

/// An RSA key pair (PKCS#8 PEM), its self-signed certificate (PEM) and the certificate's end (Unix milliseconds).
///
/// # Errors
/// The key cannot be made.
pub fn make(now_ms: i64) -> Result<(Zeroizing<String>, String, i64), rcgen::Error> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Sheetbend connection");
    params.distinguished_name = name;
    let now = OffsetDateTime::from_unix_timestamp(now_ms / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Clocks differ: a certificate from the future would be refused.
    params.not_before = now - time::Duration::hours(1);
    params.not_after = now + time::Duration::days(LIFE_DAYS);
    let certificate = params.self_signed(&key)?;
    let end_ms = params.not_after.unix_timestamp() * 1000;
    Ok((Zeroizing::new(key.serialize_pem()), certificate.pem(), end_ms))
}

/// A pending pair of this session and integration.
///
/// # Errors
/// It is unknown, expired, or another session's.
pub async fn find(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    id: &str,
) -> Result<Pair, Error> {
    let scope = Scope { environment: session.environment };
    let unknown =
        || Error::field("This key pair is unknown or has expired; create a new one", &["certificateId"]);
    let found = context.store.find_pending_certificate(scope, id).await?.ok_or_else(unknown)?;
    if found.session_id != session.id || found.integration != *key || found.expires_at_ms <= context.now_ms()
    {
        return Err(unknown());
    }
    let place = vault::Place::new("pending_certificates", &found.id, "payload");
    let clear = context.vault.open(&place, &found.payload)?;
    let stored: Stored = serde_json::from_slice(&clear)
        .map_err(|_| Error::Corrupt("a stored key pair has an unknown form"))?;
    Ok(Pair { id: found.id, private_key: stored.private_key, certificate: stored.certificate })
}

/// Takes a pair for the connection it has just worked for.
///
/// # Errors
/// Another request took it meanwhile.
pub async fn take(context: &Context, session: &ConnectSession, id: &str) -> Result<(), Error> {
    let scope = Scope { environment: session.environment };
    match context.store.take_pending_certificate(scope, id).await? {
        Some(_) => Ok(()),
        None => {
            Err(Error::field("This key pair was used by another connection meanwhile", &["certificateId"]))
        }
    }
}
