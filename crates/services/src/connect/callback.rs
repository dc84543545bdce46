//! The browser's return: the state is taken once, the code redeemed, the connection stored, the waiting page told.

use std::sync::Arc;

use domain::credentials::{Credentials, OAuth2Credentials};
use domain::operation::OperationState;
use domain::provider::{Auth, OAuth2, ScopeRules};
use domain::{ConnectionId, Scope, Secret};
use serde_json::{Value, json};
use store::Upserted;

use super::authorize::{self, Begun};
use super::events::ConnectEvents;
use super::keep::{self, NewAuthorization};
use super::state::{self, Leg, Payload, Returned, Taken};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::claims;
use crate::credentials::problem::TokenProblem;
use crate::credentials::renewal;
use crate::credentials::schemes::oauth2;
use crate::credentials::token_answer::TokenAnswer;
use crate::credentials::token_endpoint;
use crate::error::Error;

/// What the provider sent the browser back with.
#[derive(Default)]
pub struct CallbackRequest {
    /// Every query parameter.
    pub params: Vec<(String, String)>,
    /// The cookie of the state, if this browser has it.
    pub cookie: Option<String>,
}

impl CallbackRequest {
    /// A parameter that is there and not empty.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// What the callback page shows.
pub enum Ending {
    /// Connected.
    Connected {
        /// The integration's key.
        integration: String,
        /// The name people read.
        display_name: String,
        /// The connection's id.
        connection: String,
        /// The page that waits.
        socket: Option<String>,
    },
    /// Another leg follows.
    Onward(Box<Begun>),
    /// An administrator has consented by a link.
    AdminThanks {
        /// The name people read.
        display_name: String,
    },
    /// It failed.
    Failed {
        /// Why.
        failure: Box<Failure>,
        /// The page that waits.
        socket: Option<String>,
    },
}

/// A failed authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The contract's error type (§5.4), for example `callback_err`.
    pub kind: &'static str,
    /// What happened and who must act.
    pub problem: TokenProblem,
}

impl Failure {
    fn new(kind: &'static str, problem: TokenProblem) -> Self {
        Self { kind, problem }
    }

    /// A failure whose remedy is to begin again.
    fn again(kind: &'static str, code: &str, cause: &str) -> Self {
        let mut problem = TokenProblem::passing(code, cause);
        problem.actor = domain::connection::Actor::User;
        problem.remedy = "Go back to the page where you started and connect again.".to_owned();
        Self { kind, problem }
    }
}

/// Ends (or continues) the authorization that a returning browser stands for.
///
/// # Errors
/// Only when our own database or vault fails before the state is known; all else is an [`Ending::Failed`].
pub async fn arrive(
    context: &Context,
    events: &ConnectEvents,
    request: CallbackRequest,
) -> Result<Ending, Error> {
    let Some(state) = request.param("state") else {
        return Ok(failed(Failure::again("state_err", "no_state", "The callback carries no state.")));
    };
    let returned = match state::take(context, state, request.cookie.as_deref()).await? {
        Taken::Good(returned) => returned,
        Taken::Unknown => {
            let cause = "This authorization was already finished, or it was never started here.";
            return Ok(failed(Failure::again("state_err", "state_unknown", cause)));
        }
        Taken::Expired(returned) => {
            let failure =
                Failure::again("state_err", "state_expired", "This authorization took more than an hour.");
            return Ok(tell_failure(context, events, &returned, failure).await);
        }
        Taken::OtherBrowser(returned) => {
            let cause = "This authorization was started in another browser.";
            let failure = Failure::again("state_cookie_err", "state_other_browser", cause);
            return Ok(tell_failure(context, events, &returned, failure).await);
        }
    };
    context.faults.pass("callback:taken");
    match proceed(context, events, &request, &returned).await {
        Ok(ending) => Ok(ending),
        Err(failure) => Ok(tell_failure(context, events, &returned, failure).await),
    }
}

