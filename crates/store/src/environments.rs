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
}

statements! {
    INSERT = "INSERT INTO environments (uuid, name, settings, created_at, updated_at) \
              VALUES ($1, $2, '{}', $3, $3) ON CONFLICT (name) DO NOTHING";
    BY_NAME = "SELECT id, uuid, name, settings, created_at FROM environments WHERE name = $1";
    BY_ID = "SELECT id, uuid, name, settings, created_at FROM environments WHERE id = $1";
    LIST = "SELECT id, uuid, name, settings, created_at FROM environments ORDER BY id";
    SET = "UPDATE environments SET settings = $2, updated_at = $3 WHERE id = $1";
}

fn read(mut row: Row) -> Result<Environment, StoreError> {
    Ok(Environment {
        id: row.take()?,
        uuid: row.take()?,
        name: row.take()?,
        settings: row.take_json()?,
        created_at_ms: row.take()?,
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
        self.pool.execute(INSERT, params![uuid, name, now_ms]).await?;
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

    /// Replaces an environment's settings.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_environment_settings(
        &self,
        id: EnvironmentId,
        settings: &Map<String, Json>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let parameters = params![id, json(settings)?, now_ms];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(SET, parameters).await? == 0 {
                        return Err(StoreError::NotFound("environment"));
                    }
                    tx.announce(CacheEvent::Environment { environment: id });
                    Ok(())
                })
            })
            .await
    }
}
