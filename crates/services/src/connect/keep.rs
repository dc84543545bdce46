//! The one place where a new authorization becomes a connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::connection::{Connection, EndUser};
use domain::credentials::Credentials;
use domain::{ConnectionId, ConnectionRow, Scope};
use serde_json::{Map, Value};
use store::{NewConnection, Upserted};

use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::certificate_end::certificate_end_ms;
use crate::credentials::codec;
use crate::error::Error;
use crate::webhooks::auth_events::Teller;

/// An authorization that succeeded.
pub struct NewAuthorization {
    /// The integration.
    pub integration: Arc<OpenIntegration>,
    /// The connection's name.
    pub id: ConnectionId,
    /// The credentials.
    pub credentials: Credentials,
    /// Validated parameters.
    pub config: Map<String, Value>,
    /// The customer's own JSON.
    pub metadata: Option<Map<String, Value>>,
    /// The end user.
    pub end_user: Option<EndUser>,
    /// Explicit tags, keys lower-case; those of the end user come beneath.
    pub tags: BTreeMap<String, String>,
    /// Where webhooks go.
    pub webhook_url_override: Option<String>,
}

/// Seals and stores an authorization, with the webhooks that tell of it.
///
/// # Errors
/// The integration went away, or the database failed; then nothing is stored.
pub async fn keep(context: &Context, mut new: NewAuthorization) -> Result<(Connection, Upserted), Error> {
    // Tokens for other resources are minted when somebody asks; one that came along would be stored readable.
    let shown = &new.integration.entry.provider.shown_resources;
    new.config.retain(|name, _| shown.iter().all(|(key, _)| key != name));
    let seal_id = context.uuid();
    let place = vault::Place::new("connections", &seal_id, "credentials");
    let sealed = context.vault.seal(&place, &codec::encode(&new.credentials))?;
    let mut tags = new.end_user.as_ref().map(automatic_tags).unwrap_or_default();
    tags.extend(new.tags);
    let tags = (!tags.is_empty()).then_some(tags);
    let stored = NewConnection {
        integration: new.integration.integration.key.clone(),
        id: new.id,
        seal_id,
        credentials: sealed,
        expires_at_ms: new.credentials.expires_at_ms(),
        config: new.config,
        metadata: new.metadata,
        tags,
        end_user: new.end_user,
        webhook_url_override: new.webhook_url_override,
        ends_at_ms: certificate_end_ms(&new.credentials),
    };
    let (scope, now_ms) = (new.integration.scope, context.now_ms());
    let teller = Teller::prepare(context, &new.integration).await?;
    let then = move |connection: &Connection, what| teller.upserted(connection, what);
    Ok(context.store.upsert_connection_and(scope, stored, now_ms, then).await?)
}

/// Tags made from the end user's description (contract §2.4 Tags).
pub fn automatic_tags(end_user: &EndUser) -> BTreeMap<String, String> {
    const MOST: usize = 10;
    let mut tags = BTreeMap::new();
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            tags.insert(key.to_owned(), value.chars().take(255).collect::<String>());
        }
    };
    put("end_user_id", Some(&end_user.id));
    put("end_user_email", end_user.email.as_deref());
    put("end_user_display_name", end_user.display_name.as_deref());
    if let Some(organization) = &end_user.organization {
        put("organization_id", Some(&organization.id));
        put("organization_display_name", organization.display_name.as_deref());
    }
    for (key, value) in &end_user.tags {
        if tags.len() < MOST {
            tags.entry(key.to_lowercase()).or_insert_with(|| value.chars().take(255).collect());
        }
    }
    tags
}

/// The name of the connection to make: the one that is authorized again, or a new UUID.
///
/// # Errors
/// `invalid_connection` when the connection to authorize again is gone.
pub async fn connection_name(
    context: &Context,
    scope: Scope,
    reconnect: Option<ConnectionRow>,
) -> Result<ConnectionId, Error> {
    let Some(row) = reconnect else {
        return ConnectionId::parse(&context.uuid())
            .map_err(|_| Error::Corrupt("a UUID is no connection id"));
    };
    let found = context.store.connection_by_row(scope, row).await?;
    found.map(|connection| connection.id).ok_or_else(|| {
        Error::refused("invalid_connection", "The connection to authorize again does not exist any more")
    })
}
