//! What the other server shows of integrations and connections, as bodies of our own API.

use serde_json::{Map, Value, json};

/// Something that cannot come over, and why.
pub type Missing = String;

/// The body of `POST /integrations`.
///
/// # Errors
/// What is not shown or not understood.
pub fn integration(theirs: &Value) -> Result<Value, Missing> {
    let mut body = json!({
        "provider": theirs["provider"],
        "unique_key": theirs["unique_key"],
        "forward_webhooks": theirs["forward_webhooks"].as_bool().unwrap_or(true),
    });
    if let Some(name) = theirs["display_name"].as_str().filter(|name| !name.is_empty()) {
        body["display_name"] = json!(name);
    }
    if let Value::Object(credentials) = &theirs["credentials"] {
        let mut own = filled(credentials);
        if matches!(own.get("type").and_then(Value::as_str), Some("OAUTH1" | "OAUTH2" | "TBA"))
            && !own.contains_key("client_secret")
        {
            return Err(
                "its OAuth client was not shown; give the key the scope to read credentials".to_owned()
            );
        }
        own.remove("webhook_secret");
        body["credentials"] = Value::Object(own);
    }
    Ok(body)
}

/// The body of `POST /connections`.
///
/// # Errors
/// Why its credentials cannot be imported.
pub fn connection(theirs: &Value) -> Result<Value, Missing> {
    let mut body = json!({
        "provider_config_key": theirs["provider_config_key"],
        "connection_id": theirs["connection_id"],
        "connection_config": theirs["connection_config"].as_object().cloned().unwrap_or_default(),
        "tags": theirs["tags"].as_object().cloned().unwrap_or_default(),
        "credentials": credentials(theirs)?,
    });
    for name in ["metadata", "webhook_url_override"] {
        if !theirs[name].is_null() {
            body[name] = theirs[name].clone();
        }
    }
    if let Value::Object(user) = &theirs["end_user"] {
        let mut user = filled(user);
        user.remove("organization");
        body["end_user"] = Value::Object(user);
    }
    Ok(body)
}

fn credentials(theirs: &Value) -> Result<Value, Missing> {
    let Value::Object(shown) = &theirs["credentials"] else { return Ok(json!({"type": "NONE"})) };
    let Some(kind) = shown.get("type").and_then(Value::as_str) else {
        return if shown.is_empty() {
            Ok(json!({"type": "NONE"}))
        } else {
            Err("its credentials have no type".into())
        };
    };
    let keep: &[&str] = match kind {
        "OAUTH2" => &["type", "access_token", "refresh_token", "expires_at", "config_override"],
        "OAUTH2_CC" => &[
            "type",
            "token",
            "client_id",
            "client_secret",
            "client_certificate",
            "client_private_key",
            "expires_at",
        ],
        "OAUTH1" => &["type", "oauth_token", "oauth_token_secret"],
        "API_KEY" => &["type", "apiKey"],
        "BASIC" => &["type", "username", "password"],
        "TBA" => &["type", "token_id", "token_secret", "config_override"],
        "APP" | "CUSTOM" => return app(theirs, kind),
        other => {
            return Err(format!(
                "{other} credentials cannot be imported by the API; the user connects again, and keeps the \
                 connection's id when it is given to a reconnect session"
            ));
        }
    };
    Ok(Value::Object(filled(shown).into_iter().filter(|(name, _)| keep.contains(&name.as_str())).collect()))
}

/// An installed app: its tokens are minted anew from app and installation.
fn app(theirs: &Value, kind: &str) -> Result<Value, Missing> {
    let config = &theirs["connection_config"];
    let text = |name: &str| match &config[name] {
        Value::Number(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let (app_id, installation_id) = (text("app_id"), text("installation_id"));
    if app_id.is_empty() || installation_id.is_empty() {
        return Err("its connection config names no app_id and installation_id".to_owned());
    }
    Ok(json!({"type": kind, "app_id": app_id, "installation_id": installation_id}))
}

/// Without what is null: our bodies are strict.
fn filled(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oauth_connection_comes_with_its_refresh_token_and_without_what_the_server_adds() {
        let theirs = json!({
            "id": 7, "connection_id": "c", "provider_config_key": "k", "provider": "p", "errors": [],
            "end_user": {"id": "u", "email": null, "display_name": "U", "organization": {"id": "o"}},
            "tags": {"end_user_id": "u"}, "metadata": null, "connection_config": {"tenant": "t"},
            "webhook_url_override": null, "created_at": "x",
            "credentials": {"type": "OAUTH2", "access_token": "a", "refresh_token": "r",
                "expires_at": "2026-01-01T00:00:00.000Z", "raw": {"access_token": "a"}},
        });
        assert_eq!(
            connection(&theirs).unwrap(),
            json!({"provider_config_key": "k", "connection_id": "c", "connection_config": {"tenant": "t"},
                "tags": {"end_user_id": "u"}, "end_user": {"id": "u", "display_name": "U"},
                "credentials": {"type": "OAUTH2", "access_token": "a", "refresh_token": "r",
                    "expires_at": "2026-01-01T00:00:00.000Z"}})
        );
    }

    #[test]
    fn what_cannot_come_says_why() {
        let of = |credentials: Value| connection(&json!({"connection_id": "c", "credentials": credentials}));
        assert!(of(json!({"type": "JWT", "token": "t"})).unwrap_err().contains("connects again"));
        assert!(of(json!({"type": "APP", "access_token": "t"})).unwrap_err().contains("installation_id"));
        assert_eq!(of(json!({})).unwrap()["credentials"], json!({"type": "NONE"}));
        let hidden = json!({"unique_key": "k", "provider": "p", "credentials": {"type": "OAUTH2", "client_id": "i", "client_secret": null}});
        assert!(integration(&hidden).unwrap_err().contains("scope"));
    }
}
