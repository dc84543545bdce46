//! Authorizations without a redirect: the form's values take the place of a code (contract §5.6).

use std::sync::Arc;

use domain::connect::ConnectSession;
use domain::connection::Connection;
use domain::credentials::Credentials;
use domain::operation::{OperationKind, OperationState};
use domain::{ConnectionId, IntegrationKey, Scope};
use serde_json::{Map, Value, json};

use super::callback::describe;
use super::form::{self, Form};
use super::keep::{self, NewAuthorization, connection_name};
use super::{certificates, config, sessions};
use crate::context::Context;
use crate::credentials::account::{Account, OpenIntegration};
use crate::credentials::problem::TokenProblem;
use crate::credentials::renewal::{self, Renewed};
use crate::error::Error;
use crate::operations::OperationFacts;

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
    let began_at_ms = context.now_ms();
    let log_id = context.log.new_id(began_at_ms);
    let facts = OperationFacts {
        kind: OperationKind::CreateConnection,
        integration: &open.integration,
        connection: None,
        created_at_ms: began_at_ms,
        detail: None,
    };
    context.log.begun(scope, log_id.clone(), &facts);
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
    let config = config::merged(open, params, session.defaults.get(open.integration.key.as_str()))?;
    let form::Trial { credentials, pair } = form::read(context, session, open, form).await?;
    let account = obtain(context, Account::on_trial(open.clone(), credentials, config)?, log_id).await?;
    if let Some(pair) = pair {
        // The pair works: it belongs to this connection from now on and can be taken by no other.
        certificates::take(context, session, &pair).await?;
    }
    let Account { credentials, connection: Connection { config, .. }, .. } = account;
    let id = match name {
        Some(name) => name,
        None => connection_name(context, open.scope, session.reconnect).await?,
    };
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

/// The account with the token that its credentials buy; the operation's messages tell of the call.
async fn obtain(context: &Context, mut account: Account, log_id: &str) -> Result<Account, Error> {
    if account.credentials.is_complete() {
        return Ok(account);
    }
    let open = account.integration.clone();
    if matches!(account.credentials, Credentials::OAuth2Cc(_)) {
        renewal::machine_scopes(context, &open)
            .map_err(|broken| Error::refused("invalid_oauth_scopes", broken.to_string()))?;
    }
    let Renewed { facts, outcome } = renewal::run(context, &account).await;
    if let Some(facts) = &facts {
        let detail = json!({
            "request": {"method": facts.method.as_str(), "url": facts.url, "grant_type": facts.grant},
            "response": {"code": facts.status}, "duration_us": facts.duration.as_micros() as u64,
            "problem": outcome.as_ref().err().map(describe),
        });
        let level = if outcome.is_ok() { "info" } else { "error" };
        context.log.say(open.scope, log_id, level, format!("{} {}", facts.method, facts.url), Some(detail));
    }
    let fresh = outcome.map_err(|problem| refused(&account.credentials, problem))?;
    account.credentials = fresh.credentials;
    if let Some(config) = fresh.config {
        account.connection.config = config;
    }
    Ok(account)
}

/// A token that could not be had, under the contract's code for its mode (§5.6).
fn refused(credentials: &Credentials, problem: TokenProblem) -> Error {
    if problem.code == "invalid_setting" {
        return Error::refused("invalid_connection_config", problem.cause);
    }
    let code = match credentials {
        Credentials::OAuth2Cc(_) => "client_credentials_fetch_error",
        Credentials::TwoStep(_) => "two_step_credentials_fetch_error",
        Credentials::Jwt(_) => "jwt_credentials_fetch_error",
        Credentials::Bill(_) => "bill_credentials_fetch_error",
        Credentials::Signature(_) => "signature_credentials_fetch_error",
        Credentials::AwsSigV4(_) => "aws_sigv4_credentials_fetch_error",
        _ => "token_request_failed",
    };
    Error::NoToken { code, problem: Box::new(problem) }
}