/// Goes on with a state that is good, to the next leg or to the end.
async fn proceed(
    context: &Context,
    events: &ConnectEvents,
    request: &CallbackRequest,
    returned: &Returned,
) -> Result<Ending, Failure> {
    let Returned { environment, integration: key, payload } = returned;
    let scope = Scope { environment: *environment };
    let open = OpenIntegration::load(context, scope, key).await.map_err(internal)?;
    match step(context, &open, request, (**payload).clone()).await? {
        Step::Onward(begun) => Ok(Ending::Onward(begun)),
        Step::AdminThanks => {
            events.admin_consented(payload.socket.as_deref(), key.as_str()).await.map_err(internal)?;
            context.log.finish(open.scope, payload.log_id.clone(), OperationState::Success, None, None);
            Ok(Ending::AdminThanks { display_name: open.display_name().to_owned() })
        }
        Step::Authorized { answer, payload } => finish(context, events, &open, *answer, *payload).await,
    }
}

enum Step {
    Onward(Box<Begun>),
    AdminThanks,
    Authorized { answer: Box<TokenAnswer>, payload: Box<Payload> },
}

fn failed(failure: Failure) -> Ending {
    Ending::Failed { failure: Box::new(failure), socket: None }
}

async fn step(
    context: &Context,
    open: &Arc<OpenIntegration>,
    request: &CallbackRequest,
    payload: Payload,
) -> Result<Step, Failure> {
    if let Some(error) = request.param("error") {
        let description = request.param("error_description").unwrap_or_default();
        return Err(Failure::new("callback_err", TokenProblem::from_callback(error, description)));
    }
    let Auth::OAuth2(scheme) = &open.entry.provider.auth else {
        return Err(Failure::again(
            "auth_mode_err",
            "wrong_auth_mode",
            "The integration has changed its provider.",
        ));
    };
    match payload.leg.clone() {
        Leg::AdminLink => consented_tenant(request, scheme).map(|_| Step::AdminThanks),
        Leg::AdminConsent => {
            let tenant = consented_tenant(request, scheme)?;
            let begun =
                authorize::prove_tenant(context, open, scheme, payload, tenant).await.map_err(internal)?;
            Ok(Step::Onward(Box::new(begun)))
        }
        Leg::Code => {
            let answer = redeem(context, open, scheme, request, &payload).await?;
            check_tenant(scheme, &answer, &payload)?;
            Ok(Step::Authorized { answer: Box::new(answer), payload: Box::new(payload) })
        }
        Leg::TenantProof { tenant } => {
            let proof = redeem(context, open, scheme, request, &payload).await?;
            check_proof(context, open, &proof, &payload, &tenant)?;
            let answer = mint(context, open, scheme, &payload).await?;
            Ok(Step::Authorized { answer: Box::new(answer), payload: Box::new(payload) })
        }
    }
}

