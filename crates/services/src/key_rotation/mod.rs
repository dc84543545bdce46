//! A change of the encryption key, while everything is served.
//!
//! Two steps (DESIGN §5 "More than one process"): first every process knows the new key, then it seals. From then on
//! each value that another key seals is sealed anew, in batches, compared before it is replaced; a process that dies
//! on the way leaves values of both keys, each readable, and goes on at its next start. The rotation has ended when no
//! other key seals anything and every process seals with the new one; until then the old keys stay in the keyring.

mod nodes;
mod walk;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use vault::KeyId;

use crate::context::Context;
use crate::error::Error;
use walk::{Batch, Walk};

/// Name of the rotation in the database's `meta`.
const ROTATION: &str = "encryption_rotation";
/// Name of the check value, see `vault::Vault::check_value`.
pub const CHECK_VALUE: &str = "encryption_check";
/// How often a process says which keys it knows and looks whether a rotation has begun.
const BEAT: Duration = Duration::from_secs(20);
/// Between two batches, so that a rotation leaves the database to others.
const BREATH: Duration = Duration::from_millis(5);

/// A rotation as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Id of the key that seals from its beginning on, 16 hexadecimal digits.
    pub to: String,
    /// Unix milliseconds.
    pub began_at_ms: i64,
    /// Unix milliseconds; absent while it runs.
    pub ended_at_ms: Option<i64>,
}

/// How far this process has come; a rotation that other processes share is seen whole in [`KeyRotation::counts`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Values that were sealed anew.
    pub resealed: u64,
    /// Values that are made again when somebody needs them.
    pub forgotten: u64,
    /// Values that do not open: their key is not known, or they are damaged. They stay as they are.
    pub unreadable: u64,
}

/// What one step led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// No rotation is under way.
    Idle,
    /// There is more to do at once.
    More,
    /// This process is done; others still seal with another key.
    Waiting,
    /// The rotation has ended.
    Ended,
}

/// How many values of a column one key seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCount {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The key.
    pub key: KeyId,
    /// The number.
    pub count: u64,
}

/// Changes of the encryption key.
pub struct KeyRotation {
    context: Arc<Context>,
    walk: tokio::sync::Mutex<Walk>,
    progress: Mutex<Progress>,
    /// Wakes the background work when a rotation begins here.
    begun: tokio::sync::Notify,
}

