//! Keeps credentials from lapsing while nobody uses them, and finds out that they broke before somebody needs them.
//!
//! Every connection carries the moment of its next visit, in an index; a visit asks at most one token endpoint. What
//! traffic refreshes by itself is never asked here.

use std::sync::Arc;
use std::time::Duration;

use domain::retry::RetryPolicy;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use scheduler::{Handler, Kind, Outcome, Task};
use store::DueCheck;

use crate::context::Context;
use crate::credentials::account::Account;
use crate::credentials::keeper::{Force, Keeper};
use crate::error::Error;
use crate::jobs::key_test;

/// The kind of its task.
pub const ALIVE_TASK: &str = "alive";

/// Connections visited in one go.
const BATCH: u32 = 64;
/// Token endpoints asked at the same time: kind to the vendors, and with 0.3 s a call two million visits a day.
const AT_ONCE: usize = 8;
/// A round ends here and the next one goes on.
const ROUND: Duration = Duration::from_secs(45);
/// Whose visitor died is visited again after this, milliseconds.
const LEASE_MS: i64 = 10 * 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Contract §7.1: after four days of failures nobody tries by himself any more; callers still may.
const GIVE_UP_MS: i64 = 4 * DAY_MS;
/// A grant that lies unused this long is used although its token has not ended: refresh tokens lapse by inactivity
/// (Microsoft: 90 days), whatever the life of the access token.
const LONGEST_REST_MS: i64 = 30 * DAY_MS;

/// When connections are visited again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AliveSettings {
    /// Credentials that were not obtained anew for this long are looked at, milliseconds.
    pub idle_ms: i64,
}

/// Visits connections.
pub struct Alive {
    pub(super) context: Arc<Context>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) settings: AliveSettings,
}

/// What a visit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// The credentials are new now, and may rest.
    Fresh {
        /// So long, milliseconds.
        idle_ms: i64,
        /// Which they are.
        version: i64,
    },
    /// They rest until this moment, Unix milliseconds.
    Rests(i64),
    /// Something passing: again after a pause that grows with the failures in a row.
    Failed(i64),
    /// Nothing can be done here until somebody connects the account again.
    Over,
}

impl Alive {
    /// Visits all that are due, or as many as fit into a round; their number.
    ///
    /// # Errors
    /// The database failed.
    pub async fn round(&self) -> Result<u64, Error> {
        let end = tokio::time::Instant::now() + ROUND;
        let mut visited = 0;
        loop {
            let now_ms = self.context.now_ms();
            let due = self.context.store.claim_checks(now_ms, now_ms + LEASE_MS, BATCH).await?;
            let count = due.len();
            visited += count as u64;
            let mut visits =
                futures_util::stream::iter(due).map(|due| self.visit(due)).buffer_unordered(AT_ONCE);
            while let Some(noted) = visits.next().await {
                noted?;
            }
            if count < BATCH as usize || tokio::time::Instant::now() >= end {
                return Ok(visited);
            }
        }
    }

    async fn visit(&self, due: DueCheck) -> Result<(), Error> {
        let found = match self.look(&due).await {
            Ok(found) => found,
            // The database is down for everybody: the lease brings the visitor back.
            Err(error @ Error::Store(_)) => return Err(error),
            Err(error) => {
                tracing::debug!(connection = due.id.as_str(), %error, "a connection could not be looked after");
                Found::Failed(0)
            }
        };
        let now_ms = self.context.now_ms();
        let next_ms = match found {
            Found::Fresh { idle_ms, .. } => Some(now_ms + self.spread(idle_ms)),
            Found::Rests(until_ms) => Some(until_ms.max(now_ms + self.spread(HOUR_MS))),
            Found::Failed(failures) => {
                let pause_ms = HOUR_MS << failures.clamp(0, 4);
                Some(now_ms + self.spread(pause_ms.min(self.settings.idle_ms.max(HOUR_MS))))
            }
            Found::Over => None,
        };
        let version = match found {
            Found::Fresh { version, .. } => version,
            _ => due.version,
        };
        Ok(self.context.store.set_check(due.row, version, next_ms).await?)
    }

