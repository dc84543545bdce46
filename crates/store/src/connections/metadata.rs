//! The customer's own JSON, for many connections at once: all or none.

use domain::{ConnectionId, ConnectionRow, IntegrationKey, Scope};

use super::{JsonWrite, announce};
use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{json, params};

statements! {
    LOCK = "UPDATE connections SET updated_at = $4 WHERE connection_id = $3 AND integration_id = \
            (SELECT id FROM integrations WHERE environment_id = $1 AND unique_key = $2) RETURNING id, metadata";
    SET = "UPDATE connections SET metadata = $2 WHERE id = $1";
}

impl Store {
    /// Writes metadata of the connections `ids` of one integration.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when one of them is absent; then nothing is written.
    pub async fn write_metadata(
        &self,
        scope: Scope,
        integration: &IntegrationKey,
        ids: &[ConnectionId],
        metadata: JsonWrite,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        // In one order everywhere, so that two nodes that write the same rows cannot lock each other out.
        let mut ids = ids.to_vec();
        ids.sort();
        ids.dedup();
        let integration = integration.clone();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    for id in &ids {
                        let found =
                            tx.row(LOCK, params![scope.environment, &integration, id, now_ms]).await?;
                        let mut found = found.ok_or(StoreError::NotFound("connection"))?;
                        let row: ConnectionRow = found.take()?;
                        let merged = metadata.clone().onto(found.take_optional_json()?);
                        tx.execute(SET, params![row, json(&merged)?]).await?;
                        announce(tx, row).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
