//! Reading the log.

use domain::Scope;
use domain::operation::{Message, Operation, OperationState};

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, params};

statements! {
    GET = "SELECT o.id, o.kind, o.action, o.state, o.integration, o.connection, o.provider, o.status, o.summary, \
           o.error, o.created_at, o.ended_at, o.duration_us, o.detail FROM operations o \
           WHERE o.environment_id = $1 AND o.id = $2";
    RANGE = "SELECT o.id, o.kind, o.action, o.state, o.integration, o.connection, o.provider, o.status, o.summary, \
             o.error, o.created_at, o.ended_at, o.duration_us, o.detail, o.environment_id FROM operations o \
             WHERE o.seq BETWEEN $1 AND $2 ORDER BY o.seq";
    MESSAGES = "SELECT sequence, level, kind, text, detail, created_at, duration_us FROM messages \
                WHERE environment_id = $1 AND operation_id = $2 ORDER BY sequence, id";
}

pub(super) fn read(mut row: Row) -> Result<Operation, StoreError> {
    read_columns(&mut row)
}

fn read_columns(row: &mut Row) -> Result<Operation, StoreError> {
    Ok(Operation {
        id: row.take()?,
        kind: row.take()?,
        action: row.take()?,
        state: OperationState::parse(&row.take::<String>()?).ok_or_else(|| StoreError::corrupt("a state"))?,
        integration: row.take()?,
        connection: row.take()?,
        provider: row.take()?,
        status: row.take()?,
        summary: row.take()?,
        error: row.take()?,
        created_at_ms: row.take()?,
        ended_at_ms: row.take()?,
        duration_us: row.take()?,
        detail: row.take_optional_json()?,
    })
}

fn read_message(mut row: Row) -> Result<Message, StoreError> {
    Ok(Message {
        sequence: row.take()?,
        level: row.take()?,
        kind: row.take()?,
        text: row.take()?,
        detail: row.take_optional_json()?,
        created_at_ms: row.take()?,
        duration_us: row.take()?,
    })
}

impl Store {
    /// The operations of a range that [`crate::LogEvent::Changed`] named, of any environment; at most 1000.
    pub async fn log_range(&self, first: i64, last: i64) -> Result<Vec<(Scope, Operation)>, StoreError> {
        let rows = self.pool.scan(RANGE.to_owned(), params![first, last.min(first + 999)]).await?;
        rows.into_iter()
            .map(|mut row| {
                let operation = read_columns(&mut row)?;
                Ok((Scope { environment: row.take()? }, operation))
            })
            .collect()
    }

    /// One operation with its messages in order.
    pub async fn operation(
        &self,
        scope: Scope,
        id: &str,
    ) -> Result<Option<(Operation, Vec<Message>)>, StoreError> {
        let Some(row) = self.pool.look_up_one(GET, params![scope.environment, id]).await? else {
            return Ok(None);
        };
        let messages = self.pool.look_up(MESSAGES, params![scope.environment, id]).await?;
        let messages = messages.into_iter().map(read_message).collect::<Result<_, _>>()?;
        Ok(Some((read(row)?, messages)))
    }
}
