//! What a connection has beside its own token: tokens for other resources, and hosts learnt from the vendor.

use domain::{ConnectionRow, Scope, Sealed};

use crate::Store;
use crate::connections::announce;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

/// A token for another resource of the same grant.
#[derive(Debug, Clone)]
pub struct ResourceToken {
    /// The token, sealed with associated data `resource_tokens`, `<seal_id> <resource>`, `sealed`.
    pub token: Sealed,
    /// Its end, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
}

/// The origin that the vendor named for a resource of this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedHost {
    /// The resource's name in the provider's definition.
    pub resource: String,
    /// `https://host`.
    pub origin: String,
    /// When it was learnt, Unix milliseconds.
    pub learned_at_ms: i64,
}

statements! {
    SET_TOKEN = "INSERT INTO resource_tokens (connection_row, resource, sealed, expires_at, created_at) \
                 SELECT id, CAST($3 AS TEXT), $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT) FROM connections \
                 WHERE environment_id = $1 AND id = $2 \
                 ON CONFLICT (connection_row, resource) DO UPDATE SET sealed = excluded.sealed, \
                 expires_at = excluded.expires_at, created_at = excluded.created_at";
    GET_TOKEN = "SELECT r.sealed, r.expires_at FROM resource_tokens r JOIN connections c \
                 ON c.id = r.connection_row WHERE c.environment_id = $1 AND c.id = $2 AND r.resource = $3";
    DELETE_TOKENS = "DELETE FROM resource_tokens WHERE connection_row = \
                     (SELECT id FROM connections WHERE environment_id = $1 AND id = $2)";
    SET_HOST = "INSERT INTO learned_hosts (connection_row, resource, origin, learned_at) \
                SELECT id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT) FROM connections \
                WHERE environment_id = $1 AND id = $2 \
                ON CONFLICT (connection_row, resource) DO UPDATE SET origin = excluded.origin, \
                learned_at = excluded.learned_at";
    HOSTS = "SELECT h.resource, h.origin, h.learned_at FROM learned_hosts h JOIN connections c \
             ON c.id = h.connection_row WHERE c.environment_id = $1 AND c.id = $2 ORDER BY h.resource";
}

impl Store {
    /// Stores the token of one resource in place of an older one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the connection is absent.
    pub async fn set_resource_token(
        &self,
        scope: Scope,
        row: ConnectionRow,
        resource: &str,
        token: &ResourceToken,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let parameters = params![scope.environment, row, resource, &token.token, token.expires_at_ms, now_ms];
        self.write_beside(row, SET_TOKEN, parameters).await
    }

    /// The token of one resource, expired or not.
    pub async fn resource_token(
        &self,
        scope: Scope,
        row: ConnectionRow,
        resource: &str,
    ) -> Result<Option<ResourceToken>, StoreError> {
        let found = self.pool.look_up_one(GET_TOKEN, params![scope.environment, row, resource]).await?;
        found.map(|mut row| Ok(ResourceToken { token: row.take()?, expires_at_ms: row.take()? })).transpose()
    }

    /// Deletes the tokens of all resources of a connection.
    pub async fn delete_resource_tokens(&self, scope: Scope, row: ConnectionRow) -> Result<(), StoreError> {
        let parameters = params![scope.environment, row];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(DELETE_TOKENS, parameters).await? > 0 {
                        announce(tx, row).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Remembers the origin of a resource, as the vendor or the operator named it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the connection is absent.
    pub async fn set_learned_host(
        &self,
        scope: Scope,
        row: ConnectionRow,
        host: &LearnedHost,
    ) -> Result<(), StoreError> {
        let parameters = params![scope.environment, row, &host.resource, &host.origin, host.learned_at_ms];
        self.write_beside(row, SET_HOST, parameters).await
    }

    /// The learnt origins of a connection.
    pub async fn learned_hosts(
        &self,
        scope: Scope,
        row: ConnectionRow,
    ) -> Result<Vec<LearnedHost>, StoreError> {
        let rows = self.pool.look_up(HOSTS, params![scope.environment, row]).await?;
        rows.into_iter()
            .map(|mut row| {
                Ok(LearnedHost { resource: row.take()?, origin: row.take()?, learned_at_ms: row.take()? })
            })
            .collect()
    }

    async fn write_beside(
        &self,
        row: ConnectionRow,
        sql: &'static str,
        parameters: Vec<crate::value::Value>,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(sql, parameters).await? == 0 {
                        return Err(StoreError::NotFound("connection"));
                    }
                    announce(tx, row).await
                })
            })
            .await
    }
}
