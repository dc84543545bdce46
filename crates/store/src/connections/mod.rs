//! Connections: end users' authorized accounts.

pub(crate) mod change;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod metadata;
pub(crate) mod upsert;

use std::collections::BTreeMap;

use domain::connection::{AuthProblem, EndUser};
use domain::{ConnectionId, ConnectionRow, IntegrationKey, ProviderName, Sealed};
use serde_json::{Map, Value as Json};

use crate::error::StoreError;
use crate::events::CacheEvent;
use crate::pool::Tx;
use crate::value::{Value, optional_json, params};

/// A connection to insert or overwrite; absent parts keep what is stored.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The integration.
    pub integration: IntegrationKey,
    /// The customer's name for it.
    pub id: ConnectionId,
    /// A new UUID; the credentials are sealed to it.
    pub seal_id: String,
    /// Sealed with associated data `connections`, `seal_id`, `credentials`.
    pub credentials: Sealed,
    /// The end of the access token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Non-secret parameters; always replaced.
    pub config: Map<String, Json>,
    /// The customer's own JSON.
    pub metadata: Option<Map<String, Json>>,
    /// All tags, keys lower-case.
    pub tags: Option<BTreeMap<String, String>>,
    /// The end user.
    pub end_user: Option<EndUser>,
    /// Where its webhooks go.
    pub webhook_url_override: Option<String>,
    /// The end of the certificate among the credentials, Unix milliseconds.
    pub ends_at_ms: Option<i64>,
}

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upserted {
    /// The connection is new.
    Created,
    /// It was there and has new credentials.
    Overridden,
}

/// What to do with an optional column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leave it.
    #[default]
    Keep,
    /// Make it absent.
    Clear,
    /// Replace it.
    Set(T),
}

/// Changes to what a customer says about a connection.
#[derive(Debug, Clone, Default)]
pub struct ConnectionPatch {
    /// The end user.
    pub end_user: Change<EndUser>,
    /// All tags anew.
    pub tags: Option<BTreeMap<String, String>>,
    /// Where its webhooks go.
    pub webhook_url_override: Change<String>,
}

/// How an object is written over a stored one.
#[derive(Debug, Clone)]
pub enum JsonWrite {
    /// Instead of it.
    Replace(Map<String, Json>),
    /// Key by key at the first level, other keys stay.
    Merge(Map<String, Json>),
}

impl JsonWrite {
    fn onto(self, stored: Option<Map<String, Json>>) -> Map<String, Json> {
        match self {
            Self::Replace(new) => new,
            Self::Merge(new) => {
                let mut merged = stored.unwrap_or_default();
                merged.extend(new);
                merged
            }
        }
    }
}

/// Whether something is wrong with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing known.
    Well,
    /// Its credentials failed.
    InTrouble,
}

/// Which connections to list; all given parts must match.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// Exactly this id.
    pub connection_id: Option<String>,
    /// Part of the id, the end user's name or e-mail, in any case.
    pub search: Option<String>,
    /// Part of the id, of the end user's name, e-mail or id, or of a tag, in any case.
    pub find: Option<String>,
    /// Whether something is wrong with it.
    pub standing: Option<Standing>,
    /// Only older ones: the moment and the row of the last one seen (keyset paging).
    pub before: Option<(i64, ConnectionRow)>,
    /// Exactly this end user.
    pub end_user_id: Option<String>,
    /// Exactly this organisation of the end user.
    pub organization_id: Option<String>,
    /// Any of these integrations; empty means all.
    pub integrations: Vec<String>,
    /// All of these tags, keys lower-case.
    pub tags: BTreeMap<String, String>,
    /// At most this many.
    pub limit: u32,
    /// Skip this many.
    pub offset: u64,
}

/// A connection as listed: nothing in it is sealed.
#[derive(Debug, Clone)]
pub struct ConnectionSummary {
    /// Public row id.
    pub row: ConnectionRow,
    /// The customer's name for it.
    pub id: ConnectionId,
    /// Its integration's key.
    pub integration: IntegrationKey,
    /// Its integration's provider.
    pub provider: ProviderName,
    /// What is wrong with its credentials.
    pub error: Option<AuthProblem>,
    /// The end user.
    pub end_user: Option<EndUser>,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// The customer's own JSON.
    pub metadata: Option<Map<String, Json>>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// The columns that an end user fills: their JSON and what filters look at.
fn end_user_columns(id: &ConnectionId, end_user: Option<&EndUser>) -> Result<[Value; 4], StoreError> {
    let organization = end_user.and_then(|user| user.organization.as_ref());
    let mut search = id.as_str().to_lowercase();
    for text in end_user.iter().flat_map(|user| [&user.display_name, &user.email]).flatten() {
        search.push('\n');
        search.push_str(&text.to_lowercase());
    }
    Ok([
        end_user.map(|user| &user.id).into(),
        organization.map(|organization| &organization.id).into(),
        optional_json(end_user)?,
        search.into(),
    ])
}

/// Tells the caches that a connection changed.
pub(crate) async fn announce(tx: &mut Tx<'_>, row: ConnectionRow) -> Result<(), StoreError> {
    let found = tx.row(get::NAMES, params![row]).await?;
    let mut found = found.ok_or(StoreError::NotFound("connection"))?;
    let event = CacheEvent::Connection {
        environment: found.take()?,
        integration: found.take()?,
        id: found.take()?,
        row,
    };
    tx.announce(event);
    Ok(())
}
