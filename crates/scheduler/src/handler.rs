//! Who does a kind of task, and what comes of it.

use std::time::Duration;

use domain::Entropy;
use domain::retry::RetryPolicy;
use futures_util::future::BoxFuture;
use store::{Task, TaskEnd};

/// A kind of task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// At most this many run at the same time on this node.
    pub at_once: u32,
    /// One may take this long; its lease is a little longer.
    pub limit: Duration,
    /// How it is repeated.
    pub retry: RetryPolicy,
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It failed; repeat it as its kind says.
    Failed(String),
    /// It failed, and repeating helps nobody.
    Hopeless(String),
    /// It was not tried; again at this moment, Unix milliseconds.
    Later(i64),
    /// The handler has ended the claim itself, in a transaction of its own.
    Ended,
}

/// Does one kind of task. It may be called again for a task that it had done: when a process dies between the work and
/// its note, nobody can tell.
pub trait Handler: Send + Sync + 'static {
    /// Which.
    fn kind(&self) -> Kind;
    /// Does one.
    fn run(&self, task: Task) -> BoxFuture<'_, Outcome>;
}

/// What becomes of a task that failed at `now_ms`: another try, or the end.
pub fn after_failure(
    policy: &RetryPolicy,
    task: &Task,
    error: String,
    now_ms: i64,
    entropy: &dyn Entropy,
) -> TaskEnd {
    let mut chance = [0];
    entropy.fill(&mut chance);
    match policy.pause_ms(task.attempts, now_ms - task.created_at_ms, chance[0]) {
        Some(pause_ms) => TaskEnd::Retry { at_ms: now_ms + pause_ms, error },
        None => TaskEnd::Dead { at_ms: now_ms, error },
    }
}
