//! Imported credentials of each kind, checked for length and characters; the provider's rules come later.

use domain::Secret;
use domain::credentials::{
    ApiKeyCredentials, AppCredentials, BasicCredentials, ClientCredentialsToken, ClientOverride, Credentials,
    CustomCredentials, OAuth1Credentials, OAuth2Credentials, RawAnswer, TbaCredentials,
};
use serde_json::{Map, Value};
use services::error::Error;

use super::{ImportedClient, ImportedCredentials};
use crate::error::ApiError;
use crate::time;

/// The longest access token of a user (contract §2.4).
const USER_TOKEN: usize = 16_384;
/// The longest token of a client.
const CLIENT_TOKEN: usize = 4_096;
/// The longest key, name, password or id.
const SHORT: usize = 1_024;

/// Reads one kind; what an installation names goes into `config` as well.
pub(super) fn read(
    given: ImportedCredentials,
    config: &mut Map<String, Value>,
) -> Result<Credentials, ApiError> {
    use ImportedCredentials as Given;
    Ok(match given {
        Given::OAuth2 { access_token, refresh_token, expires_at, config_override } => {
            let access_token = token(access_token, "access_token", USER_TOKEN)?;
            let refresh_token =
                refresh_token.map(|text| token(text, "refresh_token", USER_TOKEN)).transpose()?;
            Credentials::OAuth2(oauth2(access_token, refresh_token, expires(expires_at)?, config_override))
        }
        Given::OAuth2Cc {
            token: text,
            client_id,
            client_secret,
            client_certificate,
            client_private_key,
            expires_at,
        } => Credentials::OAuth2Cc(ClientCredentialsToken {
            token: token(text, "token", CLIENT_TOKEN)?,
            expires_at_ms: expires(expires_at)?,
            client_id,
            client_secret: client_secret.into(),
            client_certificate: client_certificate.map(Secret::from),
            client_private_key: client_private_key.map(Secret::from),
            raw: RawAnswer::default(),
        }),
        Given::OAuth1 { oauth_token, oauth_token_secret } => Credentials::OAuth1(OAuth1Credentials {
            token: token(oauth_token, "oauth_token", CLIENT_TOKEN)?,
            token_secret: token(oauth_token_secret, "oauth_token_secret", CLIENT_TOKEN)?,
            raw: RawAnswer::default(),
        }),
        Given::ApiKey { api_key } => {
            Credentials::ApiKey(ApiKeyCredentials { api_key: token(api_key, "apiKey", SHORT)? })
        }
        Given::Basic { username, password } => Credentials::Basic(BasicCredentials {
            username: text(username, "username")?,
            password: text(password, "password")?,
        }),
        Given::Tba { token_id, token_secret, config_override } => {
            let own = config_override.unwrap_or_default();
            Credentials::Tba(TbaCredentials {
                token_id: token(token_id, "token_id", SHORT)?,
                token_secret: token(token_secret, "token_secret", SHORT)?,
                client_id: own.client_id,
                client_secret: own.client_secret.map(Secret::from),
            })
        }
        Given::App { app_id, installation_id } => {
            Credentials::App(installation(app_id, installation_id, config)?)
        }
        Given::Custom { app_id, installation_id } => Credentials::Custom(CustomCredentials {
            app: installation(app_id, installation_id, config)?,
            user: None,
        }),
        Given::None {} => Credentials::None,
    })
}

fn oauth2(
    access_token: Secret,
    refresh_token: Option<Secret>,
    expires_at_ms: Option<i64>,
    own: Option<ImportedClient>,
) -> OAuth2Credentials {
    let mut raw = Map::new();
    raw.insert("access_token".into(), access_token.expose().into());
    if let Some(refresh) = &refresh_token {
        raw.insert("refresh_token".into(), refresh.expose().into());
    }
    let client_override = own.and_then(|own| {
        Some(ClientOverride { client_id: own.client_id?, client_secret: own.client_secret?.into() })
    });
    OAuth2Credentials { access_token, refresh_token, expires_at_ms, client_override, raw: RawAnswer(raw) }
}

/// An installation whose first token is bought before anything is stored.
fn installation(
    app_id: String,
    installation_id: String,
    config: &mut Map<String, Value>,
) -> Result<AppCredentials, ApiError> {
    for (name, value) in [("app_id", &app_id), ("installation_id", &installation_id)] {
        if value.is_empty() || value.len() > SHORT {
            return Err(invalid(format!("must be 1 to {SHORT} characters"), name));
        }
        config.insert(name.to_owned(), Value::from(value.as_str()));
    }
    Ok(AppCredentials {
        access_token: Secret::default(),
        expires_at_ms: None,
        jwt: None,
        app_id,
        installation_id,
        raw: RawAnswer::default(),
    })
}

fn expires(given: Option<Value>) -> Result<Option<i64>, ApiError> {
    match given {
        None => Ok(None),
        Some(given) => time::from_json(&given)
            .map(Some)
            .ok_or_else(|| invalid("not an ISO 8601 moment".to_owned(), "expires_at")),
    }
}

fn token(text: String, field: &str, longest: usize) -> Result<Secret, ApiError> {
    if text.is_empty() || text.len() > longest || text.contains(char::is_control) {
        return Err(invalid(format!("must be 1 to {longest} characters without control characters"), field));
    }
    Ok(Secret::from(text))
}

/// A name or a password, which may be empty.
fn text(text: String, field: &str) -> Result<Secret, ApiError> {
    if text.len() > SHORT || text.contains(char::is_control) {
        return Err(invalid(format!("must be at most {SHORT} characters without control characters"), field));
    }
    Ok(Secret::from(text))
}

fn invalid(message: String, field: &str) -> ApiError {
    ApiError::from(Error::field(message, &["credentials", field]))
}
