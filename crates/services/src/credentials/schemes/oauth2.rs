//! OAUTH2: authorization code with PKCE, and refresh (RFC 6749 §4.1, §6; RFC 7636).

use domain::Secret;
use domain::credentials::{OAuth2Credentials, RawAnswer};
use domain::provider::{OAuth2, Pkce};
use domain::template::Template;
use serde_json::Value;

pub use super::authorize_url::{Authorization, authorize_url, challenge};
use super::{Party, SettingProblem, TokenRequest, at};
use crate::credentials::token_answer::{AnswerShape, TokenAnswer};

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
    let mut request = request(scheme, party, &scheme.token_url)?;
    request.set("grant_type", "authorization_code".to_owned());
    request.set("code", code);
    // What a webhook brings was never given to a redirect URI, nor for a challenge.
    let redirected = scheme.installation.is_none();
    if redirected {
        request.set("redirect_uri", party.redirect_uri.to_owned());
    }
    for (name, template) in &scheme.token_params {
        if let Some(value) = party.parameter(template)? {
            request.set(name, value);
        }
    }
    if let Some(scope) = scope {
        request.set("scope", scope.to_owned());
    }
    if redirected && scheme.pkce == Pkce::S256 {
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
    let mut request = request(scheme, party, scheme.refresh_url.as_ref().unwrap_or(&scheme.token_url))?;
    let params = if scheme.refresh_params.is_empty() { &scheme.token_params } else { &scheme.refresh_params };
    for (name, template) in params {
        if let Some(value) = party.parameter(template)? {
            request.set(name, value);
        }
    }
    request.set("grant_type", "refresh_token".to_owned());
    request.set("refresh_token", refresh_token.clone());
    if let Some(scope) = scope {
        request.set("scope", scope.to_owned());
    }
    request.authenticate(&party.client, scheme.client_auth);
    Ok(request)
}

/// An empty request to one of the definition's endpoints, with its headers and the shape of its answer.
fn request(scheme: &OAuth2, party: &Party<'_>, url: &Template) -> Result<TokenRequest, SettingProblem> {
    let mut request = TokenRequest::new(party.url(url, "token URL")?.into(), scheme.body_format);
    for (name, template) in &scheme.token_headers {
        request.headers.push((name.clone(), Secret::from(party.text(template)?)));
    }
    request.shape = shape(scheme);
    Ok(request)
}

/// Where an answer carries what.
fn shape(scheme: &OAuth2) -> AnswerShape {
    let usual = AnswerShape::default();
    let paths = scheme.answer.as_ref();
    AnswerShape {
        alternate: scheme.tokens_at.clone(),
        access_token: paths.map_or(usual.access_token, |paths| paths.token.clone()),
        refresh_token: paths.and_then(|paths| paths.refresh_token.clone()).unwrap_or(usual.refresh_token),
        expiry: paths.and_then(|paths| paths.expiry.clone()),
        unit: scheme.expiry_unit,
        life: scheme.token_life,
    }
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
    let mut request = request(scheme, party, &scheme.token_url)?;
    for (name, template) in &scheme.token_params {
        if let Some(value) = party.parameter(template)? {
            request.set(name, value);
        }
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

/// Values of an answer that the definition wants in the connection config, at the dotted paths given.
pub fn metadata(paths: &[String], raw: &RawAnswer) -> Vec<(String, Value)> {
    let wanted = |value: &Value| matches!(value, Value::String(_) | Value::Bool(_) | Value::Number(_));
    paths
        .iter()
        .filter_map(|path| {
            at(&raw.0, path).filter(|value| wanted(value)).map(|value| (path.clone(), value.clone()))
        })
        .collect()
}
