//! States of running authorizations, taken once.

use domain::connect::OAuthState;

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, params};

statements! {
    INSERT = "INSERT INTO oauth_states (state_hash, environment_id, integration_key, cookie_hash, payload, \
              expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    TAKE = "DELETE FROM oauth_states WHERE state_hash = $1 \
            RETURNING state_hash, environment_id, integration_key, cookie_hash, payload, expires_at";
    PURGE = "DELETE FROM oauth_states WHERE state_hash IN (SELECT state_hash FROM oauth_states WHERE expires_at < $1 \
             ORDER BY expires_at LIMIT $2)";
}

impl Store {
    /// Adds a state.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`].
    pub async fn insert_oauth_state(&self, state: &OAuthState) -> Result<(), StoreError> {
        let parameters = params![
            &state.state_hash,
            state.environment,
            &state.integration,
            &state.cookie_hash,
            &state.payload,
            state.expires_at_ms,
        ];
        self.pool.execute(INSERT, parameters).await.map(drop)
    }

    /// Takes a state, expired or not: of many callers, on any node, one gets it.
    pub async fn take_oauth_state(&self, state_hash: &str) -> Result<Option<OAuthState>, StoreError> {
        let rows = self.pool.write_rows(TAKE, params![state_hash]).await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// Deletes up to `batch` states that expired before `before_ms`; their number.
    pub async fn purge_oauth_states(&self, before_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms, batch]).await
    }
}

pub(crate) fn read(mut row: Row) -> Result<OAuthState, StoreError> {
    Ok(OAuthState {
        state_hash: row.take()?,
        environment: row.take()?,
        integration: row.take()?,
        cookie_hash: row.take()?,
        payload: row.take()?,
        expires_at_ms: row.take()?,
    })
}
