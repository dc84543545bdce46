//! The keys that sign outgoing webhooks, one an environment.

use domain::{EnvironmentId, Scope, Sealed};

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

/// A key sealed at `signing_keys`, `id`, `sealed`.
#[derive(Debug, Clone)]
pub struct SealedSigningKey {
    /// The row of its place, a UUID.
    pub id: String,
    /// As stored.
    pub sealed: Sealed,
}

/// The keys of one environment.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    /// The key in force.
    pub current: SealedSigningKey,
    /// The key before it and until when it signs along, Unix milliseconds.
    pub previous: Option<(SealedSigningKey, i64)>,
}

statements! {
    GET = "SELECT key_id, sealed, previous_id, previous_sealed, previous_until FROM signing_keys \
           WHERE environment_id = $1";
    INSERT = "INSERT INTO signing_keys (environment_id, key_id, sealed, created_at) VALUES ($1, $2, $3, $4) \
              ON CONFLICT (environment_id) DO NOTHING";
    // SET reads the old row, so the former key moves aside in the statement that replaces it.
    REPLACE = "INSERT INTO signing_keys (environment_id, key_id, sealed, created_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (environment_id) DO UPDATE SET previous_id = signing_keys.key_id, \
               previous_sealed = signing_keys.sealed, previous_until = $5, key_id = excluded.key_id, \
               sealed = excluded.sealed, created_at = excluded.created_at";
}

fn read(mut row: crate::value::Row) -> Result<SigningKeys, StoreError> {
    let current = SealedSigningKey { id: row.take()?, sealed: row.take()? };
    let (id, sealed): (Option<String>, Option<Sealed>) = (row.take()?, row.take()?);
    let until_ms: Option<i64> = row.take()?;
    let previous = id.zip(sealed).zip(until_ms);
    let previous = previous.map(|((id, sealed), until_ms)| (SealedSigningKey { id, sealed }, until_ms));
    Ok(SigningKeys { current, previous })
}

impl Store {
    /// The keys of an environment, if any was made yet.
    pub async fn signing_keys(&self, environment: EnvironmentId) -> Result<Option<SigningKeys>, StoreError> {
        self.pool.look_up_one(GET, params![environment]).await?.map(read).transpose()
    }

    /// Stores an environment's first key unless there is one, and returns what is there now.
    pub async fn signing_keys_or_insert(
        &self,
        environment: EnvironmentId,
        key: &SealedSigningKey,
        now_ms: i64,
    ) -> Result<SigningKeys, StoreError> {
        self.pool.execute(INSERT, params![environment, &key.id, &key.sealed, now_ms]).await?;
        self.signing_keys(environment).await?.ok_or(StoreError::NotFound("signing key"))
    }

    /// Puts `key` in force; the one before it signs along until `previous_until_ms`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the environment is absent.
    pub async fn replace_signing_key(
        &self,
        scope: Scope,
        key: &SealedSigningKey,
        previous_until_ms: i64,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let parameters = params![scope.environment, &key.id, &key.sealed, now_ms, previous_until_ms];
        self.pool.execute(REPLACE, parameters).await.map(drop)
    }
}
