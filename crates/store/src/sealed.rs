//! What a change of the encryption key has to seal anew, in all environments.
//!
//! Deliberately absent: resource tokens, which are minted anew when they do not open, and what lives for a week
//! at most (states, admin links, pending certificates).

use domain::{ConnectionRow, Sealed};

use crate::Store;
use crate::connections::announce;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

/// The credentials of one connection.
#[derive(Debug, Clone)]
pub struct SealedCredentials {
    /// The connection.
    pub row: ConnectionRow,
    /// The row of their place, `connections`, `seal_id`, `credentials`.
    pub seal_id: String,
    /// As stored.
    pub sealed: Sealed,
}

/// The client secret of one integration.
#[derive(Debug, Clone)]
pub struct SealedClientSecret {
    /// The integration's row id, which is the row of its place, `integrations`, `id`, `client_secret`.
    pub id: String,
    /// As stored.
    pub sealed: Sealed,
}

statements! {
    CREDENTIALS = "SELECT connection_row, seal_id, sealed FROM connection_credentials \
                   WHERE connection_row > $1 ORDER BY connection_row LIMIT $2";
    // Neither version nor fence change: what is inside is the same, and a refresh under way stays valid.
    RESEAL_CREDENTIALS = "UPDATE connection_credentials SET sealed = $3 WHERE connection_row = $1 AND sealed = $2";
    SECRETS = "SELECT id, client_secret FROM integrations WHERE id > $1 AND client_secret IS NOT NULL \
               ORDER BY id LIMIT $2";
    RESEAL_SECRET = "UPDATE integrations SET client_secret = $3 WHERE id = $1 AND client_secret = $2";
}

impl Store {
    /// Credentials of all environments in the order of their rows, from after `after` (0 to begin) on.
    pub async fn sealed_credentials(
        &self,
        after: ConnectionRow,
        limit: u32,
    ) -> Result<Vec<SealedCredentials>, StoreError> {
        let rows = self.pool.scan(CREDENTIALS.to_owned(), params![after, limit]).await?;
        rows.into_iter()
            .map(|mut row| {
                Ok(SealedCredentials { row: row.take()?, seal_id: row.take()?, sealed: row.take()? })
            })
            .collect()
    }

    /// Puts `new` in place of the credentials `old`; false when somebody wrote others meanwhile.
    pub async fn reseal_credentials(
        &self,
        old: &SealedCredentials,
        new: &Sealed,
    ) -> Result<bool, StoreError> {
        let (row, parameters) = (old.row, params![old.row, &old.sealed, new]);
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(RESEAL_CREDENTIALS, parameters).await? == 0 {
                        return Ok(false);
                    }
                    announce(tx, row).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Client secrets of all environments in the order of their ids, from after `after` (empty to begin) on.
    pub async fn sealed_client_secrets(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SealedClientSecret>, StoreError> {
        let rows = self.pool.scan(SECRETS.to_owned(), params![after, limit]).await?;
        rows.into_iter()
            .map(|mut row| Ok(SealedClientSecret { id: row.take()?, sealed: row.take()? }))
            .collect()
    }

    /// Puts `new` in place of the client secret `old`; false when somebody wrote another meanwhile.
    ///
    /// Caches that hold the old envelope go on opening it as long as the old key is in the keyring.
    pub async fn reseal_client_secret(
        &self,
        old: &SealedClientSecret,
        new: &Sealed,
    ) -> Result<bool, StoreError> {
        Ok(self.pool.execute(RESEAL_SECRET, params![&old.id, &old.sealed, new]).await? > 0)
    }
}
