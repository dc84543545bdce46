//! Pages of the log, newest or oldest first, in the order of ids.
//!
//! Two ways lead to a page. *Walking* reads operations in order and leaves out what does not fit: best where much fits.
//! *The index* knows what fits by the words of texts and rare columns: best where little does. What has no words to
//! look for is walked for a stretch and, if that did not fill the page, left to the index.

use domain::Scope;
use domain::operation::{Operation, OperationFilter, OperationState, StatusFilter};

use super::read::read;
use super::text::{SEQ_BITS, id_ms};
use super::words::{class_word, environment_word, kind_word, state_word, status_word, words};
use crate::Store;
use crate::dialect::{Dialect, LastWord, Order};
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Value, json, params};

/// No answer is longer than this many operations.
const MAX_LIMIT: u32 = 1000;
/// Above every id.
const AFTER_ALL: &str = "~";
/// Hits asked of the index at a time, at most.
const MOST_HITS: u32 = 4_000;

pub(super) const COLUMNS: &str = "SELECT o.id, o.kind, o.action, o.state, o.integration, o.connection, \
                                  o.provider, o.status, o.summary, o.error, o.created_at, o.ended_at, \
                                  o.duration_us, o.detail FROM ";

statements! {
    // Where a walk ends: 20,000 ids are read from an index in about two milliseconds.
    STRETCH = "SELECT id FROM operations WHERE environment_id = $1 AND id < $2 AND id >= $3 \
               ORDER BY id DESC LIMIT 1 OFFSET 20000";
}

/// A statement under construction and its parameters.
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) parameters: Vec<Value>,
}

impl Query {
    pub(super) fn new(sql: String, parameters: Vec<Value>) -> Self {
        Self { sql, parameters }
    }

    /// Adds a condition with a place for each value, in order.
    pub(super) fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql += " AND ";
        let mut pieces = condition.split('?');
        self.sql += pieces.next().unwrap_or_default();
        for (piece, value) in pieces.zip(values) {
            self.parameters.push(value);
            self.sql += &format!("${}{piece}", self.parameters.len());
        }
    }

    pub(super) fn limit(&mut self, order: Order, limit: u32) {
        self.parameters.push(limit.into());
        self.sql += &format!(" ORDER BY o.id {} LIMIT ${}", order.sql(), self.parameters.len());
    }

    /// What the columns must hold.
    pub(super) fn conditions(
        &mut self,
        dialect: Dialect,
        filter: &OperationFilter,
    ) -> Result<(), StoreError> {
        self.moments(filter, "o.id");
        self.columns(dialect, filter)
    }

    /// Bounds of the id; `id` is the column, or an expression of it that no index serves.
    fn moments(&mut self, filter: &OperationFilter, id: &str) {
        // Ids begin with 13 digits of milliseconds, so moments are bounds of the id and one index serves all.
        if let Some(from) = filter.from_ms {
            self.and(&format!("{id} >= ?"), [digits(from).into()]);
        }
        if let Some(to) = filter.to_ms {
            self.and(&format!("{id} < ?"), [digits(to).into()]);
        }
        for (sign, value) in [("<", &filter.before), (">", &filter.after)] {
            if let Some(value) = value {
                self.and(&format!("{id} {sign} ?"), [value.into()]);
            }
        }
    }

    fn columns(&mut self, dialect: Dialect, filter: &OperationFilter) -> Result<(), StoreError> {
        for (condition, value) in
            [("o.integration = ?", &filter.integration), ("o.connection = ?", &filter.connection)]
        {
            if let Some(value) = value {
                self.and(condition, [value.into()]);
            }
        }
        if !filter.states.is_empty() {
            let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
            self.and(&format!("o.state IN ({})", dialect.json_texts("?")), [json(&states)?]);
        }
        if !filter.kinds.is_empty() {
            let (list, kinds) = (dialect.json_texts("?"), json(&filter.kinds)?);
            let condition = format!("(o.kind IN ({list}) OR o.kind || ':' || o.action IN ({list}))");
            self.and(&condition, [kinds.clone(), kinds]);
        }
        if !filter.statuses.is_empty() {
            let ranges = vec!["o.status BETWEEN ? AND ?"; filter.statuses.len()].join(" OR ");
            let bounds = filter.statuses.iter().flat_map(|status| match *status {
                StatusFilter::Exactly(one) => [one, one],
                StatusFilter::Class(class) => [class * 100, class * 100 + 99],
            });
            self.and(&format!("({ranges})"), bounds.map(Value::from));
        }
        Ok(())
    }
}

fn digits(ms: i64) -> String {
    format!("{:013}", ms.max(0))
}

