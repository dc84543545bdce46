//! Bodies and queries read strictly: an unknown key, a wrong type or broken JSON is a 400 that names the place.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use services::error::FieldIssue;

use crate::app::SharedApp;
use crate::error::ApiError;

/// A JSON body of exactly the declared shape.
pub struct StrictJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<SharedApp> for StrictJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &SharedApp) -> Result<Self, ApiError> {
        require_json(request.headers())?;
        let bytes = read_body(request, app.edge.body_limit).await?;
        // An absent body is an empty object, as the SDK sends for calls without fields.
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let value: Value = serde_json::from_slice(text).map_err(|error| ApiError::invalid_json(&error))?;
        from_value(value).map(Self).map_err(|issues| ApiError::invalid("invalid_body", issues))
    }
}

/// As [`StrictJson`], whatever `Content-Type` says, and form fields as texts: routes that the contract exempts from
/// the check (contract §1.2).
pub struct StrictBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<SharedApp> for StrictBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &SharedApp) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes());
        let is_form = kind
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded"));
        let bytes = read_body(request, app.edge.body_limit).await?;
        let value = match (is_form, bytes.as_ref()) {
            (true, text) => Value::Object(parse_query(&String::from_utf8_lossy(text))),
            (false, b"") => Value::Object(Map::new()),
            (false, text) => serde_json::from_slice(text).map_err(|error| ApiError::invalid_json(&error))?,
        };
        from_value(value).map(Self).map_err(|issues| ApiError::invalid("invalid_body", issues))
    }
}

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
/// 413 when it is larger, 400 when it breaks off.
pub async fn read_body(request: Request, limit: usize) -> Result<bytes::Bytes, ApiError> {
    /// A body that is too large is read and thrown away this far: a client that is still sending when the connection
    /// closes sees a reset and never the answer.
    const DISCARDED: usize = 32 << 20;
    let mut body = request.into_body();
    let (mut kept, mut length) = (bytes::BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::refused("invalid_body", "the request body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= limit {
            kept.extend_from_slice(&data);
        } else if length > limit + DISCARDED {
            break;
        }
    }
    if length > limit { Err(ApiError::too_large(limit)) } else { Ok(kept.freeze()) }
}

/// A request body that is not JSON by its own word is refused (contract §1.2).
fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes()) {
        Some(kind) if !kind.to_ascii_lowercase().starts_with(b"application/json") => {
            Err(ApiError::not_json())
        }
        _ => Ok(()),
    }
}

/// A query string of exactly the declared keys; brackets (`tags[a]=b`) become nested objects.
pub struct StrictQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parse_query(parts.uri.query().unwrap_or_default());
        from_value(Value::Object(query))
            .map(Self)
            .map_err(|issues| ApiError::invalid("invalid_query_params", issues))
    }
}

/// The keys of a query string: `a=1`, repeated `a` as a list, `a[b]=1` as an object. At most 100 pairs are read.
pub fn parse_query(query: &str) -> Map<String, Value> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let mut out = Map::new();
    for (key, value) in pairs.into_iter().take(100) {
        match key.split_once('[').and_then(|(name, rest)| Some((name, rest.strip_suffix(']')?))) {
            Some((name, inner)) if !name.is_empty() && !inner.is_empty() => {
                let slot = out.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(object) = slot {
                    object.insert(inner.to_owned(), Value::String(value));
                }
            }
            Some((name, "")) if !name.is_empty() => append(&mut out, name, value),
            _ => append(&mut out, &key, value),
        }
    }
    out
}

fn append(out: &mut Map<String, Value>, key: &str, value: String) {
    match out.get_mut(key) {
        None => {
            out.insert(key.to_owned(), Value::String(value));
        }
        Some(Value::Array(list)) => list.push(Value::String(value)),
        Some(slot) => *slot = Value::Array(vec![slot.take(), Value::String(value)]),
    }
}

