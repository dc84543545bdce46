//! API keys: kept as hashes, shown by a prefix.

use domain::permission::Grants;
use domain::{EnvironmentId, Scope};

use crate::Store;
use crate::error::StoreError;
use crate::events::CacheEvent;
use crate::statements::statements;
use crate::value::{Row, json, params};

/// A key to insert; the key itself is shown once and never stored.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Row id, a UUID.
    pub id: String,
    /// What the developer calls it.
    pub name: String,
    /// SHA-256 of the key, hex.
    pub hash: String,
    /// The first characters, for people to recognise it.
    pub prefix: String,
    /// What it may do.
    pub grants: Grants,
}

/// A key as listed.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Row id, a UUID.
    pub id: String,
    /// What the developer calls it.
    pub name: String,
    /// The first characters.
    pub prefix: String,
    /// What it may do.
    pub grants: Grants,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds, coarse.
    pub last_used_at_ms: Option<i64>,
    /// When it was revoked, Unix milliseconds.
    pub revoked_at_ms: Option<i64>,
}

/// What a presented key proves.
#[derive(Debug, Clone)]
pub struct FoundKey {
    /// Row id, a UUID.
    pub id: String,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// What it may do.
    pub grants: Grants,
    /// When it was revoked, Unix milliseconds; such a key proves nothing.
    pub revoked_at_ms: Option<i64>,
}

statements! {
    INSERT = "INSERT INTO api_keys (id, environment_id, name, hash, prefix, scopes, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT id, environment_id, scopes, revoked_at FROM api_keys WHERE hash = $1";
    LIST = "SELECT id, name, prefix, scopes, created_at, last_used_at, revoked_at FROM api_keys \
            WHERE environment_id = $1 ORDER BY created_at, id";
    REVOKE = "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) WHERE environment_id = $1 AND id = $2 \
              RETURNING hash";
    TOUCH = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
}

fn read(mut row: Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.take()?,
        name: row.take()?,
        prefix: row.take()?,
        grants: Grants::new(row.take_json()?),
        created_at_ms: row.take()?,
        last_used_at_ms: row.take()?,
        revoked_at_ms: row.take()?,
    })
}

impl Store {
    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the id or the key is already there.
    pub async fn insert_api_key(&self, scope: Scope, key: NewApiKey, now_ms: i64) -> Result<(), StoreError> {
        let scopes = json(key.grants.as_slice())?;
        let parameters = params![key.id, scope.environment, key.name, &key.hash, key.prefix, scopes, now_ms];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(INSERT, parameters).await?;
                    // A node may have cached that this key is unknown.
                    tx.announce(CacheEvent::ApiKey { hash: key.hash });
                    Ok(())
                })
            })
            .await
    }

    /// The key whose SHA-256 (hex) is `hash`, in any environment; revoked ones too.
    pub async fn find_api_key(&self, hash: &str) -> Result<Option<FoundKey>, StoreError> {
        let row = self.pool.look_up_one(FIND, params![hash]).await?;
        row.map(|mut row| {
            Ok(FoundKey {
                id: row.take()?,
                environment: row.take()?,
                grants: Grants::new(row.take_json()?),
                revoked_at_ms: row.take()?,
            })
        })
        .transpose()
    }

    /// All keys of an environment, oldest first, revoked ones too.
    pub async fn api_keys(&self, scope: Scope) -> Result<Vec<ApiKey>, StoreError> {
        self.pool.look_up(LIST, params![scope.environment]).await?.into_iter().map(read).collect()
    }

    /// Revokes a key on every node; a second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn revoke_api_key(&self, scope: Scope, id: &str, now_ms: i64) -> Result<(), StoreError> {
        let parameters = params![scope.environment, id, now_ms];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let row = tx.row(REVOKE, parameters).await?;
                    let mut row = row.ok_or(StoreError::NotFound("API key"))?;
                    tx.announce(CacheEvent::ApiKey { hash: row.take()? });
                    Ok(())
                })
            })
            .await
    }

    /// Notes when keys were last used, many in one transaction: `(key id, Unix milliseconds)`.
    pub async fn touch_api_keys(&self, used: Vec<(String, i64)>) -> Result<(), StoreError> {
        let lists: Vec<_> = used.into_iter().map(|(id, at)| params![id, at]).collect();
        self.pool.write(move |tx| Box::pin(async move { tx.each(TOUCH, &lists).await.map(drop) })).await
    }
}
