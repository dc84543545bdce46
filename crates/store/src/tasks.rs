//! Units of background work: taken under a lease, fenced, repeated, buried when nothing helps.
//!
//! While somebody holds a task, `due_at` is the end of their lease, so a task whose holder died becomes due by itself.

use serde_json::Value as Json;

use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Row, json, params};

/// A task to enqueue.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Who does it.
    pub kind: String,
    /// At most one living task has this name; enqueuing a second changes nothing.
    pub dedup: Option<String>,
    /// All that its handler needs to know.
    pub payload: Json,
    /// When it may begin, Unix milliseconds.
    pub due_at_ms: i64,
}

/// A task in somebody's hands.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The right to end it.
    pub lease: TaskLease,
    /// Who does it.
    pub kind: String,
    /// All that its handler needs to know.
    pub payload: Json,
    /// Which try this is, from 1.
    pub attempts: i64,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// The right to end a task, until somebody else claims it after the lease ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskLease {
    /// The task.
    pub id: i64,
    /// Higher than every earlier claim's.
    pub fence: i64,
}

/// What becomes of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEnd {
    /// It is done and forgotten.
    Done,
    /// It failed and is tried again.
    Retry {
        /// Unix milliseconds.
        at_ms: i64,
        /// Why it failed.
        error: String,
    },
    /// It was not tried (the process stops, a receiver is spared): this claim does not count.
    Postpone {
        /// Unix milliseconds.
        at_ms: i64,
    },
    /// It failed for good and is kept for people to look at.
    Dead {
        /// Unix milliseconds.
        at_ms: i64,
        /// Why.
        error: String,
    },
}

statements! {
    INSERT = "INSERT INTO tasks (kind, dedup, payload, due_at, attempts, fence, created_at) \
              VALUES ($1, $2, $3, $4, 0, 0, $5) ON CONFLICT (dedup) DO NOTHING";
    DONE = "DELETE FROM tasks WHERE id = $1 AND fence = $2";
    RETRY = "UPDATE tasks SET due_at = $3, last_error = $4, owner = NULL WHERE id = $1 AND fence = $2 \
             AND dead_at IS NULL";
    POSTPONE = "UPDATE tasks SET due_at = $3, owner = NULL, attempts = attempts - 1 WHERE id = $1 \
                AND fence = $2 AND dead_at IS NULL";
    BURY = "UPDATE tasks SET dead_at = $3, last_error = $4, owner = NULL, dedup = NULL WHERE id = $1 \
            AND fence = $2 AND dead_at IS NULL";
    // A name is `home/start`: tasks of the same home and another start are in the hands of the dead.
    FREE = "UPDATE tasks SET due_at = $3, owner = NULL WHERE owner IS NOT NULL AND owner <> $2 \
            AND substr(owner, 1, length($1)) = $1 AND dead_at IS NULL";
    // Whoever asks for it again begins its life anew; a try under way is left alone.
    HASTEN = "UPDATE tasks SET due_at = $2, created_at = $2 WHERE dedup = $1 AND owner IS NULL AND dead_at IS NULL";
    NEXT = "SELECT MIN(due_at) FROM tasks WHERE kind = $1 AND dead_at IS NULL";
    DEAD = "SELECT id, kind, payload, attempts, fence, created_at, last_error FROM tasks \
            WHERE dead_at IS NOT NULL ORDER BY dead_at DESC, id DESC LIMIT $1";
    REVIVE = "UPDATE tasks SET dead_at = NULL, due_at = $2, created_at = $2, attempts = 0 WHERE id = $1 \
              AND dead_at IS NOT NULL";
    PURGE_DEAD = "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE dead_at < $1 ORDER BY dead_at LIMIT $2)";
    COUNT = "SELECT COUNT(*) FROM tasks WHERE dead_at IS NULL";
    COUNT_DEAD = "SELECT COUNT(*) FROM tasks WHERE dead_at IS NOT NULL";
}

/// Takes due tasks of kind `$1`.
pub(crate) fn claim(dialect: Dialect) -> String {
    format!(
        "WITH picked AS MATERIALIZED (SELECT id FROM tasks WHERE kind = $1 AND due_at <= $2 AND dead_at IS NULL \
         ORDER BY due_at, id LIMIT $5{}) \
         UPDATE tasks SET due_at = $3, fence = fence + 1, attempts = attempts + 1, owner = $4, life = $6 \
         WHERE id IN (SELECT id FROM picked) \
         RETURNING id, kind, payload, attempts, fence, created_at, last_error",
        dialect.skip_locked()
    )
}

fn read(mut row: Row) -> Result<Task, StoreError> {
    let id = row.take()?;
    let (kind, payload) = (row.take()?, row.take_json()?);
    let attempts = row.take()?;
    let lease = TaskLease { id, fence: row.take()? };
    Ok(Task { lease, kind, payload, attempts, created_at_ms: row.take()?, last_error: row.take()? })
}

