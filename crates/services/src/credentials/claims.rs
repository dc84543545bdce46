//! A look at a token's claims without checking its signature.
//!
//! Enough for an id_token that came straight from the token endpoint over TLS (OpenID Connect Core §3.1.3.7, 6); for
//! an access token it is a hint and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::credentials::{Credentials, RawAnswer};
use serde_json::{Map, Value};

/// Larger tokens are not looked at.
const LONGEST: usize = 64 << 10;

/// The payload of a JWS in compact form.
pub fn peek(token: &str) -> Option<Map<String, Value>> {
    if token.len() > LONGEST {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    match serde_json::from_slice(&payload).ok()? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

/// The claims of an id_token that came with an account's tokens.
pub fn of_id_token(credentials: &Credentials) -> Option<Map<String, Value>> {
    peek(raw(credentials)?.0.get("id_token")?.as_str()?)
}

/// The scopes that a provider said it granted; empty where it said nothing.
pub fn granted_scopes(credentials: &Credentials) -> Vec<String> {
    let text = raw(credentials).and_then(|raw| raw.0.get("scope")?.as_str());
    text.unwrap_or_default().split([' ', ',']).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

fn raw(credentials: &Credentials) -> Option<&RawAnswer> {
    match credentials {
        Credentials::OAuth2(oauth2) => Some(&oauth2.raw),
        _ => None,
    }
}

/// A claim that is text.
pub fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// What an id_token must say to be ours.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// `aud`.
    pub client_id: &'a str,
    /// `nonce`.
    pub nonce: &'a str,
    /// Now, Unix milliseconds.
    pub now_ms: i64,
}

/// Checks audience, nonce and end of an id_token (OpenID Connect Core §3.1.3.7), clocks five minutes apart allowed.
pub fn is_ours(claims: &Map<String, Value>, expected: Expected<'_>) -> bool {
    const LEEWAY_S: i64 = 300;
    let audience = match claims.get("aud") {
        Some(Value::String(audience)) => audience == expected.client_id,
        Some(Value::Array(all)) => all.iter().any(|audience| audience == expected.client_id),
        _ => false,
    };
    let now_s = expected.now_ms.div_euclid(1000);
    let alive = claims.get("exp").and_then(Value::as_i64).is_some_and(|end| end + LEEWAY_S > now_s);
    audience && alive && text(claims, "nonce") == Some(expected.nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_token_must_be_for_us_for_this_flow_and_alive() {
        let claims = |json: Value| json.as_object().unwrap().clone();
        let expected = Expected { client_id: "app", nonce: "n", now_ms: 1_000_000 };
        let good = serde_json::json!({"aud": "app", "nonce": "n", "exp": 1000});
        assert!(is_ours(&claims(good), expected));
        for bad in [
            serde_json::json!({"aud": "other", "nonce": "n", "exp": 1000}),
            serde_json::json!({"aud": "app", "nonce": "m", "exp": 1000}),
            serde_json::json!({"aud": "app", "nonce": "n", "exp": 1}),
            serde_json::json!({"aud": "app", "exp": 1000}),
        ] {
            assert!(!is_ours(&claims(bad), expected));
        }
    }

    /// RFC 7515 Appendix A.1.
    #[test]
    fn the_claims_of_rfc_7515_s_example_are_read() {
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
            dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let claims = peek(token).unwrap();
        assert_eq!(text(&claims, "iss"), Some("joe"));
        assert_eq!(claims["exp"], 1_300_819_380);
    }

    #[test]
    fn only_a_compact_jws_has_claims() {
        assert!(peek("opaque").is_none());
        assert!(peek("a.!!!.c").is_none());
        let token = format!("h.{}.s", URL_SAFE_NO_PAD.encode(r#"{"tid":"t"}"#));
        assert_eq!(text(&peek(&token).unwrap(), "tid"), Some("t"));
    }
}
