//! OAUTH2 with `installation: outbound`: a person installs our app on the vendor's pages, and the vendor's signed webhook
//! brings the code (contract §5.6 `/auth/oauth-outbound`).
//!
//! The webhook says which account installed, not which page waits, so the waiting authorization says whom it expects.
//! That is a person's word: if two wait for the same account, neither gets it, and a session waits for one account at a
//! time ([ADR 0014](../../../../docs/adr/0014-installations-told-by-webhook.md)).

use std::sync::Arc;

use domain::connect::{ConnectSession, OAuthState};
use domain::operation::OperationState;
use domain::provider::{Auth, InstallationWebhook, OAuth2, OutboundInstallation};
use domain::{IntegrationKey, Scope};
use serde_json::{Map, Value, json};
use store::NewTask;
use url::Url;

use super::account_requests::{self, dig, text};
use super::authorize::{self, Begun};
use super::callback::{self, CallbackRequest, Failure, internal};
use super::events::ConnectEvents;
use super::redeem::{self, Authorized};
use super::sessions::{self, token_hash};
use super::state::{self, Issued, Leg, Payload, Returned, ToldCode};
use super::{attempt, config, finish};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::problem::Concern;
use crate::credentials::schemes::SettingProblem;
use crate::error::Error;
use crate::inbound;
use crate::integration_secrets::IntegrationSecrets;

/// The kind of the task that redeems a code.
pub const INSTALLATION_TASK: &str = "installation";

/// An authorization that waits for the vendor's webhook.
#[derive(Debug)]
pub struct Waiting {
    /// The integration's key.
    pub integration: IntegrationKey,
    /// The id that the connection will have.
    pub connection: String,
    /// The vendor's page where the app is installed, if the operator named it.
    pub install_url: Option<Url>,
}

/// Begins to wait; nothing is connected yet.
///
/// # Errors
/// What is missing or not allowed; the operation in the log tells it too.
pub async fn begin(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    params: Map<String, Value>,
    socket: Option<String>,
) -> Result<Waiting, Error> {
    let open = OpenIntegration::load(context, Scope { environment: session.environment }, key).await?;
    let log_id = attempt::begun(context, &open, None);
    let outcome = wait(context, session, &open, (params, socket), &log_id).await;
    match &outcome {
        Ok(_) => context.log.say(open.scope, &log_id, "info", AWAITED, None),
        Err(error) => {
            context.log.finish(open.scope, log_id, OperationState::Failed, None, Some(error.to_string()));
        }
    }
    outcome
}

const AWAITED: &str = "the vendor's word of the installation is awaited";

async fn wait(
    context: &Context,
    session: &ConnectSession,
    open: &OpenIntegration,
    (params, socket): (Map<String, Value>, Option<String>),
    log_id: &str,
) -> Result<Waiting, Error> {
    sessions::check_allowed(session, &open.integration.key)?;
    let elsewhere = || Error::refused("invalid_auth_mode", "This integration does not begin at the vendor");
    let Auth::OAuth2(scheme) = &open.entry.provider.auth else { return Err(elsewhere()) };
    let installation = scheme.installation.as_ref().ok_or_else(elsewhere)?;
    let mut payload = authorize::begin_payload(context, session, open, params, log_id).await?;
    payload.socket = socket;
    let connection = payload.connection_id.clone();
    put_down(context, session, open, installation, payload).await?;
    Ok(Waiting { integration: open.integration.key.clone(), connection, install_url: install_url(open)? })
}

/// As [`begin`], for a window that is sent to the vendor's installation page.
pub(super) async fn depart(
    context: &Context,
    session: &ConnectSession,
    open: &OpenIntegration,
    scheme: &OAuth2,
    payload: Payload,
) -> Result<Begun, Error> {
    let url = install_url(open)?.ok_or_else(|| SettingProblem::Missing("custom.app_link".to_owned()))?;
    let installation = scheme.installation.as_ref().ok_or(Error::Corrupt("no installation to wait for"))?;
    let issued = put_down(context, session, open, installation, payload).await?;
    Ok(Begun { url, issued })
}

/// Where the operator's app is installed.
fn install_url(open: &OpenIntegration) -> Result<Option<Url>, Error> {
    let settings = &open.integration.settings;
    let Some(link) = settings.custom.get("app_link") else { return Ok(None) };
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    Ok(Some(url.ok_or(SettingProblem::BadUrl { what: "installation link" })?))
}

