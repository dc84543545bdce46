//! Links for an administrator's consent: 7 days, taken once, not bound to a browser.

use domain::Sealed;

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, params};

/// What an admin link stands for.
#[derive(Debug, Clone)]
pub struct AdminLink {
    /// SHA-256 of the link's token, hex.
    pub hash: String,
    /// Sealed with associated data `admin_links`, the hash, `payload`.
    pub payload: Sealed,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

statements! {
    INSERT = "INSERT INTO admin_links (hash, payload, expires_at) VALUES ($1, $2, $3)";
    FIND = "SELECT hash, payload, expires_at FROM admin_links WHERE hash = $1";
    TAKE = "DELETE FROM admin_links WHERE hash = $1 RETURNING hash, payload, expires_at";
    PURGE = "DELETE FROM admin_links WHERE hash IN (SELECT hash FROM admin_links WHERE expires_at < $1 \
             ORDER BY expires_at LIMIT $2)";
}

fn read(mut row: Row) -> Result<AdminLink, StoreError> {
    Ok(AdminLink { hash: row.take()?, payload: row.take()?, expires_at_ms: row.take()? })
}

impl Store {
    /// Adds a link.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`].
    pub async fn insert_admin_link(&self, link: &AdminLink) -> Result<(), StoreError> {
        let parameters = params![&link.hash, &link.payload, link.expires_at_ms];
        self.pool.execute(INSERT, parameters).await.map(drop)
    }

    /// Looks at a link without using it up, expired or not.
    pub async fn find_admin_link(&self, hash: &str) -> Result<Option<AdminLink>, StoreError> {
        self.pool.look_up_one(FIND, params![hash]).await?.map(read).transpose()
    }

    /// Takes a link, expired or not: of many callers, on any node, one gets it.
    pub async fn take_admin_link(&self, hash: &str) -> Result<Option<AdminLink>, StoreError> {
        self.pool.write_rows(TAKE, params![hash]).await?.into_iter().next().map(read).transpose()
    }

    /// Deletes up to `batch` links that expired before `before_ms`; their number.
    pub async fn purge_admin_links(&self, before_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms, batch]).await
    }
}
