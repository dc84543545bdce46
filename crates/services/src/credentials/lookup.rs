//! What a definition's placeholders find in credentials: `accessToken`, `apiKey`, `username`, `password` and
//! `credentials.…` with the wire's names (contract §4.4).

use domain::Secret;
use domain::credentials::{Credentials, FormFields, RawAnswer};

use super::schemes::config_text;

/// The value at a placeholder's path; `None` where this kind of credentials has none.
pub fn text(credentials: &Credentials, path: &str) -> Option<String> {
    match path {
        "accessToken" => credentials.access_token().and_then(shown),
        "apiKey" | "username" | "password" => part(credentials, path),
        _ => part(credentials, path.strip_prefix("credentials.")?),
    }
}

fn part(credentials: &Credentials, name: &str) -> Option<String> {
    if let Some(path) = name.strip_prefix("raw.") {
        return config_text(&credentials.raw()?.0, path);
    }
    match credentials {
        Credentials::ApiKey(own) => (name == "apiKey").then(|| shown(&own.api_key)).flatten(),
        Credentials::Basic(own) | Credentials::InstallPlugin(own) => {
            one(name, &[("username", &own.username), ("password", &own.password)])
        }
        Credentials::Signature(own) => {
            one(name, &[("username", &own.username), ("password", &own.password), ("token", &own.token)])
        }
        Credentials::OAuth1(own) => {
            one(name, &[("oauth_token", &own.token), ("oauth_token_secret", &own.token_secret)])
        }
        Credentials::OAuth2(own) => one(name, &[("access_token", &own.access_token)]),
        Credentials::McpOAuth2(own) | Credentials::McpOAuth2Generic(own) => {
            one(name, &[("access_token", &own.tokens.access_token)])
        }
        Credentials::OAuth2Cc(own) if name == "client_id" => Some(own.client_id.clone()),
        Credentials::OAuth2Cc(own) => {
            one(name, &[("client_secret", &own.client_secret), ("token", &own.token)])
        }
        Credentials::Jwt(own) => one(name, &[("token", &own.token)]).or_else(|| field(&own.fields, name)),
        Credentials::TwoStep(own) => field(&own.fields, name)
            .or_else(|| one(name, &[("token", &own.token)]))
            .or_else(|| own.refresh_token.as_ref().filter(|_| name == "refresh_token").and_then(shown))
            .or_else(|| kept_header(&own.raw, name)),
        Credentials::Bill(own) => one(
            name,
            &[
                ("username", &own.username),
                ("password", &own.password),
                ("organization_id", &own.organization_id),
                ("dev_key", &own.dev_key),
                ("session_id", &own.session_id),
            ],
        ),
        Credentials::Tba(own) => {
            one(name, &[("token_id", &own.token_id), ("token_secret", &own.token_secret)])
        }
        Credentials::AwsSigV4(own) => match name {
            "region" => Some(own.region.clone()),
            "service" => Some(own.service.clone()),
            "role_arn" => Some(own.role_arn.clone()),
            _ => one(
                name,
                &[
                    ("access_key_id", &own.access_key_id),
                    ("secret_access_key", &own.secret_access_key),
                    ("session_token", &own.session_token),
                ],
            ),
        },
        Credentials::App(own) => one(name, &[("access_token", &own.access_token)]),
        Credentials::Custom(own) => one(name, &[("access_token", &own.app.access_token)]),
        Credentials::None => None,
    }
}

/// A submitted field; `key.id` and `key.secret` are the halves of a `key` that was pasted as `id:secret` (Ghost's
/// Admin API keys).
pub fn field(fields: &FormFields, name: &str) -> Option<String> {
    if let Some(secret) = fields.get(name) {
        return Some(secret.expose().to_owned());
    }
    let (whole, half) = name.rsplit_once('.')?;
    let (id, secret) = fields.get(whole)?.expose().split_once(':')?;
    match half {
        "id" => Some(id.to_owned()),
        "secret" => Some(secret.to_owned()),
        _ => None,
    }
}

/// What was kept of a token answer's headers stands beside its fields (`_cookies`, or a cookie's name).
fn kept_header(raw: &RawAnswer, name: &str) -> Option<String> {
    config_text(&raw.0, name)
}

fn one(name: &str, parts: &[(&str, &Secret)]) -> Option<String> {
    parts.iter().find(|(known, _)| *known == name).and_then(|(_, secret)| shown(secret))
}

fn shown(secret: &Secret) -> Option<String> {
    (!secret.is_empty()).then(|| secret.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use domain::credentials::{ApiKeyCredentials, JwtCredentials, TwoStepCredentials};
    use serde_json::json;

    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> FormFields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
    }

    #[test]
    fn a_key_of_two_halves_is_taken_apart() {
        let own = JwtCredentials {
            fields: fields(&[("privateKey", "abc:0123:45"), ("issuer.id", "given")]),
            token: Secret::default(),
            expires_at_ms: None,
        };
        let jwt = Credentials::Jwt(own);
        assert_eq!(text(&jwt, "credentials.privateKey.id").as_deref(), Some("abc"));
        assert_eq!(text(&jwt, "credentials.privateKey.secret").as_deref(), Some("0123:45"));
        assert_eq!(text(&jwt, "credentials.issuer.id").as_deref(), Some("given"));
        assert_eq!(text(&jwt, "credentials.privateKey.other"), None);
        assert_eq!(text(&jwt, "accessToken"), None, "no token was signed yet");
    }

    #[test]
    fn an_answer_is_reached_behind_the_fields() {
        let raw = json!({"accountID": 7, "_cookies": "a=b; c=d", "token": "hidden"});
        let own = TwoStepCredentials {
            fields: fields(&[("user", "u")]),
            token: Secret::new("t"),
            expires_at_ms: None,
            refresh_token: None,
            refresh_token_expires_at_ms: None,
            raw: RawAnswer(raw.as_object().cloned().unwrap()),
        };
        let two_step = Credentials::TwoStep(own);
        let found = |path| text(&two_step, path);
        assert_eq!(found("credentials.raw.accountID").as_deref(), Some("7"));
        assert_eq!(found("credentials._cookies").as_deref(), Some("a=b; c=d"));
        assert_eq!(found("credentials.token").as_deref(), Some("t"));
        assert_eq!(found("credentials.user").as_deref(), Some("u"));
        assert_eq!((found("apiKey"), found("user"), found("connectionConfig.user")), (None, None, None));
        let key = Credentials::ApiKey(ApiKeyCredentials { api_key: Secret::new("k") });
        assert_eq!(
            (text(&key, "apiKey"), text(&key, "credentials.apiKey")),
            (Some("k".into()), Some("k".into()))
        );
    }
}
