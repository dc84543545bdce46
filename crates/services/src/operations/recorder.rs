//! The log's writer: entries queue in memory and are written in batches, off the path of the calls they describe.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::integration::Integration;
use domain::operation::{Message, Operation, OperationKind, OperationState};
use domain::{Clock, Entropy, Scope};
use serde_json::Value;
use serde_json::value::to_raw_value;
use store::{Dialect, LogEntry, Outcome, Store};
use tokio::sync::mpsc;

use tokio_util::sync::CancellationToken;

use super::meter::Meter;

/// Entries that may wait; beyond it new ones are dropped and counted, so that a slow disk cannot eat the memory.
const QUEUE: usize = 20_000;
/// Entries of one transaction.
const BATCH: usize = 512;
/// How long the first entry of a batch waits for others: a commit costs as much for one as for a hundred.
const LINGER: Duration = Duration::from_millis(25);

/// How often a batch is tried while the failure may pass: for about half a minute.
const ATTEMPTS: u32 = 10;
/// Before the second attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Between later ones.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where use-cases write what happened. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<LogEntry>,
    dropped: Arc<AtomicU64>,
    meter: Arc<Meter>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// The other end: writes what was queued.
pub struct RecorderTask {
    queue: mpsc::Receiver<LogEntry>,
    /// Taken off the queue and not yet written; outlives a `run_once` that is dropped while it waits.
    batch: Vec<LogEntry>,
    store: Store,
}

/// What an operation is about.
#[derive(Debug)]
pub struct OperationFacts<'a> {
    /// Its kind.
    pub kind: OperationKind,
    /// The integration.
    pub integration: &'a Integration,
    /// The connection's id as the customer knows it.
    pub connection: Option<&'a str>,
    /// When it began, Unix milliseconds.
    pub created_at_ms: i64,
    /// More facts, redacted.
    pub detail: Option<Value>,
}

impl Recorder {
    /// Both ends of a new queue.
    pub fn new(store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> (Self, RecorderTask) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let recorder = Self { queue: sender, dropped: Arc::default(), meter: Arc::default(), clock, entropy };
        (recorder, RecorderTask { queue: receiver, batch: Vec::new(), store })
    }

    /// A new operation id: `<created ms, 13 digits>_<8 characters>`.
    pub fn new_id(&self, created_at_ms: i64) -> String {
        format!("{created_at_ms:013}_{}", domain::entropy::name(&*self.entropy, 8))
    }

    /// Entries that were dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Proxied calls counted.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Entries that wait to be written.
    pub fn waiting(&self) -> usize {
        QUEUE - self.queue.capacity()
    }

    /// A finished operation with all its messages.
    pub fn whole(&self, scope: Scope, operation: Operation, messages: Vec<Message>) {
        self.push(LogEntry::Operation { scope, operation: Box::new(operation), messages });
    }

    /// An operation that has begun and will end later.
    pub fn begun(&self, scope: Scope, id: String, facts: &OperationFacts<'_>) {
        let operation = self.operation(id, facts, OperationState::Running, None);
        self.whole(scope, operation, Vec::new());
    }

    /// An operation told after its end.
    pub fn ended(
        &self,
        scope: Scope,
        id: String,
        facts: &OperationFacts<'_>,
        state: OperationState,
        error: Option<String>,
    ) {
        let mut operation = self.operation(id, facts, state, error);
        let ended = self.clock.now_ms();
        operation.ended_at_ms = Some(ended);
        operation.duration_us = Some((ended - facts.created_at_ms).max(0) * 1000);
        self.whole(scope, operation, Vec::new());
    }

    /// The end of an operation that was told to have begun.
    pub fn finish(
        &self,
        scope: Scope,
        operation_id: String,
        state: OperationState,
        connection: Option<String>,
        error: Option<String>,
    ) {
        let ended_at_ms = self.clock.now_ms();
        // The id begins with the moment of its creation.
        let created_at_ms = operation_id.split('_').next().and_then(|text| text.parse::<i64>().ok());
        let outcome = Outcome {
            state,
            status: None,
            summary: None,
            error,
            integration: None,
            connection,
            provider: None,
            ended_at_ms,
            duration_us: created_at_ms.map(|created| (ended_at_ms - created).max(0) * 1000),
            detail: None,
        };
        self.push(LogEntry::Finish { scope, operation_id, outcome: Box::new(outcome) });
    }

