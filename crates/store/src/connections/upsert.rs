//! A connection made, or its credentials and parameters written anew.

use std::collections::BTreeMap;

use domain::connection::{Connection, EndUser};
use domain::{ConnectionRow, EnvironmentId, Scope};

use super::{NewConnection, Upserted, announce, end_user_columns, get};
use crate::Store;
use crate::deliveries::{FollowUp, follow};
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Value, json, optional_json, params};

statements! {
    INTEGRATION = "SELECT id FROM integrations WHERE environment_id = $1 AND unique_key = $2";
    // Updating before reading holds the row until the commit, on both databases.
    LOCK = "UPDATE connections SET updated_at = $3 WHERE integration_id = $1 AND connection_id = $2 \
            RETURNING id, created_at, end_user, tags";
    INSERT = "INSERT INTO connections (environment_id, integration_id, connection_id, created_at, updated_at, \
              end_user_id, organization_id, end_user, search_text, tags, metadata, config, \
              webhook_url_override, health_failures) \
              VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0) \
              ON CONFLICT (integration_id, connection_id) DO NOTHING RETURNING id";
    OVERWRITE = "UPDATE connections SET end_user_id = $2, organization_id = $3, end_user = $4, \
                 search_text = $5, tags = $6, metadata = COALESCE($7, metadata), config = $8, \
                 webhook_url_override = COALESCE($9, webhook_url_override), health_error = NULL, \
                 health_failed_at = NULL, health_failures = 0 WHERE id = $1";
    SEAL = "INSERT INTO connection_credentials (connection_row, seal_id, version, expires_at, fence, sealed, \
            refreshed_at, check_at, ends_at) \
            VALUES ($1, $2, 1, $3, 0, $4, $5, $6, $7) ON CONFLICT (connection_row) DO UPDATE SET \
            refreshed_at = excluded.refreshed_at, check_at = excluded.check_at, ends_at = excluded.ends_at, \
            failing_since = NULL, \
            seal_id = excluded.seal_id, version = connection_credentials.version + 1, \
            expires_at = excluded.expires_at, fence = connection_credentials.fence + 1, lease_until = NULL, \
            intent = NULL, interrupted = NULL, sealed = excluded.sealed";
    // A new authorization may be of another tenant: what was minted or learnt for the old one must go.
    FORGET_TOKENS = "DELETE FROM resource_tokens WHERE connection_row = $1";
    FORGET_HOSTS = "DELETE FROM learned_hosts WHERE connection_row = $1";
    CLEAR_TAGS = "DELETE FROM connection_tags WHERE connection_row = $1";
    TAG = "INSERT INTO connection_tags (environment_id, key, value, created_at, connection_row) \
           VALUES ($1, $2, $3, $4, $5)";
}

impl Store {
    /// Makes the connection, or overwrites the credentials and parameters of the one with the same name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the integration is absent.
    pub async fn upsert_connection(
        &self,
        scope: Scope,
        new: NewConnection,
        now_ms: i64,
    ) -> Result<(Connection, Upserted), StoreError> {
        self.upsert_connection_and(scope, new, now_ms, |_, _| FollowUp::default()).await
    }

    /// As [`Self::upsert_connection`]; what `then` makes of the stored connection is stored with it or not at all.
    ///
    /// # Errors
    /// As [`Self::upsert_connection`].
    pub async fn upsert_connection_and(
        &self,
        scope: Scope,
        new: NewConnection,
        now_ms: i64,
        then: impl FnOnce(&Connection, Upserted) -> FollowUp + Send + 'static,
    ) -> Result<(Connection, Upserted), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx.row(INTEGRATION, params![scope.environment, &new.integration]).await?;
                    let integration: String = found.ok_or(StoreError::NotFound("integration"))?.take()?;
                    let (row, what) = match overwrite(tx, scope, &integration, &new, now_ms).await? {
                        Some(row) => (row, Upserted::Overridden),
                        None => (insert(tx, scope, &integration, &new, now_ms).await?, Upserted::Created),
                    };
                    tx.execute(SEAL, sealed_columns(row, &new, now_ms)).await?;
                    announce(tx, row).await?;
                    let connection = get::in_transaction(tx, scope, row).await?;
                    follow(tx, scope, then(&connection, what), now_ms).await?;
                    Ok((connection, what))
                })
            })
            .await
    }
}

