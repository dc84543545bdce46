//! One refresh, from the claim of its row to the committed answer.

use std::time::Duration;

use domain::connection::Connection;
use domain::connection::{AuthProblem, Health};
use domain::operation::{OperationKind, OperationState};
use serde_json::json;
use store::{Claim, FollowUp, Intent, Lease, LifeWatch, NewCredentials, Uncertainty, Written};

use super::account::Account;
use super::keeper::BACK_OFF_MS;
use super::problem::{Concern, TokenProblem};
use super::renewal::{Fresh, Renewed};
use super::token_endpoint::TokenCallFacts;
use super::{codec, renewal};
use crate::context::{Context, REFRESH_LEASE};
use crate::error::{Error, RetryLater};
use crate::operations::OperationFacts;
use crate::webhooks::auth_events::{About, AuthEvent, Teller, is_news};

/// How long another node's refresh is waited for; longer than its lease.
const PATIENCE: Duration = Duration::from_secs(35);
/// Between two looks at a row that another node refreshes.
const LOOK: Duration = Duration::from_millis(50);
/// Looks at the row for each look at its holder.
const LOOKS_A_LIFE: u32 = 4;

/// Refreshes the account's credentials, or waits until another node has.
///
/// # Errors
/// Why there are no new credentials.
pub async fn run(context: &Context, account: &Account) -> Result<(), Error> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    let mut waiting = Waiting::default();
    let scope = account.integration.scope;
    let row = account.connection.row;
    loop {
        let now_ms = context.now_ms();
        let log_id = context.log.new_id(now_ms);
        let intent =
            Intent { owner: context.settings.node.to_string(), operation_id: log_id.clone(), at_ms: now_ms };
        let version = account.connection.credentials_version;
        match context.store.claim_refresh(scope, row, version, intent, lease_ms()).await? {
            // Another node was here first and its answer is stored.
            Claim::Newer(_) => return Ok(()),
            Claim::Busy { holder: Some(holder), fence, .. }
                if context.settings.node.replaces(&holder.owner) =>
            {
                // Our own process before a crash: nobody will give this lease back.
                context.store.break_refresh_lease(row, fence).await?;
            }
            Claim::Busy { .. } if tokio::time::Instant::now() >= patience => {
                let cause = "Another node is refreshing this connection and has not finished in time.";
                return Err(TokenProblem::passing("refresh_busy", cause).into());
            }
            Claim::Busy { fence, life, .. } => {
                if waiting.holder_is_gone(context, life).await {
                    context.counts.refresh_taken_over.up();
                    tracing::info!("a refresh is taken over from a node that died");
                    context.store.break_refresh_lease(row, fence).await?;
                } else {
                    tokio::time::sleep(LOOK).await;
                }
            }
            Claim::Claimed { lease, connection, previous_intent } => {
                context.faults.pass("refresh:claimed");
                let held =
                    Held { lease, connection: *connection, interrupted: previous_intent.is_some(), log_id };
                return renew(context, account, held).await;
            }
        }
    }
}

/// Waits for another node's refresh, with an eye on whether that node lives.
#[derive(Default)]
struct Waiting {
    lives: LifeWatch,
    looks: u32,
}

impl Waiting {
    /// Whether the holder's process has ended. Asked at each look, it asks the database at every fourth.
    async fn holder_is_gone(&mut self, context: &Context, life: Option<i64>) -> bool {
        self.looks += 1;
        let Some(life) = life.filter(|_| self.looks.is_multiple_of(LOOKS_A_LIFE)) else { return false };
        match self.lives.over(&context.store, &[life]).await {
            Ok(over) => !over.is_empty(),
            // The claim itself will say what is wrong with the database.
            Err(_) => false,
        }
    }
}

/// A claimed refresh.
struct Held {
    lease: Lease,
    /// The row as it was claimed; it may be newer than what the cache had.
    connection: Connection,
    /// An earlier refresh began and nobody knows how it ended.
    interrupted: bool,
    /// The operation that tells of it.
    log_id: String,
}

fn lease_ms() -> i64 {
    i64::try_from(REFRESH_LEASE.as_millis()).unwrap_or(i64::MAX)
}

async fn renew(context: &Context, account: &Account, held: Held) -> Result<(), Error> {
    let started_at_ms = context.now_ms();
    let log_id = held.log_id.clone();
    // A failure that another node has written down meanwhile is not repeated at once.
    if let Some(problem) = recent_failure(account, &held, started_at_ms) {
        give_back(context, held.lease).await?;
        return Err(credentials_error(problem));
    }
    let current = Account::open(context, account.integration.clone(), held.connection.clone())?;
    let renewed = if lease_suffices(context, &held.lease).await? {
        context.faults.pass("refresh:before_call");
        let renewed = renewal::run(context, &current).await;
        context.faults.pass("refresh:answered");
        renewed
    } else {
        let cause = "The refresh lost its lease before it began.";
        Renewed::here(Err(TokenProblem::passing("refresh_busy", cause)))
    };
    let facts = renewed.facts;
    let outcome = match renewed.outcome {
        Ok(fresh) => keep(context, &current, held.lease, fresh).await,
        Err(problem) => give_up(context, &current, held, problem, facts.is_some()).await,
    };
    count(context, &outcome);
    log(context, account, &log_id, started_at_ms, facts.as_ref(), &outcome);
    outcome
}

