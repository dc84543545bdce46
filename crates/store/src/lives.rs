//! Which processes live. On PostgreSQL each holds an advisory lock, its life, on the connection that it listens on.
//!
//! When a process is killed the system closes its sockets, and PostgreSQL gives the lock back within milliseconds: what
//! the dead held is taken over without waiting for the end of a lease. A process that only lost that connection comes
//! back within a second and takes its lock again, so a lock counts as gone when it is missed for [`GRACE`] on end.
//! Leases and fences stay: they decide where no lock can tell (a machine without power, a process that stands still).

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::Store;
use crate::error::StoreError;
use crate::events::Hearing;
use crate::statements::statements;
use crate::value::params;

/// How long a lock must be missed; longer than the listener's longest pause before it connects again.
pub const GRACE: Duration = Duration::from_millis(1_500);

statements! {
    HOLDERS = "SELECT DISTINCT life FROM tasks WHERE owner IS NOT NULL AND life IS NOT NULL AND dead_at IS NULL";
    FREE = "UPDATE tasks SET due_at = $2, owner = NULL WHERE life = $1 AND owner IS NOT NULL AND dead_at IS NULL";
}

/// What one observer has seen of other processes' locks.
#[derive(Debug, Default)]
pub struct LifeWatch {
    missed_since: HashMap<i64, Instant>,
}

impl LifeWatch {
    /// Which of `lives` are over. Ask at least twice a second: a life is over when its lock was missed in every look
    /// of the last [`GRACE`]. An observer that is cut off itself sees nobody die.
    ///
    /// # Errors
    /// The database failed; nobody is known to be gone.
    pub async fn over(&mut self, store: &Store, lives: &[i64]) -> Result<Vec<i64>, StoreError> {
        let Some(sql) = store.dialect().living() else { return Ok(Vec::new()) };
        if lives.is_empty() || store.hearing() == Hearing::Lost {
            self.missed_since.clear();
            return Ok(Vec::new());
        }
        let mut living = Vec::new();
        for mut row in store.pool.look_up(sql, Vec::new()).await? {
            living.push(row.take::<i64>()?);
        }
        self.missed_since.retain(|life, _| lives.contains(life) && !living.contains(life));
        let now = Instant::now();
        let missed = lives.iter().filter(|life| !living.contains(life));
        let over = missed.filter(|life| now - *self.missed_since.entry(**life).or_insert(now) >= GRACE);
        Ok(over.copied().collect())
    }
}

impl Store {
    /// The lives, this one's included, that hold tasks.
    pub async fn lives_with_tasks(&self) -> Result<Vec<i64>, StoreError> {
        let rows = self.pool.look_up(HOLDERS, Vec::new()).await?;
        rows.into_iter().map(|mut row| row.take()).collect()
    }

    /// Frees the tasks of a process that is gone; their number. Workers of every node are woken.
    pub async fn free_tasks_of(&self, life: i64, now_ms: i64) -> Result<u64, StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let freed = tx.execute(FREE, params![life, now_ms]).await?;
                    if freed > 0 {
                        tx.wake_workers();
                    }
                    Ok(freed)
                })
            })
            .await
    }
}
