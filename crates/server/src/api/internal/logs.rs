//! `GET /internal/logs/histogram`: how many operations began when.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use services::error::Error;
use services::store::Span;

use crate::api::operations::{Conditions, filter};
use crate::app::SharedApp;
use crate::auth::{Granted, ReadLogs};
use crate::error::ApiError;
use crate::strict::{QueryNumber, StrictQuery};
use crate::time::zulu;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Steps that people read easily; those of whole minutes are answered from counts.
const STEPS: [i64; 18] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];
const MOST_BUCKETS: u32 = 240;

/// The list's conditions, and into how many parts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistogramQuery {
    integration: Option<String>,
    connection: Option<String>,
    r#type: Option<String>,
    state: Option<String>,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    search: Option<String>,
    buckets: Option<QueryNumber>,
}

/// Operations counted by the moment they began; without `from` the last 24 hours.
pub async fn histogram(
    State(app): State<SharedApp>,
    caller: Granted<ReadLogs>,
    StrictQuery(query): StrictQuery<HistogramQuery>,
) -> Result<Json<Value>, ApiError> {
    let buckets = query.buckets.map_or(60, |number| number.0);
    if !(1..=MOST_BUCKETS).contains(&buckets) {
        return Err(ApiError::invalid_query("buckets", format!("1 to {MOST_BUCKETS}")));
    }
    let filter = filter(Conditions {
        integration: query.integration,
        connection: query.connection,
        kinds: query.r#type,
        states: query.state,
        statuses: query.status,
        from: query.from,
        to: query.to,
        search: query.search,
    })?;
    let context = &app.services.context;
    let to_ms = filter.to_ms.unwrap_or_else(|| context.now_ms());
    let from_ms = filter.from_ms.unwrap_or(to_ms - DAY);
    if from_ms >= to_ms {
        return Err(ApiError::invalid_query("from", "it must be before `to`"));
    }
    let span = span(from_ms, to_ms, buckets);
    let counted =
        context.store.operation_histogram(caller.scope(), &filter, span).await.map_err(Error::from)?;
    let buckets: Vec<Value> = counted
        .buckets
        .iter()
        .map(|bucket| json!({"at": zulu(bucket.at_ms), "total": bucket.total, "failed": bucket.failed}))
        .collect();
    Ok(Json(json!({
        "from": zulu(span.from_ms), "to": zulu(span.to_ms()), "step_ms": span.step_ms, "buckets": buckets,
        "exact": counted.exact,
    })))
}

/// The smallest readable steps of which no more than `buckets`, and one for the alignment, cover the time.
fn span(from_ms: i64, to_ms: i64, buckets: u32) -> Span {
    let wanted = (to_ms - from_ms).div_euclid(i64::from(buckets)).max(1);
    let days = (wanted + DAY - 1).div_euclid(DAY).max(1) * DAY;
    let step_ms = STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(days);
    let from_ms = from_ms.div_euclid(step_ms) * step_ms;
    let steps = (to_ms - from_ms + step_ms - 1).div_euclid(step_ms);
    Span { from_ms, step_ms, steps: u32::try_from(steps).unwrap_or(1).clamp(1, buckets + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_readable_and_cover_the_time() {
        for (length, buckets, step) in [
            (HOUR, 60, MINUTE),
            (DAY, 60, 30 * MINUTE),
            (15 * DAY, 60, 6 * HOUR),
            (400 * DAY, 60, 7 * DAY),
            (5, 10, SECOND),
        ] {
            let from = 1_700_000_000_123;
            let span = span(from, from + length, buckets);
            assert_eq!(span.step_ms, step);
            assert!(span.from_ms <= from && span.to_ms() >= from + length && span.steps <= buckets + 1);
        }
    }
}
