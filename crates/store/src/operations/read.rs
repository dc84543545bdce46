//! Reading the log.

use domain::Scope;
use domain::operation::{Message, Operation, OperationFilter, OperationState};

use super::text::words;
use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, Value, json, params};

/// No answer is longer than this many operations.
const MAX_LIMIT: u32 = 1000;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, kind, action, state, integration, connection, provider, status, summary, error, ",
            "created_at, ended_at, duration_us, detail FROM operations WHERE environment_id = $1",
            $tail
        )
    };
}

statements! {
    GET = select!(" AND id = $2");
    LIST = select!("");
    MESSAGES = "SELECT sequence, level, kind, text, detail, created_at, duration_us FROM messages \
                WHERE environment_id = $1 AND operation_id = $2 ORDER BY sequence, id";
}

fn read(mut row: Row) -> Result<Operation, StoreError> {
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

    /// Operations, newest first; oldest first when the filter follows (`after`). At most 1000 at a time.
    ///
    /// Text finds whole words, the last one also as a beginning, in what [`Store::index_text`] has read.
    pub async fn list_operations(
        &self,
        scope: Scope,
        filter: &OperationFilter,
    ) -> Result<Vec<Operation>, StoreError> {
        let Some((sql, parameters)) = query(self.dialect(), scope, filter)? else { return Ok(Vec::new()) };
        match self.pool.scan(sql, parameters).await {
            // No stored text holds a NUL, so a filter with one matches nothing.
            Err(StoreError::NulCharacter) => Ok(Vec::new()),
            rows => rows?.into_iter().map(read).collect(),
        }
    }

    /// How the database would run [`Self::list_operations`], one line a step.
    pub async fn explain_operations(
        &self,
        scope: Scope,
        filter: &OperationFilter,
    ) -> Result<Vec<String>, StoreError> {
        let Some((sql, parameters)) = query(self.dialect(), scope, filter)? else { return Ok(Vec::new()) };
        self.pool.explain(&sql, parameters).await
    }
}

/// The statement of a filter; `None` when nothing can match.
fn query(
    dialect: Dialect,
    scope: Scope,
    filter: &OperationFilter,
) -> Result<Option<(String, Vec<Value>)>, StoreError> {
    let mut sql = LIST.to_owned();
    let mut parameters = params![scope.environment];
    let mut add = |condition: &str, value: Value| {
        parameters.push(value);
        sql += " AND ";
        sql += &condition.replace('?', &format!("${}", parameters.len()));
    };
    // Ids begin with 13 digits of milliseconds, so moments are bounds of the id and one index serves all.
    if let Some(from) = filter.from_ms {
        add("id >= ?", format!("{:013}", from.max(0)).into());
    }
    if let Some(to) = filter.to_ms {
        add("id < ?", format!("{:013}", to.max(0)).into());
    }
    if let Some(before) = &filter.before {
        add("id < ?", before.into());
    }
    if let Some(after) = &filter.after {
        add("id > ?", after.into());
    }
    if let Some(integration) = &filter.integration {
        add("integration = ?", integration.into());
    }
    if let Some(connection) = &filter.connection {
        add("connection = ?", connection.into());
    }
    if !filter.states.is_empty() {
        let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        add(&format!("state IN ({})", dialect.json_texts("?")), json(&states)?);
    }
    if !filter.kinds.is_empty() {
        let list = dialect.json_texts("?");
        add(&format!("(kind IN ({list}) OR kind || ':' || action IN ({list}))"), json(&filter.kinds)?);
    }
    if let Some(text) = &filter.text {
        let words: Vec<String> = words(text).map(str::to_lowercase).collect();
        if words.is_empty() {
            return Ok(None);
        }
        add(&format!("seq IN ({})", dialect.text_matches("?")), dialect.text_query(&words).into());
    }
    parameters.push(filter.limit.clamp(1, MAX_LIMIT).into());
    let order = if filter.after.is_some() { "ASC" } else { "DESC" };
    sql += &format!(" ORDER BY id {order} LIMIT ${}", parameters.len());
    Ok(Some((sql, parameters)))
}

/// Every text that [`query`] can make.
pub(crate) fn every_shape(dialect: Dialect) -> Vec<String> {
    let scope = Scope { environment: domain::EnvironmentId(1) };
    let some = |shape: usize, bit: usize| (shape & bit != 0).then(|| "x".to_owned());
    (0..128)
        .filter_map(|shape: usize| {
            let filter = OperationFilter {
                integration: some(shape, 1),
                connection: some(shape, 2),
                kinds: some(shape, 4).into_iter().collect(),
                states: some(shape, 8).map(|_| OperationState::Failed).into_iter().collect(),
                from_ms: some(shape, 16).map(|_| 1),
                to_ms: some(shape, 16).map(|_| 2),
                text: some(shape, 32),
                before: some(!shape, 64),
                after: some(shape, 64),
                limit: 1,
            };
            query(dialect, scope, &filter).ok().flatten().map(|(sql, _)| sql)
        })
        .collect()
}
