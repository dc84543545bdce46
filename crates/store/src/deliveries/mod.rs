//! Outgoing webhooks: one row a receiver, from the event to the last try.

pub(crate) mod list;

use domain::{EnvironmentId, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use list::DeliveryFilter;

use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::tasks::{NewTask, TaskEnd, TaskLease, enqueue};
use crate::value::{Row, params};

/// The kind of the task that delivers; its payload is `{"delivery": id}`.
pub const DELIVERY_TASK: &str = "webhook";

/// A webhook for one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Row id.
    pub id: String,
    /// The idempotency id that receivers see: one an event, whatever the receiver and the try.
    pub event_id: String,
    /// What it tells, for example `auth.creation`.
    pub event: String,
    /// The integration's key.
    pub integration: Option<String>,
    /// The connection's id as the customer knows it.
    pub connection: Option<String>,
    /// The receiver.
    pub url: String,
    /// The exact bytes to send.
    pub body: String,
}

/// What a write causes, stored in its transaction: all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FollowUp {
    /// Work.
    pub tasks: Vec<NewTask>,
    /// Webhooks, each with its task.
    pub deliveries: Vec<NewDelivery>,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its first or next try.
    Pending,
    /// The receiver has taken it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Reads the wire's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When it began, Unix milliseconds.
    pub at_ms: i64,
    /// Until the answer or its absence, milliseconds.
    pub took_ms: i64,
    /// The receiver's HTTP status, when it answered.
    pub status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
}

/// A delivery as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its place in the log, for paging.
    pub seq: i64,
    /// The environment.
    pub environment: EnvironmentId,
    /// What was to be sent.
    pub new: NewDelivery,
    /// How far it has come.
    pub state: DeliveryState,
    /// Tries so far, replays included.
    pub attempts: i64,
    /// The last HTTP status.
    pub status: Option<i64>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The last tries, oldest first.
    pub tries: Vec<Try>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// When it is tried next, Unix milliseconds.
    pub next_at_ms: Option<i64>,
    /// When it was taken or given up, Unix milliseconds.
    pub ended_at_ms: Option<i64>,
}

/// Tries kept with a delivery.
const TRIES_KEPT: usize = 20;

macro_rules! columns {
    () => {
        "seq, id, environment_id, event_id, event, integration, connection, url, body, state, attempts, status, \
         error, tries, created_at, next_at, ended_at"
    };
}
const COLUMNS: &str = columns!();

statements! {
    INSERT = "INSERT INTO webhook_deliveries (id, environment_id, event_id, event, integration, connection, url, \
              body, state, attempts, tries, created_at, next_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', 0, '[]', $9, $9) ON CONFLICT (id) DO NOTHING";
    BY_ID = concat!("SELECT ", columns!(), " FROM webhook_deliveries WHERE environment_id = $1 AND id = $2");
    TO_SEND = concat!("SELECT ", columns!(), " FROM webhook_deliveries WHERE id = $1");
    NOTE = "UPDATE webhook_deliveries SET state = $2, attempts = attempts + 1, status = $3, error = $4, tries = $5, \
            next_at = $6, ended_at = $7 WHERE id = $1";
    HOLDS = "SELECT id FROM tasks WHERE id = $1 AND fence = $2 AND dead_at IS NULL";
    REPLAY = "UPDATE webhook_deliveries SET state = 'pending', next_at = $3, ended_at = NULL \
              WHERE environment_id = $1 AND id = $2";
    PURGE = "DELETE FROM webhook_deliveries WHERE seq IN (SELECT seq FROM webhook_deliveries WHERE created_at < $1 \
             ORDER BY created_at LIMIT $2)";
}

fn read(mut row: Row) -> Result<Delivery, StoreError> {
    let (seq, id, environment) = (row.take()?, row.take()?, row.take()?);
    let new = NewDelivery {
        id,
        event_id: row.take()?,
        event: row.take()?,
        integration: row.take()?,
        connection: row.take()?,
        url: row.take()?,
        body: row.take()?,
    };
    let state: String = row.take()?;
    Ok(Delivery {
        seq,
        environment,
        new,
        state: DeliveryState::parse(&state).ok_or_else(|| StoreError::corrupt("a delivery's state"))?,
        attempts: row.take()?,
        status: row.take()?,
        error: row.take()?,
        tries: row.take_json()?,
        created_at_ms: row.take()?,
        next_at_ms: row.take()?,
        ended_at_ms: row.take()?,
    })
}

