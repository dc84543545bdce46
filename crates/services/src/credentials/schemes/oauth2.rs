//! OAUTH2: authorization code with PKCE, and refresh (RFC 6749 §4.1, §6; RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Secret;
use domain::credentials::{OAuth2Credentials, RawAnswer};
use domain::provider::{OAuth2, Pkce};
use domain::template::Template;
use serde_json::Value;

use super::{Party, SettingProblem, TokenRequest, at};
use crate::credentials::token_answer::TokenAnswer;

/// What one authorization asks for, besides the definition.
#[derive(Debug)]
pub struct Authorization<'a> {
    /// The `state` parameter.
    pub state: &'a str,
    /// The PKCE verifier (RFC 7636 §4.1), used when the definition allows PKCE.
    pub verifier: &'a str,
    /// The `scope` parameter, already resolved by the provider's rules; `None` leaves it out.
    pub scope: Option<&'a str>,
    /// The definition's parameters with the connect session's over them.
    pub params: &'a [(String, Template)],
}

/// The S256 challenge of a verifier (RFC 7636 §4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()))
}

/// The URL to which the browser is sent.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn authorize_url(
    scheme: &OAuth2,
    party: &Party<'_>,
    request: &Authorization<'_>,
) -> Result<url::Url, SettingProblem> {
    if party.client.id.is_empty() {
        return Err(SettingProblem::NoClient);
    }
    let template = scheme
        .authorization_url
        .as_ref()
        .ok_or_else(|| SettingProblem::Missing("authorization_url".to_owned()))?;
    let mut url = party.url(template, "authorization URL")?;
    let mut params: Vec<(String, String)> = vec![
        ("response_type".into(), "code".into()),
        ("client_id".into(), party.client.id.clone()),
        ("redirect_uri".into(), party.redirect_uri.to_owned()),
        ("scope".into(), request.scope.unwrap_or_default().to_owned()),
        ("state".into(), request.state.to_owned()),
    ];
    for (name, template) in request.params {
        set(&mut params, name, party.text(template)?);
    }
    if scheme.pkce == Pkce::S256 {
        set(&mut params, "code_challenge", challenge(request.verifier));
        set(&mut params, "code_challenge_method", "S256".into());
    }
    url.query_pairs_mut().extend_pairs(params.iter().filter(|(_, value)| !value.is_empty()));
    Ok(url)
}

fn set(params: &mut Vec<(String, String)>, name: &str, value: String) {
    match params.iter_mut().find(|(key, _)| key == name) {
        Some(slot) => slot.1 = value,
        None => params.push((name.to_owned(), value)),
    }
}

/// The request that redeems a code; `scope` is named only where the authorization spanned several resources.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn redeem(
    scheme: &OAuth2,
    party: &Party<'_>,
    code: Secret,
    verifier: &Secret,
    scope: Option<&str>,
) -> Result<TokenRequest, SettingProblem> {
    let mut request =
        TokenRequest::new(party.url(&scheme.token_url, "token URL")?.into(), scheme.body_format);
    request.set("grant_type", "authorization_code".to_owned());
    request.set("code", code);
    request.set("redirect_uri", party.redirect_uri.to_owned());
    for (name, template) in &scheme.token_params {
        request.set(name, party.text(template)?);
    }
    if let Some(scope) = scope {
        request.set("scope", scope.to_owned());
    }
    if scheme.pkce == Pkce::S256 {
        request.set("code_verifier", verifier.clone());
    }
    request.authenticate(&party.client, scheme.client_auth);
    Ok(request)
}

/// The request that renews a token. Without `scope` the granted set is kept (RFC 6749 §6).
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn refresh(
    scheme: &OAuth2,
    party: &Party<'_>,
    refresh_token: &Secret,
    scope: Option<&str>,
) -> Result<TokenRequest, SettingProblem> {
    let mut request =
        TokenRequest::new(party.url(&scheme.token_url, "token URL")?.into(), scheme.body_format);
    let params = if scheme.refresh_params.is_empty() { &scheme.token_params } else { &scheme.refresh_params };
    for (name, template) in params {
        request.set(name, party.text(template)?);
    }
    request.set("grant_type", "refresh_token".to_owned());
    request.set("refresh_token", refresh_token.clone());
    if let Some(scope) = scope {
        request.set("scope", scope.to_owned());
    }
    request.authenticate(&party.client, scheme.client_auth);
    Ok(request)
}

/// The client-credentials request of an admin-consented app (`microsoft-admin`), on the proven tenant.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn mint_for_admin(
    scheme: &OAuth2,
    party: &Party<'_>,
    scopes: &[String],
) -> Result<TokenRequest, SettingProblem> {
    let mut request =
        TokenRequest::new(party.url(&scheme.token_url, "token URL")?.into(), scheme.body_format);
    for (name, template) in &scheme.token_params {
        request.set(name, party.text(template)?);
    }
    request.set("grant_type", "client_credentials".to_owned());
    request.set("scope", scopes.join(&scheme.scope_separator));
    request.authenticate(&party.client, scheme.client_auth);
    Ok(request)
}

/// The new credentials: what the answer lacks is carried over from the old ones.
pub fn credentials(answer: TokenAnswer, previous: Option<&OAuth2Credentials>) -> OAuth2Credentials {
    let mut raw = answer.raw;
    let carried = previous.and_then(|old| old.refresh_token.clone());
    if answer.refresh_token.is_none()
        && let Some(token) = &carried
    {
        raw.0.insert("refresh_token".into(), Value::String(token.expose().to_owned()));
    }
    OAuth2Credentials {
        access_token: answer.access_token,
        refresh_token: answer.refresh_token.or(carried),
        expires_at_ms: answer.expires_at_ms,
        client_override: previous.and_then(|old| old.client_override.clone()),
        raw,
    }
}

/// Values of the answer that the definition wants in the connection config.
pub fn metadata(scheme: &OAuth2, raw: &RawAnswer) -> Vec<(String, Value)> {
    scheme
        .token_response_metadata
        .iter()
        .filter_map(|path| {
            let value = at(&raw.0, path)?;
            matches!(value, Value::String(_) | Value::Bool(_)).then(|| (path.clone(), value.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 Appendix B.
    #[test]
    fn the_challenge_is_rfc_7636_s() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
