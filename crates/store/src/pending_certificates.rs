//! Certificates made for a connection that does not exist yet.

use domain::{IntegrationKey, Scope, Sealed};

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, params};

/// A key and certificate that wait for the person who uploads the public half.
#[derive(Debug, Clone)]
pub struct PendingCertificate {
    /// Row id, a UUID.
    pub id: String,
    /// The connect session that asked for it.
    pub session_id: String,
    /// The integration it is for.
    pub integration: IntegrationKey,
    /// Key and certificate, sealed with associated data `pending_certificates`, the id, `payload`.
    pub payload: Sealed,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

statements! {
    INSERT = "INSERT INTO pending_certificates (environment_id, id, session_id, integration_key, payload, \
              expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT id, session_id, integration_key, payload, expires_at FROM pending_certificates \
            WHERE environment_id = $1 AND id = $2";
    TAKE = "DELETE FROM pending_certificates WHERE environment_id = $1 AND id = $2 \
            RETURNING id, session_id, integration_key, payload, expires_at";
    PURGE = "DELETE FROM pending_certificates WHERE id IN (SELECT id FROM pending_certificates WHERE expires_at < $1 \
             ORDER BY expires_at LIMIT $2)";
}

fn read(mut row: Row) -> Result<PendingCertificate, StoreError> {
    Ok(PendingCertificate {
        id: row.take()?,
        session_id: row.take()?,
        integration: row.take()?,
        payload: row.take()?,
        expires_at_ms: row.take()?,
    })
}

impl Store {
    /// Adds a certificate.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`].
    pub async fn insert_pending_certificate(
        &self,
        scope: Scope,
        pending: &PendingCertificate,
    ) -> Result<(), StoreError> {
        let parameters = params![
            scope.environment,
            &pending.id,
            &pending.session_id,
            &pending.integration,
            &pending.payload,
            pending.expires_at_ms,
        ];
        self.pool.execute(INSERT, parameters).await.map(drop)
    }

    /// Looks at a certificate without using it up, expired or not.
    pub async fn find_pending_certificate(
        &self,
        scope: Scope,
        id: &str,
    ) -> Result<Option<PendingCertificate>, StoreError> {
        self.pool.look_up_one(FIND, params![scope.environment, id]).await?.map(read).transpose()
    }

    /// Takes a certificate, expired or not: of many callers, on any node, one gets it.
    pub async fn take_pending_certificate(
        &self,
        scope: Scope,
        id: &str,
    ) -> Result<Option<PendingCertificate>, StoreError> {
        let rows = self.pool.write_rows(TAKE, params![scope.environment, id]).await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// Deletes up to `batch` certificates that expired before `before_ms`; their number.
    pub async fn purge_pending_certificates(&self, before_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms, batch]).await
    }
}
