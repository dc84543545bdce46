//! The database: one concrete [`Store`] over SQLite or PostgreSQL, its SQL beside the function that runs it.
//!
//! Every statement is a constant of a `statements!` list, so that the conformance suite can prepare each on both
//! databases. Nothing here opens a sealed value; nothing here reads a clock.

mod admin_links;
mod api_keys;
mod audit;
mod awaited;
mod checks;
mod connect_sessions;
mod connections;
mod deliveries;
mod dialect;
mod environment_values;
mod environments;
mod error;
mod events;
mod integrations;
mod lives;
mod meta;
mod migrate;
mod node_keys;
mod oauth_states;
mod open;
mod operations;
mod pending_certificates;
mod people;
mod pool;
mod refresh;
mod resources;
mod schedules;
mod sealed;
mod signing_keys;
mod size;
mod statements;
mod task_counts;
mod tasks;
mod value;

use std::sync::Arc;

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub use admin_links::AdminLink;
pub use api_keys::{ApiKey, FoundKey, KeyOwner, NewApiKey};
pub use audit::{Actor, Audit, AuditFilter, NewAudit};
pub use checks::{DueCheck, EndingCredentials};
pub use connections::{
    Change, ConnectionFilter, ConnectionPatch, ConnectionSummary, JsonWrite, NewConnection, Standing,
    Upserted,
};
pub use deliveries::{DELIVERY_TASK, Delivery, DeliveryFilter, DeliveryState, FollowUp, NewDelivery, Try};
pub use dialect::Dialect;
pub use environment_values::ValueKind;
pub use environments::Environment;
pub use error::StoreError;
pub use events::{CacheEvent, Hearing, LogEvent};
pub use lives::{GRACE, LifeWatch};
pub use node_keys::NodeKeys;
pub use open::{DatabaseUrl, StoreOptions};
pub use operations::words::passes;
pub use operations::{Histogram, LogEntry, Outcome, Reaped, Span};
pub use pending_certificates::PendingCertificate;
pub use people::{
    FoundSession, GuessLimit, LinkPurpose, NewLink, NewUser, NewUserSession, RoleIn, SessionStage, Totp,
    User, UserLink, UserSession,
};
pub use refresh::{Claim, Intent, Lease, NewCredentials, Uncertainty, Written};
pub use resources::{LearnedHost, ResourceToken};
pub use schedules::Schedule;
pub use sealed::{SealedColumn, SealedCount, SealedCursor, SealedRow, SealingKey, sealed_columns};
pub use signing_keys::{SealedSigningKey, SigningKeys};
pub use size::Figures;
pub use task_counts::{MOST_COUNTED, TaskCount};
pub use tasks::{NewTask, Task, TaskEnd, TaskLease};

use crate::pool::Pool;

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
}

impl Store {
    /// Which database is behind it.
    pub fn dialect(&self) -> Dialect {
        self.pool.dialect()
    }

    /// Answers when the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and its kin.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.pool.look_up(statements::PING, Vec::new()).await.map(drop)
    }

    /// Cache events of this node's writes and, while [`Self::run_listener`] runs, of the other nodes'.
    ///
    /// A receiver that lags must treat it as [`CacheEvent::ReloadAll`].
    pub fn events(&self) -> broadcast::Receiver<CacheEvent> {
        self.pool.events().cache_receiver()
    }

    /// Calls `watcher` with every cache event, after commit and before the writer gets its answer, so that a
    /// caller who wrote never reads its own stale cache. It must not block.
    pub fn watch(&self, watcher: impl Fn(&CacheEvent) + Send + Sync + 'static) {
        self.pool.events().watch(Arc::new(watcher));
    }

    /// Whether the writes of other nodes are being heard; while they are not, caches should not be asked.
    pub fn hearing(&self) -> Hearing {
        self.pool.events().hearing()
    }

    /// Hears the other nodes until `cancel`; returns at once on SQLite.
    pub async fn run_listener(&self, cancel: CancellationToken) {
        self.pool.listen(cancel).await;
    }

    /// Tells all nodes, this one included, how an authorization ended; whoever holds the socket passes it on.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] past 7 KB.
    pub async fn publish_connect_result(&self, payload: String) -> Result<(), StoreError> {
        let envelope = events::Envelope { node: self.pool.node().to_owned(), body: &payload };
        let wire = serde_json::to_string(&envelope).map_err(|error| StoreError::Other(error.to_string()))?;
        if wire.len() > events::MAX_PAYLOAD {
            return Err(StoreError::TooLarge);
        }
        self.pool.events().publish_connect(payload.as_str().into());
        self.pool.notify(events::CONNECT_CHANNEL, wire).await
    }

    /// Results that [`Self::publish_connect_result`] told, on any node.
    pub fn connect_results(&self) -> broadcast::Receiver<Arc<str>> {
        self.pool.events().connect_receiver()
    }

    /// What is written to the log on any node, after commit. A receiver that lags must treat it as [`LogEvent::Lost`].
    pub fn log_events(&self) -> broadcast::Receiver<LogEvent> {
        self.pool.events().log_receiver()
    }

    /// Statements run since opening; tests use it to prove that a path runs none.
    pub fn count_statements(&self) -> u64 {
        self.pool.statements()
    }

    /// Compiles every statement this crate can run, without running any; the number of statements.
    ///
    /// # Errors
    /// The first statement that the database refuses, with its text.
    pub async fn prepare_every_statement(&self) -> Result<usize, StoreError> {
        let all = statements::all(self.dialect());
        for sql in &all {
            let prepared = self.pool.prepare(sql).await;
            prepared.map_err(|error| StoreError::Other(format!("{error}, in: {sql}")))?;
        }
        Ok(all.len())
    }

    /// Copies the database to a new file, whole and consistent, while it is in use; SQLite only.
    ///
    /// # Errors
    /// The file cannot be written, or the database is PostgreSQL.
    pub async fn copy_to(&self, target: &std::path::Path) -> Result<(), StoreError> {
        self.pool.copy_to(target.to_owned()).await
    }

    /// Waits for queued writes and lets go of the database.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
