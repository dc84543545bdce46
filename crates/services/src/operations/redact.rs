//! What the log may show of URLs and headers.

use http::HeaderMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Stands for a secret.
pub const REDACTED: &str = "REDACTED";

/// Query keys (and bracketed families of them) whose values are secrets wherever they occur.
const SECRET_KEYS: [&str; 33] = [
    "access_token",
    "api_key",
    "apikey",
    "assertion",
    "auth",
    "authkey",
    "authorization",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "connect_session_token",
    "credentials",
    "hmac",
    "id_token_hint",
    "id_token",
    "jwt",
    "key",
    "oauth_signature",
    "oauth_token",
    "oauth_verifier",
    "password",
    "refresh_token",
    "secret",
    "session_token",
    "sig",
    "signature",
    "state",
    "tempauth",
    "ticket",
    "token",
    "x-amz-security-token",
    "x-amz-signature",
];

fn is_secret_key(key: &str) -> bool {
    let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy();
    let family = key.split('[').next().unwrap_or(&key);
    SECRET_KEYS.iter().any(|secret| family.eq_ignore_ascii_case(secret))
}

/// A URL or path with the values of secret query parameters replaced; the rest byte for byte.
pub fn url(raw: &str) -> String {
    let Some((path, query)) = raw.split_once('?') else { return raw.to_owned() };
    let mut out = String::with_capacity(raw.len());
    out.push_str(path);
    for (index, pair) in query.split('&').enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((key, _)) if is_secret_key(key) => {
                out.push_str(key);
                out.push('=');
                out.push_str(REDACTED);
            }
            _ => out.push_str(pair),
        }
    }
    out
}

/// Replaces texts whose names say that they are secrets, at any depth; whether there were any.
pub fn json(document: &mut Value) -> bool {
    match document {
        Value::Object(members) => members.iter_mut().fold(false, |any, (name, value)| {
            let secret = is_secret_member(name) && value.as_str().is_some_and(|text| !text.is_empty());
            if secret {
                *value = REDACTED.into();
            }
            any | secret | json(value)
        }),
        Value::Array(items) => items.iter_mut().fold(false, |any, item| any | json(item)),
        _ => false,
    }
}

fn is_secret_member(name: &str) -> bool {
    const PARTS: [&str; 8] =
        ["token", "secret", "password", "passwd", "apikey", "privatekey", "credential", "authorization"];
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    PARTS.iter().any(|part| plain.contains(part))
}

/// True for headers whose value is a credential.
fn is_secret_header(name: &str) -> bool {
    // Nearly all of what passes; asked for first because the search below is the dear part of a log row.
    let known = matches!(
        name,
        "accept"
            | "accept-encoding"
            | "accept-language"
            | "cache-control"
            | "content-encoding"
            | "content-length"
            | "content-type"
            | "date"
            | "etag"
            | "host"
            | "if-match"
            | "if-none-match"
            | "last-modified"
            | "prefer"
            | "range"
            | "request-id"
            | "retry-after"
            | "server"
            | "transfer-encoding"
            | "user-agent"
            | "vary"
            | "x-request-id"
    );
    !known && is_credential_by_name(name)
}

fn is_credential_by_name(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "proxy-authorization"
            | "cookie"
            | "set-cookie"
            | "x-requestdigest"
            | "x-api-key"
            | "location"
    ) || ["token", "secret", "signature", "password", "api-key", "apikey"]
        .iter()
        .any(|part| name.contains(part))
}

/// Headers that serialise as an object, credentials replaced: at most 64 of them, values cut at 512 bytes, the last
/// of several with one name.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(pub &'a HeaderMap);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = self.0.iter().take(64).peekable();
        serializer.collect_map(std::iter::from_fn(|| {
            let (name, mut value) = all.next()?;
            // Values of one name follow each other.
            while let Some((_, later)) = all.next_if(|(next, _)| *next == name) {
                value = later;
            }
            let text = if value.is_sensitive() || is_secret_header(name.as_str()) {
                REDACTED.into()
            } else {
                String::from_utf8_lossy(&value.as_bytes()[..value.len().min(512)])
            };
            Some((name.as_str(), text))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_queries_are_replaced_and_nothing_else_changes() {
        assert_eq!(
            url(
                "/oauth/connect/x?connect_session_token=abc&params[a]=1&credentials[apiKey]=k&credentials%5Bb%5D=s"
            ),
            "/oauth/connect/x?connect_session_token=REDACTED&params[a]=1&credentials[apiKey]=REDACTED&credentials%5Bb%5D=REDACTED"
        );
        assert_eq!(url("/a?%74oken=x&access%5Ftoken=y"), "/a?%74oken=REDACTED&access%5Ftoken=REDACTED");
        assert_eq!(url("/a?$select=id&%24top=2"), "/a?$select=id&%24top=2");
        assert_eq!(
            url("/cb?oauth_token=t&oauth_verifier=v&a=b"),
            "/cb?oauth_token=REDACTED&oauth_verifier=REDACTED&a=b"
        );
        assert_eq!(url("/cb?code=1&state=2&error=x"), "/cb?code=REDACTED&state=REDACTED&error=x");
    }

    #[test]
    fn credential_headers_are_replaced() {
        let mut map = HeaderMap::new();
        map.insert("authorization", "Bearer abc".parse().unwrap());
        map.insert("x-my-token", "abc".parse().unwrap());
        map.insert("etag", "\"1\"".parse().unwrap());
        map.append("etag", "\"2\"".parse().unwrap());
        let shown = serde_json::to_value(Headers(&map)).unwrap();
        assert_eq!(
            shown,
            serde_json::json!({"authorization": "REDACTED", "x-my-token": "REDACTED", "etag": "\"2\""})
        );
    }
}
