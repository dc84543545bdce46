//! Which credentials are due to be looked after, and which come to their end.

use domain::{ConnectionId, ConnectionRow, IntegrationKey, Scope};

use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

/// New credentials are looked at this long after they were stored, milliseconds: whoever imports many is not followed
/// by as many visits at once.
pub(crate) const FIRST_CHECK_MS: i64 = 3_600_000;

/// Credentials that are due to be looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCheck {
    /// The environment.
    pub scope: Scope,
    /// The connection.
    pub row: ConnectionRow,
    /// Its integration.
    pub integration: IntegrationKey,
    /// Its name.
    pub id: ConnectionId,
    /// The credentials that are due; a visit to newer ones is not noted.
    pub version: i64,
    /// When they were last obtained, Unix milliseconds; `None` when an earlier version of this program stored them.
    pub refreshed_at_ms: Option<i64>,
    /// Since when no refresh succeeds, Unix milliseconds.
    pub failing_since_ms: Option<i64>,
}

/// A certificate among a connection's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingCredentials {
    /// The environment.
    pub scope: Scope,
    /// The connection.
    pub row: ConnectionRow,
    /// Its integration.
    pub integration: IntegrationKey,
    /// Its name.
    pub id: ConnectionId,
    /// Unix milliseconds.
    pub ends_at_ms: i64,
}

statements! {
    NAMES = "SELECT c.environment_id, i.unique_key, c.connection_id FROM connections c \
             JOIN integrations i ON i.id = c.integration_id WHERE c.id = $1";
    SET = "UPDATE connection_credentials SET check_at = $3 WHERE connection_row = $1 AND version = $2";
    ENDING = "SELECT c.environment_id, c.id, i.unique_key, c.connection_id, k.ends_at \
              FROM connection_credentials k JOIN connections c ON c.id = k.connection_row \
              JOIN integrations i ON i.id = c.integration_id WHERE k.ends_at IS NOT NULL AND k.ends_at <= $1 \
              ORDER BY k.ends_at, c.id LIMIT $2";
    WARN = "INSERT INTO expiry_warnings (subject, ends_at, days, warned_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (subject, ends_at, days) DO NOTHING";
    PURGE_WARNINGS = "DELETE FROM expiry_warnings WHERE (subject, ends_at, days) IN (SELECT subject, ends_at, days \
                      FROM expiry_warnings WHERE ends_at < $1 LIMIT $2)";
}

/// Takes due credentials until `$2`.
pub(crate) fn claim(dialect: Dialect) -> String {
    format!(
        "WITH picked AS MATERIALIZED (SELECT connection_row FROM connection_credentials \
         WHERE check_at IS NOT NULL AND check_at <= $1 ORDER BY check_at LIMIT $3{}) \
         UPDATE connection_credentials SET check_at = $2 \
         WHERE connection_row IN (SELECT connection_row FROM picked) \
         RETURNING connection_row, version, refreshed_at, failing_since",
        dialect.skip_locked()
    )
}

impl Store {
    /// Takes up to `limit` connections whose credentials are due to be looked after. They are due again at `until_ms`,
    /// unless [`Self::set_check`] says otherwise: the visitor may die.
    pub async fn claim_checks(
        &self,
        now_ms: i64,
        until_ms: i64,
        limit: u32,
    ) -> Result<Vec<DueCheck>, StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let sql = claim(tx.dialect());
                    let mut found = Vec::new();
                    for mut row in tx.rows(&sql, params![now_ms, until_ms, limit]).await? {
                        let times: (ConnectionRow, i64) = (row.take()?, row.take()?);
                        found.push((times, row.take()?, row.take()?));
                    }
                    let rows: Vec<_> = found.iter().map(|((row, _), _, _)| params![*row]).collect();
                    let names = tx.each(NAMES, &rows).await?;
                    let mut due = Vec::new();
                    for (((row, version), refreshed_at_ms, failing_since_ms), names) in
                        found.into_iter().zip(names)
                    {
                        let Some(mut names) = names else { continue };
                        due.push(DueCheck {
                            scope: Scope { environment: names.take()? },
                            row,
                            integration: names.take()?,
                            id: names.take()?,
                            version,
                            refreshed_at_ms,
                            failing_since_ms,
                        });
                    }
                    Ok(due)
                })
            })
            .await
    }

    /// How the database finds what is due, tasks and credentials, one line a step.
    pub async fn explain_due(&self) -> Result<Vec<String>, StoreError> {
        let dialect = self.dialect();
        let tasks = params!["k", 0_i64, 0_i64, "n", 1_i64, 0_i64];
        let mut plan = self.pool.explain(&crate::tasks::claim(dialect), tasks).await?;
        plan.extend(self.pool.explain(&claim(dialect), params![0_i64, 0_i64, 1_i64]).await?);
        Ok(plan)
    }

    /// Says when credentials are looked after next, Unix milliseconds, or never; ignored when they are newer by now.
    pub async fn set_check(
        &self,
        row: ConnectionRow,
        version: i64,
        at_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        self.pool.execute(SET, params![row, version, at_ms]).await.map(drop)
    }

    /// Credentials of all environments that end before `before_ms`, the first to end first.
    pub async fn ending_credentials(
        &self,
        before_ms: i64,
        limit: u32,
    ) -> Result<Vec<EndingCredentials>, StoreError> {
        let rows = self.pool.scan(ENDING.to_owned(), params![before_ms, limit]).await?;
        rows.into_iter()
            .map(|mut row| {
                Ok(EndingCredentials {
                    scope: Scope { environment: row.take()? },
                    row: row.take()?,
                    integration: row.take()?,
                    id: row.take()?,
                    ends_at_ms: row.take()?,
                })
            })
            .collect()
    }

    /// Notes a warning; false when it was given before, by whichever node.
    pub async fn note_warning(
        &self,
        subject: &str,
        ends_at_ms: i64,
        days: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        Ok(self.pool.execute(WARN, params![subject, ends_at_ms, days, now_ms]).await? > 0)
    }

    /// Forgets up to `batch` warnings of what ended before `before_ms`; their number.
    pub async fn purge_warnings(&self, before_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE_WARNINGS, params![before_ms, batch]).await
    }
}
