//! Keeps credentials fresh: one refresh at a time for a connection, in this process and among all nodes.
//!
//! In the process callers of one connection share one running refresh; among nodes a leased, fenced row decides who
//! may ask the token endpoint (DESIGN §5 "Refresh"). A refresh that has begun runs to its end even when its callers
//! went away: the provider may already have rotated the token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{ConnectionId, ConnectionRow, IntegrationKey, Scope};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::account::{Account, OpenIntegration};
use super::accounts::Accounts;
use super::refresh;
use crate::context::Context;
use crate::error::{Error, RetryLater};

/// Whether a refresh happens although the token is not due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// Somebody asked: not even a recent failure keeps it from happening.
    Yes,
    /// The provider refused the token, so its stated end means nothing; after a failed refresh there is the same
    /// pause as ever, else each call with a dead token would cost a token call.
    Rejected,
    /// Only when due.
    No,
}

/// A pause after a failed refresh, during which nobody asks again (contract §7.1).
pub const BACK_OFF_MS: i64 = 30_000;

/// Rejected tokens of one connection that are renewed in a row.
const MOST_RENEWALS: u32 = 2;
/// How long it is remembered that a token replaced a rejected one.
const RENEWED: Duration = Duration::from_secs(30);

/// How long a call with a token that still works waits for the next one.
const COURTESY: Duration = Duration::from_secs(2);

type Running = Shared<BoxFuture<'static, Result<(), Arc<Error>>>>;
type RunningByRow = Arc<Mutex<HashMap<ConnectionRow, Running>>>;

/// Keeps credentials fresh.
pub struct Keeper {
    context: Arc<Context>,
    accounts: Arc<Accounts>,
    running: RunningByRow,
    /// Connections whose client is refused, and since when: such a failure marks no connection, but must not be
    /// repeated at every call.
    refused: Arc<moka::sync::Cache<ConnectionRow, Refused>>,
    /// What the rejection of tokens led to: a provider that answers 401 for other reasons than the token must not cost
    /// a token call a request.
    renewed: moka::sync::Cache<ConnectionRow, Renewed>,
}

#[derive(Clone)]
struct Refused {
    at_ms: i64,
    version: i64,
    /// A change of the integration may have mended it.
    integration_at_ms: i64,
    failure: Arc<Error>,
}

/// A token that replaced a rejected one.
#[derive(Debug, Clone, Copy)]
struct Renewed {
    version: i64,
    /// How many in a row were rejected before it.
    times: u32,
}

impl Keeper {
    /// A keeper over opened accounts.
    pub fn new(context: Arc<Context>, accounts: Arc<Accounts>) -> Self {
        let refused = moka::sync::Cache::builder().max_capacity(10_000).build();
        let renewed = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(RENEWED).build();
        Self { context, accounts, renewed, running: RunningByRow::default(), refused: Arc::new(refused) }
    }

    /// The account with a token that is good for a while.
    ///
    /// # Errors
    /// The connection is unknown, or its credentials do not work.
    pub async fn current(
        &self,
        scope: Scope,
        key: &IntegrationKey,
        id: &ConnectionId,
    ) -> Result<Arc<Account>, Error> {
        self.fresh(self.accounts.get(scope, key, id).await?).await
    }

    /// The account as it is, or renewed when its token is due.
    ///
    /// # Errors
    /// Its credentials do not work.
    pub async fn fresh(&self, account: Arc<Account>) -> Result<Arc<Account>, Error> {
        if account.is_due(self.context.now_ms()) { self.renew(account, Force::No).await } else { Ok(account) }
    }

    /// The account after a refresh, whatever its token's age.
    ///
    /// # Errors
    /// Why it could not be refreshed.
    pub async fn refresh(&self, account: &Arc<Account>, force: Force) -> Result<Arc<Account>, Error> {
        self.renew(account.clone(), force).await
    }

    async fn renew(&self, account: Arc<Account>, force: Force) -> Result<Arc<Account>, Error> {
        let now_ms = self.context.now_ms();
        if let Some(verdict) = self.settled(&account, force, now_ms) {
            return verdict;
        }
        let still_works = force == Force::No && account.is_valid(now_ms);
        let outcome = match still_works {
            // The refresh goes on by itself; nobody has to wait for it yet.
            true => match tokio::time::timeout(COURTESY, self.shared(&account)).await {
                Ok(outcome) => outcome,
                Err(_) => return Ok(account),
            },
            false => self.shared(&account).await,
        };
        match outcome {
            Ok(()) => {
                let fresh = self.reload(&account).await?;
                if force == Force::Rejected {
                    self.count_renewal(&account, &fresh);
                }
                Ok(fresh)
            }
            // A token that still works is better than an error about the next one.
            Err(_) if still_works && account.is_valid(self.context.now_ms()) => Ok(account),
            Err(failure) => Err(Error::Shared(failure)),
        }
    }

