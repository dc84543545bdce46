//! What a definition puts into every body (contract §3.4, `proxy.body`): vendors that take their key there.

use bytes::Bytes;
use domain::provider::ProxyDefinition;
use http::Method;
use http::header::{self, HeaderMap, HeaderValue};
use serde_json::{Map, Value};

use super::super::held::Held;
use super::super::values::SubjectValues;
use super::{FORM, content_type};
use crate::error::Error;

/// Keys of every JSON or form body; secrets among them, so they print as nothing.
pub(super) struct Injected(Map<String, Value>);

impl std::fmt::Debug for Injected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Injected([redacted])")
    }
}

impl Injected {
    /// What the definition of a subject puts into bodies, if anything.
    pub(super) fn of(proxy: &ProxyDefinition, values: &SubjectValues<'_>) -> Option<Self> {
        match proxy.body.as_ref()?.resolve_present(values).ok()?? {
            Value::Object(fields) if !fields.is_empty() => Some(Self(fields)),
            _ => None,
        }
    }

    /// Whether a verb's body is completed.
    pub(super) fn concerns(method: &Method) -> bool {
        matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
    }

    /// The body with our keys in place of the caller's; `None` for one that is neither JSON object nor form.
    ///
    /// # Errors
    /// It is too long to be read.
    pub(super) fn completed(&self, held: &Held, headers: &mut HeaderMap) -> Result<Option<Held>, Error> {
        let Some(bytes) = held.bytes() else {
            let text = "the provider takes its key in the body, which may not be longer than 10 MiB";
            return Err(Error::refused("payload_too_large", text));
        };
        let kind = content_type(headers);
        if bytes.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            return Ok(Some(Held::of(json(self.0.clone()))));
        }
        if kind.starts_with(FORM) {
            return Ok(Some(Held::of(self.form(bytes))));
        }
        match serde_json::from_slice::<Value>(bytes) {
            Ok(Value::Object(mut fields)) if kind.is_empty() || kind.contains("json") => {
                fields.extend(self.0.clone());
                Ok(Some(Held::of(json(fields))))
            }
            _ => Ok(None),
        }
    }

    fn form(&self, bytes: &[u8]) -> Bytes {
        let given =
            url::form_urlencoded::parse(bytes).filter(|(name, _)| !self.0.contains_key(name.as_ref()));
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(given);
        for (name, value) in &self.0 {
            match value {
                Value::String(text) => form.append_pair(name, text),
                other => form.append_pair(name, &other.to_string()),
            };
        }
        form.finish().into()
    }
}

fn json(fields: Map<String, Value>) -> Bytes {
    Value::Object(fields).to_string().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(kind: &'static str, body: &'static str) -> String {
        let own = json!({"key": "secret", "auth": {"id": 1}});
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let injected = Injected(own.as_object().unwrap().clone());
        let held = Held::of(Bytes::from_static(body.as_bytes()));
        let sent = injected.completed(&held, &mut headers).unwrap().unwrap_or(held);
        String::from_utf8(sent.bytes().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn json_and_forms_are_completed_and_nothing_else() {
        let own = r#""auth":{"id":1},"key":"secret""#;
        assert_eq!(sent("", ""), format!("{{{own}}}"));
        let merged: Value = serde_json::from_str(&sent("application/json", r#"{"key":"x","a":1}"#)).unwrap();
        assert_eq!(merged, json!({"a": 1, "auth": {"id": 1}, "key": "secret"}));
        let form = sent("application/x-www-form-urlencoded", "key=x&a=b+c");
        assert_eq!(form, "a=b+c&auth=%7B%22id%22%3A1%7D&key=secret");
        for (kind, body) in [("text/csv", "a,b"), ("application/json", "[1]"), ("application/json", "{")] {
            assert_eq!(sent(kind, body), body);
        }
    }
}
