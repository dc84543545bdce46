//! The log as it is written: one reader for all who follow on this node.

use std::sync::Arc;

use domain::Scope;
use domain::operation::Operation;
use store::{LogEvent, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

/// Batches that a slow follower may lag behind before it is told of a gap.
const BATCHES: usize = 32;
/// Operations of one batch that are told; beyond it followers are told of a gap.
const MOST_TOLD: usize = 500;
/// Followers at a time, on this node.
const FOLLOWERS: usize = 64;

/// What a follower hears.
#[derive(Debug, Clone)]
pub enum TailEvent {
    /// Operations, new or changed, of every environment.
    Operations(Arc<[(Scope, Operation)]>),
    /// Some were missed.
    Gap,
    /// The server ends.
    End,
}

/// Where followers subscribe.
pub struct Tail {
    store: Store,
    told: broadcast::Sender<TailEvent>,
    places: Arc<Semaphore>,
}

/// A follower's ear; its place is free again when it is dropped.
pub struct Follower {
    told: broadcast::Receiver<TailEvent>,
    _place: OwnedSemaphorePermit,
}

impl Tail {
    /// A tail of a store's log; [`Self::run`] fills it.
    pub fn new(store: Store) -> Self {
        Self { store, told: broadcast::channel(BATCHES).0, places: Arc::new(Semaphore::new(FOLLOWERS)) }
    }

    /// Follows from now on; `None` when all places are taken.
    pub fn follow(&self) -> Option<Follower> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(Follower { told: self.told.subscribe(), _place: place })
    }

    /// Tells followers what is written, until `cancel`. Without a follower nothing is read.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut written = self.store.log_events();
        loop {
            let event = tokio::select! {
                () = cancel.cancelled() => break,
                event = written.recv() => event,
            };
            match event {
                _ if self.told.receiver_count() == 0 => {}
                Ok(LogEvent::Changed(ranges)) => self.tell(&ranges).await,
                Ok(LogEvent::Lost) | Err(broadcast::error::RecvError::Lagged(_)) => self.send(TailEvent::Gap),
                Err(broadcast::error::RecvError::Closed) => break,
            }
        }
        self.send(TailEvent::End);
    }

    async fn tell(&self, ranges: &[(i64, i64)]) {
        let mut operations = Vec::new();
        for &(first, last) in ranges {
            match self.store.log_range(first, last).await {
                Ok(found) => operations.extend(found),
                Err(error) => {
                    tracing::debug!(%error, "the live log skips what could not be read");
                    return self.send(TailEvent::Gap);
                }
            }
            if operations.len() > MOST_TOLD {
                return self.send(TailEvent::Gap);
            }
        }
        self.send(TailEvent::Operations(operations.into()));
    }

    fn send(&self, event: TailEvent) {
        // Nobody may be left to hear it.
        let _ = self.told.send(event);
    }
}

impl Follower {
    /// The next event.
    pub async fn next(&mut self) -> TailEvent {
        match self.told.recv().await {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(_)) => TailEvent::Gap,
            Err(broadcast::error::RecvError::Closed) => TailEvent::End,
        }
    }
}
