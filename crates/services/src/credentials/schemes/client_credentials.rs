//! OAUTH2_CC: client credentials (RFC 6749 §4.4).

use domain::credentials::ClientCredentialsToken;
use domain::provider::ClientCredentials;

use super::{Party, SettingProblem, TokenRequest};
use crate::credentials::token_answer::TokenAnswer;

/// The request for a token.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn request(
    scheme: &ClientCredentials,
    party: &Party<'_>,
    scopes: &[String],
) -> Result<TokenRequest, SettingProblem> {
    if party.client.id.is_empty() {
        return Err(SettingProblem::NoClient);
    }
    let mut request =
        TokenRequest::new(party.url(&scheme.token_url, "token URL")?.into(), scheme.body_format);
    request.set("grant_type", "client_credentials".to_owned());
    for (name, template) in &scheme.token_params {
        if let Some(value) = party.parameter(template)? {
            request.set(name, value);
        }
    }
    if !scopes.is_empty() {
        request.set("scope", scopes.join(&scheme.scope_separator));
    }
    request.authenticate(&party.client, scheme.client_auth);
    Ok(request)
}

/// The new credentials; a token without an end is renewed after 55 minutes (contract §7.1).
pub fn credentials(answer: TokenAnswer, party: &Party<'_>, received_at_ms: i64) -> ClientCredentialsToken {
    const ASSUMED_LIFE_MS: i64 = 55 * 60 * 1000;
    ClientCredentialsToken {
        token: answer.access_token,
        expires_at_ms: answer.expires_at_ms.or(Some(received_at_ms + ASSUMED_LIFE_MS)),
        client_id: party.client.id.clone(),
        client_secret: party.client.secret.clone(),
        client_certificate: None,
        client_private_key: None,
        raw: answer.raw,
    }
}
