//! Integrations: one environment's configurations of providers.

use domain::integration::Integration;
use domain::{IntegrationKey, Scope};

use crate::Store;
use crate::error::StoreError;
use crate::events::CacheEvent;
use crate::statements::statements;
use crate::value::{Row, Value, json, params};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, unique_key, provider, display_name, client_id, client_secret, scopes, settings, ",
            "created_at, updated_at FROM integrations WHERE environment_id = $1",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO integrations (environment_id, id, unique_key, provider, display_name, client_id, \
              client_secret, scopes, settings, updated_at, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    GET = select!(" AND unique_key = $2");
    LIST = select!(" ORDER BY created_at, id");
    KEY = "SELECT unique_key FROM integrations WHERE environment_id = $1 AND id = $2";
    UPDATE = "UPDATE integrations SET unique_key = $3, provider = $4, display_name = $5, client_id = $6, \
              client_secret = $7, scopes = $8, settings = $9, updated_at = $10 \
              WHERE environment_id = $1 AND id = $2";
    DELETE = "DELETE FROM integrations WHERE environment_id = $1 AND unique_key = $2";
    DELETE_STATES = "DELETE FROM oauth_states WHERE environment_id = $1 AND integration_key = $2";
    DELETE_CERTIFICATES = "DELETE FROM pending_certificates WHERE environment_id = $1 AND integration_key = $2";
    COUNT = "SELECT COUNT(*) FROM connections WHERE integration_id = \
             (SELECT id FROM integrations WHERE environment_id = $1 AND unique_key = $2)";
}

fn read(mut row: Row) -> Result<Integration, StoreError> {
    Ok(Integration {
        id: row.take()?,
        key: row.take()?,
        provider: row.take()?,
        display_name: row.take()?,
        client_id: row.take()?,
        client_secret: row.take()?,
        scopes: row.take_json()?,
        settings: row.take_json()?,
        created_at_ms: row.take()?,
        updated_at_ms: row.take()?,
    })
}

fn columns(scope: Scope, integration: &Integration) -> Result<Vec<Value>, StoreError> {
    Ok(params![
        scope.environment,
        &integration.id,
        &integration.key,
        &integration.provider,
        integration.display_name.as_deref(),
        integration.client_id.as_deref(),
        integration.client_secret.as_ref(),
        json(&integration.scopes)?,
        json(&integration.settings)?,
        integration.updated_at_ms,
    ])
}

fn changed(scope: Scope, key: IntegrationKey) -> CacheEvent {
    CacheEvent::Integration { environment: scope.environment, key }
}

impl Store {
    /// Adds an integration.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when its key is taken in this environment.
    pub async fn insert_integration(
        &self,
        scope: Scope,
        integration: &Integration,
    ) -> Result<(), StoreError> {
        let (mut parameters, key) = (columns(scope, integration)?, integration.key.clone());
        parameters.push(integration.created_at_ms.into());
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(INSERT, parameters).await?;
                    tx.announce(changed(scope, key));
                    Ok(())
                })
            })
            .await
    }

    /// The integration under `key`.
    pub async fn integration(
        &self,
        scope: Scope,
        key: &IntegrationKey,
    ) -> Result<Option<Integration>, StoreError> {
        self.pool.look_up_one(GET, params![scope.environment, key]).await?.map(read).transpose()
    }

    /// All integrations, oldest first.
    pub async fn integrations(&self, scope: Scope) -> Result<Vec<Integration>, StoreError> {
        self.pool.look_up(LIST, params![scope.environment]).await?.into_iter().map(read).collect()
    }

    /// Replaces everything but id and creation time of the integration with `integration.id`; its key may change.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Duplicate`] when the new key is taken.
    pub async fn update_integration(
        &self,
        scope: Scope,
        integration: &Integration,
    ) -> Result<(), StoreError> {
        let (parameters, id) = (columns(scope, integration)?, integration.id.clone());
        let key = integration.key.clone();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let row = tx.row(KEY, params![scope.environment, id]).await?;
                    let old: IntegrationKey = row.ok_or(StoreError::NotFound("integration"))?.take()?;
                    tx.execute(UPDATE, parameters).await?;
                    if old != key {
                        tx.announce(changed(scope, old));
                    }
                    tx.announce(changed(scope, key));
                    Ok(())
                })
            })
            .await
    }

    /// Deletes an integration with its connections, their tokens, and authorizations under way.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_integration(&self, scope: Scope, key: &IntegrationKey) -> Result<(), StoreError> {
        let (parameters, key) = (params![scope.environment, key], key.clone());
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(DELETE_STATES, parameters.clone()).await?;
                    tx.execute(DELETE_CERTIFICATES, parameters.clone()).await?;
                    if tx.execute(DELETE, parameters).await? == 0 {
                        return Err(StoreError::NotFound("integration"));
                    }
                    tx.announce(changed(scope, key));
                    Ok(())
                })
            })
            .await
    }

    /// How many connections an integration has; 0 when there is none of this key.
    pub async fn count_connections(&self, scope: Scope, key: &IntegrationKey) -> Result<i64, StoreError> {
        let row = self.pool.look_up_one(COUNT, params![scope.environment, key]).await?;
        row.map_or(Ok(0), |mut row| row.take())
    }
}
