//! BILL: a login at Bill.com opens a session, which goes along with every call beside the developer key.
//!
//! Source: Bill.com, "API v3: Sign in" (`POST /v3/login`; a session ends after 35 minutes without a call).

use domain::Secret;
use domain::credentials::BillCredentials;
use domain::provider::{Bill, BodyFormat};
use serde_json::Value;

use super::{Party, SettingProblem, TokenRequest, address};
use crate::credentials::token_answer::TokenAnswer;

/// Life of a session, milliseconds.
const SESSION_MS: i64 = 35 * 60 * 1000;

/// The login.
///
/// # Errors
/// A setting that the definition needs and nobody gave.
pub fn request(
    scheme: &Bill,
    party: &Party<'_>,
    credentials: &BillCredentials,
) -> Result<TokenRequest, SettingProblem> {
    let url = address::fill(&scheme.token_url, party, "login URL")?;
    let mut request = TokenRequest::new(url.into(), BodyFormat::Json);
    request.set("username", credentials.username.clone());
    request.set("password", credentials.password.clone());
    request.set("organizationId", credentials.organization_id.clone());
    request.set("devKey", credentials.dev_key.clone());
    request.shape.access_token = "sessionId".to_owned();
    Ok(request)
}

/// The new credentials: the login with the session that it opened.
pub fn credentials(answer: TokenAnswer, previous: &BillCredentials, received_at_ms: i64) -> BillCredentials {
    let user_id = answer.raw.0.get("userId").and_then(Value::as_str).unwrap_or_default().to_owned();
    BillCredentials {
        username: previous.username.clone(),
        password: previous.password.clone(),
        organization_id: previous.organization_id.clone(),
        dev_key: previous.dev_key.clone(),
        session_id: Secret::new(answer.access_token.expose()),
        user_id,
        expires_at_ms: Some(received_at_ms + SESSION_MS),
        raw: answer.raw,
    }
}
