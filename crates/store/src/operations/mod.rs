//! The log: operations with their messages, written in batches, indexed for text later, reaped in steps.

pub(crate) mod append;
pub(crate) mod beginnings;
pub(crate) mod histogram;
pub(crate) mod hits;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod retention;
pub(crate) mod text;
pub(crate) mod words;

use domain::Scope;
use domain::operation::{HistogramBucket, Message, Operation, OperationState};
use serde_json::Value as Json;

/// One thing to write to the log.
#[derive(Debug, Clone)]
pub enum LogEntry {
    /// A new operation, finished or running, with the messages it already has.
    Operation {
        /// Its environment.
        scope: Scope,
        /// The operation.
        operation: Box<Operation>,
        /// Its messages.
        messages: Vec<Message>,
    },
    /// A message of an operation written earlier or in the same batch; dropped when there is none.
    Message {
        /// The operation's environment.
        scope: Scope,
        /// The operation.
        operation_id: String,
        /// The message.
        message: Message,
    },
    /// The end of an operation written earlier or in the same batch.
    Finish {
        /// The operation's environment.
        scope: Scope,
        /// The operation.
        operation_id: String,
        /// How it ended.
        outcome: Box<Outcome>,
    },
}

/// How an operation ended; absent parts keep what is stored.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The last state.
    pub state: OperationState,
    /// HTTP status.
    pub status: Option<i64>,
    /// One line for people.
    pub summary: Option<String>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// The integration's key, when it became known on the way.
    pub integration: Option<String>,
    /// The connection's id, when it became known on the way.
    pub connection: Option<String>,
    /// The provider's name, when it became known on the way.
    pub provider: Option<String>,
    /// Unix milliseconds.
    pub ended_at_ms: i64,
    /// Wall time in microseconds.
    pub duration_us: Option<i64>,
    /// Redacted JSON.
    pub detail: Option<Json>,
}

/// A stretch of time in equal steps.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its beginning, Unix milliseconds.
    pub from_ms: i64,
    /// The length of a step, milliseconds.
    pub step_ms: i64,
    /// How many.
    pub steps: u32,
}

/// Operations counted by the moment they began.
#[derive(Debug, Clone)]
pub struct Histogram {
    /// One a step.
    pub buckets: Vec<HistogramBucket>,
    /// False when there were more operations than are looked at: then only the latest are counted.
    pub exact: bool,
}

/// What one step of retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Operations deleted, with their messages.
    pub operations: u64,
    /// The log's size after it, bytes, as accounted when rows were written.
    pub bytes_left: i64,
    /// Whether another step would find more to do.
    pub more: bool,
}
