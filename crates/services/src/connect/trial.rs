//! New credentials before they are stored: they buy the token that they promise, and the provider takes them.

use domain::connection::change_config;
use domain::credentials::Credentials;
use domain::provider::AuthMode;
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
    let fresh = outcome.map_err(|problem| refused(account.credentials.mode(), problem))?;
    account.credentials = fresh.credentials;
    change_config(&mut account.connection.config, fresh.config_changes);
    Ok(account)
}

/// A token that could not be had, under the contract's code for its mode (§5.6).
pub(super) fn refused(mode: AuthMode, problem: TokenProblem) -> Error {
    if problem.code == "invalid_setting" {
        return Error::refused("invalid_connection_config", problem.cause);
    }
    let code = match mode {
        AuthMode::OAuth2Cc => "client_credentials_fetch_error",
        AuthMode::TwoStep => "two_step_credentials_fetch_error",
        AuthMode::Jwt => "jwt_credentials_fetch_error",
        AuthMode::Bill => "bill_credentials_fetch_error",
        AuthMode::Signature => "signature_token_generation_error",
        AuthMode::AwsSigV4 => "aws_sigv4_sts_request_failed",
        _ => "token_request_failed",
    };
    Error::NoToken { code, problem: Box::new(problem) }
}
