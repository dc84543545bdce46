//! How many operations began when: from the counts of each minute where they tell, else from the text index or a walk,
//! both of which look at a bounded number of operations.

use domain::Scope;
use domain::operation::{HistogramBucket, OperationFilter, OperationState, StatusFilter};

use super::append::MINUTE_MS;
use super::list::{Keys, Query, Terms, every_filter};
use super::text::{SEQ_BITS, id_ms};
use super::words::state_word;
use super::{Histogram, Span};
use crate::Store;
use crate::dialect::{Dialect, Order};
use crate::error::StoreError;
use crate::value::{Value, params};

/// At most this many operations are looked at, the latest; beyond it the histogram is told to be partial.
const MOST: u32 = 100_000;

impl Store {
    /// How many operations began in each part of a span; the filter's own moments and paging are ignored.
    pub async fn operation_histogram(
        &self,
        scope: Scope,
        filter: &OperationFilter,
        span: Span,
    ) -> Result<Histogram, StoreError> {
        let filter = OperationFilter {
            from_ms: Some(span.from_ms),
            to_ms: Some(span.to_ms()),
            before: None,
            after: None,
            ..filter.clone()
        };
        match self.count_by_moment(scope, &filter, span).await {
            Err(StoreError::NulCharacter) => Ok(Histogram { buckets: span.empty(), exact: true }),
            other => other,
        }
    }

    async fn count_by_moment(
        &self,
        scope: Scope,
        filter: &OperationFilter,
        span: Span,
    ) -> Result<Histogram, StoreError> {
        let whole_minutes = span.step_ms % MINUTE_MS == 0 && span.from_ms % MINUTE_MS == 0;
        let by_column = filter.text.is_none() && filter.statuses.is_empty() && filter.states.is_empty();
        if by_column && filter.connection.is_none() && whole_minutes {
            return self.by_minutes(scope, filter, span).await;
        }
        if filter.text.is_none() && (filter.connection.is_some() || asks_for_success(filter)) {
            return self.by_walk(scope, filter, span).await;
        }
        self.by_words(scope, filter, span).await
    }

    async fn by_minutes(
        &self,
        scope: Scope,
        filter: &OperationFilter,
        span: Span,
    ) -> Result<Histogram, StoreError> {
        let query = minutes(scope, filter, span);
        let mut buckets = span.empty();
        for mut row in self.pool.scan(query.sql, query.parameters).await? {
            let (index, total, failed): (i64, i64, i64) = (row.take()?, row.take()?, row.take()?);
            if let Some(bucket) = usize::try_from(index).ok().and_then(|index| buckets.get_mut(index)) {
                (bucket.total, bucket.failed) = (total, failed);
            }
        }
        Ok(Histogram { buckets, exact: true })
    }

    async fn by_walk(
        &self,
        scope: Scope,
        filter: &OperationFilter,
        span: Span,
    ) -> Result<Histogram, StoreError> {
        let query = states(self.dialect(), scope, filter)?;
        let rows = self.pool.scan(query.sql, query.parameters).await?;
        let mut counted = Histogram { buckets: span.empty(), exact: rows.len() < MOST as usize };
        for mut row in rows {
            let (id, state): (String, String) = (row.take()?, row.take()?);
            if let Some(bucket) = span.bucket(&mut counted.buckets, id_ms(&id)) {
                bucket.total += 1;
                bucket.failed += i64::from(matches!(state.as_str(), "failed" | "timeout"));
            }
        }
        Ok(counted)
    }