    async fn look(&self, due: &DueCheck) -> Result<Found, Error> {
        let account = match Account::load(&self.context, due.scope, &due.integration, &due.id).await {
            Ok(account) => Arc::new(account),
            // The last one: its environment was deleted, and its rows wait for their end.
            Err(Error::UnknownConnection { .. } | Error::UnknownIntegration(_) | Error::NotFound(_)) => {
                return Ok(Found::Over);
            }
            Err(error) => return Err(error),
        };
        let health = &account.connection.health;
        if !account.is_renewable() {
            return match key_test::run(&self.context, &account).await? {
                key_test::Tested::Untested => Ok(Found::Over),
                key_test::Tested::Works => {
                    Ok(Found::Fresh { idle_ms: self.settings.idle_ms, version: due.version })
                }
                key_test::Tested::Fails => Ok(Found::Failed(health.failures)),
            };
        }
        if health.error.as_ref().is_some_and(|problem| problem.needs_reconnect) {
            return Ok(Found::Over);
        }
        let now_ms = self.context.now_ms();
        let rested_ms = due.refreshed_at_ms.map_or(i64::MAX, |at_ms| now_ms - at_ms);
        let own_days = account.integration.entry.provider.refresh_idle_days;
        let idle_ms = own_days.map_or(self.settings.idle_ms, |days| i64::from(days) * DAY_MS);
        let force = if rested_ms >= LONGEST_REST_MS { Force::Yes } else { Force::No };
        if rested_ms < idle_ms {
            return Ok(Found::Rests(now_ms + self.spread(idle_ms - rested_ms)));
        }
        if force == Force::No && !account.is_due(now_ms) {
            let due_ms = account.credentials.expires_at_ms().unwrap_or(i64::MAX);
            let longest_ms = now_ms.saturating_add(LONGEST_REST_MS - rested_ms.min(LONGEST_REST_MS));
            return Ok(Found::Rests(due_ms.min(longest_ms)));
        }
        if due.failing_since_ms.is_some_and(|since_ms| now_ms - since_ms >= GIVE_UP_MS) {
            tracing::warn!(
                connection = due.id.as_str(),
                integration = due.integration.as_str(),
                "credentials have failed for four days and are not refreshed by themselves any more"
            );
            return Ok(Found::Over);
        }
        match self.keeper.refresh(&account, force).await {
            Ok(fresh) if fresh.connection.credentials_version > due.version => {
                Ok(Found::Fresh { idle_ms, version: fresh.connection.credentials_version })
            }
            // The old token still works, and the refresh failed or takes its time.
            Ok(_) => Ok(Found::Failed(0)),
            Err(error) if needs_reconnect(&error) => Ok(Found::Over),
            Err(_) => Ok(Found::Failed(health.failures)),
        }
    }

    /// Nine to eleven tenths of a span: what was imported together does not stay together.
    fn spread(&self, span_ms: i64) -> i64 {
        let mut chance = [0];
        self.context.entropy.fill(&mut chance);
        span_ms / 10 * 9 + span_ms / 5 * i64::from(chance[0]) / 255
    }
}

fn needs_reconnect(error: &Error) -> bool {
    match error {
        Error::Credentials { problem, .. } => problem.needs_reconnect,
        Error::Shared(shared) => needs_reconnect(shared),
        _ => false,
    }
}

impl Handler for Alive {
    fn kind(&self) -> Kind {
        Kind {
            name: ALIVE_TASK,
            at_once: 1,
            limit: Duration::from_secs(180),
            retry: RetryPolicy { first_ms: 10_000, factor: 2, longest_ms: 600_000, give_up_ms: HOUR_MS },
        }
    }

    fn run(&self, _: Task) -> BoxFuture<'_, Outcome> {
        async move {
            match self.round().await {
                Ok(_) => Outcome::Done,
                Err(error) => Outcome::Failed(error.to_string()),
            }
        }
        .boxed()
    }
}