/// Words for the index: a row fits if it has one of each group.
#[derive(Clone)]
pub(super) struct Terms {
    /// The environment, then columns.
    columns: Vec<Vec<String>>,
    /// The words of the search.
    searched: Vec<Vec<String>>,
}

impl Terms {
    /// What of a filter can be looked up; `None` when it searches for a text without a word, which nothing has.
    pub(super) fn of(scope: Scope, filter: &OperationFilter) -> Option<Self> {
        let mut groups = vec![vec![environment_word(scope.environment.0)]];
        for name in [&filter.integration, &filter.connection].into_iter().flatten() {
            groups.extend(words(name).into_iter().map(|word| vec![word]));
        }
        // A value that is too frequent to have a word makes its whole group useless.
        let states: Option<Vec<_>> = filter.states.iter().map(|state| state_word(state.as_str())).collect();
        let kinds: Vec<_> = filter.kinds.iter().map(|kind| kind_word(kind)).collect();
        let statuses: Option<Vec<_>> = filter
            .statuses
            .iter()
            .map(|status| match *status {
                StatusFilter::Exactly(one) => status_word(one),
                StatusFilter::Class(class) => class_word(class),
            })
            .collect();
        groups
            .extend([states, Some(kinds), statuses].into_iter().flatten().filter(|group| !group.is_empty()));
        let searched = filter.text.as_deref().map(words);
        if searched.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let searched = searched.into_iter().flatten().map(|word| vec![word]).collect();
        Some(Self { columns: groups, searched })
    }

    /// As they are, with one more group.
    pub(super) fn and(&self, group: Vec<String>) -> Self {
        let mut terms = self.clone();
        terms.columns.push(group);
        terms
    }

    /// Whether there is more to look for than the environment.
    fn is_selective(&self) -> bool {
        self.columns.len() + self.searched.len() > 1
    }

    pub(super) fn query(&self, dialect: Dialect, last: &LastWord) -> String {
        dialect.text_query(&[self.columns.as_slice(), &self.searched].concat(), last)
    }

    /// The last word searched for.
    pub(super) fn last(&self) -> Option<&str> {
        self.searched.last()?.first().map(String::as_str)
    }

    /// A query for the search alone, whatever the columns.
    pub(super) fn search(&self, dialect: Dialect) -> String {
        dialect.text_query(&[&self.columns[..1], &self.searched].concat(), &LastWord::Whole)
    }
}

/// Keys of the text index, the second one excluded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Keys {
    pub(super) fn of(filter: &OperationFilter) -> Self {
        let at = |ms: i64| ms.clamp(0, 1 << (62 - SEQ_BITS)) << SEQ_BITS;
        let mut keys = Self { from: 0, to: i64::MAX };
        let froms = [filter.from_ms, filter.after.as_deref().map(id_ms)];
        let tos = [filter.to_ms, filter.before.as_deref().map(|id| id_ms(id) + 1)];
        keys.from = froms.into_iter().flatten().map(at).fold(keys.from, i64::max);
        keys.to = tos.into_iter().flatten().map(at).fold(keys.to, i64::min);
        keys
    }
}

impl Store {
    /// Operations, newest first; oldest first when the filter follows (`after`). At most 1000 at a time.
    ///
    /// Text finds whole words in what [`Store::index_text`] has read; the last one also as a beginning, if no
    /// operation has it whole.
    pub async fn list_operations(
        &self,
        scope: Scope,
        filter: &OperationFilter,
    ) -> Result<Vec<Operation>, StoreError> {
        match self.page(scope, filter).await {
            // No stored text holds a NUL, so a filter with one matches nothing.
            Err(StoreError::NulCharacter) => Ok(Vec::new()),
            page => page,
        }
    }

    async fn page(&self, scope: Scope, filter: &OperationFilter) -> Result<Vec<Operation>, StoreError> {
        let Some(terms) = Terms::of(scope, filter) else { return Ok(Vec::new()) };
        if filter.text.is_some() {
            return self.by_index(scope, filter, &terms).await;
        }
        // The operations of one connection have an index of their own; who follows is near the end.
        if !terms.is_selective() || filter.connection.is_some() || filter.after.is_some() {
            return self.walk(scope, filter).await;
        }
        let before = filter.before.clone().unwrap_or_else(|| AFTER_ALL.to_owned());
        let from = filter.from_ms.map(digits).unwrap_or_default();
        let end = self.pool.scan(STRETCH.to_owned(), params![scope.environment, before, from]).await?;
        let Some(mut end) = end.into_iter().next() else { return self.walk(scope, filter).await };
        let end: String = end.take()?;
        let stretch = OperationFilter { from_ms: Some(id_ms(&end)), ..filter.clone() };
        let mut found = self.walk(scope, &stretch).await?;
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        if found.len() < limit as usize {
            let rest = OperationFilter {
                before: Some(digits(id_ms(&end))),
                limit: limit - found.len() as u32,
                ..filter.clone()
            };
            found.extend(self.by_index(scope, &rest, &terms).await?);
        }
        Ok(found)
    }

