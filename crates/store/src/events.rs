//! What caches and sockets on this node and on the others must hear.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use domain::{ConnectionId, ConnectionRow, EnvironmentId, IntegrationKey};
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, watch};

use crate::error::StoreError;

/// Something a cache may hold has changed; published after commit, on every node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheEvent {
    /// An API key was made or revoked, by the SHA-256 of the key in hex.
    ApiKey {
        /// SHA-256 of the key, hex.
        hash: String,
    },
    /// An environment's name or settings changed.
    Environment {
        /// Which.
        environment: EnvironmentId,
    },
    /// An integration was changed, renamed (once for each name) or deleted with its connections.
    Integration {
        /// Its environment.
        environment: EnvironmentId,
        /// Its key.
        key: IntegrationKey,
    },
    /// A connection, its credentials, its resource tokens or learnt hosts changed, or it was deleted.
    Connection {
        /// Its environment.
        environment: EnvironmentId,
        /// Its integration's key.
        integration: IntegrationKey,
        /// The customer's name for it.
        id: ConnectionId,
        /// Its row.
        row: ConnectionRow,
    },
    /// Anything may have changed: notifications were lost, or too much changed at once.
    ReloadAll,
}

/// What happened to the log, after commit, on any node.
#[derive(Debug, Clone)]
pub enum LogEvent {
    /// Operations in these ranges (first and last) were written or changed; [`crate::Store::log_range`] reads them.
    Changed(Arc<[(i64, i64)]>),
    /// Announcements were missed.
    Lost,
}

/// Whether this node hears what the others write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// There are no others (SQLite), or their announcements arrive.
    Live,
    /// Announcements may be missed; cached answers may be stale.
    Lost,
}

type Watcher = Arc<dyn Fn(&CacheEvent) + Send + Sync>;

/// Where events leave: watchers are called before the writer gets its answer, receivers hear of it soon.
#[derive(Clone)]
pub(crate) struct Events {
    cache: broadcast::Sender<CacheEvent>,
    connect: broadcast::Sender<Arc<str>>,
    log: broadcast::Sender<LogEvent>,
    watchers: Arc<RwLock<Vec<Watcher>>>,
    deaf: Arc<AtomicBool>,
    /// This process's life while it holds its lock, else 0.
    life: Arc<AtomicI64>,
    tasks: watch::Sender<u64>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            cache: broadcast::channel(4096).0,
            connect: broadcast::channel(1024).0,
            log: broadcast::channel(256).0,
            watchers: Arc::default(),
            deaf: Arc::default(),
            life: Arc::default(),
            tasks: watch::Sender::new(0),
        }
    }

    pub(crate) fn hearing(&self) -> Hearing {
        if self.deaf.load(Ordering::Acquire) { Hearing::Lost } else { Hearing::Live }
    }

    pub(crate) fn set_hearing(&self, hearing: Hearing) {
        self.deaf.store(hearing == Hearing::Lost, Ordering::Release);
    }

    /// This process's life, while others can see that it lives.
    pub(crate) fn life(&self) -> Option<i64> {
        Some(self.life.load(Ordering::Acquire)).filter(|life| *life != 0)
    }

    pub(crate) fn set_life(&self, life: Option<i64>) {
        self.life.store(life.unwrap_or_default(), Ordering::Release);
    }

    pub(crate) fn cache_receiver(&self) -> broadcast::Receiver<CacheEvent> {
        self.cache.subscribe()
    }

    pub(crate) fn connect_receiver(&self) -> broadcast::Receiver<Arc<str>> {
        self.connect.subscribe()
    }

    pub(crate) fn watch(&self, watcher: Watcher) {
        self.watchers.write().unwrap_or_else(std::sync::PoisonError::into_inner).push(watcher);
    }

    pub(crate) fn publish(&self, events: &[CacheEvent]) {
        let watchers = self.watchers.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for event in events {
            watchers.iter().for_each(|watcher| watcher(event));
            // No receiver is no error: nothing caches.
            let _ = self.cache.send(event.clone());
        }
    }

    pub(crate) fn task_receiver(&self) -> watch::Receiver<u64> {
        self.tasks.subscribe()
    }

    /// Tells this node's workers that there may be tasks.
    pub(crate) fn wake_workers(&self) {
        self.tasks.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn log_receiver(&self) -> broadcast::Receiver<LogEvent> {
        self.log.subscribe()
    }

    /// Tells this node's followers of the log what was written.
    pub(crate) fn publish_log(&self, changed: Vec<(i64, i64)>) {
        if !changed.is_empty() {
            let _ = self.log.send(LogEvent::Changed(changed.into()));
        }
    }

    /// Tells this node's followers of the log that something may have been missed.
    pub(crate) fn lose_log(&self) {
        let _ = self.log.send(LogEvent::Lost);
    }

    pub(crate) fn publish_connect(&self, payload: Arc<str>) {
        let _ = self.connect.send(payload);
    }
}

