//! Facts about the database itself, by name: for example the check value of its encryption key.

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

statements! {
    GET = "SELECT value FROM meta WHERE key = $1";
    SET = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    SET_ONCE = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
}

impl Store {
    /// The value under `key`.
    pub async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let row = self.pool.look_up_one(GET, params![key]).await?;
        row.map(|mut row| row.take()).transpose()
    }

    /// Writes `value` under `key`.
    pub async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.pool.execute(SET, params![key, value]).await.map(drop)
    }

    /// Writes `value` unless there is one, and returns what is there now: of two nodes that start together, both
    /// get the first one's.
    pub async fn meta_or_insert(&self, key: &str, value: &str) -> Result<String, StoreError> {
        self.pool.execute(SET_ONCE, params![key, value]).await?;
        self.meta(key).await?.ok_or(StoreError::NotFound("meta value"))
    }
}
