//! The one place where a connection's kind decides how its next token is bought.

use std::time::Duration;

use domain::connection::Actor;
use domain::credentials::{Credentials, McpCredentials, RegisteredClient, TwoStepCredentials};
use domain::provider::{Auth, CodeGrant, OAuth2, SignatureProtocol};
use serde_json::{Map, Value};

use super::account::{Account, OpenIntegration};
use super::problem::{Concern, TokenProblem};
use super::schemes::{
    FormValues, Party, SettingProblem, TokenRequest, bill, client_credentials, jwt, mcp, oauth2, signature,
    two_step,
};
use super::template_functions::TemplateFunctions;
use super::token_answer::TokenAnswer;
use super::token_endpoint::{self, TokenCallFacts};
use super::{aws_session, chain, client_identity, installed};
use crate::context::{Context, TOKEN_CALL};

/// All calls of one renewal together; a little more than one call, whose own failure says more.
pub const WHOLE: Duration = Duration::from_secs(TOKEN_CALL.as_secs() + 1);

/// How an attempt at new credentials went.
pub struct Renewed {
    /// The last call that was made; `None` when nobody was asked.
    pub facts: Option<TokenCallFacts>,
    /// The new credentials, or why there are none.
    pub outcome: Result<Fresh, TokenProblem>,
}

/// New credentials.
pub struct Fresh {
    /// The credentials.
    pub credentials: Credentials,
    /// What the answer changes in the connection config; `null` takes a parameter away.
    pub config_changes: Map<String, Value>,
}

impl Renewed {
    /// Nobody was asked.
    pub fn here(outcome: Result<Credentials, TokenProblem>) -> Self {
        Self { facts: None, outcome: outcome.map(Fresh::from) }
    }

    /// Nobody was asked for a token, and why.
    pub fn failed(problem: TokenProblem) -> Self {
        Self { facts: None, outcome: Err(problem) }
    }
}

impl From<Credentials> for Fresh {
    fn from(credentials: Credentials) -> Self {
        Self { credentials, config_changes: Map::new() }
    }
}

/// Buys or makes an account's next credentials. All of it together ends within [`WHOLE`].
pub async fn run(context: &Context, account: &Account) -> Renewed {
    match tokio::time::timeout(WHOLE, by_kind(context, account)).await {
        Ok(renewed) => renewed,
        // Somebody was asked and nobody knows what they did.
        Err(_) => Renewed {
            facts: Some(TokenCallFacts::unknown()),
            outcome: Err(TokenProblem::passing(
                "total_timeout",
                "The token endpoint did not answer all requests in time.",
            )),
        },
    }
}

async fn by_kind(context: &Context, account: &Account) -> Renewed {
    let open = &account.integration;
    let party = || open.party(context, account.client(), &account.connection.config);
    match (&open.entry.provider.auth, &account.credentials) {
        (Auth::TwoStep(scheme), Credentials::TwoStep(own)) => {
            chain::run(context, &party(), scheme, own).await
        }
        (Auth::Jwt(template), Credentials::Jwt(own)) => {
            let now_ms = context.now_ms();
            let functions = TemplateFunctions::at(now_ms, context.uuid());
            let signed = jwt::credentials(template, &party(), functions, now_ms, own);
            Renewed::here(signed.map(Credentials::Jwt).map_err(setting))
        }
        (Auth::App(scheme), Credentials::App(own)) => installed::app(context, account, scheme, own).await,
        (Auth::Custom(scheme), Credentials::Custom(own)) => {
            installed::custom(context, account, scheme, own).await
        }
        (Auth::Signature(SignatureProtocol::Wsse(scheme)), Credentials::Signature(own)) => {
            let (now_ms, entropy) = (context.now_ms(), &*context.entropy);
            let fresh = signature::mint(scheme, &own.username, &own.password, now_ms, entropy);
            Renewed::here(Ok(Credentials::Signature(fresh)))
        }
        (Auth::AwsSigV4, Credentials::AwsSigV4(own)) => {
            let (facts, session) = aws_session::obtain(context, &account.integration, own.clone()).await;
            Renewed { facts, outcome: session.map(|session| Credentials::AwsSigV4(session).into()) }
        }
        _ => by_one_request(context, account).await,
    }
}

/// One request to a token endpoint.
async fn by_one_request(context: &Context, account: &Account) -> Renewed {
    let request = match request(context, account) {
        Ok(request) => request,
        Err(problem) => return Renewed { facts: None, outcome: Err(problem) },
    };
    let (facts, answer) = token_endpoint::ask(context, request).await;
    let outcome = answer.and_then(|answer| {
        let config_changes = brought(account, &answer);
        credentials(context, account, answer).map(|credentials| Fresh { credentials, config_changes })
    });
    Renewed { facts: Some(facts), outcome }
}

/// What the definition wants of an answer for the connection config.
fn brought(account: &Account, answer: &TokenAnswer) -> Map<String, Value> {
    let wanted = match &account.integration.entry.provider.auth {
        Auth::OAuth2(scheme) => &scheme.refresh_response_metadata,
        // Each of its requests is a first one.
        Auth::OAuth2Cc(scheme) => &scheme.token_response_metadata,
        _ => return Map::new(),
    };
    oauth2::metadata(wanted, &answer.raw).into_iter().collect()
}

