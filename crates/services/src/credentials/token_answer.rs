//! A token endpoint's answer, read with the tolerance that the field needs.

use domain::Secret;
use domain::credentials::RawAnswer;
use domain::provider::{Expiry, ExpiryUnit, TokenLife};
use serde_json::{Map, Value};

use super::problem::TokenProblem;
use super::schemes::at;

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

/// Where an answer carries what; dotted paths. The default is RFC 6749 §5.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerShape {
    /// An object that stands for the whole where the answer itself has no token (Slack's `authed_user`).
    pub alternate: Option<String>,
    /// The token.
    pub access_token: String,
    /// Buys the next one.
    pub refresh_token: String,
    /// The end, where the definition names a place of its own for it.
    pub expiry: Option<Expiry>,
    /// The unit of `expires_in`.
    pub unit: ExpiryUnit,
    /// How long a token lives where the answer does not say.
    pub life: TokenLife,
}

impl Default for AnswerShape {
    fn default() -> Self {
        Self {
            alternate: None,
            access_token: "access_token".to_owned(),
            refresh_token: "refresh_token".to_owned(),
            expiry: None,
            unit: ExpiryUnit::Seconds,
            life: TokenLife::AsAnswered,
        }
    }
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
    read_as(&AnswerShape::default(), status, content_type, body, received_at_ms)
}

/// As [`read`], for an answer of another shape.
///
/// # Errors
/// As [`read`].
pub fn read_as(
    shape: &AnswerShape,
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    received_at_ms: i64,
) -> Result<TokenAnswer, TokenProblem> {
    let answer = object(shape, content_type, body).ok_or_else(|| unreadable(status, content_type))?;
    if status >= 300 || answer.get("error").is_some_and(is_error) {
        return Err(TokenProblem::from_answer(status, &answer));
    }
    from_object(shape, answer, received_at_ms).ok_or_else(|| {
        let mut problem = unreadable(status, content_type);
        problem.cause = "The token endpoint answered without an access token.".to_owned();
        problem
    })
}

/// An answer as an object: JSON whatever its label says, else form encoding where a label says so or nothing else fits
/// (some servers send it as `text/plain`).
fn object(shape: &AnswerShape, content_type: Option<&str>, body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(answer)) => return Some(answer),
        Ok(_) => return None,
        Err(_) => {}
    }
    let kind = content_type.unwrap_or("text/plain").split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Some(form(body)),
        "text/plain" | "text/html" => Some(form(body))
            .filter(|answer| answer.contains_key(&shape.access_token) || answer.contains_key("error")),
        _ => None,
    }
}

