//! `POST /connections`: credentials that were obtained elsewhere (contract §2.4).

mod credentials;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::connection::Connection;
use domain::credentials::Credentials;
use domain::{ConnectionId, IntegrationKey, Scope};
use serde::Deserialize;
use serde_json::{Map, Value};
use services::connect::keep::NewAuthorization;
use services::credentials::account::OpenIntegration;
use services::error::Error;

use super::end_user::{self, EndUserBody};
use crate::app::SharedApp;
use crate::error::ApiError;

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
        client_certificate: Option<String>,
        client_private_key: Option<String>,
        #[schema(value_type = Option<String>)]
        expires_at: Option<Value>,
    },
    /// A token and its secret.
    #[serde(rename = "OAUTH1")]
    OAuth1 { oauth_token: String, oauth_token_secret: String },
    /// A key.
    #[serde(rename = "API_KEY")]
    ApiKey {
        #[serde(rename = "apiKey")]
        api_key: String,
    },
    /// A name and a password.
    #[serde(rename = "BASIC")]
    Basic { username: String, password: String },
    /// NetSuite's token pair.
    #[serde(rename = "TBA")]
    Tba { token_id: String, token_secret: String, config_override: Option<ImportedClient> },
    /// An installation of a GitHub App.
    #[serde(rename = "APP")]
    App { app_id: String, installation_id: String },
    /// An installation of a GitHub App with a user.
    #[serde(rename = "CUSTOM")]
    Custom { app_id: String, installation_id: String },
    /// No credentials.
    #[serde(rename = "NONE")]
    None {},
}

/// A client of the connection's own.
#[derive(Default, Deserialize, utoipa::ToSchema)]
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
    let mut config = body.connection_config.unwrap_or_default();
    let credentials = credentials::read(body.credentials, &mut config)?;
    let (given, wanted) = (credentials.mode().as_str(), open.entry.provider.auth.mode().as_str());
    if given != wanted {
        let message = format!("Invalid credentials type: the provider authorizes by {wanted}, not {given}");
        return Err(Error::field(message, &["credentials", "type"]).into());
    }
    if matches!(credentials, Credentials::Tba(_)) && !config.contains_key("accountId") {
        return Err(Error::field("Required", &["connection_config", "accountId"]).into());
    }
    let config = services::connect::config::checked(&open, config)?;
    let new = NewAuthorization {
        config,
        integration: open,
        id,
        credentials,
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
    Ok(services::connect::import::import(context, new).await?)
}
