//! Installed apps (APP, CUSTOM): the browser installs the app at the vendor and comes back with the installation's id.
//!
//! The id is a number that anybody can write into the URL, and our key mints for any installation of the app. So it is
//! believed only if the installation was made or changed since the browser left, or if the user who came back with it
//! sees it (DESIGN §5 "Whose tenant"; GitHub, "About the setup URL": the id may be spoofed).

use std::sync::Arc;

use domain::Secret;
use domain::connection::Actor;
use domain::credentials::{AppCredentials, Credentials, CustomCredentials, OAuth2Credentials, RawAnswer};
use domain::provider::{App, Auth, OAuth2, Pkce};
use serde_json::{Map, Value};

use super::authorize::{self, Begun};
use super::callback::{CallbackRequest, Failure, Pending, internal};
use super::redeem::{self, Authorized};
use super::state::{self, Leg, Payload};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::problem::TokenProblem;
use crate::credentials::renewal;
use crate::credentials::schemes::{Party, SettingProblem, TokenRequest, app, oauth2};
use crate::credentials::token_answer;
use crate::credentials::token_endpoint;
use crate::error::Error;

/// Clocks differ by so much.
const DRIFT_MS: i64 = 2 * 60 * 1000;

/// Begins with the app's installation page.
///
/// # Errors
/// The integration lacks its app.
pub(super) async fn begin(
    context: &Context,
    open: &OpenIntegration,
    scheme: &App,
    mut payload: Payload,
    leg: Leg,
) -> Result<Begun, Error> {
    payload.leg = leg;
    // Never the page's to choose: they say whose app it is and what the key mints for.
    payload.config.remove("installation_id");
    // A user token of somebody else's app would prove nothing about an installation of ours.
    payload.client_override = None;
    for (name, value) in [
        ("appPublicLink", &open.integration.settings.app_link),
        ("app_id", &open.integration.settings.app_id),
    ] {
        let value = value.clone().ok_or_else(|| Error::from(SettingProblem::Missing(name.to_owned())))?;
        payload.config.insert(name.to_owned(), Value::String(value));
    }
    let state = state::new_state(context);
    let url = {
        let party = open.party(context, open.client.clone(), &payload.config);
        app::installation_url(&scheme.installation_url, &party, &state)?
    };
    authorize::depart(context, open, &payload, url, state).await
}

/// Comes back from an installation without a sign-in (APP).
pub(super) async fn arrive(
    context: &Context,
    open: &Arc<OpenIntegration>,
    request: &CallbackRequest,
    mut payload: Payload,
) -> Result<Authorized, Failure> {
    let Auth::App(scheme) = &open.entry.provider.auth else {
        return Err(Failure::again(
            "auth_mode_err",
            "wrong_auth_mode",
            "The integration has changed its provider.",
        ));
    };
    if request.param("setup_action") == Some("request") {
        let cause = "The installation was requested; an owner of the organisation must approve it first.";
        let mut failure = Failure::again("auth_mode_err", "wrong_auth_mode", cause);
        failure.problem.actor = Actor::Admin;
        failure.problem.remedy = "Connect again once an owner has approved the installation.".to_owned();
        return Err(failure);
    }
    let id = installation_id(request)?.ok_or_else(|| {
        Failure::again("callback_err", "no_installation", "The provider sent no installation id back.")
    })?;
    payload.config.insert("installation_id".to_owned(), Value::String(id.clone()));
    let asked = Asked { context, open, payload: &payload };
    check_fresh(&asked, scheme, &id).await?;
    let credentials = Credentials::App(mint(&asked, scheme, &id).await?);
    Ok(Authorized { credentials, config: payload.config.clone(), payload, pending: Pending::No })
}

/// Comes back from an installation with the code of the user who made it (CUSTOM).
pub(super) async fn arrive_signed_in(
    context: &Context,
    open: &Arc<OpenIntegration>,
    user_scheme: &OAuth2,
    request: &CallbackRequest,
    mut payload: Payload,
) -> Result<Authorized, Failure> {
    let Auth::Custom(scheme) = &open.entry.provider.auth else {
        return Err(internal(Error::Corrupt("an installation without an app definition")));
    };
    // The installation page takes no challenge, so there is none to answer.
    let user_scheme = OAuth2 { pkce: Pkce::Off, ..user_scheme.clone() };
    let answer = redeem::redeem(context, open, &user_scheme, request, &payload).await?;
    let user: OAuth2Credentials = oauth2::credentials(answer, None);
    let app_id = open.integration.settings.app_id.clone().unwrap_or_default();
    let Some(id) = installation_id(request)? else {
        let app = AppCredentials {
            access_token: Secret::default(),
            expires_at_ms: None,
            jwt: None,
            app_id,
            installation_id: String::new(),
            raw: RawAnswer::default(),
        };
        payload.config.insert("pending".to_owned(), Value::Bool(true));
        let credentials = Credentials::Custom(CustomCredentials { app, user: Some(user) });
        return Ok(Authorized {
            credentials,
            config: payload.config.clone(),
            payload,
            pending: Pending::Yes,
        });
    };
    payload.config.insert("installation_id".to_owned(), Value::String(id.clone()));
    let asked = Asked { context, open, payload: &payload };
    let built = app::sees_installation_request(&scheme.app, &asked.party(), &user.access_token, &id);
    asked.json(built).await.map_err(|mut failure| {
        failure.problem.code = "not_your_installation".to_owned();
        failure.problem.cause = format!("The user who signed in does not see installation {id}.");
        failure
    })?;
    let app = mint(&asked, &scheme.app, &id).await?;
    let credentials = Credentials::Custom(CustomCredentials { app, user: Some(user) });
    Ok(Authorized { credentials, config: payload.config.clone(), payload, pending: Pending::No })
}

