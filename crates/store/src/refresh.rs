//! The right to refresh a connection's credentials: leased, fenced, its intent on disk before the token call.

use domain::connection::{Connection, Health, change_config};
use domain::{ConnectionRow, Scope, Sealed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::Store;
use crate::connections::{announce, get};
use crate::deliveries::{FollowUp, follow};
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{json, optional_json, params};

/// What a claimer is about to do; committed with its claim, and still there if it dies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Who, for example a node's name.
    pub owner: String,
    /// The operation that logs it.
    pub operation_id: String,
    /// When, Unix milliseconds.
    pub at_ms: i64,
}

/// The right to write one connection's credentials, until somebody claims after it ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The connection's environment.
    pub scope: Scope,
    /// The connection.
    pub row: ConnectionRow,
    /// Higher than every earlier claim's.
    pub fence: i64,
}

/// The answer to a claim.
#[derive(Debug, Clone)]
pub enum Claim {
    /// The caller, and nobody else, may refresh.
    Claimed {
        /// The right to write.
        lease: Lease,
        /// The connection as it is now.
        connection: Box<Connection>,
        /// Somebody began a refresh and died or could not tell how it ended: the stored token may be spent.
        previous_intent: Option<Intent>,
    },
    /// Somebody else is at it.
    Busy {
        /// The end of their lease, Unix milliseconds; a moment in the past says "ask again".
        until_ms: i64,
        /// Who holds it and since when.
        holder: Option<Intent>,
        /// Which claim it is, for [`Store::break_refresh_lease`].
        fence: i64,
        /// The holder's life, for [`crate::LifeWatch`], if it held its lock when it claimed.
        life: Option<i64>,
    },
    /// The credentials are newer than the caller's: use these.
    Newer(Box<Connection>),
}

/// Whether a write under a lease was let through.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a lost lease means that nothing was written"]
pub enum Written<T> {
    /// It is on disk.
    Ok(T),
    /// Somebody claimed after the lease ran out, or the connection was overwritten or deleted.
    Lost,
}

/// What a refresh obtained.
#[derive(Debug, Clone)]
pub struct NewCredentials {
    /// Sealed to the connection's `seal_id`.
    pub credentials: Sealed,
    /// The end of the access token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Parameters that the answer changes, `null` for those that it takes away; all others stay as they are stored
    /// at that moment.
    pub config_changes: Map<String, Json>,
}

/// Whether the token endpoint may have acted on a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncertainty {
    /// It answered: the outcome is known.
    Settled,
    /// It may have: the intent stays for the next claimer to see.
    Unknown,
}

statements! {
    // SET reads the old row, so the former intent moves aside in the statement that replaces it.
    CLAIM = "UPDATE connection_credentials SET fence = fence + 1, lease_until = $4, \
             interrupted = COALESCE(intent, interrupted), intent = $5, lease_life = $7 \
             WHERE connection_row = $2 AND version = $6 AND (lease_until IS NULL OR lease_until <= $3) \
             AND EXISTS (SELECT 1 FROM connections c WHERE c.id = $2 AND c.environment_id = $1) \
             RETURNING fence, interrupted";
    LEASE = "SELECT lease_until, fence, intent, lease_life FROM connection_credentials WHERE connection_row = $1";
    // The intent stays: whoever claims next must know that a refresh had begun.
    BREAK = "UPDATE connection_credentials SET lease_until = NULL WHERE connection_row = $1 AND fence = $2";
    HOLDS = "SELECT lease_until FROM connection_credentials WHERE connection_row = $1 AND fence = $2";
    COMPLETE = "UPDATE connection_credentials SET sealed = $3, expires_at = $4, version = version + 1, \
                refreshed_at = $5, failing_since = NULL, check_at = COALESCE(check_at, $6), \
                lease_until = NULL, intent = NULL, interrupted = NULL WHERE connection_row = $1 AND fence = $2 AND lease_until IS NOT NULL";
    // Updating before reading holds the row until the commit, on both databases.
    COMPLETED = "UPDATE connections SET updated_at = $2, health_error = NULL, health_failed_at = NULL, \
                 health_failures = 0 WHERE id = $1 RETURNING config";
    SET_CONFIG = "UPDATE connections SET config = $2 WHERE id = $1";
    FAIL_SETTLED = "UPDATE connection_credentials SET lease_until = NULL, intent = NULL, interrupted = NULL, \
                    failing_since = COALESCE(failing_since, $3) \
                    WHERE connection_row = $1 AND fence = $2 AND lease_until IS NOT NULL";
    FAIL_UNKNOWN = "UPDATE connection_credentials SET lease_until = NULL, \
                    failing_since = COALESCE(failing_since, $3) WHERE connection_row = $1 AND fence = $2 AND lease_until IS NOT NULL";
    FAILED = "UPDATE connections SET updated_at = $2, health_error = $3, health_failed_at = $4, \
              health_failures = $5 WHERE id = $1";
    RELEASE = "UPDATE connection_credentials SET lease_until = NULL, intent = NULL \
               WHERE connection_row = $1 AND fence = $2 AND lease_until IS NOT NULL";
}

