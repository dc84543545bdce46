//! API keys: kept as hashes, shown by a prefix; of one environment or of the account.

use domain::permission::Grants;
use domain::{EnvironmentId, Scope};

use crate::Store;
use crate::error::StoreError;
use crate::events::CacheEvent;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Row, Value, json, params};

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwner {
    /// One environment's.
    Environment(EnvironmentId),
    /// The account's: it makes and deletes environments and their keys, and opens none of them.
    Account,
}

impl From<Scope> for KeyOwner {
    fn from(scope: Scope) -> Self {
        Self::Environment(scope.environment)
    }
}

impl KeyOwner {
    fn environment(self) -> Option<EnvironmentId> {
        match self {
            Self::Environment(id) => Some(id),
            Self::Account => None,
        }
    }

    /// As the unique index has it: 0 is the account.
    fn number(self) -> i64 {
        self.environment().map_or(0, |id| id.0)
    }

    fn read(environment: Option<EnvironmentId>) -> Self {
        environment.map_or(Self::Account, Self::Environment)
    }
}

/// A key to insert; the key itself is shown once and never stored.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What the developer calls it; unique among the owner's keys that are not revoked.
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
    /// Row id, public.
    pub id: i64,
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
    /// Row id.
    pub id: i64,
    /// What the developer calls it.
    pub name: String,
    /// Whose it is.
    pub owner: KeyOwner,
    /// What it may do.
    pub grants: Grants,
    /// When it was revoked, Unix milliseconds; such a key proves nothing.
    pub revoked_at_ms: Option<i64>,
}

statements! {
    // Makes writers of one environment's keys wait for each other, so that the count below holds.
    LOCK = "UPDATE environments SET updated_at = updated_at WHERE id = $1 AND deleted_at IS NULL";
    COUNT = "SELECT COUNT(*) FROM api_keys WHERE COALESCE(environment_id, 0) = $1 AND revoked_at IS NULL";
    INSERT = "INSERT INTO api_keys (environment_id, name, hash, prefix, scopes, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    FIND = "SELECT id, name, environment_id, scopes, revoked_at FROM api_keys WHERE hash = $1";
    LIST = "SELECT id, name, prefix, scopes, created_at, last_used_at, revoked_at FROM api_keys \
            WHERE COALESCE(environment_id, 0) = $1 ORDER BY created_at, id";
    REVOKE = "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) \
              WHERE COALESCE(environment_id, 0) = $1 AND id = $2 RETURNING hash";
    REVOKE_ALL = "UPDATE api_keys SET revoked_at = $2 WHERE environment_id = $1 AND revoked_at IS NULL \
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
    /// Adds a key to its owner's, of which at most `most` may be in force; its id.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the key is known or the owner has one of this name in force,
    /// [`StoreError::LimitReached`], [`StoreError::NotFound`] for the environment.
    pub async fn insert_api_key(
        &self,
        owner: impl Into<KeyOwner>,
        key: NewApiKey,
        most: u32,
        now_ms: i64,
    ) -> Result<i64, StoreError> {
        let owner = owner.into();
        let scopes = json(key.grants.as_slice())?;
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    check_room(tx, owner, most).await?;
                    let environment: Value = owner.environment().into();
                    let parameters = params![environment, key.name, &key.hash, key.prefix, scopes, now_ms];
                    let row = tx.row(INSERT, parameters).await?;
                    // A node may have cached that this key is unknown.
                    tx.announce(CacheEvent::ApiKey { hash: key.hash });
                    row.ok_or(StoreError::NotFound("API key"))?.take()
                })
            })
            .await
    }

    /// The key whose SHA-256 (hex) is `hash`, of any owner; revoked ones too.
    pub async fn find_api_key(&self, hash: &str) -> Result<Option<FoundKey>, StoreError> {
        let row = self.pool.look_up_one(FIND, params![hash]).await?;
        row.map(|mut row| {
            Ok(FoundKey {
                id: row.take()?,
                name: row.take()?,
                owner: KeyOwner::read(row.take()?),
                grants: Grants::new(row.take_json()?),
                revoked_at_ms: row.take()?,
            })
        })
        .transpose()
    }

    /// All keys of an owner, oldest first, revoked ones too.
    pub async fn api_keys(&self, owner: impl Into<KeyOwner>) -> Result<Vec<ApiKey>, StoreError> {
        self.pool.look_up(LIST, params![owner.into().number()]).await?.into_iter().map(read).collect()
    }

    /// Revokes a key on every node; a second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn revoke_api_key(
        &self,
        owner: impl Into<KeyOwner>,
        id: i64,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let parameters = params![owner.into().number(), id, now_ms];
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
    pub async fn touch_api_keys(&self, used: Vec<(i64, i64)>) -> Result<(), StoreError> {
        let lists: Vec<_> = used.into_iter().map(|(id, at)| params![id, at]).collect();
        self.pool.write(move |tx| Box::pin(async move { tx.each(TOUCH, &lists).await.map(drop) })).await
    }
}

async fn check_room(tx: &mut Tx<'_>, owner: KeyOwner, most: u32) -> Result<(), StoreError> {
    if let Some(environment) = owner.environment()
        && tx.execute(LOCK, params![environment]).await? == 0
    {
        return Err(StoreError::NotFound("environment"));
    }
    let count = tx.row(COUNT, params![owner.number()]).await?.map_or(Ok(0), |mut row| row.take::<i64>())?;
    if count < i64::from(most) { Ok(()) } else { Err(StoreError::LimitReached("API keys")) }
}

/// Revokes every key of an environment that is going away.
pub(crate) async fn revoke_all(
    tx: &mut Tx<'_>,
    environment: EnvironmentId,
    now_ms: i64,
) -> Result<(), StoreError> {
    for mut row in tx.rows(REVOKE_ALL, params![environment, now_ms]).await? {
        tx.announce(CacheEvent::ApiKey { hash: row.take()? });
    }
    Ok(())
}
