//! What makes a task again and again.

use serde_json::Value as Json;

use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::statements::statements;
use crate::tasks::{NewTask, enqueue};
use crate::value::{json, params};

/// A schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name; its open task has it as `dedup`.
    pub name: String,
    /// The kind of its tasks.
    pub kind: String,
    /// The payload of its tasks.
    pub payload: Json,
    /// Milliseconds between two tasks.
    pub every_ms: i64,
}

statements! {
    // A known schedule keeps its next moment unless its pace has changed.
    SET = "INSERT INTO schedules (name, kind, payload, every_ms, next_at) VALUES ($1, $2, $3, $4, $5) \
           ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, payload = excluded.payload, \
           next_at = CASE WHEN schedules.every_ms = excluded.every_ms THEN schedules.next_at \
           ELSE excluded.next_at END, every_ms = excluded.every_ms";
    REMOVE = "DELETE FROM schedules WHERE name = $1";
    ADVANCE = "UPDATE schedules SET next_at = $2 WHERE name = $1";
    NEXT = "SELECT MIN(next_at) FROM schedules";
}

/// Schedules that are due at `$1`.
pub(crate) fn due(dialect: Dialect) -> String {
    format!(
        "SELECT name, kind, payload, every_ms FROM schedules WHERE next_at <= $1 ORDER BY next_at, name LIMIT $2{}",
        dialect.skip_locked()
    )
}

impl Store {
    /// Makes a schedule, or changes the one of its name; `first_at_ms` counts where it is new or its pace changed.
    pub async fn set_schedule(&self, schedule: &Schedule, first_at_ms: i64) -> Result<(), StoreError> {
        let Schedule { name, kind, payload, every_ms } = schedule;
        let parameters = params![name, kind, json(payload)?, *every_ms, first_at_ms];
        self.pool.execute(SET, parameters).await.map(drop)
    }

    /// Ends a schedule; a task that it has made already still runs.
    pub async fn remove_schedule(&self, name: &str) -> Result<(), StoreError> {
        self.pool.execute(REMOVE, params![name]).await.map(drop)
    }

    /// Turns up to `limit` due schedules into tasks; `spread_ms` (from 0) puts the next moment off. Their number.
    ///
    /// A schedule whose last task is still open makes none: work that takes longer than its pace does not pile up.
    pub async fn fire_schedules(
        &self,
        now_ms: i64,
        limit: u32,
        spread_ms: Vec<i64>,
    ) -> Result<u64, StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx.rows(&due(tx.dialect()), params![now_ms, limit]).await?;
                    let fired = found.len() as u64;
                    let mut tasks = Vec::new();
                    for (index, mut row) in found.into_iter().enumerate() {
                        let (name, kind): (String, String) = (row.take()?, row.take()?);
                        let payload = row.take_json()?;
                        let spread = spread_ms.get(index).copied().unwrap_or_default();
                        let next_ms = now_ms + row.take::<i64>()? + spread;
                        tx.execute(ADVANCE, params![&name, next_ms]).await?;
                        tasks.push(NewTask { kind, dedup: Some(name), payload, due_at_ms: now_ms });
                    }
                    enqueue(tx, &tasks, now_ms).await?;
                    Ok(fired)
                })
            })
            .await
    }

    /// When the next schedule is due, Unix milliseconds.
    pub async fn next_schedule_at(&self) -> Result<Option<i64>, StoreError> {
        self.pool.look_up_one(NEXT, Vec::new()).await?.map_or(Ok(None), |mut row| row.take())
    }
}