/// `"error": null`, `""`, `0` and `false` stand beside good tokens in the field.
fn is_error(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// The parts of an answer; `None` when there is no token where the shape says.
pub fn from_object(
    shape: &AnswerShape,
    answer: Map<String, Value>,
    received_at_ms: i64,
) -> Option<TokenAnswer> {
    let whole = secret_at(&answer, &shape.access_token).is_none();
    let inner = shape.alternate.as_deref().filter(|_| whole).and_then(|path| at(&answer, path)?.as_object());
    let view = inner.unwrap_or(&answer);
    Some(TokenAnswer {
        access_token: secret_at(view, &shape.access_token)?,
        refresh_token: secret_at(view, &shape.refresh_token),
        expires_at_ms: end(shape, view, received_at_ms),
        id_token: secret_at(view, "id_token"),
        scope: view.get("scope").and_then(Value::as_str).map(str::to_owned),
        raw: RawAnswer(answer),
    })
}

fn secret_at(answer: &Map<String, Value>, path: &str) -> Option<Secret> {
    match at(answer, path)? {
        Value::String(text) if !text.is_empty() => Some(Secret::new(text)),
        Value::Number(number) => Some(Secret::from(number.to_string())),
        _ => None,
    }
}

/// The end of an answer's token, as its shape says.
pub fn end(shape: &AnswerShape, answer: &Map<String, Value>, received_at_ms: i64) -> Option<i64> {
    if shape.life == TokenLife::Endless {
        return None;
    }
    let answered = match &shape.expiry {
        Some(Expiry::In(path)) => at(answer, path).and_then(|life| after(received_at_ms, life, shape.unit)),
        // Some say how long where they were to say when (Tableau's `estimatedTimeToExpiration`).
        Some(Expiry::At(path)) => at(answer, path)
            .and_then(|value| moment(value).or_else(|| after(received_at_ms, value, shape.unit))),
        None => expires_at_ms_in(answer, received_at_ms, shape.unit),
    };
    answered.or(match shape.life {
        TokenLife::Milliseconds(life) => Some(received_at_ms.saturating_add(life)),
        TokenLife::AsAnswered | TokenLife::Endless => None,
    })
}

/// `expires_in` counts from the receipt; Entra's v1 endpoint writes numbers as strings.
pub fn expires_at_ms(answer: &Map<String, Value>, received_at_ms: i64) -> Option<i64> {
    expires_at_ms_in(answer, received_at_ms, ExpiryUnit::Seconds)
}

fn expires_at_ms_in(answer: &Map<String, Value>, received_at_ms: i64, unit: ExpiryUnit) -> Option<i64> {
    if let Some(end) = answer.get("expires_in").and_then(|life| after(received_at_ms, life, unit)) {
        return Some(end);
    }
    ["expires_on", "expires_at"].iter().find_map(|key| moment(answer.get(*key)?))
}

/// The end of a life that begins now. Nought means that the token does not end (Mailchimp's `expires_in: 0`); a
/// negative one has ended; a huge one is cut at ten years.
fn after(received_at_ms: i64, life: &Value, unit: ExpiryUnit) -> Option<i64> {
    const LONGEST_MS: f64 = 10.0 * 365.0 * 24.0 * 3_600_000.0;
    let number = number(life).or_else(|| clock_life(life.as_str()?)).filter(|life| life.is_finite())?;
    let factor = match unit {
        ExpiryUnit::Seconds => 1_000.0,
        ExpiryUnit::Milliseconds => 1.0,
    };
    let life_ms = (number * factor).clamp(0.0, LONGEST_MS);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to ten years of milliseconds")]
    (number != 0.0).then(|| received_at_ms.saturating_add(life_ms as i64))
}

/// A moment: Unix seconds, Unix milliseconds (past the year 1971 when read as such, contract §7.3) or ISO 8601.
pub fn moment(value: &Value) -> Option<i64> {
    if let Some(number) = number(value).filter(|number| number.is_finite() && *number > 0.0) {
        /// The end of the year 9999: what is later cannot be written on the wire.
        const LAST_MS: f64 = 253_402_300_799_999.0;
        let ms = if number > 31_536_000_000.0 { number } else { number * 1_000.0 };
        #[expect(clippy::cast_possible_truncation, reason = "cut at the year 9999")]
        return Some(ms.min(LAST_MS) as i64);
    }
    iso_8601(value.as_str()?)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// `D+:HH:MM` (contract §7.3), in seconds.
fn clock_life(text: &str) -> Option<f64> {
    let parts: Vec<f64> = text.trim().split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [days, hours, minutes] => Some(((days * 24.0 + hours) * 60.0 + minutes) * 60.0),
        _ => None,
    }
}

fn iso_8601(text: &str) -> Option<i64> {
    let form = &time::format_description::well_known::Iso8601::DEFAULT;
    let moment = time::OffsetDateTime::parse(text, form)
        .or_else(|_| time::PrimitiveDateTime::parse(text, form).map(time::PrimitiveDateTime::assume_utc))
        .ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

fn form(body: &[u8]) -> Map<String, Value> {
    serde_urlencoded::from_bytes::<Vec<(String, String)>>(body)
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, Value::String(value)))
        .collect()
}