fn count(context: &Context, outcome: &Result<(), Error>) {
    let counts = &context.counts;
    match outcome {
        Ok(()) => counts.refreshed.up(),
        Err(Error::Credentials { retry: RetryLater::No, .. }) => counts.refresh_refused.up(),
        Err(_) => counts.refresh_failed.up(),
    }
}

fn recent_failure(account: &Account, held: &Held, now_ms: i64) -> Option<AuthProblem> {
    let stored = &held.connection.health;
    let at_ms = stored.last_failure_at_ms?;
    let news = account.connection.health.last_failure_at_ms != Some(at_ms);
    (news && (0..BACK_OFF_MS).contains(&(now_ms - at_ms))).then(|| stored.error.clone()).flatten()
}

/// The token calls must end before the lease does, else another node could send the same token meanwhile.
async fn lease_suffices(context: &Context, lease: &Lease) -> Result<bool, Error> {
    let call_ms = i64::try_from(renewal::WHOLE.as_millis()).unwrap_or(i64::MAX);
    let end_ms = context.store.refresh_lease_end(lease).await?;
    Ok(end_ms.is_some_and(|end_ms| context.now_ms() + call_ms < end_ms))
}

async fn keep(context: &Context, account: &Account, lease: Lease, fresh: Fresh) -> Result<(), Error> {
    let Fresh { credentials, config_changes } = fresh;
    let place = vault::Place::new("connections", &account.connection.seal_id, "credentials");
    let sealed = context.vault.seal(&place, &codec::encode(&credentials))?;
    let expires_at_ms = credentials.expires_at_ms();
    let new = NewCredentials { credentials: sealed, expires_at_ms, config_changes };
    match context.store.complete_refresh(lease, new, context.now_ms()).await? {
        // Lost: a newer authorization or refresh has been stored, and what we hold is older news.
        Written::Ok(_) | Written::Lost => {}
    }
    context.faults.pass("refresh:committed");
    Ok(())
}

/// Whether the endpoint may have acted on the request although no answer was understood.
fn uncertainty(problem: &TokenProblem, asked: bool) -> Uncertainty {
    if asked && problem.status.is_none() { Uncertainty::Unknown } else { Uncertainty::Settled }
}

async fn give_up(
    context: &Context,
    account: &Account,
    held: Held,
    mut problem: TokenProblem,
    asked: bool,
) -> Result<(), Error> {
    if problem.concern == Concern::Grant && held.interrupted {
        problem.code = "interrupted_refresh".to_owned();
        problem.cause = "A refresh was interrupted and the provider has revoked the old token.".to_owned();
        problem.remedy = "Connect the account again.".to_owned();
    }
    if problem.concern == Concern::Client {
        // The developer must act; no connection is touched (DESIGN §5).
        give_back(context, held.lease).await?;
        return Err(problem.into());
    }
    let described = AuthProblem {
        log_id: held.log_id,
        code: problem.code.clone(),
        cause: problem.cause.clone(),
        actor: problem.actor,
        remedy: problem.remedy.clone(),
        link: problem.link.clone(),
        needs_reconnect: problem.needs_reconnect(),
    };
    let health = Health {
        error: Some(described.clone()),
        last_failure_at_ms: Some(context.now_ms()),
        failures: held.connection.health.failures + 1,
    };
    let follow_up = match is_news(held.connection.health.error.as_ref(), &described) {
        true => Teller::prepare(context, &account.integration)
            .await?
            .tell(About::stored(&held.connection), AuthEvent::RefreshFailure(&described)),
        false => FollowUp::default(),
    };
    // Lost: somebody else has taken over and will write what they find.
    let _: Written<()> = context
        .store
        .fail_refresh(held.lease, &health, uncertainty(&problem, asked), follow_up, context.now_ms())
        .await?;
    Err(credentials_error(described))
}

/// Gives a lease back; a lost one is somebody else's already.
async fn give_back(context: &Context, lease: Lease) -> Result<(), Error> {
    match context.store.release_refresh(lease).await? {
        Written::Ok(()) | Written::Lost => Ok(()),
    }
}

fn credentials_error(problem: AuthProblem) -> Error {
    let retry = if problem.needs_reconnect { RetryLater::No } else { RetryLater::Yes };
    Error::Credentials { problem: Box::new(problem), retry }
}

fn log(
    context: &Context,
    account: &Account,
    id: &str,
    started_at_ms: i64,
    facts: Option<&TokenCallFacts>,
    outcome: &Result<(), Error>,
) {
    let state = if outcome.is_ok() { OperationState::Success } else { OperationState::Failed };
    let operation = OperationFacts {
        kind: OperationKind::RefreshToken,
        integration: &account.integration.integration,
        connection: Some(account.connection.id.as_str()),
        created_at_ms: started_at_ms,
        detail: facts.map(|facts| {
            json!({"request": {"method": facts.method.as_str(), "url": facts.url, "grant_type": facts.grant},
                   "response": {"code": facts.status}, "duration_us": facts.duration.as_micros() as u64})
        }),
    };
    let error = outcome.as_ref().err().map(ToString::to_string);
    context.log.ended(account.integration.scope, id.to_owned(), &operation, state, error);
}
