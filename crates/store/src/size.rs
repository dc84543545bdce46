//! How large the database is, and what waits in it.

use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

statements! {
    QUEUE = "SELECT COUNT(CASE WHEN dead_at IS NULL AND owner IS NULL THEN 1 END), \
             COUNT(CASE WHEN dead_at IS NULL AND owner IS NOT NULL THEN 1 END), \
             COUNT(CASE WHEN dead_at IS NOT NULL THEN 1 END), \
             MIN(CASE WHEN dead_at IS NULL AND due_at <= $1 THEN due_at END) FROM tasks";
    // Sums of the counts: exact but for the first minutes of what retention has begun to delete.
    OPERATIONS = "SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) FROM operation_counts";
    OLDEST = "SELECT created_at FROM operations ORDER BY seq LIMIT 1";
    LOG_BYTES = "SELECT bytes FROM log_usage WHERE id = 1";
    VERSION = "SELECT MAX(version) FROM schema_migrations";
}

/// The database in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Its size on disk.
    pub bytes: i64,
    /// The last migration.
    pub schema: i64,
    /// Tasks that nobody works on.
    pub tasks_waiting: i64,
    /// Tasks in somebody's hands.
    pub tasks_running: i64,
    /// Tasks given up and kept.
    pub tasks_failed: i64,
    /// Since when the task that is overdue longest could have begun, Unix milliseconds.
    pub oldest_due_at_ms: Option<i64>,
    /// Operations in the log, about.
    pub operations: i64,
    /// When the oldest of them began, Unix milliseconds.
    pub oldest_operation_at_ms: Option<i64>,
    /// The log's size as accounted when rows were written.
    pub log_bytes: i64,
}

impl Store {
    /// The database in figures; a few milliseconds of work.
    ///
    /// # Errors
    /// The database failed.
    pub async fn figures(&self, now_ms: i64) -> Result<Figures, StoreError> {
        let one = async |sql: &str, parameters| {
            Ok::<_, StoreError>(self.pool.scan(sql.to_owned(), parameters).await?.into_iter().next())
        };
        let mut figures = Figures::default();
        if let Some(mut row) = one(self.dialect().database_bytes(), params![]).await? {
            figures.bytes = row.take()?;
        }
        if let Some(mut row) = one(QUEUE, params![now_ms]).await? {
            figures.tasks_waiting = row.take()?;
            figures.tasks_running = row.take()?;
            figures.tasks_failed = row.take()?;
            figures.oldest_due_at_ms = row.take()?;
        }
        if let Some(mut row) = one(OPERATIONS, params![]).await? {
            figures.operations = row.take()?;
        }
        if let Some(mut row) = one(OLDEST, params![]).await? {
            figures.oldest_operation_at_ms = Some(row.take()?);
        }
        if let Some(mut row) = one(LOG_BYTES, params![]).await? {
            figures.log_bytes = row.take()?;
        }
        if let Some(mut row) = one(VERSION, params![]).await? {
            figures.schema = row.take::<Option<i64>>()?.unwrap_or_default();
        }
        Ok(figures)
    }
}

/// The statements that differ by database.
pub(crate) fn every_shape(dialect: Dialect) -> [String; 1] {
    [dialect.database_bytes().to_owned()]
}