    /// What can be said without asking anybody.
    fn settled(
        &self,
        account: &Arc<Account>,
        force: Force,
        now_ms: i64,
    ) -> Option<Result<Arc<Account>, Error>> {
        if !account.is_renewable() {
            // Without a way to renew it the token goes out as it is (contract §7.3); the provider has the last word.
            return Some(Ok(account.clone()));
        }
        if force == Force::Yes {
            return None;
        }
        if force == Force::Rejected && self.renewals(account) >= MOST_RENEWALS {
            let text = "the token was just renewed twice and is refused again; another one would be as well";
            return Some(Err(Error::refused("new_token_refused", text)));
        }
        let health = &account.connection.health;
        let verdict = |error: Error| match force {
            Force::No if account.is_valid(now_ms) => Ok(account.clone()),
            _ => Err(error),
        };
        if let Some(problem) = health.error.as_ref().filter(|problem| problem.needs_reconnect) {
            return Some(verdict(Error::Credentials {
                problem: Box::new(problem.clone()),
                retry: RetryLater::No,
            }));
        }
        let recent = |at_ms: i64| now_ms - at_ms < BACK_OFF_MS && now_ms >= at_ms;
        if let (Some(problem), Some(at_ms)) = (&health.error, health.last_failure_at_ms)
            && recent(at_ms)
        {
            return Some(verdict(Error::Credentials {
                problem: Box::new(problem.clone()),
                retry: RetryLater::Yes,
            }));
        }
        let refused = self.refused.get(&account.connection.row)?;
        let same = refused.version == account.connection.credentials_version
            && refused.integration_at_ms == account.integration.integration.updated_at_ms;
        (same && recent(refused.at_ms)).then(|| verdict(Error::Shared(refused.failure)))
    }

    /// How many rejected tokens led to the account's own.
    fn renewals(&self, account: &Account) -> u32 {
        let renewed = self.renewed.get(&account.connection.row);
        renewed.filter(|one| one.version == account.connection.credentials_version).map_or(0, |one| one.times)
    }

    /// Callers who share a refresh come with the same rejected account, so they count as one.
    fn count_renewal(&self, rejected: &Account, fresh: &Account) {
        let times = self.renewals(rejected) + 1;
        let version = fresh.connection.credentials_version;
        let known = self.renewed.get(&fresh.connection.row).is_some_and(|one| one.version == version);
        if !known {
            self.renewed.insert(fresh.connection.row, Renewed { version, times });
        }
    }

    /// Joins the running refresh of this connection, or starts one.
    fn shared(&self, account: &Arc<Account>) -> Running {
        let row = account.connection.row;
        let mut map = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        map.entry(row).or_insert_with(|| self.start(account.clone())).clone()
    }

    fn start(&self, account: Arc<Account>) -> Running {
        let context = self.context.clone();
        let refused = self.refused.clone();
        let listed = Listed { running: self.running.clone(), row: account.connection.row };
        let task = self.context.background.spawn(async move {
            let _listed = listed;
            let outcome = refresh::run(&context, &account).await.map_err(Arc::new);
            remember(&refused, &account, &outcome, context.now_ms());
            outcome
        });
        async move { task.await.unwrap_or_else(|_| Err(Arc::new(Error::Corrupt("a refresh broke off")))) }
            .boxed()
            .shared()
    }

    async fn reload(&self, account: &Account) -> Result<Arc<Account>, Error> {
        let OpenIntegration { scope, integration, .. } = &*account.integration;
        let old = &account.connection;
        let found = self.accounts.get(*scope, &integration.key, &old.id).await?;
        if found.connection.credentials_version > old.credentials_version {
            return Ok(found);
        }
        // Another node has refreshed, and its notice has not arrived yet.
        self.accounts.get_anew(*scope, &integration.key, &old.id).await
    }
}

/// A refresh on the list of running ones. Its callers may all have gone away, so its task takes it off, however it
/// ends.
struct Listed {
    running: RunningByRow,
    row: ConnectionRow,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.row);
    }
}

fn remember(
    list: &moka::sync::Cache<ConnectionRow, Refused>,
    account: &Account,
    outcome: &Result<(), Arc<Error>>,
    at_ms: i64,
) {
    let row = account.connection.row;
    match outcome {
        Ok(()) => list.invalidate(&row),
        Err(failure) => list.insert(
            row,
            Refused {
                at_ms,
                version: account.connection.credentials_version,
                integration_at_ms: account.integration.integration.updated_at_ms,
                failure: failure.clone(),
            },
        ),
    }
}
