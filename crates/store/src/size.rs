//! How large the database is, and what waits in it.

use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::statements::statements;
use crate::task_counts::MOST_COUNTED;
use crate::value::params;

statements! {
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
    /// Tasks that nobody works on, at most [`MOST_COUNTED`].
    pub tasks_waiting: i64,
    /// Tasks in somebody's hands.
    pub tasks_running: i64,
    /// Tasks given up and kept, at most [`MOST_COUNTED`].
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
        for of_kind in self.task_counts().await? {
            figures.tasks_waiting = (figures.tasks_waiting + of_kind.waiting).min(MOST_COUNTED);
            figures.tasks_running += of_kind.running;
            figures.tasks_failed += of_kind.failed;
            let late = of_kind.next_due_at_ms.filter(|due_ms| *due_ms <= now_ms);
            figures.oldest_due_at_ms = [figures.oldest_due_at_ms, late].into_iter().flatten().min();
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
