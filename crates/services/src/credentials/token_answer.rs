//! A token endpoint's answer, read with the tolerance that the field needs.

use domain::Secret;
use domain::credentials::RawAnswer;
use serde_json::{Map, Value};

use super::problem::TokenProblem;

/// A successful token answer (RFC 6749 §5.1).
#[derive(Debug, Clone)]
pub struct TokenAnswer {
    /// The bearer token.
    pub access_token: Secret,
    /// Buys the next one.
    pub refresh_token: Option<Secret>,
    /// End of the access token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The id token, when `openid` was asked for.
    pub id_token: Option<Secret>,
    /// Granted scopes as answered.
    pub scope: Option<String>,
    /// Everything, as received.
    pub raw: RawAnswer,
}

/// Reads status and body of a token endpoint.
///
/// `received_at_ms` is the moment from which `expires_in` counts.
///
/// # Errors
/// The decoded OAuth error, or what is wrong with the answer when it is none.
pub fn read(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    received_at_ms: i64,
) -> Result<TokenAnswer, TokenProblem> {
    let answer = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(answer)) => answer,
        _ if content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) => {
            form(body)
        }
        _ => return Err(unreadable(status, content_type)),
    };
    if status >= 300 || answer.contains_key("error") {
        return Err(TokenProblem::from_answer(status, &answer));
    }
    from_object(answer, received_at_ms).ok_or_else(|| {
        let mut problem = unreadable(status, content_type);
        problem.cause = "The token endpoint answered without an access token.".to_owned();
        problem
    })
}

fn from_object(answer: Map<String, Value>, received_at_ms: i64) -> Option<TokenAnswer> {
    let secret = |key: &str| {
        answer.get(key).and_then(Value::as_str).filter(|value| !value.is_empty()).map(Secret::new)
    };
    Some(TokenAnswer {
        access_token: secret("access_token")?,
        refresh_token: secret("refresh_token"),
        expires_at_ms: expires_at_ms(&answer, received_at_ms),
        id_token: secret("id_token"),
        scope: answer.get("scope").and_then(Value::as_str).map(str::to_owned),
        raw: RawAnswer(answer),
    })
}

/// `expires_in` counts from the receipt; Entra's v1 endpoint writes numbers as strings.
pub fn expires_at_ms(answer: &Map<String, Value>, received_at_ms: i64) -> Option<i64> {
    const LONGEST_SECONDS: i64 = 10 * 365 * 24 * 3600;
    let seconds = |key: &str| match answer.get(key)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|value| value as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    if let Some(life) = seconds("expires_in") {
        return Some(received_at_ms + life.clamp(0, LONGEST_SECONDS) * 1000);
    }
    let moment = seconds("expires_on").or_else(|| seconds("expires_at"))?;
    // A number past the year 1971 in milliseconds is milliseconds (contract §7.3).
    Some(if moment > 100_000_000_000 { moment } else { moment.saturating_mul(1000) })
}

fn form(body: &[u8]) -> Map<String, Value> {
    serde_urlencoded::from_bytes::<Vec<(String, String)>>(body)
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, Value::String(value)))
        .collect()
}

fn unreadable(status: u16, content_type: Option<&str>) -> TokenProblem {
    let kind = content_type.unwrap_or("no content type");
    let mut problem = TokenProblem::passing(
        "token_answer_unreadable",
        format!("The token endpoint answered {status} with {kind} instead of a JSON token answer."),
    );
    problem.status = Some(status);
    problem
}

#[cfg(test)]
mod tests {
    use super::super::problem::Concern;
    use super::*;

    #[test]
    fn numbers_may_be_strings() {
        let body = br#"{"access_token":"a","expires_in":"3599","resource":"r"}"#;
        let answer = read(200, Some("application/json"), body, 1_000).unwrap();
        assert_eq!(answer.expires_at_ms, Some(3_600_000));
        assert!(answer.refresh_token.is_none());
    }

    #[test]
    fn html_and_empty_answers_are_passing_failures() {
        for body in [b"<html>".as_slice(), b"", b"[]", b"{}"] {
            assert_eq!(read(200, Some("text/html"), body, 0).unwrap_err().concern, Concern::Passing);
        }
    }

    #[test]
    fn a_negative_or_absurd_life_does_not_overflow() {
        let at = |json: Value| expires_at_ms(json.as_object().unwrap(), 5);
        assert_eq!(at(serde_json::json!({"expires_in": -5})), Some(5));
        assert!(at(serde_json::json!({"expires_in": i64::MAX})).is_some());
        assert_eq!(at(serde_json::json!({"expires_on": "1795280582"})), Some(1_795_280_582_000));
    }
}
