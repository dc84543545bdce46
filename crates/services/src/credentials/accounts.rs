//! Opened accounts, kept in memory and dropped the moment anything they are made of is written, on every node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{ConnectionId, EnvironmentId, IntegrationKey, Scope};
use moka::sync::Cache;
use store::{CacheEvent, Hearing};

use super::account::{Account, OpenIntegration};
use crate::context::Context;
use crate::error::Error;

/// Opened accounts by their public names.
pub struct Accounts {
    context: Arc<Context>,
    kept: Arc<Kept>,
}

struct Kept {
    cache: Cache<Name, Arc<Account>>,
    /// What many accounts have in common.
    integrations: Cache<(EnvironmentId, IntegrationKey), Arc<OpenIntegration>>,
    /// Raised by every invalidation: a load that began before one must not be kept after it.
    epoch: AtomicU64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    environment: i64,
    integration: IntegrationKey,
    connection: ConnectionId,
}

/// Accounts kept in memory; one takes a few kilobytes, tokens included.
const KEPT: u64 = 10_000;
/// Integrations kept in memory.
const KEPT_INTEGRATIONS: u64 = 1_000;

impl Accounts {
    /// An empty cache that hears of every write from now on.
    pub fn new(context: Arc<Context>) -> Self {
        let kept = Arc::new(Kept {
            cache: Cache::builder()
                .max_capacity(KEPT)
                .time_to_idle(std::time::Duration::from_secs(3600))
                .build(),
            integrations: Cache::builder().max_capacity(KEPT_INTEGRATIONS).build(),
            epoch: AtomicU64::new(0),
        });
        let heard = kept.clone();
        context.store.watch(move |event| heard.forget(event));
        Self { context, kept }
    }

    /// The account, from memory or the database.
    ///
    /// # Errors
    /// It does not exist, or does not open.
    pub async fn get(
        &self,
        scope: Scope,
        key: &IntegrationKey,
        id: &ConnectionId,
    ) -> Result<Arc<Account>, Error> {
        let name =
            Name { environment: scope.environment.0, integration: key.clone(), connection: id.clone() };
        // A node that does not hear of the others' writes must look for itself.
        let hearing = self.context.store.hearing();
        if hearing == Hearing::Live
            && let Some(account) = self.kept.cache.get(&name)
        {
            return Ok(account);
        }
        let epoch = self.kept.epoch.load(Ordering::Acquire);
        let integration = self.integration(scope, key, hearing).await?;
        let account = Arc::new(Account::load_of(&self.context, integration, id).await?);
        if hearing == Hearing::Live && self.kept.epoch.load(Ordering::Acquire) == epoch {
            self.kept.cache.insert(name.clone(), account.clone());
            // An invalidation between the check and the insert would have found nothing to remove.
            if self.kept.epoch.load(Ordering::Acquire) != epoch {
                self.kept.cache.invalidate(&name);
            }
        }
        Ok(account)
    }

    /// The integration, from memory or the database.
    async fn integration(
        &self,
        scope: Scope,
        key: &IntegrationKey,
        hearing: Hearing,
    ) -> Result<Arc<OpenIntegration>, Error> {
        let name = (scope.environment, key.clone());
        if hearing == Hearing::Live
            && let Some(open) = self.kept.integrations.get(&name)
        {
            return Ok(open);
        }
        let epoch = self.kept.epoch.load(Ordering::Acquire);
        let open = OpenIntegration::load(&self.context, scope, key).await?;
        if hearing == Hearing::Live && self.kept.epoch.load(Ordering::Acquire) == epoch {
            self.kept.integrations.insert(name.clone(), open.clone());
            if self.kept.epoch.load(Ordering::Acquire) != epoch {
                self.kept.integrations.invalidate(&name);
            }
        }
        Ok(open)
    }

    /// The account from the database, whatever is in memory.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_anew(
        &self,
        scope: Scope,
        key: &IntegrationKey,
        id: &ConnectionId,
    ) -> Result<Arc<Account>, Error> {
        let name =
            Name { environment: scope.environment.0, integration: key.clone(), connection: id.clone() };
        self.kept.cache.invalidate(&name);
        self.kept.integrations.invalidate(&(scope.environment, key.clone()));
        self.get(scope, key, id).await
    }

    /// Forgets every account, because what all are made of has changed: the provider definitions.
    pub fn forget_all(&self) {
        self.kept.forget(&CacheEvent::ReloadAll);
    }

    /// How many accounts are kept, for `/metrics`.
    pub fn len(&self) -> u64 {
        self.kept.cache.entry_count()
    }

    /// True when nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Kept {
    fn forget(&self, event: &CacheEvent) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        match event {
            CacheEvent::Connection { environment, integration, id, .. } => self.cache.invalidate(&Name {
                environment: environment.0,
                integration: integration.clone(),
                connection: id.clone(),
            }),
            // Rare: a changed integration concerns many accounts, and finding them costs more than reading again.
            CacheEvent::Integration { .. } | CacheEvent::ReloadAll | CacheEvent::Environment { .. } => {
                self.integrations.invalidate_all();
                self.cache.invalidate_all();
            }
            CacheEvent::ApiKey { .. } => {}
        }
    }
}
