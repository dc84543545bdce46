//! The certificate that a connection shows in TLS handshakes, where the definition asks for one (RFC 8705 §2).

use domain::Secret;
use domain::credentials::{ClientCredentialsToken, Credentials};
use domain::provider::{Auth, ClientCertificate, ClientCredentials};
use egress::ClientIdentity;

use super::schemes::{SettingProblem, pem};
use crate::context::Context;

/// What the connection of these credentials shows; `None` where the definition asks for nothing.
///
/// # Errors
/// It is missing, or cannot be used.
pub fn of(
    context: &Context,
    auth: &Auth,
    credentials: &Credentials,
) -> Result<Option<ClientIdentity>, SettingProblem> {
    match (auth, credentials) {
        (Auth::OAuth2Cc(scheme), Credentials::OAuth2Cc(own)) => of_client(context, scheme, own),
        _ => Ok(None),
    }
}

/// The same of a client that gets its own tokens.
///
/// # Errors
/// As [`of`].
pub fn of_client(
    context: &Context,
    scheme: &ClientCredentials,
    own: &ClientCredentialsToken,
) -> Result<Option<ClientIdentity>, SettingProblem> {
    if scheme.client_certificate == ClientCertificate::No {
        return Ok(None);
    }
    let given = |secret: &Option<Secret>, name: &str| {
        secret.clone().filter(|text| !text.is_empty()).ok_or_else(|| SettingProblem::Missing(name.to_owned()))
    };
    let certificate = pem::certificates(&given(&own.client_certificate, "client_certificate")?)?;
    let key = pem::tidy(given(&own.client_private_key, "client_private_key")?.expose())
        .ok_or(SettingProblem::BadKey("the private key is not in PEM form (-----BEGIN PRIVATE KEY-----)"))?;
    let identity = context.egress.identity(certificate.expose(), key.expose()).map_err(|_| {
        SettingProblem::BadKey(
            "the client certificate and its private key are unreadable or do not belong together",
        )
    })?;
    Ok(Some(identity))
}
