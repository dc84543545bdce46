//! Appending to the log, many entries in one transaction.

use std::collections::BTreeMap;

use domain::Scope;
use domain::operation::{Message, Operation, OperationState};
use serde_json::value::RawValue;

use super::{LogEntry, Outcome};
use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Row, Value, json, optional_json, params};

/// What the counts of the log are kept by.
pub(super) const MINUTE_MS: i64 = 60_000;
/// No text of the log is longer, bytes.
const LONGEST_TEXT: usize = 64 << 10;
/// No detail is longer, bytes.
const LONGEST_DETAIL: usize = 128 << 10;
/// What a row costs beyond its texts: fixed columns, indexes, page headers.
const ROW_BYTES: usize = 160;

statements! {
    INSERT = "INSERT INTO operations (environment_id, id, kind, action, state, integration, connection, \
              provider, status, created_at, ended_at, duration_us, bytes, summary, error, detail) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
              ON CONFLICT (environment_id, id) DO NOTHING";
    INSERT_MESSAGE = "INSERT INTO messages (environment_id, operation_id, sequence, level, kind, text, detail, \
                      created_at, duration_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GROW = "UPDATE operations SET bytes = bytes + $3 WHERE environment_id = $1 AND id = $2 RETURNING seq";
    // An operation that was given up as timed out may still end; any other end is final.
    FINISH = "UPDATE operations SET state = $3, status = COALESCE($4, status), \
              summary = COALESCE($5, summary), error = COALESCE($6, error), \
              integration = COALESCE($7, integration), connection = COALESCE($8, connection), \
              provider = COALESCE($9, provider), ended_at = $10, duration_us = COALESCE($11, duration_us), \
              detail = COALESCE($12, detail), bytes = bytes + $13 \
              WHERE environment_id = $1 AND id = $2 AND state IN ('running', 'timeout') \
              RETURNING seq, created_at, kind, action, integration";
    COUNT = "INSERT INTO operation_counts (environment_id, minute, operation, integration, total, failed) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (environment_id, minute, operation, integration) \
             DO UPDATE SET total = operation_counts.total + excluded.total, \
             failed = operation_counts.failed + excluded.failed";
    ENQUEUE = "INSERT INTO text_queue (first_seq, last_seq) VALUES ($1, $2)";
    ACCOUNT = "UPDATE log_usage SET bytes = bytes + $1 WHERE id = 1";
}

/// Parameter lists of one batch, by statement.
#[derive(Default)]
struct Batch {
    operations: Vec<Statement>,
    /// Where each of `operations` counts, and whether as failed.
    counted: Vec<(CountKey, Counts)>,
    /// The messages of each of `operations`.
    messages: Vec<Vec<Vec<Value>>>,
    /// Looks for the operation of a message written later, which may not exist.
    owners: Vec<Statement>,
    /// The messages of `owners`.
    later: Vec<Vec<Value>>,
    finishes: Vec<Statement>,
    /// The environments of `finishes`, and what each adds.
    ended: Vec<(i64, Counts)>,
}

/// A row of `operation_counts`: environment, minute, `type:action`, integration.
type CountKey = (i64, i64, String, String);

/// What is added to such a row.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    total: i64,
    failed: i64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.failed += other.failed;
    }
}

fn failed(state: OperationState) -> i64 {
    i64::from(matches!(state, OperationState::Failed | OperationState::Timeout))
}

/// Parameters, and the bytes by which the log grows when the statement finds its row.
struct Statement {
    parameters: Vec<Value>,
    bytes: i64,
}

impl Store {
    /// Writes entries to the log in one transaction, in order: operations, messages, ends.
    ///
    /// An operation whose id is already there is skipped with its messages; a batch of up to a thousand entries
    /// is best.
    pub async fn append_log(&self, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for entry in entries {
            batch.add(entry)?;
        }
        self.pool.write(move |tx| Box::pin(write(tx, batch))).await
    }
}

