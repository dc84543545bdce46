//! API keys: looked up by hash, kept in memory until revoked anywhere.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use domain::permission::Grants;
use domain::{Scope, Secret, entropy};
use moka::sync::Cache;
use store::{CacheEvent, Hearing, NewApiKey};

use crate::context::Context;
use crate::error::Error;

/// What a presented key proves.
#[derive(Debug)]
pub struct ApiPrincipal {
    /// The environment it belongs to.
    pub scope: Scope,
    /// What it may do.
    pub grants: Grants,
    id: String,
}

/// Knows the API keys.
pub struct ApiKeys {
    context: Arc<Context>,
    kept: Arc<Kept>,
    used: Mutex<HashMap<String, i64>>,
}

struct Kept {
    cache: Cache<String, Arc<ApiPrincipal>>,
    epoch: AtomicU64,
}

impl ApiKeys {
    /// Nothing known yet.
    pub fn new(context: Arc<Context>) -> Self {
        let kept =
            Arc::new(Kept { cache: Cache::builder().max_capacity(10_000).build(), epoch: AtomicU64::new(0) });
        let heard = kept.clone();
        context.store.watch(move |event| {
            heard.epoch.fetch_add(1, Ordering::AcqRel);
            match event {
                CacheEvent::ApiKey { hash } => heard.cache.invalidate(hash),
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
        let hash = hash(key);
        // A node that does not hear of the others' revocations must look for itself.
        let hears = self.context.store.hearing() == Hearing::Live;
        if hears && let Some(principal) = self.kept.cache.get(&hash) {
            self.note_use(&principal);
            return Ok(Some(principal));
        }
        let epoch = self.kept.epoch.load(Ordering::Acquire);
        let Some(found) =
            self.context.store.find_api_key(&hash).await?.filter(|key| key.revoked_at_ms.is_none())
        else {
            return Ok(None);
        };
        let scope = Scope { environment: found.environment };
        let principal = Arc::new(ApiPrincipal { scope, grants: found.grants, id: found.id });
        if hears && self.kept.epoch.load(Ordering::Acquire) == epoch {
            self.kept.cache.insert(hash.clone(), principal.clone());
            if self.kept.epoch.load(Ordering::Acquire) != epoch {
                self.kept.cache.invalidate(&hash);
            }
        }
        self.note_use(&principal);
        Ok(Some(principal))
    }

    /// Remembers the use; written at most once a minute by [`Self::flush`].
    fn note_use(&self, principal: &ApiPrincipal) {
        let minute = self.context.now_ms() / 60_000 * 60_000;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(&principal.id) {
            Some(at) => *at = minute,
            None => {
                used.insert(principal.id.clone(), minute);
            }
        }
    }

    /// Writes down when keys were last used.
    ///
    /// # Errors
    /// The database failed.
    pub async fn flush(&self) -> Result<(), Error> {
        let used: Vec<(String, i64)> =
            self.used.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        if used.is_empty() { Ok(()) } else { Ok(self.context.store.touch_api_keys(used).await?) }
    }
}

/// Whether a text has the form of a key: `sb_…`, or a UUID v4 as migrated keys are (contract §1.3).
pub fn is_key_shaped(key: &str) -> bool {
    if key.len() > 200 {
        return false;
    }
    if let Some(rest) = key.strip_prefix("sb_") {
        return rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    }
    let bytes = key.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => *byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// SHA-256 of a key, hex: what the database knows of it.
pub fn hash(key: &str) -> String {
    entropy::to_hex(digest(&SHA256, key.as_bytes()).as_ref())
}

/// A new key: `sb_<environment>_<26 base32>_<checksum>`.
pub fn generate(context: &Context, environment: &str) -> Secret {
    const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; 26];
    context.entropy.fill(&mut bytes);
    let body: String = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)])).collect();
    let checksum = hash(&format!("sb_{environment}_{body}"));
    Secret::from(format!("sb_{environment}_{body}_{}", &checksum[..6]))
}

/// Makes a key known, unless it is already.
///
/// # Errors
/// The database failed.
pub async fn make_known(
    context: &Context,
    scope: Scope,
    name: &str,
    key: &Secret,
    grants: Grants,
) -> Result<(), Error> {
    let new = NewApiKey {
        id: context.uuid(),
        name: name.to_owned(),
        hash: hash(key.expose()),
        prefix: key.expose().chars().take(8).collect(),
        grants,
    };
    match context.store.insert_api_key(scope, new, context.now_ms()).await {
        Ok(()) | Err(store::StoreError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