/// Reads a JSON value into a strict shape; the issue carries the contract's code and path.
///
/// # Errors
/// What does not fit, with its path.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Vec<FieldIssue>> {
    if !value.is_object() {
        // serde would read a list as a struct's fields in order.
        let message = "invalid type: expected an object".to_owned();
        return Err(vec![FieldIssue { code: "invalid_type", message, path: Vec::new() }]);
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut path: Vec<String> = error
            .path()
            .iter()
            .filter(|segment| !matches!(segment, serde_path_to_error::Segment::Unknown))
            .map(|segment| match segment {
                // Its own words put brackets around the number; the contract does not.
                serde_path_to_error::Segment::Seq { index } => index.to_string(),
                other => other.to_string(),
            })
            .collect();
        let message = error.into_inner().to_string();
        let code = if message.starts_with("unknown field") {
            // The path is that of the containing object (contract §1.1).
            path.pop();
            "unrecognized_keys"
        } else if ["missing field", "invalid type", "invalid length"]
            .iter()
            .any(|start| message.starts_with(start))
        {
            "invalid_type"
        } else if message.starts_with("unknown variant") {
            "invalid_value"
        } else {
            "custom"
        };
        if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            path.push(field.to_owned());
        }
        vec![FieldIssue { code, message, path }]
    })
}

/// A query's boolean in the spellings of contract §2 ("stringbool").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryFlag(pub bool);

impl<'de> serde::Deserialize<'de> for QueryFlag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "y" | "enabled" => Ok(Self(true)),
            "false" | "0" | "no" | "off" | "n" | "disabled" => Ok(Self(false)),
            _ => Err(serde::de::Error::custom("expected true or false")),
        }
    }
}

/// A query's whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryNumber(pub u32);

impl<'de> serde::Deserialize<'de> for QueryNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.trim().parse().map(Self).map_err(|_| serde::de::Error::custom("expected a whole number"))
    }
}

/// The rows of a page: 1 to 500, 100 when nothing is said.
///
/// # Errors
/// `limit` is out of range.
pub fn page_limit(given: Option<QueryNumber>) -> Result<u32, ApiError> {
    const MOST: u32 = 500;
    match given {
        None => Ok(100),
        Some(QueryNumber(limit @ 1..=MOST)) => Ok(limit),
        Some(_) => Err(ApiError::invalid_query("limit", format!("must be 1 to {MOST}"))),
    }
}

/// One text or several (a repeated query key).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneOrMore(pub Vec<String>);

impl<'de> serde::Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(vec![text])),
            Value::Array(items) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(serde::de::Error::custom("expected text")),
                })
                .collect::<Result<_, _>>()
                .map(Self),
            _ => Err(serde::de::Error::custom("expected text or a list of texts")),
        }
    }
}

/// A map of texts, for `tags[…]` and the like.
pub type Texts = BTreeMap<String, String>;

/// No query key is accepted.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Shape {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Inner {
        count: u32,
    }

    fn issue(value: Value) -> (&'static str, Vec<String>) {
        let issue = from_value::<Shape>(value).unwrap_err().remove(0);
        (issue.code, issue.path)
    }

    #[test]
    fn each_issue_names_its_code_and_place() {
        assert_eq!(issue(serde_json::json!({"name": "a", "odd": 1})), ("unrecognized_keys", vec![]));
        assert_eq!(issue(serde_json::json!({})), ("invalid_type", vec!["name".into()]));
        assert_eq!(issue(serde_json::json!(["a", null])), ("invalid_type", vec![]));
        assert_eq!(
            issue(serde_json::json!({"name": "a", "inner": {"count": "x"}})),
            ("invalid_type", vec!["inner".into(), "count".into()])
        );
        assert_eq!(
            issue(serde_json::json!({"name": "a", "inner": {"count": 1, "odd": 2}})),
            ("unrecognized_keys", vec!["inner".into()])
        );
    }

    #[test]
    fn brackets_nest_and_repetition_lists() {
        let query = parse_query("a=1&a=2&tags[x]=y&tags%5Bz%5D=w&b[]=1&b[]=2");
        assert_eq!(
            Value::Object(query),
            serde_json::json!({"a": ["1", "2"], "tags": {"x": "y", "z": "w"}, "b": ["1", "2"]})
        );
    }
}
