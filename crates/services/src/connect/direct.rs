//! Authorizations without a redirect: the form's values take the place of a code (contract §5.6).

use std::sync::Arc;

use domain::connect::ConnectSession;
use domain::connection::Connection;
use domain::operation::OperationState;
use domain::{ConnectionId, IntegrationKey, Scope};
use serde_json::{Map, Value};

use super::attempt::{self, Attempt};
use super::form::{self, Form};
use super::keep::{self, NewAuthorization, connection_name};
use super::{account_requests, certificates, config, sessions, trial};
use crate::context::Context;
use crate::credentials::account::{Account, OpenIntegration};
use crate::error::Error;

/// The new connection.
#[derive(Debug)]
pub struct Connected {
    /// The integration's key.
    pub integration: IntegrationKey,
    /// The connection's id.
    pub connection: ConnectionId,
}

/// Connects by form.
///
/// # Errors
/// What is missing or refused; the operation in the log tells it too.
pub async fn connect(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    params: Map<String, Value>,
    form: Form,
) -> Result<Connected, Error> {
    connect_as(context, session, key, params, form, None).await
}

/// As [`connect`], under a name of the caller's choice.
///
/// # Errors
/// As [`connect`].
pub async fn connect_as(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    params: Map<String, Value>,
    form: Form,
    name: Option<ConnectionId>,
) -> Result<Connected, Error> {
    let scope = Scope { environment: session.environment };
    let open = OpenIntegration::load(context, scope, key).await?;
    let log_id = attempt::begun(context, &open, None);
    let outcome = authorize(context, session, &open, Request { params, form, name }, &log_id).await;
    let (state, connection, error) = match &outcome {
        Ok(connected) => (OperationState::Success, Some(connected.connection.to_string()), None),
        Err(error) => (OperationState::Failed, None, Some(error.to_string())),
    };
    context.log.finish(scope, log_id, state, connection, error);
    outcome
}

/// What one connect asks for.
struct Request {
    params: Map<String, Value>,
    form: Form,
    name: Option<ConnectionId>,
}

async fn authorize(
    context: &Context,
    session: &ConnectSession,
    open: &Arc<OpenIntegration>,
    request: Request,
    log_id: &str,
) -> Result<Connected, Error> {
    let Request { params, form, name } = request;
    sessions::check_allowed(session, &open.integration.key)?;
    let mut config = config::merged(open, params, session.defaults.get(open.integration.key.as_str()))?;
    let id = match name.or_else(|| session.connection.clone()) {
        Some(name) => name,
        None => connection_name(context, open.scope, session.reconnect).await?,
    };
    let tried = try_out(context, session, open, form, form::Place { config: &mut config, log_id }).await;
    if let Some(failed) = tried.as_ref().err().and_then(attempt::verdict) {
        Attempt::of_session(session, id.as_str()).failed(context, open, &failed).await;
    }
    let (account, pair) = tried?;
    if let Some(pair) = pair {
        // The pair works: it belongs to this connection from now on and can be taken by no other.
        certificates::take(context, session, &pair).await?;
    }
    let Account { credentials, connection: Connection { config, .. }, .. } = account;
    let new = NewAuthorization {
        integration: open.clone(),
        id,
        credentials,
        config,
        metadata: None,
        end_user: session.end_user.clone(),
        tags: session.tags.clone(),
        webhook_url_override: session.webhook_url_override.clone(),
    };
    let (connection, _) = keep::keep(context, new).await?;
    context.faults.pass("direct:stored");
    Ok(Connected { integration: open.integration.key.clone(), connection: connection.id })
}

/// What the form promises, bought and tried at the provider; with it the key pair made here that it used.
async fn try_out(
    context: &Context,
    session: &ConnectSession,
    open: &Arc<OpenIntegration>,
    form: Form,
    place: form::Place<'_>,
) -> Result<(Account, Option<String>), Error> {
    let form::Place { config, log_id } = place;
    let form::Trial { credentials, pair } =
        form::read(context, session, open, form, form::Place { config: &mut *config, log_id }).await?;
    let account = Account::on_trial(open.clone(), credentials, std::mem::take(config))?;
    let mut account = trial::pass(context, account, log_id).await?;
    let learnt = account_requests::learn(context, &mut account, log_id).await;
    learnt.map_err(|why| Error::refused("connection_test_failed", why))?;
    Ok((account, pair))
}