/// The request that renews an account's token.
///
/// # Errors
/// What is missing, as a problem that the developer can mend.
fn request(context: &Context, account: &Account) -> Result<TokenRequest, TokenProblem> {
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
        (_, Credentials::McpOAuth2(own) | Credentials::McpOAuth2Generic(own)) => {
            let scheme = mcp_flow(account, own).ok_or_else(mismatch)?;
            let token = own.tokens.refresh_token.as_ref().ok_or_else(no_refresh_token)?;
            if own.client.as_ref().is_some_and(|client| has_lapsed(client, context.now_ms())) {
                return Err(lapsed_client());
            }
            oauth2::refresh(&scheme, &party, token, None)
        }
        (Auth::OAuth2Cc(scheme), Credentials::OAuth2Cc(own)) => {
            let scopes =
                connection_scopes(context, open, &account.connection.config).map_err(refused_scopes)?;
            client_credentials::request(scheme, &party, &scopes).and_then(|mut request| {
                let id = context.uuid();
                client_credentials::prove(scheme, own, (context.now_ms(), &id), &mut request)?;
                request.identity = client_identity::of_client(context, scheme, own)?;
                Ok(request)
            })
        }
        (Auth::Bill(scheme), Credentials::Bill(own)) => bill::request(scheme, &party, own),
        _ => return Err(mismatch()),
    };
    built.map_err(setting)
}

/// The credentials that an answer makes.
///
/// # Errors
/// When the answer lacks what the kind needs.
fn credentials(
    context: &Context,
    account: &Account,
    answer: TokenAnswer,
) -> Result<Credentials, TokenProblem> {
    let open = &account.integration;
    match (&open.entry.provider.auth, &account.credentials) {
        (_, Credentials::OAuth2(own)) => Ok(Credentials::OAuth2(oauth2::credentials(answer, Some(own)))),
        (_, Credentials::McpOAuth2(own)) => Ok(Credentials::McpOAuth2(renewed_mcp(answer, own))),
        (_, Credentials::McpOAuth2Generic(own)) => {
            Ok(Credentials::McpOAuth2Generic(renewed_mcp(answer, own)))
        }
        (_, Credentials::OAuth2Cc(own)) => {
            Ok(Credentials::OAuth2Cc(client_credentials::credentials(answer, own, context.now_ms())))
        }
        (_, Credentials::Bill(own)) => {
            Ok(Credentials::Bill(bill::credentials(answer, own, context.now_ms())))
        }
        _ => Err(mismatch()),
    }
}

fn renewed_mcp(answer: TokenAnswer, own: &McpCredentials) -> McpCredentials {
    McpCredentials { tokens: oauth2::credentials(answer, Some(&own.tokens)), client: own.client.clone() }
}

/// The code flow of an MCP server's connection, as its client was registered.
fn mcp_flow(account: &Account, own: &McpCredentials) -> Option<OAuth2> {
    let open = &account.integration;
    let method = own.client.as_ref().and_then(|client| client.auth_method.as_deref());
    match &open.entry.provider.auth {
        Auth::McpOAuth2(scheme) => {
            let mut flow = mcp::known(scheme, &open.integration).into_owned();
            flow.client_auth = method.map_or(flow.client_auth, mcp::client_auth);
            Some(flow)
        }
        Auth::McpOAuth2Generic(_) => {
            let config = &account.connection.config;
            let server = serde_json::from_value(config.get("oauth_metadata")?.clone()).ok()?;
            let resource = config.get("oauth_resource_url")?.as_str()?;
            Some(mcp::discovered(&server, resource, method.unwrap_or("none"), Vec::new()))
        }
        _ => None,
    }
}

/// The first request of a chain by itself, for a token of another resource.
///
/// # Errors
/// A missing setting, or a key that cannot sign.
pub fn two_step_request(
    context: &Context,
    scheme: &domain::provider::TwoStep,
    party: &Party<'_>,
    credentials: &TwoStepCredentials,
) -> Result<TokenRequest, SettingProblem> {
    let now_ms = context.now_ms();
    let functions = TemplateFunctions::at(now_ms, context.uuid());
    let mut values = FormValues::new(party, &credentials.fields, functions, now_ms);
    two_step::prepare(scheme, &mut values)?;
    let mut request = two_step::request(&scheme.request, &values)?;
    request.shape = two_step::shape(scheme);
    Ok(request)
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

/// As [`machine_scopes`], but a definition may ask each connection for its own (`oauth_scopes`, separated by spaces).
///
/// # Errors
/// As [`machine_scopes`].
pub fn connection_scopes(
    context: &Context,
    open: &OpenIntegration,
    config: &Map<String, Value>,
) -> Result<Vec<String>, catalog::ScopeRuleError> {
    const FIELD: &str = "oauth_scopes";
    let asked = open.entry.provider.connection_config.iter().any(|field| field.name == FIELD);
    match config.get(FIELD).and_then(Value::as_str).filter(|_| asked) {
        Some(own) => Ok(own.split_whitespace().map(str::to_owned).collect()),
        None => machine_scopes(context, open),
    }
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

/// Where a client of a connection's own keeps the end of its secret, Unix seconds (RFC 7591 §3.2.1).
pub const SECRET_END: &str = "client_secret_expires_at";

fn has_lapsed(client: &RegisteredClient, now_ms: i64) -> bool {
    let end = client.raw.0.get(SECRET_END).and_then(Value::as_i64);
    end.is_some_and(|end| end > 0 && end.saturating_mul(1000) <= now_ms)
}

/// The client of one connection registered itself for a while: a new authorization registers another.
fn lapsed_client() -> TokenProblem {
    TokenProblem {
        concern: Concern::Grant,
        actor: Actor::User,
        ..TokenProblem::developer(
            "registered_client_ended",
            "The secret of the client that was registered for this connection has ended.",
            "Connect the account again; a new client is registered then.",
        )
    }
}

fn mismatch() -> TokenProblem {
    TokenProblem::developer(
        "wrong_auth_mode",
        "The stored credentials do not fit the provider's way to authorize.",
        "Connect the account again.",
    )
}