impl Store {
    /// Claims the right to refresh credentials that the caller knows as `expected_version`.
    ///
    /// The intent is on disk before this returns [`Claim::Claimed`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn claim_refresh(
        &self,
        scope: Scope,
        row: ConnectionRow,
        expected_version: i64,
        intent: Intent,
        lease_ms: i64,
    ) -> Result<Claim, StoreError> {
        let (now, intent_text) = (intent.at_ms, json(&intent)?);
        let life = self.pool.events().life();
        let parameters =
            params![scope.environment, row, now, now + lease_ms, intent_text, expected_version, life];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let claimed = tx.row(CLAIM, parameters).await?;
                    let connection = Box::new(get::in_transaction(tx, scope, row).await?);
                    if let Some(mut claimed) = claimed {
                        let lease = Lease { scope, row, fence: claimed.take()? };
                        let previous_intent = claimed.take_optional_json()?;
                        return Ok(Claim::Claimed { lease, connection, previous_intent });
                    }
                    if connection.credentials_version != expected_version {
                        return Ok(Claim::Newer(connection));
                    }
                    let found = tx.row(LEASE, params![row]).await?;
                    let mut found = found.ok_or(StoreError::NotFound("connection"))?;
                    let until: Option<i64> = found.take()?;
                    let (fence, holder) = (found.take()?, found.take_optional_json()?);
                    let life = found.take()?;
                    Ok(Claim::Busy { until_ms: until.unwrap_or(now), holder, fence, life })
                })
            })
            .await
    }

    /// Ends the lease of a holder that is known to be dead, if `fence` is still the latest claim.
    pub async fn break_refresh_lease(&self, row: ConnectionRow, fence: i64) -> Result<(), StoreError> {
        self.pool.execute(BREAK, params![row, fence]).await.map(drop)
    }

    /// When the lease ends, Unix milliseconds, if the caller still holds it: asked right before the token call.
    pub async fn refresh_lease_end(&self, lease: &Lease) -> Result<Option<i64>, StoreError> {
        let row = self.pool.look_up_one(HOLDS, params![lease.row, lease.fence]).await?;
        row.map_or(Ok(None), |mut row| row.take())
    }

    /// Stores new credentials, clears the connection's health and gives the lease back.
    pub async fn complete_refresh(
        &self,
        lease: Lease,
        new: NewCredentials,
        now_ms: i64,
    ) -> Result<Written<Box<Connection>>, StoreError> {
        let check_at_ms = now_ms + crate::checks::FIRST_CHECK_MS;
        let sealed =
            params![lease.row, lease.fence, &new.credentials, new.expires_at_ms, now_ms, check_at_ms];
        let changes = new.config_changes;
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(COMPLETE, sealed).await? == 0 {
                        return Ok(Written::Lost);
                    }
                    let stored = tx.row(COMPLETED, params![lease.row, now_ms]).await?;
                    if !changes.is_empty() {
                        let mut stored = stored.ok_or(StoreError::NotFound("connection"))?;
                        let mut config = stored.take_json()?;
                        change_config(&mut config, changes);
                        tx.execute(SET_CONFIG, params![lease.row, json(&config)?]).await?;
                    }
                    announce(tx, lease.row).await?;
                    Ok(Written::Ok(Box::new(get::in_transaction(tx, lease.scope, lease.row).await?)))
                })
            })
            .await
    }

    /// Keeps the credentials, records what is wrong with them, stores what follows and gives the lease back.
    pub async fn fail_refresh(
        &self,
        lease: Lease,
        health: &Health,
        uncertainty: Uncertainty,
        follow_up: FollowUp,
        now_ms: i64,
    ) -> Result<Written<()>, StoreError> {
        let error = optional_json(health.error.as_ref())?;
        let row = params![lease.row, now_ms, error, health.last_failure_at_ms, health.failures];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let sql = match uncertainty {
                        Uncertainty::Settled => FAIL_SETTLED,
                        Uncertainty::Unknown => FAIL_UNKNOWN,
                    };
                    if tx.execute(sql, params![lease.row, lease.fence, now_ms]).await? == 0 {
                        return Ok(Written::Lost);
                    }
                    tx.execute(FAILED, row).await?;
                    announce(tx, lease.row).await?;
                    follow(tx, lease.scope, follow_up, now_ms).await?;
                    Ok(Written::Ok(()))
                })
            })
            .await
    }

    /// Gives the lease back without having called the token endpoint.
    pub async fn release_refresh(&self, lease: Lease) -> Result<Written<()>, StoreError> {
        self.pool.write(move |tx| Box::pin(release(tx, lease))).await
    }
}

async fn release(tx: &mut Tx<'_>, lease: Lease) -> Result<Written<()>, StoreError> {
    match tx.execute(RELEASE, params![lease.row, lease.fence]).await? {
        0 => Ok(Written::Lost),
        _ => Ok(Written::Ok(())),
    }
}
