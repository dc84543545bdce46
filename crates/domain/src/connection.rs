//! A connection: one end user's authorized account on an integration.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ids::{ConnectionId, ConnectionRow, IntegrationKey, ProviderName};
use crate::secret::Sealed;

/// One end user's authorized account on an integration.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Public row id.
    pub row: ConnectionRow,
    /// The customer's name for it, unique within the integration.
    pub id: ConnectionId,
    /// The integration it belongs to.
    pub integration: IntegrationKey,
    /// The integration's provider.
    pub provider: ProviderName,
    /// The credentials, sealed with associated data `connections`, the row's `seal_id`, `credentials`.
    pub credentials: Sealed,
    /// A UUID made before the row exists, so that credentials can be sealed to it.
    pub seal_id: String,
    /// The end of the access token, Unix milliseconds; a copy of what is sealed, for look-ups.
    pub expires_at_ms: Option<i64>,
    /// Raised by one at every write of the credentials; fences a late refresher.
    pub credentials_version: i64,
    /// Non-secret parameters, for example the tenant.
    pub config: Map<String, Value>,
    /// The customer's own JSON.
    pub metadata: Option<Map<String, Value>>,
    /// Filterable labels, keys lower-case.
    pub tags: BTreeMap<String, String>,
    /// The end user, as the customer described them.
    pub end_user: Option<EndUser>,
    /// Where this connection's webhooks go instead of the environment's address.
    pub webhook_url_override: Option<String>,
    /// What is wrong with it, if anything.
    pub health: Health,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
    /// Last time its credentials were handed out, Unix milliseconds (coarse: written at most once an hour).
    pub last_fetched_at_ms: Option<i64>,
}

/// The customer's end user.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EndUser {
    /// The customer's id for the person.
    pub id: String,
    /// E-mail.
    #[serde(default)]
    pub email: Option<String>,
    /// Name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Their organisation.
    #[serde(default)]
    pub organization: Option<Organization>,
}

/// An end user's organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Organization {
    /// The customer's id for it.
    pub id: String,
    /// Name.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// The state of a connection's credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// The last failed refresh that has not been followed by a success.
    pub error: Option<AuthProblem>,
    /// When the last refresh failed, Unix milliseconds.
    pub last_failure_at_ms: Option<i64>,
    /// Failed refreshes in a row.
    pub failures: i64,
}

/// Why credentials do not work, and who must act.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuthProblem {
    /// The operation that tells the story.
    pub log_id: String,
    /// A stable code, for example `invalid_grant`, `interrupted_refresh`, `AADSTS700082`.
    pub code: String,
    /// What happened, for people.
    pub cause: String,
    /// Who must act.
    pub actor: Actor,
    /// What they must do.
    pub remedy: String,
    /// The vendor's page, when there is one.
    #[serde(default)]
    pub link: Option<String>,
    /// True when nothing but a new authorization helps; such a connection is not refreshed any more.
    pub needs_reconnect: bool,
}

/// Who must act on a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// The end user.
    User,
    /// The administrator of the end user's tenant.
    Admin,
    /// The developer who configured the integration.
    Developer,
    /// Nobody: it passes.
    Nobody,
}

/// Changes a connection config key by key; `null` takes a key away (RFC 7396 at the first level).
pub fn change_config(config: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (name, value) in changes {
        match value {
            Value::Null => drop(config.remove(&name)),
            value => drop(config.insert(name, value)),
        }
    }
}
