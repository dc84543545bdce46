//! OAUTH2_CC: client credentials (RFC 6749 §4.4).

use domain::credentials::ClientCredentialsToken;
use domain::provider::{ClientAuth, ClientCredentials};
use serde_json::{Map, Value, json};

use super::jwk::Jwk;
use super::jws::{self, SigningKey};
use super::{Party, SettingProblem, TokenRequest, assertion};
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
    if scheme.client_auth != ClientAuth::PrivateKeyJwt {
        request.authenticate(&party.client, scheme.client_auth);
    }
    Ok(request)
}

/// Adds the proof of a client that has a key in place of a secret (RFC 7523 §2.2); other clients have given theirs.
///
/// # Errors
/// There is no key, or it cannot sign.
pub fn prove(
    scheme: &ClientCredentials,
    own: &ClientCredentialsToken,
    moment: (i64, &str),
    request: &mut TokenRequest,
) -> Result<(), SettingProblem> {
    const LIFE_SECONDS: i64 = 300;
    if scheme.client_auth != ClientAuth::PrivateKeyJwt {
        return Ok(());
    }
    let key = own
        .client_private_key
        .as_ref()
        .ok_or(SettingProblem::BadKey("the client's private key is missing"))?;
    let key = Jwk::read(key)?;
    let (now_ms, id) = moment;
    let now = now_ms.div_euclid(1000);
    let mut header = Map::new();
    header.insert("alg".into(), key.algorithm.as_str().into());
    header.insert("typ".into(), "JWT".into());
    if let Some(id) = &key.id {
        header.insert("kid".into(), id.as_str().into());
    }
    let claims = json!({"iss": own.client_id, "sub": own.client_id, "aud": request.url, "jti": id,
        "iat": now, "exp": now + LIFE_SECONDS});
    let Value::Object(claims) = claims else { return Ok(()) };
    let signed = jws::sign(&header, &claims, &SigningKey::Private(key.pem))?;
    request.set("client_assertion_type", assertion::ASSERTION_TYPE.to_owned());
    request.set("client_assertion", signed);
    Ok(())
}

/// The new credentials; a token without an end is renewed after 55 minutes (contract §7.1).
pub fn credentials(
    answer: TokenAnswer,
    previous: &ClientCredentialsToken,
    received_at_ms: i64,
) -> ClientCredentialsToken {
    const ASSUMED_LIFE_MS: i64 = 55 * 60 * 1000;
    ClientCredentialsToken {
        token: answer.access_token,
        expires_at_ms: answer.expires_at_ms.or(Some(received_at_ms + ASSUMED_LIFE_MS)),
        raw: answer.raw,
        ..previous.clone()
    }
}