fn task(id: &str, now_ms: i64) -> NewTask {
    NewTask {
        kind: DELIVERY_TASK.to_owned(),
        dedup: Some(format!("webhook:{id}")),
        payload: json!({"delivery": id}),
        due_at_ms: now_ms,
    }
}

/// Stores what a write causes, within its transaction.
pub(crate) async fn follow(
    tx: &mut Tx<'_>,
    scope: Scope,
    follow_up: FollowUp,
    now_ms: i64,
) -> Result<(), StoreError> {
    let FollowUp { mut tasks, deliveries } = follow_up;
    for new in &deliveries {
        let NewDelivery { id, event_id, event, integration, connection, url, body } = new;
        let (integration, connection) = (integration.as_deref(), connection.as_deref());
        let parameters =
            params![id, scope.environment, event_id, event, integration, connection, url, body, now_ms];
        tx.execute(INSERT, parameters).await?;
        tasks.push(task(id, now_ms));
    }
    enqueue(tx, &tasks, now_ms).await
}

impl Store {
    /// Stores what no other write causes: for example the webhook of an attempt that stored nothing.
    pub async fn follow_up(&self, scope: Scope, follow_up: FollowUp, now_ms: i64) -> Result<(), StoreError> {
        self.pool.write(move |tx| Box::pin(async move { follow(tx, scope, follow_up, now_ms).await })).await
    }

    /// A delivery by its id.
    pub async fn delivery(&self, scope: Scope, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.pool.look_up_one(BY_ID, params![scope.environment, id]).await?.map(read).transpose()
    }

    /// The delivery that a task names, of whichever environment; for workers alone.
    pub async fn delivery_to_send(&self, id: &str) -> Result<Option<Delivery>, StoreError> {
        self.pool.look_up_one(TO_SEND, params![id]).await?.map(read).transpose()
    }

    /// Notes a try and ends its task's claim in one transaction; false when the claim was lost, and nothing is noted.
    pub async fn note_try(
        &self,
        lease: TaskLease,
        mut delivery: Delivery,
        one: Try,
        end: TaskEnd,
    ) -> Result<bool, StoreError> {
        let ended_ms = one.at_ms + one.took_ms;
        let (state, next_ms) = match &end {
            TaskEnd::Done => (DeliveryState::Delivered, None),
            TaskEnd::Retry { at_ms, .. } | TaskEnd::Postpone { at_ms } => {
                (DeliveryState::Pending, Some(*at_ms))
            }
            TaskEnd::Dead { .. } => (DeliveryState::Failed, None),
        };
        let (status, error) = (one.status.map(i64::from), one.error.clone());
        delivery.tries.push(one);
        let surplus = delivery.tries.len().saturating_sub(TRIES_KEPT);
        delivery.tries.drain(..surplus);
        let ended = next_ms.is_none().then_some(ended_ms);
        let tries = crate::value::json(&delivery.tries)?;
        let note = params![&delivery.new.id, state.as_str(), status, error, tries, next_ms, ended];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.row(HOLDS, params![lease.id, lease.fence]).await?.is_none() {
                        return Ok(false);
                    }
                    tx.execute(NOTE, note).await?;
                    // A delivery that was given up is told by its own row; its task would tell nothing more.
                    let end = if matches!(end, TaskEnd::Dead { .. }) { TaskEnd::Done } else { end };
                    crate::tasks::end(tx, lease, end).await
                })
            })
            .await
    }

    /// Sends a delivery once more, with the same event id; false when the environment has none of this id.
    pub async fn replay_delivery(&self, scope: Scope, id: &str, now_ms: i64) -> Result<bool, StoreError> {
        let (parameters, task) = (params![scope.environment, id, now_ms], task(id, now_ms));
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(REPLAY, parameters).await? == 0 {
                        return Ok(false);
                    }
                    crate::tasks::hasten(tx, &task, now_ms).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Forgets up to `batch` deliveries made before `before_ms`; their number.
    pub async fn purge_deliveries(&self, before_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms, batch]).await
    }
}
