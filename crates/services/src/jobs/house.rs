//! Retention: what is older than it may be goes, a little at a time.

use std::sync::Arc;
use std::time::Duration;

use domain::retry::RetryPolicy;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use scheduler::{Handler, Kind, Outcome, Task};

use crate::context::Context;
use crate::error::Error;
use crate::people;
use crate::services::Retention;

/// The kind of its task.
pub const HOUSE_TASK: &str = "house";
/// Expired sessions, dead tasks and deleted environments are kept this long (contract §11.5).
pub const ONE_MONTH_MS: i64 = 31 * 24 * 3600 * 1000;
/// An operation that has not ended after this never will.
const LONGEST_OPERATION_MS: i64 = 2 * 3600 * 1000;
/// Rows of one transaction: writers wait no longer than these take.
const BATCH: u32 = 1_000;

/// Deletes what has expired, in batches.
///
/// # Errors
/// The database failed; the next run goes on.
pub async fn keep_house(context: &Context, retention: Retention) -> Result<(), Error> {
    let now_ms = context.now_ms();
    let store = &context.store;
    let month_ago_ms = now_ms - ONE_MONTH_MS;
    let stale_ms = now_ms - LONGEST_OPERATION_MS;
    while full(store.purge_oauth_states(now_ms, BATCH).await?) {}
    while full(store.purge_admin_links(now_ms, BATCH).await?) {}
    while full(store.purge_pending_certificates(now_ms, BATCH).await?) {}
    while full(store.purge_connect_sessions(month_ago_ms, BATCH).await?) {}
    while store.purge_environments(month_ago_ms, BATCH).await? {}
    while full(store.expire_running(stale_ms, now_ms, BATCH).await?) {}
    while full(store.purge_warnings(month_ago_ms, BATCH).await?) {}
    while full(store.purge_dead_tasks(month_ago_ms, BATCH).await?) {}
    while full(store.purge_deliveries(now_ms - retention.max_age_ms, BATCH).await?) {}
    people::keep_house(context).await?;
    while full(store.purge_audit(now_ms - retention.audit_ms, BATCH).await?) {}
    while store.reap_log(now_ms, retention.max_age_ms, retention.max_bytes, BATCH).await?.more {}
    Ok(())
}

/// Whether a batch was full, so that there may be more.
fn full(deleted: u64) -> bool {
    deleted >= u64::from(BATCH)
}

/// Keeps house as a task, so that one node does it.
pub struct House {
    pub(super) context: Arc<Context>,
    pub(super) retention: Retention,
}

impl Handler for House {
    fn kind(&self) -> Kind {
        Kind {
            name: HOUSE_TASK,
            at_once: 1,
            limit: Duration::from_secs(600),
            retry: RetryPolicy { first_ms: 10_000, factor: 2, longest_ms: 600_000, give_up_ms: 3_600_000 },
        }
    }

    fn run(&self, _: Task) -> BoxFuture<'_, Outcome> {
        async move {
            match keep_house(&self.context, self.retention).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::Failed(error.to_string()),
            }
        }
        .boxed()
    }
}
