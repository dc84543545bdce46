//! `POST /connections`: credentials that were obtained elsewhere (contract §2.4).

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::connection::Connection;
use domain::credentials::{ClientOverride, Credentials, OAuth2Credentials, RawAnswer};
use domain::{ConnectionId, IntegrationKey, Scope, Secret};
use serde::Deserialize;
use serde_json::{Map, Value};
use services::connect::direct::imported_client_credentials;
use services::connect::keep::{self, NewAuthorization};
use services::credentials::account::OpenIntegration;
use services::error::Error;

use super::end_user::{self, EndUserBody};
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::time;

/// The request.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ImportConnection)]
#[serde(deny_unknown_fields)]
pub struct ImportBody {
    provider_config_key: String,
    connection_id: Option<String>,
    metadata: Option<Map<String, Value>>,
    connection_config: Option<Map<String, Value>>,
    webhook_url_override: Option<String>,
    credentials: ImportedCredentials,
    end_user: Option<EndUserBody>,
    tags: Option<BTreeMap<String, String>>,
}

/// Credentials by type.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum ImportedCredentials {
    /// Tokens of an authorization-code grant.
    #[serde(rename = "OAUTH2")]
    OAuth2 {
        access_token: String,
        refresh_token: Option<String>,
        #[schema(value_type = Option<String>)]
        expires_at: Option<Value>,
        config_override: Option<ImportedClient>,
    },
    /// A client-credentials token and its client.
    #[serde(rename = "OAUTH2_CC")]
    OAuth2Cc {
        token: String,
        client_id: String,
        client_secret: String,
        #[schema(value_type = Option<String>)]
        expires_at: Option<Value>,
    },
    /// No credentials.
    #[serde(rename = "NONE")]
    None {},
}

/// A client of the connection's own.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedClient {
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl std::fmt::Debug for ImportedCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImportedCredentials([redacted])")
    }
}

/// Checks and stores an imported connection.
pub async fn import(app: &SharedApp, scope: Scope, body: ImportBody) -> Result<Connection, ApiError> {
    let context = &app.services.context;
    let unknown =
        || ApiError::not_found(format!("Integration \"{}\" does not exist", body.provider_config_key));
    let key = IntegrationKey::parse(&body.provider_config_key).map_err(|_| unknown())?;
    let open: Arc<OpenIntegration> = OpenIntegration::load(context, scope, &key).await?;
    let id =
        match &body.connection_id {
            Some(id) => ConnectionId::parse(id)
                .map_err(|error| Error::field(error.to_string(), &["connection_id"]))?,
            None => ConnectionId::parse(&context.uuid())
                .map_err(|_| Error::Corrupt("a UUID is no connection id"))?,
        };
    let credentials = read(body.credentials)?;
    let (given, wanted) = (credentials.mode().as_str(), open.entry.provider.auth.mode().as_str());
    if given != wanted {
        let message = format!("Invalid credentials type: the provider authorizes by {wanted}, not {given}");
        return Err(Error::field(message, &["credentials", "type"]).into());
    }
    let config = services::connect::config::checked(&open, body.connection_config.unwrap_or_default())?;
    let new = NewAuthorization {
        integration: open,
        id,
        credentials,
        config,
        metadata: body.metadata,
        end_user: body.end_user.map(|body| end_user::end_user(body, None)).transpose()?,
        tags: body.tags.map(|tags| end_user::tags(tags, "tags")).transpose()?.unwrap_or_default(),
        webhook_url_override: body
            .webhook_url_override
            .as_deref()
            .map(end_user::webhook_url)
            .transpose()?
            .flatten(),
    };
    let (connection, _) = keep::keep(context, new).await?;
    Ok(connection)
}

fn read(credentials: ImportedCredentials) -> Result<Credentials, ApiError> {
    const LONGEST_TOKEN: usize = 16_384;
    let expires = |given: Option<Value>| match given {
        None => Ok(None),
        Some(given) => time::from_json(&given).map(Some).ok_or_else(|| {
            ApiError::from(Error::field("not an ISO 8601 moment", &["credentials", "expires_at"]))
        }),
    };
    let token = |text: String, field: &str| {
        if text.is_empty() || text.len() > LONGEST_TOKEN || text.contains(char::is_control) {
            let message = format!("must be 1 to {LONGEST_TOKEN} characters without control characters");
            return Err(ApiError::from(Error::field(message, &["credentials", field])));
        }
        Ok(Secret::from(text))
    };
    Ok(match credentials {
        ImportedCredentials::OAuth2 { access_token, refresh_token, expires_at, config_override } => {
            let mut raw = Map::new();
            raw.insert("access_token".into(), Value::String(access_token.clone()));
            if let Some(refresh) = &refresh_token {
                raw.insert("refresh_token".into(), Value::String(refresh.clone()));
            }
            Credentials::OAuth2(OAuth2Credentials {
                access_token: token(access_token, "access_token")?,
                refresh_token: refresh_token.map(|text| token(text, "refresh_token")).transpose()?,
                expires_at_ms: expires(expires_at)?,
                client_override: config_override.and_then(|own| {
                    let client_secret = own.client_secret?.into();
                    Some(ClientOverride { client_id: own.client_id?, client_secret })
                }),
                raw: RawAnswer(raw),
            })
        }
        ImportedCredentials::OAuth2Cc { token: text, client_id, client_secret, expires_at } => {
            imported_client_credentials(
                token(text, "token")?,
                client_id,
                client_secret.into(),
                expires(expires_at)?,
            )
        }
        ImportedCredentials::None {} => Credentials::None,
    })
}
