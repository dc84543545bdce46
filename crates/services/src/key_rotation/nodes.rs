//! Which processes there are, and which keys they know.

use store::NodeKeys;
use vault::KeyId;

use super::{BEAT, KeyRotation};
use crate::error::Error;

/// A process that was silent for so many beats has ended, or cannot reach the database and seals nothing either.
const SILENT: i64 = 4;
/// Rows of ended processes are kept for a while, for whoever asks what ran.
const KEPT_MS: i64 = 24 * 3600 * 1000;

impl KeyRotation {
    /// Says which keys this process knows and seals with.
    ///
    /// # Errors
    /// The database failed.
    pub async fn beat(&self) -> Result<(), Error> {
        let context = &self.context;
        let now_ms = context.now_ms();
        let keys = NodeKeys {
            // One process at a time works in a data directory: what was killed there is replaced by its successor.
            node: context.settings.node.home.clone(),
            known: context.vault.known_keys().iter().map(KeyId::to_string).collect(),
            sealing: context.vault.sealing_key().to_string(),
            seen_at_ms: now_ms,
        };
        context.store.tell_node_keys(&keys).await?;
        context.store.purge_node_keys(now_ms - KEPT_MS).await?;
        Ok(())
    }

    /// The processes that run.
    ///
    /// # Errors
    /// The database failed.
    pub async fn nodes(&self) -> Result<Vec<NodeKeys>, Error> {
        let beat_ms = i64::try_from(BEAT.as_millis()).unwrap_or(i64::MAX);
        Ok(self.context.store.node_keys(self.context.now_ms() - SILENT * beat_ms).await?)
    }

    /// Refuses a key that a running process does not know: what is sealed with it would be unreadable there.
    pub(super) async fn known_everywhere(&self, to: KeyId) -> Result<(), Error> {
        let id = to.to_string();
        let nodes = self.nodes().await?;
        let without: Vec<&str> =
            nodes.iter().filter(|node| !node.known.contains(&id)).map(|node| node.node.as_str()).collect();
        if without.is_empty() {
            return Ok(());
        }
        let text = format!(
            "the key {id} is not known to {} of the running servers ({}); add it to their keyring, restart them, and \
             begin again",
            without.len(),
            without.join(", ")
        );
        Err(Error::refused("unknown_key", text))
    }

    /// Whether every running process seals with the key.
    pub(super) async fn sealing_everywhere(&self, to: KeyId) -> Result<bool, Error> {
        let id = to.to_string();
        Ok(self.nodes().await?.iter().all(|node| node.sealing == id))
    }

    pub(super) async fn leave(&self) -> Result<(), Error> {
        Ok(self.context.store.forget_node_keys(&self.context.settings.node.home).await?)
    }
}