async fn write(tx: &mut Tx<'_>, batch: Batch) -> Result<(), StoreError> {
    let mut bytes = 0;
    let mut messages = Vec::new();
    let mut counts: BTreeMap<CountKey, Counts> = BTreeMap::new();
    let mut range: Option<(i64, i64)> = None;
    let told = batch.messages.into_iter().zip(batch.counted);
    for (seq, (own, (key, count))) in insert(tx, batch.operations, &mut bytes).await?.into_iter().zip(told) {
        if let Some(seq) = seq {
            range = Some(range.map_or((seq, seq), |(first, last)| (seq.min(first), seq.max(last))));
            messages.extend(own);
            counts.entry(key).or_default().add(count);
        }
    }
    let mut changed: Vec<(i64, i64)> = range.into_iter().collect();
    for (row, message) in run(tx, GROW, batch.owners, &mut bytes).await?.into_iter().zip(batch.later) {
        if let Some(mut row) = row {
            let seq = row.take()?;
            changed.push((seq, seq));
            messages.push(message);
        }
    }
    tx.each(INSERT_MESSAGE, &messages).await?;
    for (row, (environment, count)) in
        run(tx, FINISH, batch.finishes, &mut bytes).await?.into_iter().zip(batch.ended)
    {
        if let Some(mut row) = row {
            let seq = row.take()?;
            changed.push((seq, seq));
            counts.entry(count_key(environment, &mut row)?).or_default().add(count);
        }
    }
    changed.dedup();
    let queue: Vec<Vec<Value>> = changed.iter().map(|&(first, last)| params![first, last]).collect();
    tx.each(ENQUEUE, &queue).await?;
    tx.tell_log(changed);
    add_counts(tx, counts).await?;
    // Last, because on PostgreSQL every node writes this one row and holds it until its commit.
    tx.execute(ACCOUNT, params![bytes]).await.map(drop)
}

/// The key of a row that begins with `created_at, kind, action, integration`.
fn count_key(environment: i64, row: &mut Row) -> Result<CountKey, StoreError> {
    let (created_at, kind, action): (i64, String, String) = (row.take()?, row.take()?, row.take()?);
    let integration: Option<String> = row.take()?;
    Ok((environment, created_at / MINUTE_MS, format!("{kind}:{action}"), integration.unwrap_or_default()))
}

/// In the order of their keys, so that nodes which write the same ones wait for each other and never in a ring.
async fn add_counts(tx: &mut Tx<'_>, counts: BTreeMap<CountKey, Counts>) -> Result<(), StoreError> {
    let lists: Vec<Vec<Value>> = counts
        .into_iter()
        .filter(|(_, counts)| counts.total != 0 || counts.failed != 0)
        .map(|((environment, minute, operation, integration), counts)| {
            params![environment, minute, operation, integration, counts.total, counts.failed]
        })
        .collect();
    tx.each(COUNT, &lists).await.map(drop)
}

/// Notes that running operations were given up: rows of `environment_id, created_at, kind, action, integration`.
pub(super) async fn count_timeouts(tx: &mut Tx<'_>, rows: Vec<Row>) -> Result<(), StoreError> {
    let mut counts: BTreeMap<CountKey, Counts> = BTreeMap::new();
    for mut row in rows {
        let environment = row.take()?;
        counts.entry(count_key(environment, &mut row)?).or_default().add(Counts { total: 0, failed: 1 });
    }
    add_counts(tx, counts).await
}

/// Inserts operations; the `seq` of each, unless its id was there already.
async fn insert(
    tx: &mut Tx<'_>,
    statements: Vec<Statement>,
    bytes: &mut i64,
) -> Result<Vec<Option<i64>>, StoreError> {
    let (lists, sizes): (Vec<_>, Vec<_>) =
        statements.into_iter().map(|statement| (statement.parameters, statement.bytes)).unzip();
    let seqs = tx.insert_each(INSERT, "seq", &lists).await?;
    *bytes += seqs.iter().zip(sizes).filter(|(seq, _)| seq.is_some()).map(|(_, size)| size).sum::<i64>();
    Ok(seqs)
}

/// Runs statements that return something of the row they found, and counts the bytes of those that did.
async fn run(
    tx: &mut Tx<'_>,
    sql: &str,
    statements: Vec<Statement>,
    bytes: &mut i64,
) -> Result<Vec<Option<Row>>, StoreError> {
    let (lists, sizes): (Vec<_>, Vec<_>) =
        statements.into_iter().map(|statement| (statement.parameters, statement.bytes)).unzip();
    let rows = tx.each(sql, &lists).await?;
    *bytes += rows.iter().zip(sizes).filter(|(row, _)| row.is_some()).map(|(_, size)| size).sum::<i64>();
    Ok(rows)
}

