//! The one place where a connection's kind decides how its next token is bought.

use domain::credentials::{Credentials, TwoStepCredentials};
use domain::provider::{Auth, CodeGrant};

use super::account::{Account, OpenIntegration};
use super::problem::TokenProblem;
use super::schemes::{Party, SettingProblem, TokenRequest, client_credentials, oauth2, two_step};
use super::token_answer::TokenAnswer;
use crate::context::Context;

/// The request that renews an account's token.
///
/// # Errors
/// What is missing, as a problem that the developer can mend.
pub fn request(context: &Context, account: &Account) -> Result<TokenRequest, TokenProblem> {
    let open = &account.integration;
    let party = open.party(context, account.client(), &account.connection.config);
    let built = match (&open.entry.provider.auth, &account.credentials) {
        (Auth::OAuth2(scheme), Credentials::OAuth2(_)) if scheme.grant == CodeGrant::AdminConsent => {
            let scopes = machine_scopes(context, open).map_err(refused_scopes)?;
            oauth2::mint_for_admin(scheme, &party, &scopes)
        }
        (Auth::OAuth2(scheme), Credentials::OAuth2(own)) => match &own.refresh_token {
            Some(token) => oauth2::refresh(scheme, &party, token, None),
            None => return Err(no_refresh_token()),
        },
        (Auth::OAuth2Cc(scheme), Credentials::OAuth2Cc(_)) => {
            let scopes = machine_scopes(context, open).map_err(refused_scopes)?;
            client_credentials::request(scheme, &party, &scopes)
        }
        (Auth::TwoStep(scheme), Credentials::TwoStep(own)) => two_step_request(context, scheme, &party, own),
        _ => return Err(mismatch()),
    };
    built.map_err(setting)
}

/// The credentials that an answer makes.
///
/// # Errors
/// When the answer lacks what the kind needs.
pub fn credentials(
    context: &Context,
    account: &Account,
    answer: TokenAnswer,
) -> Result<Credentials, TokenProblem> {
    let open = &account.integration;
    match (&open.entry.provider.auth, &account.credentials) {
        (_, Credentials::OAuth2(own)) => Ok(Credentials::OAuth2(oauth2::credentials(answer, Some(own)))),
        (_, Credentials::OAuth2Cc(_)) => {
            let party = open.party(context, account.client(), &account.connection.config);
            Ok(Credentials::OAuth2Cc(client_credentials::credentials(answer, &party, context.now_ms())))
        }
        (Auth::TwoStep(scheme), Credentials::TwoStep(own)) => {
            two_step::credentials(scheme, answer, own).map(Credentials::TwoStep)
        }
        _ => Err(mismatch()),
    }
}

/// A two-step request, with its own moment and a fresh assertion id.
///
/// # Errors
/// A missing setting, or a key that cannot sign.
pub fn two_step_request(
    context: &Context,
    scheme: &domain::provider::TwoStep,
    party: &Party<'_>,
    credentials: &TwoStepCredentials,
) -> Result<TokenRequest, SettingProblem> {
    let id = context.uuid();
    two_step::request(scheme, party, credentials, two_step::Moment { now_ms: context.now_ms(), id: &id })
}

/// The scopes of a client-credentials request: the integration's, else the definition's.
///
/// # Errors
/// The rule that they break.
pub fn machine_scopes(
    context: &Context,
    open: &OpenIntegration,
) -> Result<Vec<String>, catalog::ScopeRuleError> {
    let sources = catalog::ScopeSources {
        configured: &open.integration.scopes,
        cloud: open.cloud_values(context),
        ..catalog::ScopeSources::default()
    };
    catalog::effective_scopes(&open.entry.provider, &sources).map(|effective| effective.list)
}

/// A missing or wrong setting as a problem of the developer's.
pub fn setting(problem: SettingProblem) -> TokenProblem {
    TokenProblem::developer(
        "invalid_setting",
        problem.to_string(),
        "Complete the integration or the connection config.",
    )
}

fn refused_scopes(error: catalog::ScopeRuleError) -> TokenProblem {
    TokenProblem::developer(error.rule, error.cause, error.remedy)
}

fn no_refresh_token() -> TokenProblem {
    TokenProblem::developer(
        "missing_refresh_token",
        "The connection has no refresh token.",
        "Add `offline_access` to the integration's scopes, then the user connects again.",
    )
}

fn mismatch() -> TokenProblem {
    TokenProblem::developer(
        "wrong_auth_mode",
        "The stored credentials do not fit the provider's way to authorize.",
        "Connect the account again.",
    )
}
