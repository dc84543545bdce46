//! API keys: looked up by hash, kept in memory until revoked anywhere; made, listed and revoked in `issue`.

mod form;
mod issue;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::permission::Grants;
use domain::{Scope, entropy};
use moka::sync::Cache;
use store::{CacheEvent, Hearing, KeyOwner};

use crate::context::Context;
use crate::error::Error;

pub use form::{hash, is_key_shaped, is_uuid_v4};
pub use issue::{Issued, MOST_KEYS, Name, check_scopes, create, generate, import, list, make_known, revoke};

use form::digest_of;

/// What a presented key proves.
#[derive(Debug)]
pub struct ApiPrincipal {
    /// Whose it is.
    pub owner: KeyOwner,
    /// What it may do.
    pub grants: Grants,
    /// Who shows it.
    pub caller: Caller,
    id: i64,
    /// The last minute that was noted for [`ApiKeys::flush`].
    noted_at_ms: AtomicI64,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A program with a key of this id and name.
    Key {
        /// Row id.
        id: i64,
        /// What the developer calls it.
        name: String,
    },
    /// The operator, by the socket.
    Operator,
    /// A person who is signed in.
    Person {
        /// Row id.
        id: String,
        /// Their e-mail address.
        email: String,
    },
}

impl ApiPrincipal {
    /// A person who is signed in, with what they may do there.
    pub fn of_person(user: &store::User, owner: KeyOwner, grants: Grants) -> Self {
        let caller = Caller::Person { id: user.id.clone(), email: user.email.as_str().to_owned() };
        Self { owner, grants, caller, id: 0, noted_at_ms: AtomicI64::new(0) }
    }

    /// The operator, who needs no key: every right of an environment, or of the account.
    pub fn of_operator(owner: KeyOwner) -> Self {
        let grants = match owner {
            KeyOwner::Account => Grants::whole_account(),
            KeyOwner::Environment(_) => Grants::everything(),
        };
        Self { owner, grants, caller: Caller::Operator, id: 0, noted_at_ms: AtomicI64::new(0) }
    }

    /// The same rights in another's hand.
    pub fn with_caller(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// The environment that it opens; a key of the account opens none.
    pub fn scope(&self) -> Option<Scope> {
        match self.owner {
            KeyOwner::Environment(environment) => Some(Scope { environment }),
            KeyOwner::Account => None,
        }
    }
}

/// SHA-256 of a key.
type Digest = [u8; 32];

/// Knows the API keys.
pub struct ApiKeys {
    context: Arc<Context>,
    kept: Arc<Kept>,
    used: Mutex<HashMap<i64, i64>>,
}

struct Kept {
    cache: Cache<Digest, Arc<ApiPrincipal>>,
    epoch: AtomicU64,
}

impl ApiKeys {
    /// How many are in memory, about.
    pub fn len(&self) -> u64 {
        self.kept.cache.entry_count()
    }

    /// Whether none is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nothing known yet.
    pub fn new(context: Arc<Context>) -> Self {
        let kept =
            Arc::new(Kept { cache: Cache::builder().max_capacity(10_000).build(), epoch: AtomicU64::new(0) });
        let heard = kept.clone();
        context.store.watch(move |event| {
            heard.epoch.fetch_add(1, Ordering::AcqRel);
            match event {
                CacheEvent::ApiKey { hash } => match form::from_hex(hash) {
                    Some(digest) => heard.cache.invalidate(&digest),
                    None => heard.cache.invalidate_all(),
                },
                CacheEvent::ReloadAll => heard.cache.invalidate_all(),
                _ => {}
            }
        });
        Self { context, kept, used: Mutex::default() }
    }

    /// What a key proves; `None` for an unknown or revoked one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn authenticate(&self, key: &str) -> Result<Option<Arc<ApiPrincipal>>, Error> {
        let digest = digest_of(key);
        // A node that does not hear of the others' revocations must look for itself.
        let hears = self.context.store.hearing() == Hearing::Live;
        if hears && let Some(principal) = self.kept.cache.get(&digest) {
            self.note_use(&principal);
            return Ok(Some(principal));
        }
        let epoch = self.kept.epoch.load(Ordering::Acquire);
        let Some(found) = self
            .context
            .store
            .find_api_key(&entropy::to_hex(&digest))
            .await?
            .filter(|key| key.revoked_at_ms.is_none())
        else {
            return Ok(None);
        };
        let principal = Arc::new(ApiPrincipal {
            owner: found.owner,
            grants: found.grants,
            caller: Caller::Key { id: found.id, name: found.name },
            id: found.id,
            noted_at_ms: AtomicI64::new(0),
        });
        if hears && self.kept.epoch.load(Ordering::Acquire) == epoch {
            self.kept.cache.insert(digest, principal.clone());
            if self.kept.epoch.load(Ordering::Acquire) != epoch {
                self.kept.cache.invalidate(&digest);
            }
        }
        self.note_use(&principal);
        Ok(Some(principal))
    }

    /// Remembers the use; written at most once a minute by [`Self::flush`].
    fn note_use(&self, principal: &ApiPrincipal) {
        let minute = self.context.now_ms() / 60_000 * 60_000;
        // Every call comes by here; the lock is for the first of a minute.
        if principal.noted_at_ms.swap(minute, Ordering::Relaxed) != minute {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.insert(principal.id, minute);
        }
    }

    /// Writes down when keys were last used.
    ///
    /// # Errors
    /// The database failed.
    pub async fn flush(&self) -> Result<(), Error> {
        let used: Vec<(i64, i64)> =
            self.used.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if used.is_empty() { Ok(()) } else { Ok(self.context.store.touch_api_keys(used).await?) }
    }
}
