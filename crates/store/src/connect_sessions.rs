//! Connect sessions, found by the hash of their token.

use domain::Scope;
use domain::connect::ConnectSession;

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, json, optional_json, params};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, environment_id, end_user, tags, allowed_integrations, defaults, reconnect_row, ",
            "webhook_url_override, expires_at, created_at FROM connect_sessions WHERE ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO connect_sessions (id, environment_id, token_hash, end_user, tags, \
              allowed_integrations, defaults, reconnect_row, webhook_url_override, expires_at, created_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BY_TOKEN = select!("token_hash = $1");
    BY_ID = select!("environment_id = $1 AND id = $2");
    DELETE = "DELETE FROM connect_sessions WHERE environment_id = $1 AND id = $2";
    PURGE = "DELETE FROM connect_sessions WHERE id IN (SELECT id FROM connect_sessions WHERE expires_at < $1 \
             ORDER BY expires_at LIMIT $2)";
}

fn read(mut row: Row) -> Result<ConnectSession, StoreError> {
    Ok(ConnectSession {
        id: row.take()?,
        environment: row.take()?,
        end_user: row.take_optional_json()?,
        tags: row.take_json()?,
        allowed_integrations: row.take_json()?,
        defaults: row.take_json()?,
        reconnect: row.take()?,
        connection: None,
        webhook_url_override: row.take()?,
        expires_at_ms: row.take()?,
        created_at_ms: row.take()?,
    })
}

impl Store {
    /// Adds a session whose token has the SHA-256 (hex) `token_hash`.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`].
    pub async fn insert_connect_session(
        &self,
        session: &ConnectSession,
        token_hash: &str,
    ) -> Result<(), StoreError> {
        let parameters = params![
            &session.id,
            session.environment,
            token_hash,
            optional_json(session.end_user.as_ref())?,
            json(&session.tags)?,
            json(&session.allowed_integrations)?,
            json(&session.defaults)?,
            session.reconnect,
            session.webhook_url_override.as_deref(),
            session.expires_at_ms,
            session.created_at_ms,
        ];
        self.pool.execute(INSERT, parameters).await.map(drop)
    }

    /// The session of a token, in any environment, expired or not.
    pub async fn find_connect_session(&self, token_hash: &str) -> Result<Option<ConnectSession>, StoreError> {
        self.pool.look_up_one(BY_TOKEN, params![token_hash]).await?.map(read).transpose()
    }

    /// A session by its id, expired or not.
    pub async fn connect_session(
        &self,
        scope: Scope,
        id: &str,
    ) -> Result<Option<ConnectSession>, StoreError> {
        self.pool.look_up_one(BY_ID, params![scope.environment, id]).await?.map(read).transpose()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_connect_session(&self, scope: Scope, id: &str) -> Result<(), StoreError> {
        match self.pool.execute(DELETE, params![scope.environment, id]).await? {
            0 => Err(StoreError::NotFound("connect session")),
            _ => Ok(()),
        }
    }

    /// Deletes up to `batch` sessions that ended before `before_ms`; their number.
    pub async fn purge_connect_sessions(&self, before_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms, batch]).await
    }
}
