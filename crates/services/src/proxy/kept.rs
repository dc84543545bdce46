//! What the log keeps of bodies: of a request as much as sends it again, of a refusal as much as explains it. Texts
//! only, never whole files, and without what looks like a secret.

use std::io::Read as _;

use bytes::Bytes;
use egress::Body;
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::credentials::entra_codes;
use crate::operations::redact;

/// A longer request body is not kept, bytes: it could not be sent again in part.
const LONGEST_REQUEST: usize = 16 << 10;
/// Of a refusal's body no more than this is kept, bytes.
pub(super) const LONGEST_REFUSAL: usize = 8 << 10;
/// Of a vendor's code or message, characters.
const LONGEST_WORDS: usize = 1_000;

/// A request's body as the call began.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    /// None.
    Nothing,
    /// In memory.
    Held(Bytes),
    /// It went by.
    Streamed,
}

impl Asked {
    pub(super) fn of(body: &Body) -> Self {
        match body.held() {
            _ if body.is_empty() => Self::Nothing,
            Some(bytes) => Self::Held(bytes.clone()),
            None => Self::Streamed,
        }
    }
}

/// What is kept of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Kept {
    /// Its text.
    Text {
        /// The text.
        text: String,
        /// Whether secrets in it were replaced.
        #[serde(default, skip_serializing_if = "is_false")]
        redacted: bool,
        /// Whether it is only the beginning.
        #[serde(default, skip_serializing_if = "is_false")]
        cut: bool,
    },
    /// Nothing.
    LeftOut {
        /// `streamed`, `too_large` or `binary`.
        left_out: String,
    },
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

fn left_out(why: &str) -> Kept {
    Kept::LeftOut { left_out: why.to_owned() }
}

/// What is kept of a request's body; `None` when there was none.
pub(super) fn request(asked: &Asked, headers: &HeaderMap) -> Option<Kept> {
    let bytes = match asked {
        Asked::Nothing => return None,
        Asked::Streamed => return Some(left_out("streamed")),
        Asked::Held(bytes) if bytes.len() > LONGEST_REQUEST => return Some(left_out("too_large")),
        Asked::Held(bytes) => bytes,
    };
    let Ok(text) = std::str::from_utf8(bytes) else { return Some(left_out("binary")) };
    let (text, redacted) = without_secrets(text, is_form(headers));
    Some(Kept::Text { text, redacted, cut: false })
}

/// What is kept of the beginning of a refusal's body, and what the vendor says in it.
pub(super) fn refusal(beginning: &[u8], whole: u64, headers: &HeaderMap) -> (Option<Kept>, Option<Said>) {
    if beginning.is_empty() {
        return (None, None);
    }
    let packed = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    let mut unpacked = Vec::new();
    let bytes = if packed {
        let reader = flate2::read::MultiGzDecoder::new(beginning);
        // The beginning of a packed body ends in the middle: what came out until then is kept.
        let _ = reader.take(LONGEST_REFUSAL as u64).read_to_end(&mut unpacked);
        unpacked.as_slice()
    } else {
        beginning
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // The last character may be in two.
        Err(error) if error.valid_up_to() + 4 > bytes.len() && error.valid_up_to() > 0 => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return (Some(left_out("binary")), None),
    };
    let cut = whole > beginning.len() as u64 || (packed && bytes.len() == LONGEST_REFUSAL);
    let said = serde_json::from_str::<Value>(text).ok().and_then(|answer| Said::read(&answer));
    let (text, redacted) = without_secrets(text, false);
    (Some(Kept::Text { text, redacted, cut }), said)
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
}

fn without_secrets(text: &str, form: bool) -> (String, bool) {
    if form {
        let shown = redact::url(&format!("?{text}"));
        return (shown[1..].to_owned(), shown[1..] != *text);
    }
    if let Ok(mut document) = serde_json::from_str::<Value>(text)
        && redact::json(&mut document)
    {
        return (document.to_string(), true);
    }
    (text.to_owned(), false)
}

/// A vendor's own words about a refusal, found in the usual places of a JSON answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The vendor's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The vendor's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What an AADSTS code in it means, who must act and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoded: Option<Decoded>,
}

