//! Which encryption keys each running process knows: a key may seal only when all of them can open what it seals.

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{json, params};

/// What a process said of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKeys {
    /// The name of the process's data directory, where one process at a time works.
    pub node: String,
    /// Ids of the keys that it opens with.
    pub known: Vec<String>,
    /// Id of the key that it seals with.
    pub sealing: String,
    /// When it said so, Unix milliseconds.
    pub seen_at_ms: i64,
}

statements! {
    TELL = "INSERT INTO node_keys (node, known, sealing, seen_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (node) DO UPDATE SET known = excluded.known, sealing = excluded.sealing, \
            seen_at = excluded.seen_at";
    SINCE = "SELECT node, known, sealing, seen_at FROM node_keys WHERE seen_at >= $1 ORDER BY node";
    PURGE = "DELETE FROM node_keys WHERE seen_at < $1";
    LEAVE = "DELETE FROM node_keys WHERE node = $1";
}

impl Store {
    /// Says what this process knows, in place of what it said before.
    pub async fn tell_node_keys(&self, keys: &NodeKeys) -> Result<(), StoreError> {
        let parameters = params![&keys.node, json(&keys.known)?, &keys.sealing, keys.seen_at_ms];
        self.pool.execute(TELL, parameters).await.map(drop)
    }

    /// What the processes said that were heard of at `since_ms` or later.
    pub async fn node_keys(&self, since_ms: i64) -> Result<Vec<NodeKeys>, StoreError> {
        let rows = self.pool.look_up(SINCE, params![since_ms]).await?;
        rows.into_iter()
            .map(|mut row| {
                Ok(NodeKeys {
                    node: row.take()?,
                    known: row.take_json()?,
                    sealing: row.take()?,
                    seen_at_ms: row.take()?,
                })
            })
            .collect()
    }

    /// Forgets processes that were last heard of before `before_ms`; their number.
    pub async fn purge_node_keys(&self, before_ms: i64) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms]).await
    }

    /// Forgets this process, which ends.
    pub async fn forget_node_keys(&self, node: &str) -> Result<(), StoreError> {
        self.pool.execute(LEAVE, params![node]).await.map(drop)
    }
}
