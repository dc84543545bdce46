//! What Entra ID remembers: its keys, what was revoked, and the codes of the last minutes.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::code::CodeGrant;
use super::device::DeviceGrant;
use super::jws::SigningKey;
use super::sealed::Sealer;
use crate::{random, snapshot};

const FILE: &str = "entra.json";
/// Most codes (and device codes) kept; the oldest go first.
const MOST_CODES: usize = 10_000;
/// The subject that stands for everybody.
pub(crate) const EVERYBODY: &str = "*";

/// Entra ID's own state.
pub(crate) struct EntraState {
    pub signing: SigningKey,
    pub sealer: Sealer,
    persisted: Mutex<Persisted>,
    dir: Option<PathBuf>,
    last_seq: AtomicI64,
    /// Life of new access tokens in seconds; 0 means 60 to 90 minutes at random, as Entra ID does.
    pub access_life_s: AtomicI64,
    codes: Mutex<Bounded<CodeGrant>>,
    devices: Mutex<Bounded<DeviceGrant>>,
}

#[derive(Serialize, Deserialize)]
struct Persisted {
    /// PKCS#8, base64.
    signing_key: String,
    sealing_key: String,
    /// By subject (user id, app id, or `*`): tokens minted up to this number are dead.
    refresh_floors: BTreeMap<String, i64>,
    access_floors: BTreeMap<String, i64>,
}

/// Entries by key, the oldest forgotten when there are too many.
struct Bounded<T> {
    entries: HashMap<String, T>,
    order: std::collections::VecDeque<String>,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: std::collections::VecDeque::new() }
    }
}

impl<T> Bounded<T> {
    fn insert(&mut self, key: String, value: T) {
        self.order.push_back(key.clone());
        self.entries.insert(key, value);
        if self.order.len() > MOST_CODES
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

/// Which tokens a revocation kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Refresh,
    Access,
}

impl EntraState {
    /// Reads the keys in `dir`, or makes new ones.
    pub fn open(dir: Option<&Path>) -> io::Result<Self> {
        let stored: Option<Persisted> = dir.map(|dir| snapshot::read(dir, FILE)).transpose()?.flatten();
        let fresh = stored.is_none();
        let persisted = stored.unwrap_or_else(|| Persisted {
            signing_key: STANDARD.encode(SigningKey::generate().to_pkcs8()),
            sealing_key: STANDARD.encode(random::bytes::<32>()),
            refresh_floors: BTreeMap::new(),
            access_floors: BTreeMap::new(),
        });
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, format!("{FILE}: a key cannot be read"));
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| invalid());
        let state = Self {
            signing: SigningKey::from_pkcs8(&decode(&persisted.signing_key)?).ok_or_else(invalid)?,
            sealer: Sealer::new(&decode(&persisted.sealing_key)?),
            persisted: Mutex::new(persisted),
            dir: dir.map(Path::to_owned),
            last_seq: AtomicI64::new(0),
            access_life_s: AtomicI64::new(0),
            codes: Mutex::default(),
            devices: Mutex::default(),
        };
        if fresh {
            state.save(&lock(&state.persisted))?;
        }
        Ok(state)
    }

    /// The next number of a minted thing: grows with every call and, by the clock, over restarts.
    pub fn next_seq(&self, now_ms: i64) -> i64 {
        let next = |last: i64| Some((last + 1).max(now_ms.saturating_mul(1024)));
        let before =
            self.last_seq.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).unwrap_or_default();
        (before + 1).max(now_ms.saturating_mul(1024))
    }

    /// Kills all tokens of `kind` that `subject` holds now.
    pub fn revoke(&self, kind: TokenKind, subject: &str, now_ms: i64) -> io::Result<()> {
        let seq = self.next_seq(now_ms);
        let mut persisted = lock(&self.persisted);
        let floors = match kind {
            TokenKind::Refresh => &mut persisted.refresh_floors,
            TokenKind::Access => &mut persisted.access_floors,
        };
        floors.insert(subject.to_owned(), seq);
        self.save(&persisted)
    }

    /// Whether a token minted as number `seq` for any of `subjects` was revoked since.
    pub fn is_revoked(&self, kind: TokenKind, subjects: &[&str], seq: i64) -> bool {
        let persisted = lock(&self.persisted);
        let floors = match kind {
            TokenKind::Refresh => &persisted.refresh_floors,
            TokenKind::Access => &persisted.access_floors,
        };
        let dead = |subject: &str| floors.get(subject).is_some_and(|floor| seq <= *floor);
        dead(EVERYBODY) || subjects.iter().any(|subject| dead(subject))
    }

    pub fn put_code(&self, code: &str, grant: CodeGrant) {
        lock(&self.codes).insert(random::sha256_hex(code.as_bytes()), grant);
    }

    /// Looks at a code and lets `judge` change it under the lock (a code is redeemed once).
    pub fn with_code<T>(&self, code: &str, judge: impl FnOnce(Option<&mut CodeGrant>) -> T) -> T {
        judge(lock(&self.codes).entries.get_mut(&random::sha256_hex(code.as_bytes())))
    }

    pub fn put_device(&self, user_code: String, grant: DeviceGrant) {
        lock(&self.devices).insert(user_code, grant);
    }

    /// Looks at the device flow whose user code this is.
    pub fn with_device<T>(&self, user_code: &str, judge: impl FnOnce(Option<&mut DeviceGrant>) -> T) -> T {
        judge(lock(&self.devices).entries.get_mut(user_code))
    }

    /// The device flow whose device code this is.
    pub fn with_device_code<T>(
        &self,
        device_code: &str,
        judge: impl FnOnce(Option<&mut DeviceGrant>) -> T,
    ) -> T {
        let hash = random::sha256_hex(device_code.as_bytes());
        judge(lock(&self.devices).entries.values_mut().find(|grant| grant.device_code_sha256 == hash))
    }

    fn save(&self, persisted: &Persisted) -> io::Result<()> {
        match &self.dir {
            Some(dir) => snapshot::write(dir, FILE, persisted),
            None => Ok(()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
