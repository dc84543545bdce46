//! Credentials as the wire shows them (contract §2.4), for callers who may see them.

use domain::Secret;
use domain::credentials::Credentials;
use serde_json::{Map, Value, json};

use crate::time::zulu;

/// The credentials object.
pub fn shown(credentials: &Credentials) -> Value {
    let expires = |at: Option<i64>| at.map(zulu);
    match credentials {
        Credentials::OAuth2(own) => {
            let mut out = json!({
                "type": "OAUTH2",
                "access_token": own.access_token.expose(),
                "raw": own.raw.0,
            });
            put(&mut out, "refresh_token", own.refresh_token.as_ref().map(Secret::expose));
            put(&mut out, "expires_at", expires(own.expires_at_ms).as_deref());
            if let Some(client) = &own.client_override {
                out["config_override"] =
                    json!({"client_id": client.client_id, "client_secret": client.client_secret.expose()});
            }
            out
        }
        Credentials::OAuth2Cc(own) => {
            let mut out = json!({
                "type": "OAUTH2_CC",
                "token": own.token.expose(),
                "client_id": own.client_id,
                "client_secret": own.client_secret.expose(),
                "raw": own.raw.0,
            });
            put(&mut out, "expires_at", expires(own.expires_at_ms).as_deref());
            out
        }
        Credentials::TwoStep(own) => {
            let mut out = Map::new();
            for (name, value) in &own.fields {
                // A private key that we hold stays here: nobody needs it to call the API.
                if name != "privateKey" {
                    out.insert(name.clone(), Value::String(value.expose().to_owned()));
                }
            }
            out.insert("type".into(), "TWO_STEP".into());
            out.insert("token".into(), Value::String(own.token.expose().to_owned()));
            out.insert("raw".into(), Value::Object(own.raw.0.clone()));
            let mut out = Value::Object(out);
            put(&mut out, "expires_at", expires(own.expires_at_ms).as_deref());
            out
        }
        Credentials::None => json!({}),
    }
}

fn put(out: &mut Value, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        out[key] = Value::String(value.to_owned());
    }
}

/// Removes every key that is a refresh token in any spelling, at any depth (contract §2.4).
pub fn scrub_refresh_tokens(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !is_refresh_token(key));
            map.values_mut().for_each(scrub_refresh_tokens);
        }
        Value::Array(items) => items.iter_mut().for_each(scrub_refresh_tokens),
        _ => {}
    }
}

fn is_refresh_token(key: &str) -> bool {
    let letters: String =
        key.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
    letters == "refreshtoken"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_tokens_go_in_every_spelling_and_depth() {
        let mut value = json!({"refresh_token": 1, "a": [{"refreshToken": 1, "refresh-token": 2, "keep": 3}], "refresh_token_expires_in": 4});
        scrub_refresh_tokens(&mut value);
        assert_eq!(value, json!({"a": [{"keep": 3}], "refresh_token_expires_in": 4}));
    }
}
