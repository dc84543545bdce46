//! Credentials that were obtained elsewhere become a connection (contract §2.4).

use domain::connection::Connection;
use domain::operation::OperationState;

use super::keep::{self, NewAuthorization};
use super::{account_requests, attempt, trial};
use crate::context::Context;
use crate::credentials::account::Account;
use crate::error::Error;

/// Tries and stores imported credentials: keys and passwords are tried as they are in a form, an installation buys its
/// first token, everything else is taken as it is.
///
/// # Errors
/// Why they are of no use, or the database failed; nothing is stored then. The operation in the log tells it too.
pub async fn import(context: &Context, new: NewAuthorization) -> Result<Connection, Error> {
    let scope = new.integration.scope;
    let name = new.id.to_string();
    let log_id = attempt::begun(context, &new.integration, Some(&name));
    let outcome = store(context, new, &log_id).await;
    let (state, error) = match &outcome {
        Ok(_) => (OperationState::Success, None),
        Err(error) => (OperationState::Failed, Some(error.to_string())),
    };
    context.log.finish(scope, log_id, state, Some(name), error);
    outcome
}

async fn store(context: &Context, new: NewAuthorization, log_id: &str) -> Result<Connection, Error> {
    let account = Account::on_trial(new.integration.clone(), new.credentials, new.config)?;
    let mut account = trial::pass(context, account, log_id).await?;
    // Tokens that come from elsewhere may have ended, and what they open is known there: the messages tell what is missing.
    let _told = account_requests::learn(context, &mut account, log_id).await;
    let Account { credentials, connection: Connection { config, .. }, .. } = account;
    let (connection, _) = keep::keep(context, NewAuthorization { credentials, config, ..new }).await?;
    Ok(connection)
}
