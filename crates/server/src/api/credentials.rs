//! Credentials as the wire shows them (contract §2.4), for callers who may see them.

use domain::Secret;
use domain::credentials::{
    AppCredentials, AwsSigV4Credentials, BillCredentials, Credentials, FormFields, OAuth2Credentials,
    RawAnswer, TbaCredentials, TwoStepCredentials,
};
use serde_json::{Map, Value, json};

use crate::time::zulu;

/// The credentials object.
pub fn shown(credentials: &Credentials) -> Value {
    let mut out = Shown::default();
    match credentials {
        Credentials::OAuth1(own) => {
            out.text("type", "OAUTH1");
            out.secret("oauth_token", &own.token);
            out.secret("oauth_token_secret", &own.token_secret);
            out.raw(&own.raw);
        }
        Credentials::OAuth2(own) => return oauth2(own),
        Credentials::McpOAuth2(own) | Credentials::McpOAuth2Generic(own) => return oauth2(&own.tokens),
        Credentials::OAuth2Cc(own) => {
            out.text("type", "OAUTH2_CC");
            out.secret("token", &own.token);
            out.text("client_id", &own.client_id);
            out.secret("client_secret", &own.client_secret);
            out.maybe("client_certificate", own.client_certificate.as_ref());
            out.maybe("client_private_key", own.client_private_key.as_ref());
            out.moment("expires_at", own.expires_at_ms);
            out.raw(&own.raw);
        }
        Credentials::ApiKey(own) => {
            out.text("type", "API_KEY");
            out.secret("apiKey", &own.api_key);
        }
        Credentials::Basic(own) | Credentials::InstallPlugin(own) => {
            out.text("type", "BASIC");
            out.secret("username", &own.username);
            out.secret("password", &own.password);
        }
        Credentials::Jwt(own) => {
            out.fields(&own.fields, &[]);
            out.text("type", "JWT");
            out.secret("token", &own.token);
            out.moment("expires_at", own.expires_at_ms);
        }
        Credentials::TwoStep(own) => two_step(&mut out, own),
        Credentials::Signature(own) => {
            out.text("type", "SIGNATURE");
            out.secret("username", &own.username);
            out.secret("password", &own.password);
            out.secret("token", &own.token);
            out.moment("expires_at", own.expires_at_ms);
        }
        Credentials::Bill(own) => bill(&mut out, own),
        Credentials::Tba(own) => tba(&mut out, own),
        Credentials::AwsSigV4(own) => aws(&mut out, own),
        Credentials::App(own) => return app(own),
        Credentials::Custom(own) => {
            out.text("type", "CUSTOM");
            out.0.insert("app".into(), app(&own.app));
            out.0.insert("user".into(), own.user.as_ref().map_or(Value::Null, oauth2));
            out.raw(&own.app.raw);
        }
        Credentials::None => {}
    }
    Value::Object(out.0)
}

fn oauth2(own: &OAuth2Credentials) -> Value {
    let mut out = Shown::default();
    out.text("type", "OAUTH2");
    out.secret("access_token", &own.access_token);
    out.maybe("refresh_token", own.refresh_token.as_ref());
    out.moment("expires_at", own.expires_at_ms);
    out.raw(&own.raw);
    if let Some(client) = &own.client_override {
        let shown = json!({"client_id": client.client_id, "client_secret": client.client_secret.expose()});
        out.0.insert("config_override".into(), shown);
    }
    Value::Object(out.0)
}

fn two_step(out: &mut Shown, own: &TwoStepCredentials) {
    // A private key that we hold stays here: nobody needs it to call the API.
    out.fields(&own.fields, &["privateKey"]);
    out.text("type", "TWO_STEP");
    out.secret("token", &own.token);
    out.maybe("refresh_token", own.refresh_token.as_ref());
    out.moment("expires_at", own.expires_at_ms);
    out.moment("refresh_token_expires_at", own.refresh_token_expires_at_ms);
    out.raw(&own.raw);
}

fn bill(out: &mut Shown, own: &BillCredentials) {
    out.text("type", "BILL");
    out.secret("username", &own.username);
    out.secret("password", &own.password);
    out.secret("organization_id", &own.organization_id);
    out.secret("dev_key", &own.dev_key);
    out.maybe("session_id", Some(&own.session_id).filter(|id| !id.is_empty()));
    if !own.user_id.is_empty() {
        out.text("user_id", &own.user_id);
    }
    out.moment("expires_at", own.expires_at_ms);
    out.raw(&own.raw);
}

