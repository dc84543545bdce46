//! API keys: looked up by hash, kept in memory until revoked anywhere.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
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
    /// The last minute that was noted for [`ApiKeys::flush`].
    noted_at_ms: AtomicI64,
}

/// SHA-256 of a key.
type Digest = [u8; 32];

/// Knows the API keys.
pub struct ApiKeys {
    context: Arc<Context>,
    kept: Arc<Kept>,
    used: Mutex<HashMap<String, i64>>,
}

struct Kept {
    cache: Cache<Digest, Arc<ApiPrincipal>>,
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
                CacheEvent::ApiKey { hash } => match from_hex(hash) {
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
        let scope = Scope { environment: found.environment };
        let principal = Arc::new(ApiPrincipal {
            scope,
            grants: found.grants,
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
            used.insert(principal.id.clone(), minute);
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
    entropy::to_hex(&digest_of(key))
}

fn digest_of(key: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    bytes
}

fn from_hex(text: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    (text.len() == 64).then_some(bytes)
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