/// Enqueues within the transaction that is the cause; workers on every node are woken by its commit.
pub(crate) async fn enqueue(tx: &mut Tx<'_>, tasks: &[NewTask], now_ms: i64) -> Result<(), StoreError> {
    let list = |task: &NewTask| {
        let payload = json(&task.payload)?;
        Ok(params![&task.kind, task.dedup.as_deref(), payload, task.due_at_ms, now_ms])
    };
    let lists = tasks.iter().map(list).collect::<Result<Vec<_>, StoreError>>()?;
    tx.each(INSERT, &lists).await?;
    if !tasks.is_empty() {
        tx.wake_workers();
    }
    Ok(())
}

/// As [`enqueue`], and a task of the same name that waits becomes due now.
pub(crate) async fn hasten(tx: &mut Tx<'_>, task: &NewTask, now_ms: i64) -> Result<(), StoreError> {
    enqueue(tx, std::slice::from_ref(task), now_ms).await?;
    tx.execute(HASTEN, params![task.dedup.as_deref(), now_ms]).await.map(drop)
}

/// Ends a claim within a transaction; false when it was lost.
pub(crate) async fn end(tx: &mut Tx<'_>, lease: TaskLease, how: TaskEnd) -> Result<bool, StoreError> {
    let TaskLease { id, fence } = lease;
    let changed = match how {
        TaskEnd::Done => tx.execute(DONE, params![id, fence]).await?,
        TaskEnd::Retry { at_ms, error } => tx.execute(RETRY, params![id, fence, at_ms, error]).await?,
        TaskEnd::Postpone { at_ms } => tx.execute(POSTPONE, params![id, fence, at_ms]).await?,
        TaskEnd::Dead { at_ms, error } => tx.execute(BURY, params![id, fence, at_ms, error]).await?,
    };
    Ok(changed > 0)
}

impl Store {
    /// Enqueues tasks that no other write causes.
    pub async fn enqueue_tasks(&self, tasks: Vec<NewTask>, now_ms: i64) -> Result<(), StoreError> {
        self.pool.write(move |tx| Box::pin(async move { enqueue(tx, &tasks, now_ms).await })).await
    }

    /// Takes up to `limit` due tasks of a kind until `until_ms`; of many callers, on any node, one gets each.
    pub async fn claim_tasks(
        &self,
        kind: &str,
        owner: &str,
        now_ms: i64,
        until_ms: i64,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        let parameters = params![kind, now_ms, until_ms, owner, limit, self.pool.events().life()];
        let write = self.pool.write(move |tx| {
            Box::pin(async move {
                let sql = claim(tx.dialect());
                tx.rows(&sql, parameters).await?.into_iter().map(read).collect::<Result<Vec<_>, _>>()
            })
        });
        let mut claimed: Vec<Task> = write.await?;
        claimed.sort_by_key(|task| task.lease.id);
        Ok(claimed)
    }

    /// Ends a claim; false when it was lost to somebody else, and nothing was written.
    pub async fn end_task(&self, lease: TaskLease, how: TaskEnd) -> Result<bool, StoreError> {
        self.pool.write(move |tx| Box::pin(async move { end(tx, lease, how).await })).await
    }

    /// Frees the tasks that earlier starts of this node held: `home` with its slash, and the `owner` that lives now.
    pub async fn free_tasks(&self, home: &str, owner: &str, now_ms: i64) -> Result<u64, StoreError> {
        self.pool.execute(FREE, params![home, owner, now_ms]).await
    }

    /// When the next task of a kind may be due, Unix milliseconds.
    pub async fn next_task_at(&self, kind: &str) -> Result<Option<i64>, StoreError> {
        self.pool.look_up_one(NEXT, params![kind]).await?.map_or(Ok(None), |mut row| row.take())
    }

    /// Tasks that failed for good, newest first.
    pub async fn dead_tasks(&self, limit: u32) -> Result<Vec<Task>, StoreError> {
        self.pool.scan(DEAD.to_owned(), params![limit]).await?.into_iter().map(read).collect()
    }

    /// Gives a dead task a new life; false when there is none of this id.
    pub async fn revive_task(&self, id: i64, now_ms: i64) -> Result<bool, StoreError> {
        let parameters = params![id, now_ms];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.wake_workers();
                    Ok(tx.execute(REVIVE, parameters).await? > 0)
                })
            })
            .await
    }

    /// Forgets up to `batch` tasks that died before `before_ms`; their number.
    pub async fn purge_dead_tasks(&self, before_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE_DEAD, params![before_ms, batch]).await
    }

    /// How many tasks wait or run, and how many are dead.
    pub async fn count_tasks(&self) -> Result<(i64, i64), StoreError> {
        let mut counts = [0; 2];
        for (count, sql) in counts.iter_mut().zip([COUNT, COUNT_DEAD]) {
            let found = self.pool.scan(sql.to_owned(), Vec::new()).await?.into_iter().next();
            *count = found.map_or(Ok(0), |mut row| row.take())?;
        }
        Ok((counts[0], counts[1]))
    }

    /// Answers when tasks may have been enqueued since the last answer, here or (while [`Self::run_listener`] runs) on
    /// another node. Whoever waits polls slowly besides: a lost notice must not lose a task.
    pub fn task_wakes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.pool.events().task_receiver()
    }
}