impl KeyRotation {
    /// Nothing under way yet.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            walk: tokio::sync::Mutex::new(Walk::new()),
            progress: Mutex::default(),
            begun: tokio::sync::Notify::new(),
        }
    }

    /// Begins a rotation to a key that every process knows already; the same rotation begun again goes on.
    ///
    /// # Errors
    /// `unknown_key`: this process, or another one (the message names them), does not know the key.
    /// `rotation_under_way`: one to another key has not ended.
    pub async fn begin(&self, to: KeyId) -> Result<Rotation, Error> {
        if !self.context.vault.known_keys().contains(&to) {
            let text = format!("the key {to} is not in this server's keyring; add it to every server first");
            return Err(Error::refused("unknown_key", text));
        }
        if let Some(running) = self.rotation().await?.filter(|one| one.ended_at_ms.is_none()) {
            return match running.to == to.to_string() {
                true => Ok(running),
                false => Err(Error::refused(
                    "rotation_under_way",
                    format!("a rotation to the key {} has not ended yet", running.to),
                )),
            };
        }
        self.beat().await?;
        self.known_everywhere(to).await?;
        let rotation = Rotation { to: to.to_string(), began_at_ms: self.context.now_ms(), ended_at_ms: None };
        self.write(&rotation).await?;
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Progress::default();
        self.follow().await?;
        self.begun.notify_one();
        Ok(rotation)
    }

    /// The rotation that is under way or was the last one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rotation(&self) -> Result<Option<Rotation>, Error> {
        read(&self.context).await
    }

    /// How far this process has come since the rotation began or since its start.
    pub fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many values each key seals, by column: what verifies a rotation. A key that seals nothing may leave the
    /// keyring once the rotation has ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn counts(&self) -> Result<Vec<KeyCount>, Error> {
        let counts = self.context.store.count_sealed().await?;
        let count = |one: store::SealedCount| KeyCount {
            table: one.table,
            column: one.column,
            key: KeyId::from_bytes(one.key),
            count: one.count,
        };
        Ok(counts.into_iter().map(count).collect())
    }

    /// One batch of the rotation that is under way, if one is. The unit of work of [`Self::run`].
    ///
    /// # Errors
    /// The database failed; the same step can be tried again.
    pub async fn step(&self) -> Result<Step, Error> {
        let Some(rotation) = self.rotation().await?.filter(|one| one.ended_at_ms.is_none()) else {
            return Ok(Step::Idle);
        };
        let to = self.follow().await?.ok_or(Error::Corrupt("the rotation's key has no valid id"))?;
        let mut walk = self.walk.lock().await;
        let batch = walk.batch(&self.context, to).await?;
        self.add(batch, walk.unreadable());
        if !walk.is_over() {
            return Ok(Step::More);
        }
        let unreadable = walk.unreadable();
        *walk = Walk::new();
        // A process that had not heard of the rotation yet may have sealed with another key behind the walk: it hears
        // within a beat, and the next walk finds what it wrote.
        let counts = self.counts().await?;
        let others: u64 = counts.iter().filter(|one| one.key != to).map(|one| one.count).sum();
        if others > unreadable {
            return Ok(Step::Waiting);
        }
        self.beat().await?;
        if !self.sealing_everywhere(to).await? {
            return Ok(Step::Waiting);
        }
        // Before the end is written: a keyring without the old key opens this database from here on.
        self.context.store.set_meta(CHECK_VALUE, &self.context.vault.check_value()?).await?;
        self.write(&Rotation { ended_at_ms: Some(self.context.now_ms()), ..rotation }).await?;
        Ok(Step::Ended)
    }

    /// Says which keys this process knows, follows rotations that begin on any process, and does their work, until
    /// `cancel`.
    pub async fn run(&self, cancel: CancellationToken) {
        loop {
            let pause = match self.turn().await {
                Ok(Step::More) => BREATH,
                Ok(step) => {
                    if step == Step::Ended {
                        tracing::info!(progress = ?self.progress(), "the encryption key was changed");
                    }
                    BEAT
                }
                Err(error) => {
                    tracing::warn!(%error, "the change of the encryption key is tried again");
                    BEAT
                }
            };
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.begun.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Err(error) = self.leave().await {
            tracing::debug!(%error, "this process's keys are still told in the database");
        }
    }

    async fn turn(&self) -> Result<Step, Error> {
        match self.step().await? {
            Step::More => Ok(Step::More),
            step => self.beat().await.map(|()| step),
        }
    }

    /// Seals with the key of the latest rotation; its id.
    async fn follow(&self) -> Result<Option<KeyId>, Error> {
        follow(&self.context).await
    }

    async fn write(&self, rotation: &Rotation) -> Result<(), Error> {
        let text = serde_json::to_string(rotation).unwrap_or_default();
        Ok(self.context.store.set_meta(ROTATION, &text).await?)
    }

    fn add(&self, batch: Batch, unreadable: u64) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.resealed += batch.resealed;
        progress.forgotten += batch.forgotten;
        progress.unreadable = unreadable;
    }
}

/// Seals with the key of the latest rotation, which every process must: at start, and when a rotation has begun. The
/// key's id; nothing where the key was never changed, and the first of the keyring seals.
///
/// # Errors
/// The keyring lacks that key.
pub async fn follow(context: &Context) -> Result<Option<KeyId>, Error> {
    let Some(rotation) = read(context).await? else { return Ok(None) };
    let id = KeyId::parse(&rotation.to);
    if let Some(id) = id.filter(|id| *id != context.vault.sealing_key()) {
        context.vault.seal_with(id)?;
        tracing::info!(key = %id, "this key seals from now on");
    }
    Ok(id)
}

async fn read(context: &Context) -> Result<Option<Rotation>, Error> {
    let text = context.store.meta(ROTATION).await?;
    let read = |text: String| serde_json::from_str(&text).map_err(|_| Error::Corrupt("the stored rotation"));
    text.map(read).transpose()
}