/// The channel of cache events on PostgreSQL.
pub(crate) const CACHE_CHANNEL: &str = "sheetbend_cache";
/// The channel of connect results on PostgreSQL.
pub(crate) const CONNECT_CHANNEL: &str = "sheetbend_connect";
/// The channel on which nodes tell each other that there are tasks; the payload is the sender.
pub(crate) const TASK_CHANNEL: &str = "sheetbend_tasks";
/// The channel on which nodes tell each other what they wrote to the log.
pub(crate) const LOG_CHANNEL: &str = "sheetbend_log";
/// PostgreSQL refuses a payload of 8000 bytes or more (NOTIFY's reference page).
pub(crate) const MAX_PAYLOAD: usize = 7 << 10;

/// What travels on [`CACHE_CHANNEL`] and, as text, on [`CONNECT_CHANNEL`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Envelope<T> {
    /// The sending node, which has already told its own receivers.
    pub(crate) node: String,
    pub(crate) body: T,
}

/// A [`CacheEvent`] as it travels between nodes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Wire {
    Key(String),
    Env(i64),
    Int(i64, String),
    Con(i64, String, String, i64),
    All,
}

impl From<&CacheEvent> for Wire {
    fn from(event: &CacheEvent) -> Self {
        match event {
            CacheEvent::ApiKey { hash } => Self::Key(hash.clone()),
            CacheEvent::Environment { environment } => Self::Env(environment.0),
            CacheEvent::Integration { environment, key } => Self::Int(environment.0, key.to_string()),
            CacheEvent::Connection { environment, integration, id, row } => {
                Self::Con(environment.0, integration.to_string(), id.to_string(), row.0)
            }
            CacheEvent::ReloadAll => Self::All,
        }
    }
}

impl Wire {
    /// What another node said; words that do not parse mean that anything may have changed.
    pub(crate) fn into_event(self) -> CacheEvent {
        let event = match self {
            Self::Key(hash) => Some(CacheEvent::ApiKey { hash }),
            Self::Env(id) => Some(CacheEvent::Environment { environment: EnvironmentId(id) }),
            Self::Int(environment, key) => IntegrationKey::parse(&key)
                .ok()
                .map(|key| CacheEvent::Integration { environment: EnvironmentId(environment), key }),
            Self::Con(environment, integration, id, row) => IntegrationKey::parse(&integration)
                .ok()
                .zip(ConnectionId::parse(&id).ok())
                .map(|(integration, id)| CacheEvent::Connection {
                    environment: EnvironmentId(environment),
                    integration,
                    id,
                    row: ConnectionRow(row),
                }),
            Self::All => None,
        };
        event.unwrap_or(CacheEvent::ReloadAll)
    }
}

/// The payloads that tell `events` to other nodes: as many a payload as fit, and beyond eight payloads "all".
pub(crate) fn payloads(node: &str, events: &[CacheEvent]) -> Result<Vec<String>, StoreError> {
    let encode = |body: &[Wire]| {
        serde_json::to_string(&Envelope { node: node.to_owned(), body })
            .map_err(|error| StoreError::Other(error.to_string()))
    };
    let mut payloads = Vec::new();
    // A connection event is at most 2 x 255 characters, each at most doubled by JSON escapes, and two numbers.
    for chunk in events.chunks(6) {
        let wire: Vec<Wire> = chunk.iter().map(Wire::from).collect();
        payloads.push(encode(&wire)?);
    }
    if payloads.len() > 8 { Ok(vec![encode(&[Wire::All])?]) } else { Ok(payloads) }
}

/// The payload that tells other nodes what was written to the log; too many ranges become none, which means "more than
/// can be told".
pub(crate) fn log_payload(node: &str, changed: &[(i64, i64)]) -> Result<String, StoreError> {
    // Two numbers of up to 19 digits, three signs.
    let body = if changed.len() > MAX_PAYLOAD / 48 { &[] } else { changed };
    serde_json::to_string(&Envelope { node: node.to_owned(), body })
        .map_err(|error| StoreError::Other(error.to_string()))
}
