//! Appending to the log, many entries in one transaction.

use domain::Scope;
use domain::operation::{Message, Operation};

use super::{LogEntry, Outcome};
use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Value, optional_json, params};

/// What a row costs beyond its texts: fixed columns, indexes, page headers.
const ROW_BYTES: usize = 160;

statements! {
    INSERT = "INSERT INTO operations (environment_id, id, kind, action, state, integration, connection, \
              provider, status, created_at, ended_at, duration_us, bytes, summary, error, detail) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
              ON CONFLICT (environment_id, id) DO NOTHING RETURNING seq";
    INSERT_MESSAGE = "INSERT INTO messages (environment_id, operation_id, sequence, level, kind, text, detail, \
                      created_at, duration_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GROW = "UPDATE operations SET bytes = bytes + $3 WHERE environment_id = $1 AND id = $2 RETURNING seq";
    // An operation that was given up as timed out may still end; any other end is final.
    FINISH = "UPDATE operations SET state = $3, status = COALESCE($4, status), \
              summary = COALESCE($5, summary), error = COALESCE($6, error), \
              integration = COALESCE($7, integration), connection = COALESCE($8, connection), \
              provider = COALESCE($9, provider), ended_at = $10, duration_us = COALESCE($11, duration_us), \
              detail = COALESCE($12, detail), bytes = bytes + $13 \
              WHERE environment_id = $1 AND id = $2 AND state IN ('running', 'timeout') RETURNING seq";
    ENQUEUE = "INSERT INTO text_queue (first_seq, last_seq) VALUES ($1, $2)";
    ACCOUNT = "UPDATE log_usage SET bytes = bytes + $1 WHERE id = 1";
}

/// Parameter lists of one batch, by statement.
#[derive(Default)]
struct Batch {
    operations: Vec<Vec<Value>>,
    messages: Vec<Vec<Value>>,
    /// Messages of operations that may or may not exist, each with the list that looks for its operation.
    later_messages: Vec<(Vec<Value>, Vec<Value>)>,
    finishes: Vec<Vec<Value>>,
    bytes: i64,
}

impl Store {
    /// Writes entries to the log in one transaction, in order: operations, messages, ends.
    ///
    /// An operation whose id is already there is skipped; a batch of up to a thousand entries is best.
    pub async fn append_log(&self, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for entry in entries {
            batch.add(entry)?;
        }
        // Rows are locked in one order everywhere, so that two nodes seldom wait for each other.
        batch.later_messages.sort_by(|a, b| a.0[1].as_text().cmp(&b.0[1].as_text()));
        batch.finishes.sort_by(|a, b| a[1].as_text().cmp(&b[1].as_text()));
        self.pool.write(move |tx| Box::pin(write(tx, batch))).await
    }
}

async fn write(tx: &mut Tx<'_>, batch: Batch) -> Result<(), StoreError> {
    let inserted = tx.each(INSERT, &batch.operations).await?;
    let mut range: Option<(i64, i64)> = None;
    for row in inserted.into_iter().flatten() {
        let seq = { row }.take()?;
        range = Some(range.map_or((seq, seq), |(first, last): (i64, i64)| (first.min(seq), last.max(seq))));
    }
    let mut queue: Vec<Vec<Value>> = range.map(|(first, last)| params![first, last]).into_iter().collect();
    let mut messages = batch.messages;
    let (owners, later): (Vec<_>, Vec<_>) = batch.later_messages.into_iter().unzip();
    for (owner, message) in tx.each(GROW, &owners).await?.into_iter().zip(later) {
        if let Some(mut owner) = owner {
            let seq: i64 = owner.take()?;
            queue.push(params![seq, seq]);
            messages.push(message);
        }
    }
    tx.each(INSERT_MESSAGE, &messages).await?;
    for row in tx.each(FINISH, &batch.finishes).await?.into_iter().flatten() {
        let seq: i64 = { row }.take()?;
        queue.push(params![seq, seq]);
    }
    queue.dedup();
    tx.each(ENQUEUE, &queue).await?;
    // Last, because on PostgreSQL every node writes this one row and holds it until its commit.
    tx.execute(ACCOUNT, params![batch.bytes]).await.map(drop)
}

impl Batch {
    fn add(&mut self, entry: LogEntry) -> Result<(), StoreError> {
        match entry {
            LogEntry::Operation { scope, operation, messages } => self.operation(scope, &operation, messages),
            LogEntry::Message { scope, operation_id, message } => {
                let (list, bytes) = message_columns(scope, &operation_id, &message)?;
                self.later_messages.push((params![scope.environment, operation_id, bytes], list));
                self.bytes += bytes;
                Ok(())
            }
            LogEntry::Finish { scope, operation_id, outcome } => self.finish(scope, &operation_id, &outcome),
        }
    }

    fn operation(
        &mut self,
        scope: Scope,
        operation: &Operation,
        messages: Vec<Message>,
    ) -> Result<(), StoreError> {
        let detail = optional_json(operation.detail.as_ref())?;
        let mut bytes = size(&[&operation.summary], &[operation.error.as_deref()], &detail);
        for message in &messages {
            let (list, message_bytes) = message_columns(scope, &operation.id, message)?;
            self.messages.push(list);
            bytes += message_bytes;
        }
        self.bytes += bytes;
        self.operations.push(params![
            scope.environment,
            &operation.id,
            &operation.kind,
            &operation.action,
            operation.state.as_str(),
            operation.integration.as_deref(),
            operation.connection.as_deref(),
            operation.provider.as_deref(),
            operation.status,
            operation.created_at_ms,
            operation.ended_at_ms,
            operation.duration_us,
            bytes,
            text(&operation.summary),
            operation.error.as_deref().map(text),
            detail,
        ]);
        Ok(())
    }

    fn finish(&mut self, scope: Scope, operation_id: &str, outcome: &Outcome) -> Result<(), StoreError> {
        let detail = optional_json(outcome.detail.as_ref())?;
        let bytes =
            size(&[], &[outcome.error.as_deref(), outcome.summary.as_deref()], &detail) - ROW_BYTES as i64;
        self.bytes += bytes;
        self.finishes.push(params![
            scope.environment,
            operation_id,
            outcome.state.as_str(),
            outcome.status,
            outcome.summary.as_deref().map(text),
            outcome.error.as_deref().map(text),
            outcome.integration.as_deref(),
            outcome.connection.as_deref(),
            outcome.provider.as_deref(),
            outcome.ended_at_ms,
            outcome.duration_us,
            detail,
            bytes,
        ]);
        Ok(())
    }
}

fn message_columns(
    scope: Scope,
    operation_id: &str,
    message: &Message,
) -> Result<(Vec<Value>, i64), StoreError> {
    let detail = optional_json(message.detail.as_ref())?;
    let bytes = size(&[&message.text], &[], &detail);
    let list = params![
        scope.environment,
        operation_id,
        message.sequence,
        &message.level,
        &message.kind,
        text(&message.text),
        detail,
        message.created_at_ms,
        message.duration_us,
    ];
    Ok((list, bytes))
}

/// Log texts quote the outside world; a NUL in them must not lose the whole batch.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn size(texts: &[&str], optional: &[Option<&str>], detail: &Value) -> i64 {
    let detail = if let Value::Text(text) = detail { text.len() } else { 0 };
    let texts = texts.iter().chain(optional.iter().flatten()).map(|text| text.len()).sum::<usize>();
    i64::try_from(ROW_BYTES + texts + detail).unwrap_or(i64::MAX)
}
