//! The browser's return: the state is taken once, the code redeemed, the connection stored, the waiting page told.

use domain::Scope;
use domain::operation::OperationState;
use serde_json::{Value, json};

use super::attempt::Attempt;
use super::authorize::Begun;
use super::events::ConnectEvents;
use super::finish;
use super::redeem::{self, Step};
use super::state::{self, Leg, Returned, Taken};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::problem::TokenProblem;
use crate::credentials::token_answer::TokenAnswer;
use crate::credentials::token_endpoint;
use crate::error::Error;
use crate::webhooks::auth_events::Failed;

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

    /// The state, under the names that vendors give it (contract §5.3).
    pub fn state(&self) -> Option<&str> {
        ["state", "payload", "customField"].into_iter().find_map(|name| self.param(name))
    }

    /// What the provider says went wrong, in one line; `None` when it says nothing.
    pub fn provider_error(&self) -> Option<String> {
        const NAMES: [&str; 6] =
            ["error", "error_description", "error_reason", "error_uri", "status_code", "error_message"];
        let said = NAMES.into_iter().filter_map(|name| Some(format!("{name}: {}", self.param(name)?)));
        let said: String = said.collect::<Vec<_>>().join("; ").chars().take(1_000).collect();
        (!said.is_empty()).then_some(said)
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
        /// Whether the other side must still approve it.
        pending: Pending,
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

/// Whether somebody on the other side must still approve a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// Yes: it does not work yet.
    Yes,
    /// No.
    No,
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
    pub(super) fn new(kind: &'static str, problem: TokenProblem) -> Self {
        Self { kind, problem }
    }

    /// A failure whose remedy is to begin again.
    pub(super) fn again(kind: &'static str, code: &str, cause: &str) -> Self {
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
    let Some(state) = request.state() else {
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
    match redeem::step(context, &open, request, (**payload).clone()).await? {
        Step::Onward(begun) => Ok(Ending::Onward(begun)),
        Step::AdminThanks => {
            events.admin_consented(payload.socket.as_deref(), key.as_str()).await.map_err(internal)?;
            context.log.finish(open.scope, payload.log_id.clone(), OperationState::Success, None, None);
            Ok(Ending::AdminThanks { display_name: open.display_name().to_owned() })
        }
        Step::Authorized(authorized) => finish::finish(context, events, &open, *authorized).await,
    }
}

fn failed(failure: Failure) -> Ending {
    Ending::Failed { failure: Box::new(failure), socket: None }
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

pub(super) fn internal(error: Error) -> Failure {
    tracing::error!(%error, "an authorization could not go on");
    Failure::again("unknown_err", "server_error", "The server could not go on; its log has the cause.")
}

/// Writes a failure to the log and tells the waiting page.
pub(super) async fn tell_failure(
    context: &Context,
    events: &ConnectEvents,
    of: &Returned,
    failure: Failure,
) -> Ending {
    let (scope, payload) = (Scope { environment: of.environment }, &of.payload);
    let text = format!("{} {}", failure.problem.cause, failure.problem.remedy);
    context.log.say(scope, &payload.log_id, "error", text.clone(), Some(describe(&failure.problem)));
    if payload.leg != Leg::AdminLink
        && let Ok(open) = OpenIntegration::load(context, scope, &of.integration).await
    {
        let failed = Failed { kind: failure.kind.to_owned(), description: text.trim_end().to_owned() };
        Attempt::of_payload(payload).failed(context, &open, &failed).await;
    }
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
