//! Every use-case over one context.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::api_keys::ApiKeys;
use crate::connect::events::ConnectEvents;
use crate::context::Context;
use crate::credentials::accounts::Accounts;
use crate::credentials::fetches::Fetches;
use crate::credentials::keeper::Keeper;
use crate::credentials::resources::Resources;
use crate::error::Error;
use crate::jobs::house;
use crate::key_rotation::KeyRotation;
use crate::operations::{Tail, meter};
use crate::people::People;
use crate::proxy::Proxy;

/// Every use-case.
pub struct Services {
    /// What they stand on.
    pub context: Arc<Context>,
    /// API keys.
    pub keys: ApiKeys,
    /// Opened accounts.
    pub accounts: Arc<Accounts>,
    /// Fresh credentials.
    pub keeper: Arc<Keeper>,
    /// Tokens for further resources.
    pub resources: Arc<Resources>,
    /// Forwarded calls.
    pub proxy: Proxy,
    /// Hand-outs of credentials.
    pub fetches: Fetches,
    /// Pages that wait.
    pub events: Arc<ConnectEvents>,
    /// The log as it is written.
    pub tail: Tail,
    /// Changes of the encryption key.
    pub rotation: Arc<KeyRotation>,
    /// People who sign in.
    pub people: People,
}

/// How long the log is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Milliseconds.
    pub max_age_ms: i64,
    /// Bytes.
    pub max_bytes: i64,
    /// How long the audit log is kept, milliseconds.
    pub audit_ms: i64,
}

const NOTES: Duration = Duration::from_secs(60);
const INDEXING: Duration = Duration::from_millis(500);
/// Operations indexed at a time.
const INDEXED: u64 = 1_000;

impl Services {
    /// Builds every use-case.
    pub fn new(context: Arc<Context>) -> Self {
        let accounts = Arc::new(Accounts::new(context.clone()));
        let keeper = Arc::new(Keeper::new(context.clone(), accounts.clone()));
        let resources = Arc::new(Resources::new(context.clone()));
        let proxy = Proxy::new(context.clone(), keeper.clone(), resources.clone());
        let events = ConnectEvents::new(context.clone());
        let (keys, fetches) = (ApiKeys::new(context.clone()), Fetches::new(context.clone()));
        let rotation = Arc::new(KeyRotation::new(context.clone()));
        let tail = Tail::new(context.store.clone());
        let people = People::new(context.clone());
        Self { tail, keys, fetches, context, accounts, keeper, resources, proxy, events, rotation, people }
    }

    /// Takes another catalogue into use: from now on nothing is answered from the old one.
    pub fn replace_catalog(&self, catalog: catalog::Catalog) {
        self.context.catalog.replace(catalog);
        self.accounts.forget_all();
    }

    /// Deletes what has expired and writes down what was only remembered.
    ///
    /// # Errors
    /// The database failed; the next run goes on.
    pub async fn keep_house(&self, retention: Retention) -> Result<(), Error> {
        self.write_down().await?;
        house::keep_house(&self.context, retention).await
    }

    /// Writes down what was only remembered.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write_down(&self) -> Result<(), Error> {
        self.keys.flush().await?;
        self.fetches.flush().await
    }

    /// Writes down every minute what is only remembered here, until `cancel`.
    pub async fn run_notes(&self, cancel: CancellationToken) {
        loop {
            if let Err(error) = self.write_down().await {
                tracing::warn!(%error, "the last use of keys and connections is written in a minute");
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(NOTES) => {}
            }
        }
    }

    /// Ends a step of the call meter every ten seconds, until `cancel`.
    pub async fn run_meter(&self, cancel: CancellationToken) {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(meter::STEP) => self.context.log.meter().step(self.context.now_ms()),
            }
        }
    }

    /// Indexes the log's text behind the writers, until `cancel`.
    pub async fn run_indexing(&self, cancel: CancellationToken) {
        loop {
            let indexed = match self.context.store.index_text(INDEXED).await {
                Ok(indexed) => indexed,
                Err(error) => {
                    tracing::warn!(%error, "the log's text could not be indexed and is tried again");
                    0
                }
            };
            // A short rest for the writers while much waits; else a while, so that the next batch is worth its commit.
            let pause = if indexed >= INDEXED { Duration::from_millis(20) } else { INDEXING };
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
