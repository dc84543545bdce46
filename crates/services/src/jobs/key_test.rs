//! Keys and passwords that are stored: does the provider still take them?

use domain::connection::{Actor, AuthProblem, Health};
use domain::operation::{OperationKind, OperationState};

use crate::connect::verify::{self, Standing};
use crate::context::Context;
use crate::credentials::account::Account;
use crate::error::Error;
use crate::operations::OperationFacts;
use crate::webhooks::auth_events::{About, AuthEvent, Teller, is_news};

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tested {
    /// There is no way to test them.
    Untested,
    /// The provider takes them.
    Works,
    /// It does not, or it could not be asked.
    Fails,
}

/// Tries a connection's key, and writes down when it stops or begins to work. Only 401, and 403 twice in a row, are the
/// key's fault (one 403 may be a firewall's): anything else says nothing about it and changes nothing.
pub(super) async fn run(context: &Context, account: &Account) -> Result<Tested, Error> {
    let known = &account.connection.health;
    match verify::test(context, account, None).await? {
        Standing::Untested => Ok(Tested::Untested),
        Standing::Accepted => {
            if known.error.is_some() || known.failures > 0 {
                write(context, account, &Health::default(), store::FollowUp::default()).await?;
            }
            Ok(Tested::Works)
        }
        Standing::Refused { status: Some(403), .. } if known.failures == 0 => {
            let suspected = Health { error: None, last_failure_at_ms: Some(context.now_ms()), failures: 1 };
            write(context, account, &suspected, store::FollowUp::default()).await?;
            Ok(Tested::Fails)
        }
        Standing::Refused { status: Some(401 | 403), story } => {
            refused(context, account, story).await?;
            Ok(Tested::Fails)
        }
        Standing::Refused { .. } => Ok(Tested::Fails),
    }
}

async fn refused(context: &Context, account: &Account, story: String) -> Result<(), Error> {
    let now_ms = context.now_ms();
    let known = &account.connection.health;
    let problem = AuthProblem {
        log_id: context.log.new_id(now_ms),
        code: "connection_test_failed".to_owned(),
        cause: format!("The provider does not take the credentials any more: {story}."),
        actor: Actor::User,
        remedy: "Connect the account again with credentials that work.".to_owned(),
        link: None,
        needs_reconnect: true,
    };
    let facts = OperationFacts {
        kind: OperationKind::ConnectionTest,
        integration: &account.integration.integration,
        connection: Some(account.connection.id.as_str()),
        created_at_ms: now_ms,
        detail: None,
    };
    let (id, cause) = (problem.log_id.clone(), problem.cause.clone());
    context.log.ended(account.integration.scope, id, &facts, OperationState::Failed, Some(cause));
    let follow_up = match is_news(known.error.as_ref(), &problem) {
        true => {
            let teller = Teller::prepare(context, &account.integration).await?;
            teller.tell(About::stored(&account.connection), AuthEvent::RefreshFailure(&problem))
        }
        false => store::FollowUp::default(),
    };
    let health =
        Health { error: Some(problem), last_failure_at_ms: Some(now_ms), failures: known.failures + 1 };
    write(context, account, &health, follow_up).await
}

async fn write(
    context: &Context,
    account: &Account,
    health: &Health,
    follow_up: store::FollowUp,
) -> Result<(), Error> {
    let (scope, row) = (account.integration.scope, account.connection.row);
    match context.store.set_connection_health(scope, row, health, follow_up, context.now_ms()).await {
        // Deleted meanwhile.
        Ok(()) | Err(store::StoreError::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
