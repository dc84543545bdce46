//! Changes to a connection other than its credentials.

use domain::connection::{EndUser, Health};
use domain::{ConnectionId, ConnectionRow, IntegrationKey, Scope};

use super::upsert::replace_tags;
use super::{Change, ConnectionPatch, JsonWrite, announce, end_user_columns};
use crate::Store;
use crate::deliveries::{FollowUp, follow};
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{json, optional_json, params};

/// How coarse `last_fetched_at` is, milliseconds.
const FETCHED_STEP_MS: i64 = 60 * 60 * 1000;

statements! {
    LOCK = "UPDATE connections SET updated_at = $3 WHERE environment_id = $1 AND id = $2 \
            RETURNING connection_id, created_at, end_user, webhook_url_override, config";
    PATCH = "UPDATE connections SET end_user_id = $2, organization_id = $3, end_user = $4, search_text = $5, \
             webhook_url_override = $6 WHERE id = $1";
    SET_TAGS = "UPDATE connections SET tags = $2 WHERE id = $1";
    SET_CONFIG = "UPDATE connections SET config = $2 WHERE id = $1";
    SET_HEALTH = "UPDATE connections SET updated_at = $3, health_error = $4, health_failed_at = $5, \
                  health_failures = $6 WHERE environment_id = $1 AND id = $2";
    FETCHED = "UPDATE connections SET last_fetched_at = $3 WHERE environment_id = $1 AND id = $2 \
               AND (last_fetched_at IS NULL OR last_fetched_at < $4)";
    DELETE = "DELETE FROM connections WHERE environment_id = $1 AND id = $2";
    DELETE_ALL = "DELETE FROM connections WHERE integration_id = \
                  (SELECT id FROM integrations WHERE environment_id = $1 AND unique_key = $2) \
                  RETURNING id, connection_id";
}

impl Store {
    /// Changes what the customer says about a connection.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn patch_connection(
        &self,
        scope: Scope,
        row: ConnectionRow,
        patch: ConnectionPatch,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    patch_locked(tx, scope, row, patch, now_ms).await?;
                    announce(tx, row).await
                })
            })
            .await
    }

    /// Writes a connection's non-secret parameters.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn write_connection_config(
        &self,
        scope: Scope,
        row: ConnectionRow,
        config: JsonWrite,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx.row(LOCK, params![scope.environment, row, now_ms]).await?;
                    let mut found = found.ok_or(StoreError::NotFound("connection"))?;
                    let _: (String, i64) = (found.take()?, found.take()?);
                    let _: (Option<String>, Option<String>) = (found.take()?, found.take()?);
                    let merged = config.onto(Some(found.take_json()?));
                    tx.execute(SET_CONFIG, params![row, json(&merged)?]).await?;
                    announce(tx, row).await
                })
            })
            .await
    }

    /// Records what is wrong with a connection outside of a refresh, or that nothing is; `follow_up` goes with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_connection_health(
        &self,
        scope: Scope,
        row: ConnectionRow,
        health: &Health,
        follow_up: FollowUp,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let error = optional_json(health.error.as_ref())?;
        let parameters =
            params![scope.environment, row, now_ms, error, health.last_failure_at_ms, health.failures,];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    match tx.execute(SET_HEALTH, parameters).await? {
                        0 => Err(StoreError::NotFound("connection")),
                        _ => {
                            announce(tx, row).await?;
                            follow(tx, scope, follow_up, now_ms).await
                        }
                    }
                })
            })
            .await
    }

    /// Notes when credentials of connections were handed out; changes a row at most once an hour.
    pub async fn touch_connections(
        &self,
        fetched: Vec<(Scope, ConnectionRow, i64)>,
    ) -> Result<(), StoreError> {
        let lists: Vec<_> = fetched
            .into_iter()
            .map(|(scope, row, at_ms)| params![scope.environment, row, at_ms, at_ms - FETCHED_STEP_MS])
            .collect();
        self.pool.write(move |tx| Box::pin(async move { tx.each(FETCHED, &lists).await.map(drop) })).await
    }

    /// Deletes a connection with its credentials, tokens and tags.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_connection(&self, scope: Scope, row: ConnectionRow) -> Result<(), StoreError> {
        self.delete_connection_and(scope, row, FollowUp::default(), 0).await
    }

    /// As [`Self::delete_connection`]; `follow_up` is stored with the deletion or not at all.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_connection_and(
        &self,
        scope: Scope,
        row: ConnectionRow,
        follow_up: FollowUp,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    announce(tx, row).await?;
                    match tx.execute(DELETE, params![scope.environment, row]).await? {
                        0 => Err(StoreError::NotFound("connection")),
                        _ => follow(tx, scope, follow_up, now_ms).await,
                    }
                })
            })
            .await
    }

    /// Deletes all connections of an integration; the number deleted.
    pub async fn delete_connections(&self, scope: Scope, key: &IntegrationKey) -> Result<u64, StoreError> {
        let (parameters, integration) = (params![scope.environment, key], key.clone());
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let rows = tx.rows(DELETE_ALL, parameters).await?;
                    let count = rows.len() as u64;
                    for mut found in rows {
                        tx.announce(crate::CacheEvent::Connection {
                            environment: scope.environment,
                            integration: integration.clone(),
                            row: found.take()?,
                            id: found.take()?,
                        });
                    }
                    Ok(count)
                })
            })
            .await
    }
}

async fn patch_locked(
    tx: &mut Tx<'_>,
    scope: Scope,
    row: ConnectionRow,
    patch: ConnectionPatch,
    now_ms: i64,
) -> Result<(), StoreError> {
    let found = tx.row(LOCK, params![scope.environment, row, now_ms]).await?;
    let mut found = found.ok_or(StoreError::NotFound("connection"))?;
    let (id, created_at_ms): (ConnectionId, i64) = (found.take()?, found.take()?);
    let stored_user: Option<EndUser> = found.take_optional_json()?;
    let stored_url: Option<String> = found.take()?;
    let end_user = patch.end_user.onto(stored_user);
    let url = patch.webhook_url_override.onto(stored_url);
    let [end_user_id, organization, end_user, search] = end_user_columns(&id, end_user.as_ref())?;
    tx.execute(PATCH, params![row, end_user_id, organization, end_user, search, url]).await?;
    if let Some(tags) = patch.tags {
        tx.execute(SET_TAGS, params![row, json(&tags)?]).await?;
        replace_tags(tx, scope.environment, row, created_at_ms, &tags).await?;
    }
    Ok(())
}

impl<T> Change<T> {
    fn onto(self, stored: Option<T>) -> Option<T> {
        match self {
            Self::Keep => stored,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        }
    }
}
