//! How many tasks wait, run and are dead, without reading a million of them.

use std::collections::BTreeMap;

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

/// The tasks of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskCount {
    /// Their kind.
    pub kind: String,
    /// Due now or later; at most [`MOST_COUNTED`].
    pub waiting: i64,
    /// In somebody's hands.
    pub running: i64,
    /// Failed for good; at most [`MOST_COUNTED`] of all kinds together.
    pub failed: i64,
    /// When the first of those that wait may begin, Unix milliseconds.
    pub next_due_at_ms: Option<i64>,
}

/// Past this number nobody counts: a million index entries take a second, and whoever asks wants to know whether it
/// is too many.
pub const MOST_COUNTED: i64 = 10_000;

statements! {
    // Each from its own index: `tasks_due`, `tasks_held`, `tasks_dead`. The kinds are found by leaps, one look each.
    LIVING_OF_KINDS = "WITH RECURSIVE kinds (kind) AS ( \
                       SELECT MIN(kind) FROM tasks WHERE dead_at IS NULL UNION ALL \
                       SELECT (SELECT MIN(t.kind) FROM tasks t WHERE t.dead_at IS NULL AND t.kind > k.kind) \
                       FROM kinds k WHERE k.kind IS NOT NULL) \
                       SELECT k.kind, (SELECT COUNT(*) FROM (SELECT 1 FROM tasks t WHERE t.kind = k.kind \
                       AND t.dead_at IS NULL LIMIT $1) few), \
                       (SELECT MIN(t.due_at) FROM tasks t WHERE t.kind = k.kind AND t.dead_at IS NULL) \
                       FROM kinds k WHERE k.kind IS NOT NULL";
    HELD_OF_KINDS = "SELECT kind, COUNT(*) FROM (SELECT kind FROM tasks WHERE owner IS NOT NULL LIMIT $1) held GROUP BY kind";
    DEAD_OF_KINDS = "SELECT kind, COUNT(*) FROM (SELECT kind FROM tasks WHERE dead_at IS NOT NULL \
                     ORDER BY dead_at DESC LIMIT $1) dead GROUP BY kind";
}

impl Store {
    /// The tasks of every kind that has any, by name; numbers past [`MOST_COUNTED`] are cut to it.
    pub async fn task_counts(&self) -> Result<Vec<TaskCount>, StoreError> {
        let held = self.counted(HELD_OF_KINDS).await?;
        let mut kinds: BTreeMap<String, TaskCount> = BTreeMap::new();
        let most = MOST_COUNTED + held.values().sum::<i64>();
        for mut row in self.pool.scan(LIVING_OF_KINDS.to_owned(), params![most]).await? {
            let kind: String = row.take()?;
            let (living, next_due_at_ms): (i64, _) = (row.take()?, row.take()?);
            // The looks are not of one moment; a task that was taken between them is not missing.
            let running = held.get(&kind).copied().unwrap_or_default().min(living);
            let waiting = (living - running).min(MOST_COUNTED);
            // The end of a lease is no waiting task's moment.
            let next_due_at_ms = if waiting > 0 { next_due_at_ms } else { None };
            kinds.insert(kind.clone(), TaskCount { kind, waiting, running, failed: 0, next_due_at_ms });
        }
        for (kind, failed) in self.counted(DEAD_OF_KINDS).await? {
            kinds.entry(kind.clone()).or_insert_with(|| TaskCount { kind, ..TaskCount::default() }).failed =
                failed;
        }
        Ok(kinds.into_values().collect())
    }

    async fn counted(&self, sql: &str) -> Result<BTreeMap<String, i64>, StoreError> {
        let rows = self.pool.scan(sql.to_owned(), params![MOST_COUNTED]).await?;
        rows.into_iter().map(|mut row| Ok((row.take()?, row.take()?))).collect()
    }
}
