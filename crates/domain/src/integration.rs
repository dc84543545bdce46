//! An integration: one environment's configuration of a provider.

use std::collections::BTreeMap;

use crate::ids::{IntegrationKey, ProviderName};
use crate::secret::Sealed;

/// One environment's configuration of a provider.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Row id, a UUID.
    pub id: String,
    /// The wire's `unique_key` and `provider_config_key`.
    pub key: IntegrationKey,
    /// Which provider.
    pub provider: ProviderName,
    /// The name people read; the provider's when absent.
    pub display_name: Option<String>,
    /// OAuth client id.
    pub client_id: Option<String>,
    /// OAuth client secret, sealed with associated data `integrations`, the row id, `client_secret`.
    pub client_secret: Option<Sealed>,
    /// The configured scopes; empty means the provider's defaults.
    pub scopes: Vec<String>,
    /// Everything else that is configured.
    pub settings: IntegrationSettings,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
}

/// The less used parts of an integration's configuration; stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct IntegrationSettings {
    /// The cloud whose hosts fill `${cloud.…}`; `global` when absent.
    pub cloud: Option<String>,
    /// Hosts a base-URL override may name: exact, or one leading `*.` label; default port, https.
    pub allowed_hosts: Vec<String>,
    /// Whether next links are rewritten to `/proxy/…` without the caller asking.
    pub rewrite_links: bool,
    /// Whether webhooks of the provider are forwarded.
    pub forward_webhooks: bool,
    /// Checked against incoming webhooks; sealed elsewhere when secret.
    pub custom: BTreeMap<String, String>,
    /// Connection-config values that all connections of the integration share (for example a tenant).
    pub connection_config: BTreeMap<String, String>,
    /// When the client secret ends, by the operator's word, Unix milliseconds.
    pub secret_expires_at_ms: Option<i64>,
    /// The id of the app that is installed (APP, CUSTOM).
    pub app_id: Option<String>,
    /// The public page of that app.
    pub app_link: Option<String>,
    /// How a client that registered itself proves itself: `token_endpoint_auth_method` (RFC 7591 §2).
    pub client_auth_method: Option<String>,
}