fn tba(out: &mut Shown, own: &TbaCredentials) {
    out.text("type", "TBA");
    out.secret("token_id", &own.token_id);
    out.secret("token_secret", &own.token_secret);
    let mut client = Shown::default();
    if let Some(id) = &own.client_id {
        client.text("client_id", id);
    }
    client.maybe("client_secret", own.client_secret.as_ref());
    out.0.insert("config_override".into(), Value::Object(client.0));
}

fn aws(out: &mut Shown, own: &AwsSigV4Credentials) {
    out.text("type", "AWS_SIGV4");
    out.text("role_arn", &own.role_arn);
    out.text("region", &own.region);
    out.text("service", &own.service);
    out.secret("access_key_id", &own.access_key_id);
    out.secret("secret_access_key", &own.secret_access_key);
    out.secret("session_token", &own.session_token);
    if let Some(id) = &own.external_id {
        out.text("external_id", id);
    }
    out.moment("expires_at", own.expires_at_ms);
    out.raw(&own.raw);
}

fn app(own: &AppCredentials) -> Value {
    let mut out = Shown::default();
    out.text("type", "APP");
    out.secret("access_token", &own.access_token);
    out.moment("expires_at", own.expires_at_ms);
    out.maybe("jwtToken", own.jwt.as_ref());
    out.raw(&own.raw);
    Value::Object(out.0)
}

/// The object as it grows.
#[derive(Default)]
struct Shown(Map<String, Value>);

impl Shown {
    fn text(&mut self, key: &str, value: &str) {
        self.0.insert(key.to_owned(), Value::String(value.to_owned()));
    }

    fn secret(&mut self, key: &str, value: &Secret) {
        self.text(key, value.expose());
    }

    fn maybe(&mut self, key: &str, value: Option<&Secret>) {
        if let Some(value) = value {
            self.secret(key, value);
        }
    }

    fn moment(&mut self, key: &str, at_ms: Option<i64>) {
        if let Some(at_ms) = at_ms {
            self.0.insert(key.to_owned(), Value::String(zulu(at_ms)));
        }
    }

    fn raw(&mut self, raw: &RawAnswer) {
        self.0.insert("raw".to_owned(), Value::Object(raw.0.clone()));
    }

    /// Submitted fields; a dotted name becomes an object again.
    fn fields(&mut self, fields: &FormFields, hidden: &[&str]) {
        for (name, value) in fields.iter().filter(|(name, _)| !hidden.contains(name)) {
            let value = Value::String(value.expose().to_owned());
            match name.split_once('.') {
                None => _ = self.0.insert(name.to_owned(), value),
                Some((object, inner)) => {
                    let object = self.0.entry(object).or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(object) = object {
                        object.insert(inner.to_owned(), value);
                    }
                }
            }
        }
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
    use domain::credentials::{CustomCredentials, JwtCredentials};

    use super::*;

    #[test]
    fn fields_of_a_nested_object_are_shown_nested() {
        let fields = [("privateKey.id", "i"), ("privateKey.secret", "s"), ("issuer", "x")];
        let credentials = Credentials::Jwt(JwtCredentials {
            fields: fields.map(|(name, value)| (name.to_owned(), Secret::new(value))).into_iter().collect(),
            token: Secret::new("t"),
            expires_at_ms: Some(0),
        });
        let wanted = json!({"type": "JWT", "privateKey": {"id": "i", "secret": "s"}, "issuer": "x", "token": "t",
            "expires_at": "1970-01-01T00:00:00.000Z"});
        assert_eq!(shown(&credentials), wanted);
    }

    #[test]
    fn an_app_with_a_user_is_shown_in_two_parts() {
        let app = AppCredentials {
            access_token: Secret::new("installation"),
            expires_at_ms: None,
            jwt: None,
            app_id: "1".to_owned(),
            installation_id: "2".to_owned(),
            raw: RawAnswer::default(),
        };
        let shown = shown(&Credentials::Custom(CustomCredentials { app, user: None }));
        assert_eq!(shown["app"], json!({"type": "APP", "access_token": "installation", "raw": {}}));
        assert_eq!(
            (&shown["type"], &shown["user"], &shown["raw"]),
            (&json!("CUSTOM"), &Value::Null, &json!({}))
        );
    }

    #[test]
    fn refresh_tokens_go_in_every_spelling_and_depth() {
        let mut value = json!({"refresh_token": 1, "a": [{"refreshToken": 1, "refresh-token": 2, "keep": 3}], "refresh_token_expires_in": 4});
        scrub_refresh_tokens(&mut value);
        assert_eq!(value, json!({"a": [{"keep": 3}], "refresh_token_expires_in": 4}));
    }
}
