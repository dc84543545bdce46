//! Client secrets and certificates come to their end on a day that is known: somebody must be told before it.

use std::sync::Arc;
use std::time::Duration;

use domain::operation::{OperationKind, OperationState};
use domain::retry::RetryPolicy;
use domain::{ConnectionId, IntegrationKey, Scope};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use scheduler::{Handler, Kind, Outcome, Task};

use crate::context::Context;
use crate::error::Error;
use crate::operations::OperationFacts;

/// The kind of its task.
pub const EXPIRY_TASK: &str = "expiry";

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Warnings are given this many days before the end, and at the end.
const DAYS: [i64; 5] = [0, 1, 7, 14, 30];
/// Certificates looked at in one go.
const MOST: u32 = 10_000;

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// An integration's client secret, by the day that the operator entered.
    ClientSecret,
    /// A connection's certificate, by its own `notAfter`.
    Certificate,
}

/// A secret that ends soon or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// The environment.
    pub scope: Scope,
    /// The integration.
    pub integration: IntegrationKey,
    /// The connection, where the secret is its own.
    pub connection: Option<ConnectionId>,
    /// What ends.
    pub what: Ending,
    /// Unix milliseconds.
    pub ends_at_ms: i64,
    subject: String,
}

impl Expiring {
    /// Whole days until the end, rounded up; 0 or less when it has ended.
    pub fn days_left(&self, now_ms: i64) -> i64 {
        let left_ms = self.ends_at_ms - now_ms;
        if left_ms <= 0 { left_ms / DAY_MS } else { (left_ms + DAY_MS - 1) / DAY_MS }
    }
}

/// Secrets of all environments that end within `days`, the first to end first: for `doctor` and the dashboard.
///
/// # Errors
/// The database failed.
pub async fn expiring(context: &Context, days: i64) -> Result<Vec<Expiring>, Error> {
    let before_ms = context.now_ms() + days * DAY_MS;
    let mut found = Vec::new();
    for environment in context.store.environments().await? {
        let scope = Scope { environment: environment.id };
        for integration in context.store.integrations(scope).await? {
            let Some(ends_at_ms) = integration.settings.secret_expires_at_ms else { continue };
            if ends_at_ms <= before_ms {
                let subject = format!("integration:{}", integration.id);
                let what = Ending::ClientSecret;
                found.push(Expiring {
                    scope,
                    integration: integration.key,
                    connection: None,
                    what,
                    ends_at_ms,
                    subject,
                });
            }
        }
    }
    for one in context.store.ending_credentials(before_ms, MOST).await? {
        found.push(Expiring {
            scope: one.scope,
            integration: one.integration,
            connection: Some(one.id),
            what: Ending::Certificate,
            ends_at_ms: one.ends_at_ms,
            subject: format!("connection:{}", one.row.0),
        });
    }
    found.sort_by_key(|one| one.ends_at_ms);
    Ok(found)
}

/// Gives the warnings that are due: each once, on whichever node; their number.
///
/// # Errors
/// The database failed; the next hour goes on.
pub async fn warn(context: &Context) -> Result<u64, Error> {
    let now_ms = context.now_ms();
    let mut given = 0;
    for one in expiring(context, DAYS[DAYS.len() - 1]).await? {
        let left_ms = one.ends_at_ms - now_ms;
        let Some(days) = DAYS.into_iter().find(|days| left_ms <= days * DAY_MS) else { continue };
        if context.store.note_warning(&one.subject, one.ends_at_ms, days, now_ms).await? {
            tell(context, &one, now_ms).await?;
            given += 1;
        }
    }
    Ok(given)
}

/// One warning, on stderr and as an operation.
async fn tell(context: &Context, one: &Expiring, now_ms: i64) -> Result<(), Error> {
    let what = match (&one.what, &one.connection) {
        (Ending::Certificate, Some(connection)) => format!("The certificate of the connection {connection}"),
        _ => format!("The client secret of the integration {}", one.integration),
    };
    let days = one.days_left(now_ms);
    let when = match days {
        ..=0 => "has ended".to_owned(),
        1 => "ends within a day".to_owned(),
        days => format!("ends in {days} days"),
    };
    let remedy = match one.what {
        Ending::ClientSecret => "Make a new secret at the provider and enter it with its end.",
        Ending::Certificate => "Connect the account again with a new certificate.",
    };
    let text = format!("{what} {when}. {remedy}");
    tracing::warn!(integration = one.integration.as_str(), "{text}");
    let Some(integration) = context.store.integration(one.scope, &one.integration).await? else {
        return Ok(());
    };
    let facts = OperationFacts {
        kind: OperationKind::ExpiryWarning,
        integration: &integration,
        connection: one.connection.as_ref().map(ConnectionId::as_str),
        created_at_ms: now_ms,
        detail: None,
    };
    let state = if days <= 0 { OperationState::Failed } else { OperationState::Success };
    let id = context.log.new_id(now_ms);
    let error = (days <= 0).then(|| text.clone());
    context.log.ended(one.scope, id.clone(), &facts, state, error);
    context.log.say(one.scope, &id, "warn", text, None);
    Ok(())
}

/// Warns as a task, so that one node does it.
pub struct Expiry {
    pub(super) context: Arc<Context>,
}

impl Handler for Expiry {
    fn kind(&self) -> Kind {
        Kind {
            name: EXPIRY_TASK,
            at_once: 1,
            limit: Duration::from_secs(120),
            retry: RetryPolicy { first_ms: 60_000, factor: 2, longest_ms: 600_000, give_up_ms: 3_600_000 },
        }
    }

    fn run(&self, _: Task) -> BoxFuture<'_, Outcome> {
        async move {
            match warn(&self.context).await {
                Ok(_) => Outcome::Done,
                Err(error) => Outcome::Failed(error.to_string()),
            }
        }
        .boxed()
    }
}
