//! Environments: dev, prod, …

use domain::{EnvironmentId, EnvironmentName};
use serde_json::{Map, Value as Json};

use crate::Store;
use crate::error::StoreError;
use crate::events::CacheEvent;
use crate::statements::statements;
use crate::value::{Row, json, params};

/// A separate world of integrations, connections and keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// Row id, public.
    pub id: EnvironmentId,
    /// The id that the API shows as `uuid`.
    pub uuid: String,
    /// Its name.
    pub name: EnvironmentName,
    /// Settings such as `callback_url` and `override_hosts`; their meaning is the services'.
    pub settings: Map<String, Json>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
}

statements! {
    INSERT = "INSERT INTO environments (uuid, name, settings, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $4) ON CONFLICT (name) DO NOTHING";
    BY_NAME = "SELECT id, uuid, name, settings, created_at, updated_at FROM environments \
               WHERE name = $1 AND deleted_at IS NULL";
    BY_ID = "SELECT id, uuid, name, settings, created_at, updated_at FROM environments \
             WHERE id = $1 AND deleted_at IS NULL";
    LIST = "SELECT id, uuid, name, settings, created_at, updated_at FROM environments \
            WHERE deleted_at IS NULL ORDER BY id";
    LOCK = "UPDATE environments SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING settings";
    SET = "UPDATE environments SET settings = $2 WHERE id = $1";
    // The name is free again at once.
    DELETE = "UPDATE environments SET deleted_at = $2, updated_at = $2, name = 'deleted-' || uuid \
              WHERE id = $1 AND deleted_at IS NULL";
    END_SESSIONS = "DELETE FROM connect_sessions WHERE environment_id = $1";
    END_STATES = "DELETE FROM oauth_states WHERE environment_id = $1";
    END_CHECKS = "UPDATE connection_credentials SET check_at = NULL, ends_at = NULL \
                  WHERE connection_row IN (SELECT id FROM connections WHERE environment_id = $1)";
    PURGE_CONNECTIONS = "DELETE FROM connections WHERE id IN (SELECT c.id FROM connections c \
                         JOIN environments e ON e.id = c.environment_id WHERE e.deleted_at <= $1 LIMIT $2)";
    PURGE = "DELETE FROM environments WHERE deleted_at <= $1 \
             AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.environment_id = environments.id)";
}

fn read(mut row: Row) -> Result<Environment, StoreError> {
    Ok(Environment {
        id: row.take()?,
        uuid: row.take()?,
        name: row.take()?,
        settings: row.take_json()?,
        created_at_ms: row.take()?,
        updated_at_ms: row.take()?,
    })
}

impl Store {
    /// The environment of this name, made with `uuid` when absent.
    pub async fn get_or_create_environment(
        &self,
        name: &EnvironmentName,
        uuid: &str,
        now_ms: i64,
    ) -> Result<Environment, StoreError> {
        if let Some(found) = self.environment_by_name(name).await? {
            return Ok(found);
        }
        self.pool.execute(INSERT, params![uuid, name, "{}", now_ms]).await?;
        self.environment_by_name(name).await?.ok_or(StoreError::NotFound("environment"))
    }

    /// Makes an environment.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the name is taken.
    pub async fn insert_environment(
        &self,
        name: &EnvironmentName,
        uuid: &str,
        settings: &Map<String, Json>,
        now_ms: i64,
    ) -> Result<Environment, StoreError> {
        if self.pool.execute(INSERT, params![uuid, name, json(settings)?, now_ms]).await? == 0 {
            return Err(StoreError::Duplicate("environments.name".to_owned()));
        }
        self.environment_by_name(name).await?.ok_or(StoreError::NotFound("environment"))
    }

    /// The environment of this name.
    pub async fn environment_by_name(
        &self,
        name: &EnvironmentName,
    ) -> Result<Option<Environment>, StoreError> {
        self.pool.look_up_one(BY_NAME, params![name]).await?.map(read).transpose()
    }

    /// The environment of this id.
    pub async fn environment(&self, id: EnvironmentId) -> Result<Option<Environment>, StoreError> {
        self.pool.look_up_one(BY_ID, params![id]).await?.map(read).transpose()
    }

    /// All environments, oldest first.
    pub async fn environments(&self) -> Result<Vec<Environment>, StoreError> {
        self.pool.look_up(LIST, Vec::new()).await?.into_iter().map(read).collect()
    }

    /// Changes an environment's settings; nobody else's change is lost.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn change_environment_settings(
        &self,
        id: EnvironmentId,
        change: impl FnOnce(&mut Map<String, Json>) + Send + 'static,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let row = tx.row(LOCK, params![id, now_ms]).await?;
                    let mut settings = row.ok_or(StoreError::NotFound("environment"))?.take_json()?;
                    change(&mut settings);
                    tx.execute(SET, params![id, json(&settings)?]).await?;
                    tx.announce(CacheEvent::Environment { environment: id });
                    Ok(())
                })
            })
            .await
    }

    /// Deletes an environment: its name is free, its keys, connect sessions and running authorizations end at once and its
    /// credentials are looked after no more;
    /// the rest goes with [`Self::purge_environments`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_environment(&self, id: EnvironmentId, now_ms: i64) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(DELETE, params![id, now_ms]).await? == 0 {
                        return Err(StoreError::NotFound("environment"));
                    }
                    crate::api_keys::revoke_all(tx, id, now_ms).await?;
                    tx.execute(END_SESSIONS, params![id]).await?;
                    tx.execute(END_STATES, params![id]).await?;
                    tx.execute(END_CHECKS, params![id]).await?;
                    tx.announce(CacheEvent::Environment { environment: id });
                    Ok(())
                })
            })
            .await
    }

    /// Removes what belongs to environments deleted at `before_ms` or earlier, `most` connections at a time; true while
    /// there is more.
    pub async fn purge_environments(&self, before_ms: i64, most: u32) -> Result<bool, StoreError> {
        let gone = self.pool.execute(PURGE_CONNECTIONS, params![before_ms, most]).await?;
        if gone >= u64::from(most) {
            return Ok(true);
        }
        self.pool.execute(PURGE, params![before_ms]).await?;
        Ok(false)
    }
}