/// The tenant that an administrator's consent names; a hint until a sign-in proves it.
fn consented_tenant(request: &CallbackRequest, scheme: &OAuth2) -> Result<String, Failure> {
    let tenant = request.param(&scheme.code_parameter).or_else(|| request.param("tenant"));
    let consented = request.param("admin_consent").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match tenant {
        Some(tenant) if consented && is_guid(tenant) => Ok(tenant.to_ascii_lowercase()),
        _ => Err(Failure::again(
            "callback_err",
            "no_consent",
            "The administrator's consent did not come back.",
        )),
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

async fn redeem(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth2,
    request: &CallbackRequest,
    payload: &Payload,
) -> Result<TokenAnswer, Failure> {
    let parameter = if matches!(payload.leg, Leg::Code) { scheme.code_parameter.as_str() } else { "code" };
    let code = request.param(parameter).ok_or_else(|| {
        Failure::again("callback_err", "no_code", "The provider sent no authorization code back.")
    })?;
    let party = open.party(context, authorize::client(open, payload), &payload.config);
    let verifier = Secret::new(payload.verifier.as_str());
    let built = oauth2::redeem(scheme, &party, Secret::new(code), &verifier, payload.token_scope.as_deref());
    let token_request = built.map_err(|problem| Failure::new("url_param_err", renewal::setting(problem)))?;
    ask(context, open, payload, token_request).await
}

/// The application's own token, on the tenant that was just proved.
async fn mint(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth2,
    payload: &Payload,
) -> Result<TokenAnswer, Failure> {
    let scopes = renewal::machine_scopes(context, open).map_err(|broken| {
        Failure::new("token_err", TokenProblem::developer(broken.rule, broken.cause, broken.remedy))
    })?;
    let party = open.party(context, open.client.clone(), &payload.config);
    let built = oauth2::mint_for_admin(scheme, &party, &scopes);
    let token_request = built.map_err(|problem| Failure::new("url_param_err", renewal::setting(problem)))?;
    ask(context, open, payload, token_request).await
}

async fn ask(
    context: &Context,
    open: &OpenIntegration,
    payload: &Payload,
    request: crate::credentials::schemes::TokenRequest,
) -> Result<TokenAnswer, Failure> {
    let answer = ask_and_log(context, open, request, &payload.log_id).await;
    context.faults.pass("callback:redeemed");
    answer.map_err(|problem| Failure::new("token_err", problem))
}

/// Asks the token endpoint for a new authorization; the operation's messages tell of it.
pub(super) async fn ask_and_log(
    context: &Context,
    open: &OpenIntegration,
    request: crate::credentials::schemes::TokenRequest,
    log_id: &str,
) -> Result<TokenAnswer, TokenProblem> {
    let (facts, answer) = token_endpoint::ask(context, request).await;
    let detail = json!({
        "request": {"method": facts.method.as_str(), "url": facts.url, "grant_type": facts.grant},
        "response": {"code": facts.status}, "duration_us": facts.duration.as_micros() as u64,
        "problem": answer.as_ref().err().map(describe),
    });
    let level = if answer.is_ok() { "info" } else { "error" };
    context.log.say(open.scope, log_id, level, format!("{} {}", facts.method, facts.url), Some(detail));
    answer
}

/// A problem's public fields, for the log and the API.
pub fn describe(problem: &TokenProblem) -> Value {
    json!({
        "code": problem.code, "cause": problem.cause, "actor": problem.actor, "remedy": problem.remedy,
        "link": problem.link, "trace_id": problem.trace_id, "correlation_id": problem.correlation_id,
        "status": problem.status,
    })
}

/// A connection that names its tenant gets tokens of that tenant or none.
fn check_tenant(scheme: &OAuth2, answer: &TokenAnswer, payload: &Payload) -> Result<(), Failure> {
    let wanted =
        ["tenant", "tenantId"].iter().find_map(|name| payload.config.get(*name).and_then(Value::as_str));
    let Some(wanted) = wanted.filter(|tenant| scheme.scope_rules == ScopeRules::Entra && is_guid(tenant))
    else {
        return Ok(());
    };
    let claims = answer.id_token.as_ref().and_then(|token| claims::peek(token.expose()));
    match claims.as_ref().and_then(|claims| claims::text(claims, "tid")) {
        Some(found) if !found.eq_ignore_ascii_case(wanted) => Err(wrong_tenant(wanted, found)),
        _ => Ok(()),
    }
}

/// After an administrator's consent the id_token decides: ours, for this flow, of the consented tenant.
fn check_proof(
    context: &Context,
    open: &OpenIntegration,
    proof: &TokenAnswer,
    payload: &Payload,
    tenant: &str,
) -> Result<(), Failure> {
    let client = authorize::client(open, payload);
    let expected =
        claims::Expected { client_id: &client.id, nonce: &payload.nonce, now_ms: context.now_ms() };
    let claims = proof.id_token.as_ref().and_then(|token| claims::peek(token.expose())).unwrap_or_default();
    if !claims::is_ours(&claims, expected) {
        let cause =
            "The sign-in after the consent gave no id_token for this flow, so the tenant is not proved.";
        return Err(Failure::again("token_err", "tenant_not_proved", cause));
    }
    match claims::text(&claims, "tid") {
        Some(found) if found.eq_ignore_ascii_case(tenant) => Ok(()),
        found => Err(wrong_tenant(tenant, found.unwrap_or("none"))),
    }
}

fn wrong_tenant(wanted: &str, found: &str) -> Failure {
    let cause = format!("The account is of tenant {found}, but the connection is for tenant {wanted}.");
    let mut failure = Failure::again("token_err", "wrong_tenant", &cause);
    failure.problem.remedy = "Sign in with an account of the right organisation.".to_owned();
    failure
}

fn internal(error: Error) -> Failure {
    tracing::error!(%error, "an authorization could not go on");
    Failure::again("unknown_err", "server_error", "The server could not go on; its log has the cause.")
}

async fn finish(
    context: &Context,
    events: &ConnectEvents,
    open: &Arc<OpenIntegration>,
    answer: TokenAnswer,
    payload: Payload,
) -> Result<Ending, Failure> {
    let Auth::OAuth2(scheme) = &open.entry.provider.auth else {
        return Err(internal(Error::Corrupt("an OAuth2 callback without an OAuth2 definition")));
    };
    let mut config = payload.config.clone();
    config.extend(oauth2::metadata(scheme, &answer.raw));
    if scheme.scope_rules == ScopeRules::Entra && !config.contains_key("tenantId") {
        let token = answer.id_token.as_ref().unwrap_or(&answer.access_token);
        if let Some(tid) = claims::peek(token.expose()).and_then(|claims| claims.get("tid").cloned()) {
            config.insert("tenantId".into(), tid);
        }
    }
    let mut credentials: OAuth2Credentials = oauth2::credentials(answer, None);
    credentials.client_override = payload.client_override.clone().map(|(client_id, secret)| {
        domain::credentials::ClientOverride { client_id, client_secret: Secret::from(secret) }
    });
    let id = ConnectionId::parse(&payload.connection_id)
        .map_err(|_| internal(Error::Corrupt("a state without a connection id")))?;
    let new = NewAuthorization {
        integration: open.clone(),
        id,
        credentials: Credentials::OAuth2(credentials),
        config,
        metadata: None,
        end_user: payload.end_user.clone(),
        tags: payload.tags.clone(),
        webhook_url_override: payload.webhook_url_override.clone(),
    };
    if let Some(row) = payload.reconnect()
        && context.store.connection_by_row(open.scope, row).await.map_err(|e| internal(e.into()))?.is_none()
    {
        let cause = "The connection to authorize again was deleted meanwhile.";
        return Err(Failure::again("connection_not_found", "connection_gone", cause));
    }
    let (connection, upserted) = keep::keep(context, new).await.map_err(internal)?;
    context.faults.pass("callback:stored");
    let told = match upserted {
        Upserted::Created => "the connection was created",
        Upserted::Overridden => "the connection was authorized again",
    };
    context.log.say(open.scope, &payload.log_id, "info", told, None);
    context.log.finish(
        open.scope,
        payload.log_id.clone(),
        OperationState::Success,
        Some(connection.id.to_string()),
        None,
    );
    let (integration, connection) = (open.integration.key.to_string(), connection.id.to_string());
    if let Err(error) = events.success(payload.socket.as_deref(), &integration, &connection).await {
        tracing::warn!(%error, "a waiting page could not be told of its success");
    }
    let display_name = open.display_name().to_owned();
    Ok(Ending::Connected { integration, display_name, connection, socket: payload.socket.clone() })
}

/// Writes a failure to the log and tells the waiting page.
async fn tell_failure(context: &Context, events: &ConnectEvents, of: &Returned, failure: Failure) -> Ending {
    let (scope, payload) = (Scope { environment: of.environment }, &of.payload);
    let text = format!("{} {}", failure.problem.cause, failure.problem.remedy);
    context.log.say(scope, &payload.log_id, "error", text.clone(), Some(describe(&failure.problem)));
    let error = format!("{}: {}", failure.problem.code, failure.problem.cause);
    context.log.finish(scope, payload.log_id.clone(), OperationState::Failed, None, Some(error));
    let socket = payload.socket.as_deref();
    let problem = describe(&failure.problem);
    let (key, connection) = (of.integration.as_str(), payload.connection_id.as_str());
    if let Err(error) = events.failure(socket, key, connection, failure.kind, &text, problem).await {
        tracing::warn!(%error, "a waiting page could not be told of a failure");
    }
    Ending::Failed { failure: Box::new(failure), socket: payload.socket.clone() }
}