    /// A step of an operation.
    pub fn message(&self, scope: Scope, operation_id: String, message: Message) {
        self.push(LogEntry::Message { scope, operation_id, message });
    }

    /// A step of an operation, in words.
    pub fn say(
        &self,
        scope: Scope,
        operation_id: &str,
        level: &str,
        text: impl Into<String>,
        detail: Option<Value>,
    ) {
        let created_at_ms = self.clock.now_ms();
        let message = Message {
            sequence: created_at_ms,
            level: level.to_owned(),
            kind: "log".to_owned(),
            text: text.into(),
            detail,
            created_at_ms,
            duration_us: None,
        };
        self.message(scope, operation_id.to_owned(), message);
    }

    fn operation(
        &self,
        id: String,
        facts: &OperationFacts<'_>,
        state: OperationState,
        error: Option<String>,
    ) -> Operation {
        Operation {
            id,
            kind: facts.kind.kind().to_owned(),
            action: facts.kind.action().to_owned(),
            state,
            integration: Some(facts.integration.key.to_string()),
            connection: facts.connection.map(str::to_owned),
            provider: Some(facts.integration.provider.to_string()),
            status: None,
            summary: facts.kind.title().to_owned(),
            error,
            created_at_ms: facts.created_at_ms,
            ended_at_ms: None,
            duration_us: None,
            detail: facts.detail.as_ref().and_then(|facts| to_raw_value(facts).ok()),
        }
    }

    fn push(&self, entry: LogEntry) {
        if self.queue.try_send(entry).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl RecorderTask {
    /// Writes until `cancel`, then what is still queued.
    pub async fn run(mut self, cancel: CancellationToken) {
        loop {
            // Only the gathering may be broken off: a batch on its way to the database is written to its end.
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.gather() => {}
            }
            if self.write().await == 0 {
                return;
            }
        }
        self.queue.close();
        while self.run_once().await > 0 {}
    }

    /// Waits for entries and writes one batch; 0 when the queue has closed and is empty.
    pub async fn run_once(&mut self) -> usize {
        self.gather().await;
        self.write().await
    }

    /// Fills the batch; it stays empty only when the queue has closed.
    async fn gather(&mut self) {
        if self.batch.is_empty() {
            self.queue.recv_many(&mut self.batch, BATCH).await;
        }
        if (1..BATCH).contains(&self.batch.len()) && !self.queue.is_closed() {
            tokio::time::sleep(LINGER).await;
        }
        while self.batch.len() < BATCH
            && let Ok(entry) = self.queue.try_recv()
        {
            self.batch.push(entry);
        }
    }

    /// Writes the batch. On PostgreSQL a failure that passes by itself (a deadlock among nodes, a server that restarts)
    /// is waited for, while new entries queue in memory; SQLite waits for its lock by itself.
    async fn write(&mut self) -> usize {
        let batch = std::mem::take(&mut self.batch);
        let count = batch.len();
        let mut next = (count > 0).then_some(batch);
        let (mut attempt, mut pause) = (1, FIRST_PAUSE);
        while let Some(batch) = next.take() {
            let again = self.store.dialect() == Dialect::Postgres && attempt < ATTEMPTS;
            let spare = again.then(|| batch.clone());
            match self.store.append_log(batch).await {
                Err(error) if error.is_transient() && spare.is_some() => {
                    tracing::debug!(%error, attempt, "the log is written again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    attempt += 1;
                    next = spare;
                }
                Err(error) => {
                    tracing::error!(%error, lost = count, "operations could not be written to the log");
                }
                Ok(()) => {}
            }
        }
        count
    }
}