async fn put_down(
    context: &Context,
    session: &ConnectSession,
    open: &OpenIntegration,
    installation: &OutboundInstallation,
    mut payload: Payload,
) -> Result<Issued, Error> {
    let webhook = installation.webhook.as_ref().ok_or_else(|| {
        Error::refused(
            "installation_not_provable",
            "The provider's definition does not say how the vendor signs the webhook of an installation. An operator \
             adds `installation_webhook` to the definition.",
        )
    })?;
    let secrets = IntegrationSecrets::open(context, &open.integration)?;
    if inbound::signing_key(webhook, &secrets).is_none() {
        return Err(SettingProblem::Missing("the secret that signs webhooks".to_owned()).into());
    }
    let environment = open.scope.environment;
    // A stored session waits once; what a public key permits has no end, and could wait for everybody's accounts.
    if context.store.connect_session(open.scope, &session.id).await?.is_none() {
        let why =
            "An installation that a webhook tells of is awaited by a connect session, not by a public key";
        return Err(Error::refused("missing_connect_session_token", why));
    }
    payload.leg = Leg::Awaited;
    // The code is bought with the client whose secret signed the webhook.
    payload.client_override = None;
    // Never the page's to choose: they say what the code is redeemed for.
    payload.config.retain(|name, _| !installation.metadata.contains(name));
    let awaits = expected(context, open, webhook, &payload.config)?;
    let key = &open.integration.key;
    let state = token_hash(&format!("{} {key}", session.id));
    state::issue_awaiting(context, environment, key, &payload, (state, &awaits)).await
}

/// What the webhook must say, by what the person entered.
fn expected(
    context: &Context,
    open: &OpenIntegration,
    webhook: &InstallationWebhook,
    config: &Map<String, Value>,
) -> Result<String, Error> {
    let party = open.party(context, open.client.clone(), config);
    let mut says = Vec::new();
    for (path, template) in &webhook.matching {
        says.push((path.as_str(), party.text(template)?.trim().to_owned()));
    }
    Ok(awaits(&says))
}

/// One name for all that a webhook must say.
fn awaits(says: &[(&str, String)]) -> String {
    token_hash(&json!(says).to_string())
}

/// A webhook that the vendor signed.
pub(crate) struct Told<'a> {
    pub(crate) installation: &'a OutboundInstallation,
    pub(crate) webhook: &'a InstallationWebhook,
    pub(crate) body: &'a Value,
}

/// Gives the code of an installation to the authorization that waits for it; a worker redeems it, as vendors wait a
/// second for an answer.
pub(crate) async fn told(
    context: &Context,
    events: &ConnectEvents,
    open: &Arc<OpenIntegration>,
    told: Told<'_>,
) -> Result<(), Error> {
    let at = |path: &str| dig(told.body, path).and_then(text);
    if told.webhook.says.iter().any(|(path, wanted)| at(path).as_deref() != Some(wanted)) {
        return Ok(());
    }
    let says = told.webhook.matching.iter().map(|(path, _)| Some((path.as_str(), at(path)?)));
    let says: Option<Vec<(&str, String)>> = says.collect();
    let Some(awaits) = says.map(|says| awaits(&says)) else {
        unexpected(context, open, "it does not say whose it is");
        return Ok(());
    };
    let (now_ms, key) = (context.now_ms(), &open.integration.key);
    let mut waiting = context.store.awaiting(open.scope, key, &awaits, now_ms).await?;
    match (waiting.pop(), waiting.is_empty()) {
        (None, _) => unexpected(context, open, "nobody waits for its account"),
        (Some(one), true) => give(context, events, open, one, &awaits, &told).await?,
        (Some(one), false) => {
            for each in waiting.into_iter().chain([one]) {
                let cause = "Several people wait for an installation by this same account, and nobody knows whose \
                             it is.";
                fail(context, events, each, Failure::again("callback_err", "ambiguous_installation", cause))
                    .await?;
            }
        }
    }
    Ok(())
}

/// The developer who wonders why nothing was connected finds this in the log.
fn unexpected(context: &Context, open: &OpenIntegration, why: &str) {
    let log_id = attempt::begun(context, open, None);
    let error = format!("The vendor told of an installation, but {why}.");
    context.log.finish(open.scope, log_id, OperationState::Failed, None, Some(error));
}

