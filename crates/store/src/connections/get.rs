//! One connection, whole, credentials still sealed.

use domain::connection::{Connection, Health};
use domain::{ConnectionId, ConnectionRow, IntegrationKey, Scope};

use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Row, params};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT c.id, c.connection_id, i.unique_key, i.provider, k.sealed, k.seal_id, k.expires_at, ",
            "k.version, c.config, c.metadata, c.tags, c.end_user, c.webhook_url_override, c.health_error, ",
            "c.health_failed_at, c.health_failures, c.created_at, c.updated_at, c.last_fetched_at ",
            "FROM integrations i JOIN connections c ON c.integration_id = i.id ",
            "JOIN connection_credentials k ON k.connection_row = c.id ",
            $tail
        )
    };
}

statements! {
    BY_NAME = select!("WHERE i.environment_id = $1 AND i.unique_key = $2 AND c.connection_id = $3");
    BY_ROW = select!("WHERE c.environment_id = $1 AND c.id = $2");
    NAMES = "SELECT c.environment_id, i.unique_key, c.connection_id FROM connections c \
             JOIN integrations i ON i.id = c.integration_id WHERE c.id = $1";
}

fn read(mut row: Row) -> Result<Connection, StoreError> {
    Ok(Connection {
        row: row.take()?,
        id: row.take()?,
        integration: row.take()?,
        provider: row.take()?,
        credentials: row.take()?,
        seal_id: row.take()?,
        expires_at_ms: row.take()?,
        credentials_version: row.take()?,
        config: row.take_json()?,
        metadata: row.take_optional_json()?,
        tags: row.take_json()?,
        end_user: row.take_optional_json()?,
        webhook_url_override: row.take()?,
        health: Health {
            error: row.take_optional_json()?,
            last_failure_at_ms: row.take()?,
            failures: row.take()?,
        },
        created_at_ms: row.take()?,
        updated_at_ms: row.take()?,
        last_fetched_at_ms: row.take()?,
    })
}

/// The connection as the open transaction sees it.
///
/// # Errors
/// [`StoreError::NotFound`].
pub(crate) async fn in_transaction(
    tx: &mut Tx<'_>,
    scope: Scope,
    row: ConnectionRow,
) -> Result<Connection, StoreError> {
    let found = tx.row(BY_ROW, params![scope.environment, row]).await?;
    read(found.ok_or(StoreError::NotFound("connection"))?)
}

impl Store {
    /// The connection that the customer calls `id` on the integration `integration`.
    pub async fn connection(
        &self,
        scope: Scope,
        integration: &IntegrationKey,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        let parameters = params![scope.environment, integration, id];
        self.pool.look_up_one(BY_NAME, parameters).await?.map(read).transpose()
    }

    /// The connection with this row id.
    pub async fn connection_by_row(
        &self,
        scope: Scope,
        row: ConnectionRow,
    ) -> Result<Option<Connection>, StoreError> {
        let parameters = params![scope.environment, row];
        self.pool.look_up_one(BY_ROW, parameters).await?.map(read).transpose()
    }
}
