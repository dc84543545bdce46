//! Pages of deliveries: every filter is read from an index in the list's order, and only the page's rows are touched.

use domain::Scope;

use super::{COLUMNS, Delivery, DeliveryState, read};
use crate::Store;
use crate::error::StoreError;
use crate::value::{Value, params};

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Exactly this state.
    pub state: Option<DeliveryState>,
    /// Exactly this connection.
    pub connection: Option<String>,
    /// Exactly this event, for example `auth.refresh`.
    pub event: Option<String>,
    /// Only older than this place.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// The page is found in an index that holds all that is asked (`webhook_deliveries_of_…`, `…_by_…`): a body has
/// kilobytes, and rows that do not match are never read.
fn query(scope: Scope, filter: &DeliveryFilter) -> (String, Vec<Value>) {
    let before = filter.before.unwrap_or(i64::MAX);
    let mut parameters = params![scope.environment, before, filter.limit];
    let mut conditions = String::new();
    let asked = [
        ("connection", filter.connection.as_deref()),
        ("event", filter.event.as_deref()),
        ("state", filter.state.map(DeliveryState::as_str)),
    ];
    for (column, value) in asked {
        let Some(value) = value else { continue };
        parameters.push(value.into());
        conditions += &format!(" AND {column} = ${}", parameters.len());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE seq IN (SELECT seq FROM webhook_deliveries \
         WHERE environment_id = $1 AND seq < $2{conditions} ORDER BY seq DESC LIMIT $3) ORDER BY seq DESC"
    );
    (sql, parameters)
}

/// Every statement that a filter can make.
pub(crate) fn every_shape() -> Vec<String> {
    let scope = Scope { environment: domain::EnvironmentId(0) };
    let some = |mask: usize, bit: usize| (mask & bit != 0).then(String::new);
    (0..8)
        .map(|mask| DeliveryFilter {
            state: (mask & 1 != 0).then_some(DeliveryState::Failed),
            connection: some(mask, 2),
            event: some(mask, 4),
            ..DeliveryFilter::default()
        })
        .map(|filter| query(scope, &filter).0)
        .collect()
}

impl Store {
    /// Deliveries, newest first.
    pub async fn list_deliveries(
        &self,
        scope: Scope,
        filter: &DeliveryFilter,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (sql, parameters) = query(scope, filter);
        match self.pool.scan(sql, parameters).await {
            // No stored text holds a NUL, so a filter with one matches nothing.
            Err(StoreError::NulCharacter) => Ok(Vec::new()),
            rows => rows?.into_iter().map(read).collect(),
        }
    }

    /// How the database would run [`Self::list_deliveries`], one line a step.
    pub async fn explain_deliveries(
        &self,
        scope: Scope,
        filter: &DeliveryFilter,
    ) -> Result<Vec<String>, StoreError> {
        let (sql, parameters) = query(scope, filter);
        self.pool.explain(&sql, parameters).await
    }
}