fn sealed_columns(row: ConnectionRow, new: &NewConnection, now_ms: i64) -> Vec<Value> {
    let check_at_ms = now_ms + crate::checks::FIRST_CHECK_MS;
    let NewConnection { seal_id, expires_at_ms, credentials, ends_at_ms, .. } = new;
    params![row, seal_id, *expires_at_ms, credentials, now_ms, check_at_ms, *ends_at_ms]
}

async fn insert(
    tx: &mut Tx<'_>,
    scope: Scope,
    integration: &str,
    new: &NewConnection,
    now_ms: i64,
) -> Result<ConnectionRow, StoreError> {
    let tags = new.tags.clone().unwrap_or_default();
    let [end_user_id, organization, end_user, search] = end_user_columns(&new.id, new.end_user.as_ref())?;
    let parameters = params![
        scope.environment,
        integration,
        &new.id,
        now_ms,
        end_user_id,
        organization,
        end_user,
        search,
        json(&tags)?,
        optional_json(new.metadata.as_ref())?,
        json(&new.config)?,
        new.webhook_url_override.as_deref(),
    ];
    // Only another node that makes the same connection at this moment can be in the way; the caller may repeat.
    let found = tx.row(INSERT, parameters).await?;
    let row: ConnectionRow = found.ok_or(StoreError::Locked)?.take()?;
    write_tags(tx, scope.environment, row, now_ms, &tags).await?;
    Ok(row)
}

async fn overwrite(
    tx: &mut Tx<'_>,
    scope: Scope,
    integration: &str,
    new: &NewConnection,
    now_ms: i64,
) -> Result<Option<ConnectionRow>, StoreError> {
    let Some(mut found) = tx.row(LOCK, params![integration, &new.id, now_ms]).await? else { return Ok(None) };
    let (row, created_at_ms): (ConnectionRow, i64) = (found.take()?, found.take()?);
    let stored_user: Option<EndUser> = found.take_optional_json()?;
    let stored_tags: BTreeMap<String, String> = found.take_json()?;
    let tags = new.tags.as_ref().unwrap_or(&stored_tags);
    let end_user = new.end_user.as_ref().or(stored_user.as_ref());
    let [end_user_id, organization, end_user, search] = end_user_columns(&new.id, end_user)?;
    let parameters = params![
        row,
        end_user_id,
        organization,
        end_user,
        search,
        json(tags)?,
        optional_json(new.metadata.as_ref())?,
        json(&new.config)?,
        new.webhook_url_override.as_deref(),
    ];
    tx.execute(OVERWRITE, parameters).await?;
    tx.execute(FORGET_TOKENS, params![row]).await?;
    tx.execute(FORGET_HOSTS, params![row]).await?;
    replace_tags(tx, scope.environment, row, created_at_ms, tags).await?;
    Ok(Some(row))
}

/// Writes the side table that tag filters read.
pub(super) async fn replace_tags(
    tx: &mut Tx<'_>,
    environment: EnvironmentId,
    row: ConnectionRow,
    created_at_ms: i64,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    tx.execute(CLEAR_TAGS, params![row]).await?;
    write_tags(tx, environment, row, created_at_ms, tags).await
}

async fn write_tags(
    tx: &mut Tx<'_>,
    environment: EnvironmentId,
    row: ConnectionRow,
    created_at_ms: i64,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    let lists: Vec<_> =
        tags.iter().map(|(key, value)| params![environment, key, value, created_at_ms, row]).collect();
    tx.each(TAG, &lists).await.map(drop)
}
