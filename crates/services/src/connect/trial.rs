//! New credentials before they are stored: they buy the token that they promise, and the provider takes them.

use domain::credentials::Credentials;
use serde_json::json;

use super::callback::describe;
use super::verify;
use crate::context::Context;
use crate::credentials::account::Account;
use crate::credentials::problem::TokenProblem;
use crate::credentials::renewal::{self, Renewed};
use crate::error::Error;

/// Completes and tries credentials.
///
/// # Errors
/// Why they are of no use; the operation's messages tell it.
pub async fn pass(context: &Context, account: Account, log_id: &str) -> Result<Account, Error> {
    let account = obtain(context, account, log_id).await?;
    verify::verify(context, &account, log_id).await?;
    Ok(account)
}

/// The account with the token that its credentials buy; the operation's messages tell of the call.
async fn obtain(context: &Context, mut account: Account, log_id: &str) -> Result<Account, Error> {
    if account.credentials.is_complete() {
        return Ok(account);
    }
    let open = account.integration.clone();
    if matches!(account.credentials, Credentials::OAuth2Cc(_)) {
        renewal::connection_scopes(context, &open, &account.connection.config)
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
        Credentials::Signature(_) => "signature_token_generation_error",
        Credentials::AwsSigV4(_) => "aws_sigv4_credentials_fetch_error",
        _ => "token_request_failed",
    };
    Error::NoToken { code, problem: Box::new(problem) }
}