/// The installation's id; digits, as it becomes part of a path.
fn installation_id(request: &CallbackRequest) -> Result<Option<String>, Failure> {
    match request.param("installation_id") {
        None => Ok(None),
        Some(id) if id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(id.to_owned())),
        Some(_) => {
            Err(Failure::again("callback_err", "bad_installation", "The installation id is not a number."))
        }
    }
}

/// One authorization whose requests are made here.
struct Asked<'a> {
    context: &'a Context,
    open: &'a OpenIntegration,
    payload: &'a Payload,
}

impl Asked<'_> {
    fn party(&self) -> Party<'_> {
        self.open.party(self.context, self.open.client.clone(), &self.payload.config)
    }

    /// Asks for a JSON object; the operation's messages tell of it.
    async fn json(&self, built: Result<TokenRequest, SettingProblem>) -> Result<Map<String, Value>, Failure> {
        let request = built.map_err(|problem| Failure::new("url_param_err", renewal::setting(problem)))?;
        let (facts, answer) = token_endpoint::ask_json(self.context, request).await;
        let detail = serde_json::json!({"response": {"code": facts.status}});
        let level = if answer.is_ok() { "info" } else { "error" };
        let text = format!("{} {}", facts.method, facts.url);
        self.context.log.say(self.open.scope, &self.payload.log_id, level, text, Some(detail));
        answer.map_err(|problem| Failure::new("token_err", problem))
    }
}

/// An installation that was there before this browser left is somebody's, and nobody knows whose; unless this very
/// connection has it already.
async fn check_fresh(asked: &Asked<'_>, scheme: &App, id: &str) -> Result<(), Failure> {
    let Asked { context, open, payload } = asked;
    let identity = open.app_identity();
    let built = app::installation_request(scheme, &asked.party(), &identity, context.now_ms());
    let known = asked.json(built).await?;
    if known.get("suspended_at").is_some_and(|at| !at.is_null()) {
        return Err(Failure::again(
            "callback_err",
            "installation_suspended",
            "The installation is suspended.",
        ));
    }
    let moment = |name: &str| known.get(name).and_then(token_answer::moment);
    let touched = moment("created_at").into_iter().chain(moment("updated_at")).max();
    if touched.is_some_and(|at_ms| at_ms >= payload.began_at_ms - DRIFT_MS) {
        return Ok(());
    }
    if let Some(row) = payload.reconnect() {
        let before =
            context.store.connection_by_row(open.scope, row).await.map_err(|e| internal(e.into()))?;
        let same = before.and_then(|old| old.config.get("installation_id").cloned());
        if same.as_ref().and_then(Value::as_str) == Some(id) {
            return Ok(());
        }
    }
    let cause =
        "The app was installed there before; who came back with it did not install or change it just now.";
    let mut failure = Failure::again("callback_err", "installation_not_proved", cause);
    failure.problem.remedy =
        "Connect again and change the installation's repositories on the provider's page, or uninstall the app first."
            .to_owned();
    Err(failure)
}

async fn mint(asked: &Asked<'_>, scheme: &App, id: &str) -> Result<AppCredentials, Failure> {
    let Asked { context, open, payload } = asked;
    let identity = open.app_identity();
    let built = app::request(scheme, &asked.party(), &identity, context.now_ms());
    let request: TokenRequest =
        built.map_err(|problem: SettingProblem| Failure::new("url_param_err", renewal::setting(problem)))?;
    let answer = redeem::ask(context, open, payload, request).await?;
    Ok(app::credentials(answer, identity.id, id))
}

/// A pending installation cannot be used yet.
pub(crate) fn waits_for_approval() -> TokenProblem {
    let mut problem = TokenProblem::developer(
        "installation_pending",
        "The installation of the app waits for the approval of an owner of the organisation.",
        "An owner of the organisation approves the installation; the connection works from then on.",
    );
    problem.actor = Actor::Admin;
    problem
}
