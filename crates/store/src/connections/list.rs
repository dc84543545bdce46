//! Lists of connections: an index finds the page's ids in order, only the page's rows are read.

use std::collections::BTreeMap;

use domain::Scope;

use super::{ConnectionFilter, ConnectionSummary, Standing};
use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, Value, json, params};

const COLUMNS: &str = "SELECT c.id, c.connection_id, i.unique_key, i.provider, c.health_error, c.end_user, \
                       c.tags, c.metadata, c.created_at FROM (";
const JOINS: &str = ") page JOIN connections c ON c.id = page.id JOIN integrations i ON i.id = c.integration_id \
                     ORDER BY c.created_at DESC, c.id DESC";

statements! {
    COUNT = "SELECT COUNT(*) FROM connections WHERE environment_id = $1";
    REFRESHED = "SELECT k.refreshed_at FROM connections c JOIN connection_credentials k \
                 ON k.connection_row = c.id WHERE c.environment_id = $1 AND c.id = $2";
}

/// A statement under construction and its parameters.
struct Query {
    sql: String,
    parameters: Vec<Value>,
}

impl Query {
    /// Adds a parameter and returns its place holder.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("${}", self.parameters.len())
    }

    fn equals(&mut self, column: &str, value: Option<&String>) {
        if let Some(value) = value {
            let parameter = self.bind(value);
            self.sql += &format!(" AND {column} = {parameter}");
        }
    }
}

impl Store {
    /// Connections, newest first.
    pub async fn list_connections(
        &self,
        scope: Scope,
        filter: &ConnectionFilter,
    ) -> Result<Vec<ConnectionSummary>, StoreError> {
        let query = query(self.dialect(), scope, filter)?;
        match self.pool.scan(query.sql, query.parameters).await {
            // No stored text holds a NUL, so a filter with one matches nothing.
            Err(StoreError::NulCharacter) => Ok(Vec::new()),
            rows => rows?.into_iter().map(read).collect(),
        }
    }