    async fn walk(&self, scope: Scope, filter: &OperationFilter) -> Result<Vec<Operation>, StoreError> {
        let query = walk(self.dialect(), scope, filter)?;
        self.pool.scan(query.sql, query.parameters).await?.into_iter().map(read).collect()
    }

    async fn by_index(
        &self,
        scope: Scope,
        filter: &OperationFilter,
        terms: &Terms,
    ) -> Result<Vec<Operation>, StoreError> {
        let query = terms.query(self.dialect(), &self.last_word(terms).await?);
        let (limit, order) = (filter.limit.clamp(1, MAX_LIMIT), order(filter));
        let (mut keys, mut take) = (Keys::of(filter), limit * 2);
        let mut found = Vec::new();
        while found.len() < limit as usize {
            let mut hits = self.hits(&query, keys, order, take).await?;
            let more = hits.len() == take as usize;
            let Some(&(last, _)) = hits.last() else { break };
            if more {
                // Within a millisecond keys are in another order than ids.
                let rest = order.rest_of_moment(keys, last);
                hits.extend(self.hits(&query, rest, order, MOST_HITS).await?);
                keys = order.past_moment(keys, last);
            }
            let rows: Vec<i64> = hits.into_iter().map(|(_, row)| row).collect();
            let query = fitting(self.dialect(), scope, filter, &rows)?;
            let rows = self.pool.scan(query.sql, query.parameters).await?;
            found.extend(rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?);
            if !more {
                break;
            }
            take = (take * 2).min(MOST_HITS);
        }
        found.truncate(limit as usize);
        Ok(found)
    }

    /// How the database would walk for [`Self::list_operations`], one line a step.
    pub async fn explain_operations(
        &self,
        scope: Scope,
        filter: &OperationFilter,
    ) -> Result<Vec<String>, StoreError> {
        let query = walk(self.dialect(), scope, filter)?;
        self.pool.explain(&query.sql, query.parameters).await
    }
}

fn order(filter: &OperationFilter) -> Order {
    if filter.after.is_some() { Order::Oldest } else { Order::Newest }
}

fn walk(dialect: Dialect, scope: Scope, filter: &OperationFilter) -> Result<Query, StoreError> {
    let sql = format!("{COLUMNS}operations o WHERE o.environment_id = $1");
    let mut query = Query::new(sql, params![scope.environment]);
    query.conditions(dialect, filter)?;
    query.limit(order(filter), filter.limit.clamp(1, MAX_LIMIT));
    Ok(query)
}

/// The operations of `hits` that fit the filter's columns.
fn fitting(
    dialect: Dialect,
    scope: Scope,
    filter: &OperationFilter,
    hits: &[i64],
) -> Result<Query, StoreError> {
    let sql = format!("{COLUMNS}{} WHERE o.environment_id = $1", dialect.text_rows("$2"));
    let mut query = Query::new(sql, params![scope.environment, json(hits)?]);
    // Each hit is looked up by its own bounds: SQLite would take the page's in their place and read all between.
    query.moments(filter, "(o.id || '')");
    query.columns(dialect, filter)?;
    query.limit(order(filter), filter.limit.clamp(1, MAX_LIMIT));
    Ok(query)
}

/// Every filter that makes another statement, as far as columns go.
pub(super) fn every_filter() -> impl Iterator<Item = OperationFilter> {
    let some = |shape: usize, bit: usize| (shape & bit != 0).then(|| "x".to_owned());
    (0..128).map(move |shape: usize| OperationFilter {
        integration: some(shape, 1),
        connection: some(shape, 2),
        kinds: some(shape, 4).into_iter().collect(),
        states: some(shape, 8).map(|_| OperationState::Failed).into_iter().collect(),
        from_ms: some(shape, 16).map(|_| 1),
        to_ms: some(shape, 16).map(|_| 2),
        statuses: some(shape, 32).map(|_| StatusFilter::Class(4)).into_iter().collect(),
        text: None,
        before: some(!shape, 64),
        after: some(shape, 64),
        limit: 1,
    })
}

/// Every text that this file can make, but for lists of several statuses.
pub(crate) fn every_shape(dialect: Dialect) -> Vec<String> {
    let scope = Scope { environment: domain::EnvironmentId(1) };
    let shapes = every_filter()
        .flat_map(|filter| [walk(dialect, scope, &filter), fitting(dialect, scope, &filter, &[])]);
    shapes.flatten().map(|query| query.sql).collect()
}
