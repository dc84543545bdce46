//! The HTTP types of the edge: replies whose bodies may be streams (faults need that).

use std::io;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use serde::Serialize;

/// A reply's body; an error in it cuts the connection.
pub(crate) type Body = http_body_util::combinators::BoxBody<Bytes, io::Error>;
/// A reply on its way out.
pub(crate) type Reply = http::Response<Body>;

/// A body that is ready.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// A JSON reply that no cache keeps.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let bytes = serde_json::to_vec(value).expect("replies serialise");
    typed(status, "application/json; charset=utf-8", bytes)
}

/// An HTML page that runs no script and sits in no frame.
pub(crate) fn html(status: StatusCode, page: String) -> Reply {
    let mut reply = typed(status, "text/html; charset=utf-8", page);
    let headers = reply.headers_mut();
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
    let policy =
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    headers.insert("content-security-policy", policy);
    reply
}

/// A reply with this media type.
pub(crate) fn typed(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = http::Response::new(full(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    reply
}

/// A 302 to `url`; a URL that no header can carry becomes a 500.
pub(crate) fn redirect(url: &str) -> Reply {
    let mut reply = http::Response::new(full(Bytes::new()));
    match HeaderValue::from_str(url) {
        Ok(value) => {
            *reply.status_mut() = StatusCode::FOUND;
            reply.headers_mut().insert(LOCATION, value);
            reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
        }
        Err(_) => *reply.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    reply
}

/// The header's text, when it is there and printable.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The first value of `name` in a URL-encoded list (a query, or a form body).
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query or a form; undecodable input gives no parameters.
    pub fn read(encoded: &[u8]) -> Self {
        Self(serde_urlencoded::from_bytes(encoded).unwrap_or_default())
    }

    /// The first value of `name`; an empty value counts as absent, as at Entra ID.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