    /// All connections of an environment, counted.
    pub async fn count_all_connections(&self, scope: Scope) -> Result<u64, StoreError> {
        let rows = self.pool.scan(COUNT.to_owned(), params![scope.environment]).await?;
        let count = rows.into_iter().next().map_or(Ok(0), |mut row| row.take::<i64>())?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// When a connection's credentials were last bought or renewed, Unix milliseconds.
    pub async fn credentials_refreshed_at(
        &self,
        scope: Scope,
        row: domain::ConnectionRow,
    ) -> Result<Option<i64>, StoreError> {
        let row = self.pool.look_up_one(REFRESHED, params![scope.environment, row]).await?;
        row.map_or(Ok(None), |mut row| row.take())
    }

    /// How the database would run [`Self::list_connections`], one line a step.
    pub async fn explain_list(
        &self,
        scope: Scope,
        filter: &ConnectionFilter,
    ) -> Result<Vec<String>, StoreError> {
        let query = query(self.dialect(), scope, filter)?;
        self.pool.explain(&query.sql, query.parameters).await
    }
}

fn read(mut row: Row) -> Result<ConnectionSummary, StoreError> {
    Ok(ConnectionSummary {
        row: row.take()?,
        id: row.take()?,
        integration: row.take()?,
        provider: row.take()?,
        error: row.take_optional_json()?,
        end_user: row.take_optional_json()?,
        tags: row.take_json()?,
        metadata: row.take_optional_json()?,
        created_at_ms: row.take()?,
    })
}

fn query(dialect: Dialect, scope: Scope, filter: &ConnectionFilter) -> Result<Query, StoreError> {
    let mut query = Query { sql: COLUMNS.to_owned(), parameters: vec![scope.environment.into()] };
    let mut tags = filter.tags.iter();
    let order = match tags.next() {
        Some((key, value)) => {
            let rest: BTreeMap<&String, &String> = tags.collect();
            by_tag(&mut query, dialect, filter, (key, value), &rest)?;
            "t.created_at DESC, t.connection_row DESC"
        }
        None => {
            query.sql += "SELECT c.id FROM connections c WHERE c.environment_id = $1";
            "c.created_at DESC, c.id DESC"
        }
    };
    conditions(&mut query, dialect, filter)?;
    if let Some((at_ms, row)) = filter.before {
        let (at_ms, row) = (query.bind(at_ms), query.bind(row.0));
        let place =
            if filter.tags.is_empty() { "c.created_at, c.id" } else { "t.created_at, t.connection_row" };
        query.sql += &format!(" AND ({place}) < ({at_ms}, {row})");
    }
    let limit = query.bind(i64::from(filter.limit));
    let offset = query.bind(i64::try_from(filter.offset).unwrap_or(i64::MAX));
    query.sql += &format!(" ORDER BY {order} LIMIT {limit} OFFSET {offset}{JOINS}");
    Ok(query)
}

/// One tag drives the page: its index entries are in the list's order. Further tags are looked up beside it.
fn by_tag(
    query: &mut Query,
    dialect: Dialect,
    filter: &ConnectionFilter,
    (key, value): (&String, &String),
    rest: &BTreeMap<&String, &String>,
) -> Result<(), StoreError> {
    query.sql += "SELECT t.connection_row AS id FROM connection_tags t";
    if needs_rows(filter) {
        query.sql += " JOIN connections c ON c.id = t.connection_row";
    }
    let (key, value) = (query.bind(key), query.bind(value));
    query.sql += &format!(" WHERE t.environment_id = $1 AND t.key = {key} AND t.value = {value}");
    if !rest.is_empty() {
        let parameter = query.bind(json(rest)?);
        query.sql += &format!(
            " AND NOT EXISTS (SELECT 1 FROM {} WHERE NOT EXISTS (SELECT 1 FROM connection_tags x \
             WHERE x.environment_id = t.environment_id AND x.key = pair.key AND x.value = pair.value \
             AND x.created_at = t.created_at AND x.connection_row = t.connection_row))",
            dialect.json_pairs(&parameter)
        );
    }
    Ok(())
}

fn needs_rows(filter: &ConnectionFilter) -> bool {
    filter.connection_id.is_some()
        || filter.find.is_some()
        || filter.standing.is_some()
        || filter.search.is_some()
        || filter.end_user_id.is_some()
        || filter.organization_id.is_some()
        || !filter.integrations.is_empty()
}

fn conditions(query: &mut Query, dialect: Dialect, filter: &ConnectionFilter) -> Result<(), StoreError> {
    query.equals("c.connection_id", filter.connection_id.as_ref());
    query.equals("c.end_user_id", filter.end_user_id.as_ref());
    query.equals("c.organization_id", filter.organization_id.as_ref());
    match filter.integrations.as_slice() {
        [] if filter.connection_id.is_none() => {}
        // Through the integrations, so that the unique index of the name is of use.
        [] => {
            query.sql +=
                " AND c.integration_id IN (SELECT n.id FROM integrations n WHERE n.environment_id = $1)";
        }
        [one] => {
            let parameter = query.bind(one);
            query.sql += &format!(
                " AND c.integration_id = (SELECT n.id FROM integrations n WHERE n.environment_id = $1 \
                 AND n.unique_key = {parameter})"
            );
        }
        many => {
            let parameter = query.bind(json(many)?);
            query.sql += &format!(
                " AND c.integration_id IN (SELECT n.id FROM integrations n WHERE n.environment_id = $1 \
                 AND n.unique_key IN ({}))",
                dialect.json_texts(&parameter)
            );
        }
    }
    if let Some(text) = &filter.find {
        let parameter = query.bind(contains(text));
        query.sql += &format!(" AND c.find_text LIKE {parameter} ESCAPE '\\'");
    }
    match filter.standing {
        None => {}
        Some(Standing::Well) => query.sql += " AND c.health_error IS NULL",
        Some(Standing::InTrouble) => query.sql += " AND c.health_error IS NOT NULL",
    }
    if let Some(text) = &filter.search {
        let parameter = query.bind(contains(text));
        query.sql += &format!(" AND c.search_text LIKE {parameter} ESCAPE '\\'");
    }
    Ok(())
}

/// A LIKE pattern for "contains", with the pattern's own signs taken literally.
fn contains(text: &str) -> String {
    let literal = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}

/// Every text that [`query`] can make.
pub(crate) fn every_shape(dialect: Dialect) -> Vec<String> {
    let scope = Scope { environment: domain::EnvironmentId(1) };
    let some = |shape: usize, bit: usize| (shape & bit != 0).then(|| "x".to_owned());
    let mut shapes = Vec::new();
    for shape in 0..64 {
        for integrations in 0..3 {
            for tags in 0..3 {
                let filter = ConnectionFilter {
                    connection_id: some(shape, 1),
                    search: some(shape, 2),
                    end_user_id: some(shape, 4),
                    organization_id: some(shape, 8),
                    integrations: vec!["x".to_owned(); integrations],
                    tags: (0..tags).map(|tag| (format!("k{tag}"), String::new())).collect(),
                    find: some(shape, 16),
                    standing: some(shape, 16).map(|_| Standing::InTrouble),
                    before: some(shape, 32).map(|_| (1, domain::ConnectionRow(1))),
                    limit: 1,
                    offset: 0,
                };
                shapes.extend(query(dialect, scope, &filter).map(|query| query.sql));
            }
        }
    }
    shapes
}