impl Batch {
    fn add(&mut self, entry: LogEntry) -> Result<(), StoreError> {
        match entry {
            LogEntry::Operation { scope, operation, messages } => self.operation(scope, *operation, messages),
            LogEntry::Message { scope, operation_id, message } => {
                let (list, bytes) = message_columns(scope, &operation_id, message)?;
                let parameters = params![scope.environment, operation_id, bytes];
                self.owners.push(Statement { parameters, bytes });
                self.later.push(list);
                Ok(())
            }
            LogEntry::Finish { scope, operation_id, outcome } => self.finish(scope, &operation_id, *outcome),
        }
    }

    fn operation(
        &mut self,
        scope: Scope,
        operation: Operation,
        messages: Vec<Message>,
    ) -> Result<(), StoreError> {
        let detail = bounded(Value::from(operation.detail.map(into_text)))?;
        let mut bytes = size(&[&operation.summary], &[operation.error.as_deref()], &detail);
        let mut own = Vec::with_capacity(messages.len());
        for message in messages {
            let (list, message_bytes) = message_columns(scope, &operation.id, message)?;
            own.push(list);
            bytes += message_bytes;
        }
        self.messages.push(own);
        let integration = operation.integration.clone().unwrap_or_default();
        let what = format!("{}:{}", operation.kind, operation.action);
        let key = (scope.environment.0, operation.created_at_ms / MINUTE_MS, what, text(integration));
        self.counted.push((key, Counts { total: 1, failed: failed(operation.state) }));
        let parameters = params![
            scope.environment,
            operation.id,
            operation.kind,
            operation.action,
            operation.state.as_str(),
            operation.integration.map(text),
            operation.connection.map(text),
            operation.provider.map(text),
            operation.status,
            operation.created_at_ms,
            operation.ended_at_ms,
            operation.duration_us,
            bytes,
            text(operation.summary),
            operation.error.map(text),
            detail,
        ];
        self.operations.push(Statement { parameters, bytes });
        Ok(())
    }

    fn finish(&mut self, scope: Scope, operation_id: &str, outcome: Outcome) -> Result<(), StoreError> {
        let detail = bounded(optional_json(outcome.detail.as_ref())?)?;
        let bytes =
            size(&[], &[outcome.error.as_deref(), outcome.summary.as_deref()], &detail) - ROW_BYTES as i64;
        self.ended.push((scope.environment.0, Counts { total: 0, failed: failed(outcome.state) }));
        let parameters = params![
            scope.environment,
            operation_id,
            outcome.state.as_str(),
            outcome.status,
            outcome.summary.map(text),
            outcome.error.map(text),
            outcome.integration.map(text),
            outcome.connection.map(text),
            outcome.provider.map(text),
            outcome.ended_at_ms,
            outcome.duration_us,
            detail,
            bytes,
        ];
        self.finishes.push(Statement { parameters, bytes });
        Ok(())
    }
}

fn message_columns(
    scope: Scope,
    operation_id: &str,
    message: Message,
) -> Result<(Vec<Value>, i64), StoreError> {
    let detail = bounded(optional_json(message.detail.as_ref())?)?;
    let message = Message { text: text(message.text), ..message };
    let bytes = size(&[&message.text], &[], &detail);
    let list = params![
        scope.environment,
        operation_id,
        message.sequence,
        message.level,
        message.kind,
        message.text,
        detail,
        message.created_at_ms,
        message.duration_us,
    ];
    Ok((list, bytes))
}

/// Log texts quote the outside world; a NUL in them must not lose the whole batch, and a long one not the log's room.
fn text(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let whole = text.len();
        let mut end = LONGEST_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text += &format!(" … (cut; it had {whole} bytes)");
    }
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A detail, or the beginning of one that is too long.
fn bounded(detail: Value) -> Result<Value, StoreError> {
    match detail {
        Value::Text(whole) if whole.len() > LONGEST_DETAIL => {
            let beginning: String = whole.chars().take(4_000).collect();
            json(&serde_json::json!({"cut": true, "bytes": whole.len(), "beginning": beginning}))
        }
        other => Ok(other),
    }
}

fn into_text(json: Box<RawValue>) -> String {
    Box::<str>::from(json).into_string()
}

fn size(texts: &[&str], optional: &[Option<&str>], detail: &Value) -> i64 {
    let detail = if let Value::Text(text) = detail { text.len() } else { 0 };
    let texts = texts.iter().chain(optional.iter().flatten()).map(|text| text.len()).sum::<usize>();
    i64::try_from(ROW_BYTES + texts + detail).unwrap_or(i64::MAX)
}