    /// Successes have no word: they are what the other states leave.
    async fn by_words(
        &self,
        scope: Scope,
        filter: &OperationFilter,
        span: Span,
    ) -> Result<Histogram, StoreError> {
        use OperationState::{Cancelled, Failed, Running, Success, Timeout};
        let mut counted = Histogram { buckets: span.empty(), exact: !asks_for_success(filter) };
        let wanted = |state: &OperationState| filter.states.is_empty() || filter.states.contains(state);
        let (with_successes, others) = (wanted(&Success), [Failed, Timeout, Running, Cancelled]);
        let base = OperationFilter { states: Vec::new(), ..filter.clone() };
        let Some(terms) = Terms::of(scope, &base) else { return Ok(counted) };
        let with = |states: Vec<OperationState>| {
            let words: Vec<_> = states.iter().filter_map(|state| state_word(state.as_str())).collect();
            (!words.is_empty()).then(|| terms.and(words))
        };
        // What each counts in the total and among the failed.
        let mut passes: Vec<(Terms, i64, i64)> = Vec::new();
        if with_successes {
            passes.push((terms.clone(), 1, 0));
            let unwanted = others.into_iter().filter(|state| !wanted(state)).collect();
            passes.extend(with(unwanted).map(|terms| (terms, -1, 0)));
        } else {
            passes.extend(with(others.into_iter().filter(&wanted).collect()).map(|terms| (terms, 1, 0)));
        }
        passes
            .extend(with([Failed, Timeout].into_iter().filter(&wanted).collect()).map(|terms| (terms, 0, 1)));
        let last = self.last_word(&terms).await?;
        for (terms, total, failed) in passes {
            let query = terms.query(self.dialect(), &last);
            let hits = self.hits(&query, Keys::of(filter), Order::Newest, MOST).await?;
            counted.exact &= hits.len() < MOST as usize;
            for (key, _) in hits {
                if let Some(bucket) = span.bucket(&mut counted.buckets, key >> SEQ_BITS) {
                    bucket.total += total;
                    bucket.failed += failed;
                }
            }
        }
        Ok(counted)
    }
}

/// Whether a status is asked for that is too frequent to have a word.
fn asks_for_success(filter: &OperationFilter) -> bool {
    filter.statuses.iter().any(|status| matches!(status, StatusFilter::Exactly(200) | StatusFilter::Class(2)))
}

impl Span {
    /// The end, which does not belong to it.
    pub fn to_ms(self) -> i64 {
        self.from_ms + self.step_ms * i64::from(self.steps)
    }

    fn empty(self) -> Vec<HistogramBucket> {
        let bucket = |index| HistogramBucket {
            at_ms: self.from_ms + self.step_ms * i64::from(index),
            total: 0,
            failed: 0,
        };
        (0..self.steps).map(bucket).collect()
    }

    fn bucket(self, buckets: &mut [HistogramBucket], at_ms: i64) -> Option<&mut HistogramBucket> {
        let index = (at_ms - self.from_ms).div_euclid(self.step_ms.max(1));
        usize::try_from(index).ok().and_then(|index| buckets.get_mut(index))
    }
}

/// Sums of the counts, by bucket.
fn minutes(scope: Scope, filter: &OperationFilter, span: Span) -> Query {
    let (from, to) = (span.from_ms / MINUTE_MS, span.to_ms() / MINUTE_MS);
    let step = (span.step_ms / MINUTE_MS).max(1);
    let sql = "SELECT (minute - $2) / $4, CAST(SUM(total) AS BIGINT), CAST(SUM(failed) AS BIGINT) \
               FROM operation_counts WHERE environment_id = $1 AND minute >= $2 AND minute < $3";
    let mut query = Query::new(sql.to_owned(), params![scope.environment, from, to, step]);
    if let Some(integration) = &filter.integration {
        query.and("integration = ?", [integration.into()]);
    }
    if !filter.kinds.is_empty() {
        let conditions = filter.kinds.iter().map(|kind| {
            if kind.contains(':') { "operation = ?" } else { "(operation > ? AND operation < ?)" }
        });
        let values = filter.kinds.iter().flat_map(|kind| {
            let one: Vec<Value> = match kind.contains(':') {
                true => params![kind],
                // The sign after the colon ends the range of what begins with the type and a colon.
                false => params![format!("{kind}:"), format!("{kind};")],
            };
            one
        });
        query.and(&format!("({})", conditions.collect::<Vec<_>>().join(" OR ")), values);
    }
    query.sql += " GROUP BY (minute - $2) / $4";
    query
}

/// The moments and states of what fits the filter's columns, the latest.
fn states(dialect: Dialect, scope: Scope, filter: &OperationFilter) -> Result<Query, StoreError> {
    let sql = "SELECT o.id, o.state FROM operations o WHERE o.environment_id = $1".to_owned();
    let mut query = Query::new(sql, params![scope.environment]);
    query.conditions(dialect, filter)?;
    query.limit(Order::Newest, MOST);
    Ok(query)
}

/// Every text that this file can make, but for longer lists.
pub(crate) fn every_shape(dialect: Dialect) -> Vec<String> {
    let scope = Scope { environment: domain::EnvironmentId(1) };
    let span = Span { from_ms: 0, step_ms: MINUTE_MS, steps: 1 };
    let shapes = every_filter().flat_map(|filter| {
        let minutes = minutes(scope, &filter, span).sql;
        [Some(minutes), states(dialect, scope, &filter).ok().map(|query| query.sql)]
    });
    shapes.flatten().collect()
}