async fn give(
    context: &Context,
    events: &ConnectEvents,
    open: &OpenIntegration,
    stored: OAuthState,
    awaits: &str,
    told: &Told<'_>,
) -> Result<(), Error> {
    let hash = stored.state_hash.clone();
    let returned = state::open(context, stored.clone())?;
    let payload = match with_code(open, *returned.payload, told) {
        Ok(payload) => payload,
        Err(failure) => return fail(context, events, stored, failure).await,
    };
    let now_ms = context.now_ms();
    let task = NewTask {
        kind: INSTALLATION_TASK.to_owned(),
        dedup: Some(format!("{INSTALLATION_TASK}:{hash}")),
        payload: json!({"state": hash}),
        due_at_ms: now_ms,
    };
    let arrived = OAuthState {
        payload: state::seal(context, &hash, &payload)?,
        expires_at_ms: now_ms + state::LIFE_MS,
        ..stored
    };
    if context.store.tell_installation(arrived, awaits, task, now_ms).await? {
        let told = "the vendor told of the installation";
        context.log.say(open.scope, &payload.log_id, "info", told, None);
    }
    Ok(())
}

/// The authorization with what the webhook brought.
fn with_code(open: &OpenIntegration, mut payload: Payload, told: &Told<'_>) -> Result<Payload, Failure> {
    let brought = |path: &str| {
        dig(told.body, path).and_then(text).ok_or_else(|| {
            let cause = format!("The vendor's webhook has nothing at `{path}`.");
            Failure::again("callback_err", "webhook_incomplete", &cause)
        })
    };
    let code = brought(&told.installation.code_at)?;
    for path in &told.installation.metadata {
        payload.config.insert(path.clone(), Value::String(brought(path)?));
    }
    config::checked(open, payload.config.clone()).map_err(|error| {
        let cause = account_requests::in_words(error);
        Failure::again("url_param_err", "webhook_incomplete", &cause)
    })?;
    payload.leg = Leg::Told(ToldCode(code));
    Ok(payload)
}

/// Ends a waiting authorization without a connection, unless somebody else has ended it.
async fn fail(
    context: &Context,
    events: &ConnectEvents,
    stored: OAuthState,
    failure: Failure,
) -> Result<(), Error> {
    if let Some(taken) = context.store.take_oauth_state(&stored.state_hash).await? {
        let returned = state::open(context, taken)?;
        callback::tell_failure(context, events, &returned, failure).await;
    }
    Ok(())
}

/// What came of a code.
#[derive(Debug)]
pub enum Completion {
    /// It is connected, or it failed for good; whoever waits was told.
    Ended,
    /// The vendor cannot be reached now; the code may still be good.
    Again {
        /// Why.
        cause: String,
    },
}

/// How often a code is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// The vendor may fail this time.
    More,
    /// This try is the last.
    Over,
}

/// Redeems the code that a webhook brought, and stores the connection.
///
/// # Errors
/// The database failed; nothing is lost.
pub async fn complete(
    context: &Context,
    events: &ConnectEvents,
    state_hash: &str,
    patience: Patience,
) -> Result<Completion, Error> {
    let Some(stored) = context.store.oauth_state(state_hash).await? else { return Ok(Completion::Ended) };
    let returned = state::open(context, stored.clone())?;
    if returned.payload.leg == Leg::Awaited {
        // The person began anew before the code was redeemed: that authorization waits for a word of its own.
        return Ok(Completion::Ended);
    }
    let failure = match redeem_told(context, events, &returned).await {
        Ok(()) => {
            context.store.take_oauth_state(state_hash).await?;
            return Ok(Completion::Ended);
        }
        Err(failure) => failure,
    };
    let passing = failure.problem.concern == Concern::Passing && failure.kind == "token_err";
    if passing && patience == Patience::More {
        return Ok(Completion::Again { cause: failure.problem.cause });
    }
    fail(context, events, stored, failure).await?;
    Ok(Completion::Ended)
}

async fn redeem_told(context: &Context, events: &ConnectEvents, returned: &Returned) -> Result<(), Failure> {
    let payload = (*returned.payload).clone();
    let Leg::Told(ToldCode(code)) = &payload.leg else { return Err(redeem::changed()) };
    let scope = Scope { environment: returned.environment };
    let open = OpenIntegration::load(context, scope, &returned.integration).await.map_err(internal)?;
    let scheme = match &open.entry.provider.auth {
        Auth::OAuth2(scheme) if scheme.installation.is_some() => scheme,
        _ => return Err(redeem::changed()),
    };
    let request =
        CallbackRequest { params: vec![(scheme.code_parameter.clone(), code.clone())], cookie: None };
    let answer = redeem::redeem(context, &open, scheme, &request, &payload).await?;
    let authorized: Authorized = redeem::authorized(&open, scheme, answer, payload);
    finish::finish(context, events, &open, authorized).await.map(drop)
}