/// A known code in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decoded {
    code: String,
    cause: &'static str,
    actor: domain::connection::Actor,
    remedy: &'static str,
    link: String,
}

impl Said {
    /// Microsoft Graph's and OData's `error.code` and `error.message` (OData JSON v4.01 §21.1; v3 has the message in
    /// `odata.error.message.value`), RFC 6749 §5.2, RFC 9457, and plain `message`.
    fn read(answer: &Value) -> Option<Self> {
        let root = answer.as_object()?;
        let inner = ["error", "odata.error"].iter().find_map(|name| root.get(*name)?.as_object());
        let text = |object: &Map<String, Value>, names: &[&str]| {
            names.iter().find_map(|name| {
                let value = object.get(*name)?;
                let text = value.as_str().or_else(|| value.get("value")?.as_str())?;
                Some(text.chars().take(LONGEST_WORDS).collect::<String>())
            })
        };
        let (code, message) = match inner {
            Some(inner) => (text(inner, &["code", "type"]), text(inner, &["message", "error_description"])),
            None => (
                text(root, &["error", "code", "type"]),
                text(root, &["error_description", "message", "detail", "title"]),
            ),
        };
        if code.is_none() && message.is_none() {
            return None;
        }
        let decoded = message.as_deref().and_then(decoded);
        Some(Self { code, message, decoded })
    }

    /// One line.
    pub(super) fn line(&self) -> String {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (one, other) => one.iter().chain(other).cloned().collect(),
        }
    }
}

fn decoded(message: &str) -> Option<Decoded> {
    let digits = message.split_once("AADSTS")?.1;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let code = digits[..end].parse::<u32>().ok()?;
    let known = entra_codes::find(code)?;
    Some(Decoded {
        code: format!("AADSTS{code}"),
        cause: known.cause,
        actor: known.actor,
        remedy: known.remedy,
        link: entra_codes::link(code),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(answer: Value) -> Option<String> {
        Said::read(&answer).map(|said| said.line())
    }

    #[test]
    fn a_vendors_words_are_found() {
        for (answer, line) in [
            (json!({"error": {"code": "itemNotFound", "message": "gone"}}), Some("itemNotFound: gone")),
            (
                json!({"odata.error": {"code": "-1", "message": {"lang": "en", "value": "no"}}}),
                Some("-1: no"),
            ),
            (
                json!({"error": "invalid_grant", "error_description": "AADSTS50076: more"}),
                Some("invalid_grant: AADSTS50076: more"),
            ),
            (json!({"title": "Not Found", "status": 404}), Some("Not Found")),
            (json!({"value": []}), None),
            (json!([1]), None),
        ] {
            assert_eq!(said(answer.clone()).as_deref(), line, "{answer}");
        }
        let decoded = Said::read(
            &json!({"error": {"code": "x", "message": "AADSTS700082: The refresh token has expired"}}),
        );
        assert_eq!(decoded.unwrap().decoded.unwrap().code, "AADSTS700082");
    }

    #[test]
    fn bodies_are_kept_without_secrets() {
        let headers = HeaderMap::new();
        let body = |text: &str| request(&Asked::Held(Bytes::from(text.to_owned())), &headers);
        let text = |text: &str, redacted| Some(Kept::Text { text: text.to_owned(), redacted, cut: false });
        assert_eq!(body("{\"a\": 1}"), text("{\"a\": 1}", false));
        assert_eq!(
            body("{\"a\":[{\"client_secret\":\"x\",\"key\":\"k\"}]}"),
            text("{\"a\":[{\"client_secret\":\"REDACTED\",\"key\":\"k\"}]}", true)
        );
        assert_eq!(body(&"x".repeat(20_000)), Some(left_out("too_large")));
        assert_eq!(request(&Asked::Held(Bytes::from_static(&[255, 0])), &headers), Some(left_out("binary")));
        assert_eq!(request(&Asked::Nothing, &headers), None);
        let mut form = HeaderMap::new();
        form.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        let kept = request(&Asked::Held(Bytes::from_static(b"a=1&password=x")), &form);
        assert_eq!(kept, text("a=1&password=REDACTED", true));
    }
}
