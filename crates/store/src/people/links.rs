//! Links that people come in by: setup, invitation, reset. Each is taken once.

use domain::Secret;

use super::users::{self, NewUser, User, read_user, user_columns};
use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::params;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Makes the first person, an owner; only while there is nobody.
    Setup,
    /// A new person chooses name and password.
    Invite,
    /// A person chooses a new password.
    Reset,
}

impl LinkPurpose {
    /// The spelling of the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invite => "invite",
            Self::Reset => "reset",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Setup, Self::Invite, Self::Reset].into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// A link to make.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// SHA-256 of its token, hex.
    pub hash: String,
    /// What for.
    pub purpose: LinkPurpose,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

/// A person's link.
#[derive(Debug, Clone)]
pub struct UserLink {
    /// What for.
    pub purpose: LinkPurpose,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
    /// Whose.
    pub user: User,
}

statements! {
    INSERT = "INSERT INTO user_tokens (hash, user_id, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    FORGET_OF = "DELETE FROM user_tokens WHERE user_id = $1";
    FIND = concat!("SELECT t.purpose, t.expires_at, ", user_columns!(), " FROM user_tokens t \
            JOIN users u ON u.id = t.user_id WHERE t.hash = $1");
    TAKE = "DELETE FROM user_tokens WHERE hash = $1 AND expires_at > $2 RETURNING user_id";
    // Two who set up at the same time wait for each other here; the second finds that its link is gone.
    TAKE_SETUP = "DELETE FROM user_tokens WHERE purpose = 'setup' RETURNING hash, expires_at";
    COME_IN = "UPDATE users SET name = CASE WHEN $2 = '' THEN name ELSE $2 END, password = $3, updated_at = $4 \
               WHERE id = $1";
    END_SESSIONS = "DELETE FROM user_sessions WHERE user_id = $1";
    PURGE = "DELETE FROM user_tokens WHERE expires_at < $1";
}

impl Store {
    /// Adds a link for nobody yet.
    pub async fn insert_setup_link(&self, link: NewLink, now_ms: i64) -> Result<(), StoreError> {
        self.pool.write(move |tx| Box::pin(async move { insert(tx, None, &link, now_ms).await })).await
    }

    /// Adds a person's link; their earlier ones end.
    ///
    /// # Errors
    /// The person is gone (a foreign key is not there).
    pub async fn insert_user_link(&self, user: &str, link: NewLink, now_ms: i64) -> Result<(), StoreError> {
        let user = user.to_owned();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(FORGET_OF, params![&user]).await?;
                    insert(tx, Some(&user), &link, now_ms).await
                })
            })
            .await
    }

    /// Looks at a person's link without using it up, expired or not.
    pub async fn find_user_link(&self, hash: &str) -> Result<Option<UserLink>, StoreError> {
        let Some(mut row) = self.pool.look_up_one(FIND, params![hash]).await? else { return Ok(None) };
        let purpose: String = row.take()?;
        let purpose = LinkPurpose::parse(&purpose).ok_or_else(|| StoreError::corrupt("a link's purpose"))?;
        Ok(Some(UserLink { purpose, expires_at_ms: row.take()?, user: read_user(&mut row)? }))
    }

    /// Takes a person's link: sets the password and, unless empty, the name, and ends every session; the person's id.
    /// `None` when the link is used, expired or unknown.
    pub async fn take_user_link(
        &self,
        hash: &str,
        name: &str,
        password: &Secret,
        now_ms: i64,
    ) -> Result<Option<String>, StoreError> {
        let (hash, name, password) = (hash.to_owned(), name.to_owned(), password.clone());
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let row = tx.row(TAKE, params![hash, now_ms]).await?;
                    let Some(user) = row.map(|mut row| row.take::<Option<String>>()).transpose()?.flatten()
                    else {
                        return Ok(None);
                    };
                    tx.execute(COME_IN, params![&user, name, password.expose(), now_ms]).await?;
                    tx.execute(END_SESSIONS, params![&user]).await?;
                    tx.execute(FORGET_OF, params![&user]).await?;
                    Ok(Some(user))
                })
            })
            .await
    }

    /// Takes a setup link and adds the first person; false when the link is used, expired or unknown, or somebody is
    /// there. Every other setup link ends, too.
    pub async fn set_up(&self, hash: &str, first: NewUser, now_ms: i64) -> Result<bool, StoreError> {
        let hash = hash.to_owned();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if !setup_is_open(tx, &hash, now_ms).await? {
                        // Nothing is written: the links stay.
                        return Err(StoreError::NotFound("setup link"));
                    }
                    users::insert(tx, first, now_ms).await?;
                    Ok(true)
                })
            })
            .await
            .or_else(|error| match error {
                StoreError::NotFound("setup link") => Ok(false),
                other => Err(other),
            })
    }

    /// Deletes links that ended before `before_ms`.
    pub async fn purge_user_links(&self, before_ms: i64) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms]).await
    }
}

async fn setup_is_open(tx: &mut Tx<'_>, hash: &str, now_ms: i64) -> Result<bool, StoreError> {
    let mut ours = false;
    for mut row in tx.rows(TAKE_SETUP, Vec::new()).await? {
        let (found, expires_at_ms): (String, i64) = (row.take()?, row.take()?);
        ours |= found == hash && expires_at_ms > now_ms;
    }
    Ok(ours && users::count(tx).await? == 0)
}

/// Adds a link within a transaction.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    user: Option<&str>,
    link: &NewLink,
    now_ms: i64,
) -> Result<(), StoreError> {
    let parameters = params![&link.hash, user, link.purpose.as_str(), now_ms, link.expires_at_ms];
    tx.execute(INSERT, parameters).await.map(drop)
}
