//! Connect sessions and the states of running authorizations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::connection::EndUser;
use crate::ids::{ConnectionId, ConnectionRow, EnvironmentId, IntegrationKey};
use crate::secret::Sealed;

/// A 30-minute permission for one end user to connect.
#[derive(Debug, Clone)]
pub struct ConnectSession {
    /// Row id, a UUID.
    pub id: String,
    /// The environment.
    pub environment: EnvironmentId,
    /// The end user, when one was described.
    pub end_user: Option<EndUser>,
    /// Copied to the connection.
    pub tags: BTreeMap<String, String>,
    /// Integrations that may be picked; empty means all.
    pub allowed_integrations: Vec<String>,
    /// What the customer's backend prescribes, by integration key.
    pub defaults: BTreeMap<String, ConnectDefaults>,
    /// The connection to authorize again, for a reconnect session.
    pub reconnect: Option<ConnectionRow>,
    /// The name that the connection gets, where an authorization by public key says one.
    pub connection: Option<ConnectionId>,
    /// Where the connection's webhooks go.
    pub webhook_url_override: Option<String>,
    /// End of life, Unix milliseconds.
    pub expires_at_ms: i64,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// What a customer's backend prescribes for one integration (`integrations_config_defaults`).
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectDefaults {
    /// User scopes (Slack).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_scopes: Option<String>,
    /// Replaces or, with `""`, removes authorize parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub authorization_params: BTreeMap<String, String>,
    /// Overwrites the request's connection config.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub connection_config: Map<String, Value>,
    /// The guide that the page links instead of the definition's (`overrides`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs_connect: Option<String>,
}

impl ConnectDefaults {
    /// Whether it prescribes nothing, and only names a guide.
    pub fn is_only_a_guide(&self) -> bool {
        self.user_scopes.is_none()
            && self.authorization_params.is_empty()
            && self.connection_config.is_empty()
    }
}

/// A running authorization: what `state` stands for. Taken once.
#[derive(Debug, Clone)]
pub struct OAuthState {
    /// SHA-256 of the state parameter, hex; the parameter itself is not kept.
    pub state_hash: String,
    /// The environment.
    pub environment: EnvironmentId,
    /// The integration.
    pub integration: IntegrationKey,
    /// SHA-256 of the browser's cookie, hex.
    pub cookie_hash: String,
    /// Everything the callback needs, sealed with associated data `oauth_states`, the hash, `payload`.
    pub payload: Sealed,
    /// End of life, Unix milliseconds.
    pub expires_at_ms: i64,
}