/// What a token endpoint answered is no token answer.
pub fn unreadable(status: u16, content_type: Option<&str>) -> TokenProblem {
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
    use serde_json::json;

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
    fn a_life_is_read_however_it_is_written() {
        let at = |json: Value| expires_at_ms(json.as_object().unwrap(), 5);
        assert_eq!(at(json!({"expires_in": -5})), Some(5), "it has ended");
        assert_eq!(at(json!({"expires_in": 0})), None, "it does not end");
        assert_eq!(at(json!({"expires_in": i64::MAX})), Some(5 + 315_360_000_000));
        assert_eq!(at(json!({"expires_in": 1e300})), at(json!({"expires_in": u64::MAX})));
        assert_eq!(at(json!({"expires_in": 1.5})), Some(1_505));
        assert_eq!(at(json!({"expires_in": " 60 "})), Some(60_005));
        assert_eq!(at(json!({"expires_in": "1:02:03"})), Some(5 + ((24 + 2) * 60 + 3) * 60_000));
        for nothing in [json!(null), json!(""), json!("NaN"), json!("soon"), json!({"a": 1}), json!([1])] {
            assert_eq!(at(json!({"expires_in": nothing})), None);
        }
        assert_eq!(at(json!({"expires_in": "soon", "expires_at": 1_795_280_582})), Some(1_795_280_582_000));
        assert_eq!(at(json!({"expires_on": "1795280582"})), Some(1_795_280_582_000));
        assert_eq!(at(json!({"expires_at": 1e300})), Some(253_402_300_799_999), "the last that has a date");
        assert_eq!(at(json!({"expires_at": 1_795_280_582_123_i64})), Some(1_795_280_582_123));
        assert_eq!(at(json!({"expires_at": "2026-01-02T03:04:05Z"})), Some(1_767_323_045_000));
        assert_eq!(at(json!({"expires_at": "2026-01-02T04:04:05+01:00"})), Some(1_767_323_045_000));
    }

    #[test]
    fn another_shape_is_read_where_the_definition_says() {
        let slack = AnswerShape { alternate: Some("authed_user".into()), ..AnswerShape::default() };
        let user = json!({"ok": true, "authed_user": {"access_token": "xoxp", "expires_in": 10, "refresh_token": "r"}});
        let read = |shape: &AnswerShape, body: Value| {
            read_as(shape, 200, Some("application/json"), body.to_string().as_bytes(), 0)
        };
        let answer = read(&slack, user).unwrap();
        assert_eq!((answer.access_token.expose(), answer.expires_at_ms), ("xoxp", Some(10_000)));
        assert_eq!(answer.refresh_token.unwrap().expose(), "r");
        let both = json!({"access_token": "xoxb", "authed_user": {"access_token": "xoxp", "expires_in": 10}});
        let answer = read(&slack, both).unwrap();
        assert_eq!(
            (answer.access_token.expose(), answer.expires_at_ms),
            ("xoxb", None),
            "the answer's own first"
        );
        let nested = AnswerShape {
            access_token: "data.token".into(),
            expiry: Some(Expiry::At("data.end".into())),
            ..AnswerShape::default()
        };
        let answer = read(&nested, json!({"data": {"token": "t", "end": "2026-01-02T03:04:05Z"}})).unwrap();
        assert_eq!(answer.expires_at_ms, Some(1_767_323_045_000));
        let millis = AnswerShape { unit: ExpiryUnit::Milliseconds, ..AnswerShape::default() };
        let answer = read(&millis, json!({"access_token": "t", "expires_in": 1_500})).unwrap();
        assert_eq!(answer.expires_at_ms, Some(1_500));
    }

    #[test]
    fn form_encoding_is_understood_and_errors_in_success_are_errors() {
        let form = b"access_token=gho_1&scope=repo%2Cgist&token_type=bearer";
        for kind in [Some("application/x-www-form-urlencoded; charset=utf-8"), Some("text/plain"), None] {
            let answer = read(200, kind, form, 0).unwrap();
            assert_eq!((answer.access_token.expose(), answer.scope.as_deref()), ("gho_1", Some("repo,gist")));
        }
        let error = read(200, Some("text/plain"), b"error=bad_verification_code", 0).unwrap_err();
        assert_eq!(error.oauth_error.as_deref(), Some("bad_verification_code"));
        let json = Some("application/json");
        assert!(read(200, json, br#"{"error":null,"access_token":"a"}"#, 0).is_ok());
        assert!(read(200, json, br#"{"ok":false,"error":"invalid_code"}"#, 0).is_err());
        assert!(read(200, json, br#"{"error":{"message":"no"},"access_token":"a"}"#, 0).is_err());
        assert!(read(201, json, br#"{"access_token":"a"}"#, 0).is_ok());
    }
}
