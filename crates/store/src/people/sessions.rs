//! Sessions of people, found by the hash of the cookie's token. Nothing caches them: a revoked one ends at once,
//! everywhere.

use super::users::{User, read_user, user_columns};
use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, params};

/// How far a sign-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStage {
    /// The password was right; the one-time password is missing.
    Half,
    /// Signed in.
    Full,
}

impl SessionStage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Half => "half",
            Self::Full => "full",
        }
    }
}

/// A session to begin.
#[derive(Debug, Clone)]
pub struct NewUserSession {
    /// SHA-256 of the token, hex.
    pub hash: String,
    /// How the person sees it.
    pub id: String,
    /// Whose.
    pub user: String,
    /// How far.
    pub stage: SessionStage,
    /// The end, whatever happens, Unix milliseconds.
    pub expires_at_ms: i64,
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// Where from.
    pub address: String,
}

/// A session as its person sees it.
#[derive(Debug, Clone)]
pub struct UserSession {
    /// Its name.
    pub id: String,
    /// How far the sign-in has come.
    pub stage: SessionStage,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds, coarse.
    pub last_seen_at_ms: i64,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
    /// The browser.
    pub user_agent: String,
    /// Where from.
    pub address: String,
}

/// A session with its person.
#[derive(Debug, Clone)]
pub struct FoundSession {
    /// The session, which may be over.
    pub session: UserSession,
    /// The person.
    pub user: User,
}

macro_rules! session_columns {
    () => {
        "s.id, s.stage, s.created_at, s.last_seen_at, s.expires_at, s.user_agent, s.address"
    };
}

statements! {
    INSERT = "INSERT INTO user_sessions (hash, id, user_id, stage, created_at, last_seen_at, expires_at, user_agent, \
              address) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)";
    SEEN = "UPDATE users SET last_seen_at = $2 WHERE id = $1";
    FIND = concat!("SELECT ", session_columns!(), ", ", user_columns!(), " FROM user_sessions s \
            JOIN users u ON u.id = s.user_id WHERE s.hash = $1");
    LIST = concat!("SELECT ", session_columns!(), " FROM user_sessions s WHERE s.user_id = $1 AND s.stage = 'full' \
            AND s.expires_at > $2 AND s.last_seen_at > $3 ORDER BY s.last_seen_at DESC, s.id");
    TOUCH = "UPDATE user_sessions SET last_seen_at = $2 WHERE hash = $1 RETURNING user_id";
    END = "DELETE FROM user_sessions WHERE hash = $1";
    END_BY_ID = "DELETE FROM user_sessions WHERE user_id = $1 AND id = $2";
    PURGE = "DELETE FROM user_sessions WHERE expires_at < $1 OR last_seen_at < $2";
}

fn read(row: &mut Row) -> Result<UserSession, StoreError> {
    let id = row.take()?;
    let stage = match row.take::<String>()?.as_str() {
        "full" => SessionStage::Full,
        _ => SessionStage::Half,
    };
    Ok(UserSession {
        id,
        stage,
        created_at_ms: row.take()?,
        last_seen_at_ms: row.take()?,
        expires_at_ms: row.take()?,
        user_agent: row.take()?,
        address: row.take()?,
    })
}

impl Store {
    /// Begins a session in place of the one whose hash is `instead`.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`].
    pub async fn begin_user_session(
        &self,
        new: NewUserSession,
        instead: Option<String>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(instead) = instead {
                        tx.execute(END, params![instead]).await?;
                    }
                    if new.stage == SessionStage::Full {
                        tx.execute(SEEN, params![&new.user, now_ms]).await?;
                    }
                    let stage = new.stage.as_str();
                    let parameters = params![
                        new.hash,
                        new.id,
                        new.user,
                        stage,
                        now_ms,
                        new.expires_at_ms,
                        new.user_agent,
                        new.address
                    ];
                    tx.execute(INSERT, parameters).await.map(drop)
                })
            })
            .await
    }

    /// The session of a token's hash, over or not, half or full.
    pub async fn find_user_session(&self, hash: &str) -> Result<Option<FoundSession>, StoreError> {
        let row = self.pool.look_up_one(FIND, params![hash]).await?;
        row.map(|mut row| Ok(FoundSession { session: read(&mut row)?, user: read_user(&mut row)? }))
            .transpose()
    }

    /// Notes that a session was used.
    pub async fn touch_user_session(&self, hash: &str, now_ms: i64) -> Result<(), StoreError> {
        let parameters = params![hash, now_ms];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let Some(mut row) = tx.row(TOUCH, parameters).await? else { return Ok(()) };
                    let user: String = row.take()?;
                    tx.execute(SEEN, params![user, now_ms]).await.map(drop)
                })
            })
            .await
    }

    /// A person's full sessions that end after `now_ms` and were used after `idle_since_ms`, last used first.
    pub async fn user_sessions(
        &self,
        user: &str,
        now_ms: i64,
        idle_since_ms: i64,
    ) -> Result<Vec<UserSession>, StoreError> {
        let rows = self.pool.look_up(LIST, params![user, now_ms, idle_since_ms]).await?;
        rows.into_iter().map(|mut row| read(&mut row)).collect()
    }

    /// Ends a session by its token's hash.
    pub async fn end_user_session(&self, hash: &str) -> Result<(), StoreError> {
        self.pool.execute(END, params![hash]).await.map(drop)
    }

    /// Ends a person's session by its name; false when there is none.
    pub async fn end_user_session_by_id(&self, user: &str, id: &str) -> Result<bool, StoreError> {
        Ok(self.pool.execute(END_BY_ID, params![user, id]).await? > 0)
    }

    /// Deletes sessions that ended before `now_ms` or were last used before `idle_since_ms`.
    pub async fn purge_user_sessions(&self, now_ms: i64, idle_since_ms: i64) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![now_ms, idle_since_ms]).await
    }
}
