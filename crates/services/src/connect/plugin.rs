//! INSTALL_PLUGIN: the browser installs a marketplace plugin and comes back with the place where it was installed; the keys
//! are the operator's and open every place that has the plugin.
//!
//! So the place is not believed because somebody wrote it into a URL: the definition says by which request the vendor
//! confirms what it gave to the browser alone (DESIGN §5 "Whose tenant"). Without that nothing connects.

use std::sync::Arc;

use domain::Secret;
use domain::credentials::{BasicCredentials, Credentials};
use domain::provider::{Auth, InstallPlugin, InstallationProof};
use domain::template::Values;
use serde_json::{Map, Value};

use super::account_requests;
use super::authorize::{self, Begun};
use super::callback::{CallbackRequest, Failure, Pending, internal};
use super::redeem::{self, Authorized};
use super::state::{self, Leg, Payload};
use crate::context::Context;
use crate::credentials::account::{Account, OpenIntegration};
use crate::credentials::schemes::SettingProblem;
use crate::error::Error;
use crate::integration_secrets::IntegrationSecrets;
use crate::proxy::values::Subject;

/// Begins with the plugin's installation page (contract §4.5: `app_link?payload=<state>`).
///
/// # Errors
/// The integration lacks the page or the keys, or the definition lacks the proof.
pub(super) async fn begin(
    context: &Context,
    open: &OpenIntegration,
    scheme: &InstallPlugin,
    mut payload: Payload,
) -> Result<Begun, Error> {
    if scheme.proof.is_none() {
        return Err(Error::refused(
            "installation_not_provable",
            "The provider's definition does not say how the vendor proves who made an installation, and the \
             integration's keys open all of them. An operator adds `installation_proof` to the definition.",
        ));
    }
    keys(context, open)?;
    payload.leg = Leg::Plugin;
    // Never the page's to choose: they say what the keys are used for.
    payload.config.retain(|name, _| !scheme.redirect_uri_metadata.contains(name));
    let settings = &open.integration.settings;
    let link = settings.app_link.as_ref().or_else(|| settings.custom.get("app_link"));
    let link = link.ok_or_else(|| SettingProblem::Missing("app_link".to_owned()))?;
    let mut url = url::Url::parse(link)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http"))
        .ok_or(SettingProblem::BadUrl { what: "installation link" })?;
    let state = state::new_state(context);
    url.query_pairs_mut().append_pair("payload", &state);
    authorize::depart(context, open, &payload, url, state).await
}

/// Comes back from an installation.
pub(super) async fn arrive(
    context: &Context,
    open: &Arc<OpenIntegration>,
    request: &CallbackRequest,
    mut payload: Payload,
) -> Result<Authorized, Failure> {
    let Auth::InstallPlugin(scheme) = &open.entry.provider.auth else { return Err(redeem::changed()) };
    let proof = scheme.proof.as_ref().ok_or_else(redeem::changed)?;
    for name in &scheme.redirect_uri_metadata {
        if request.param(name).is_none() {
            let cause = format!("The provider sent no {name} back.");
            return Err(Failure::again("callback_err", "no_installation", &cause));
        }
    }
    redeem::keep_callback_metadata(open, &scheme.redirect_uri_metadata, request, &mut payload.config)?;
    let credentials = Credentials::InstallPlugin(keys(context, open).map_err(internal)?);
    let account = Account::on_trial(open.clone(), credentials, payload.config.clone()).map_err(internal)?;
    prove(context, &account, proof, request, &payload.log_id).await.map_err(|why| {
        let cause = format!("The vendor did not confirm the installation: {why}.");
        Failure::again("callback_err", "installation_not_proved", &cause)
    })?;
    let config: Map<String, Value> = payload.config.clone();
    Ok(Authorized { credentials: account.credentials, config, payload, pending: Pending::No })
}

/// The operator's keys.
fn keys(context: &Context, open: &OpenIntegration) -> Result<BasicCredentials, Error> {
    let secrets = IntegrationSecrets::open(context, &open.integration)?;
    let key = |name: &str| -> Result<Secret, Error> {
        let found = secrets.custom.get(name).filter(|secret| !secret.is_empty()).cloned();
        found.ok_or_else(|| SettingProblem::Missing(format!("custom.{name}")).into())
    };
    Ok(BasicCredentials { username: key("username")?, password: key("password")? })
}

async fn prove(
    context: &Context,
    account: &Account,
    proof: &InstallationProof,
    request: &CallbackRequest,
    log_id: &str,
) -> Result<(), String> {
    let subject = Subject::of(account);
    let wanted = {
        let own = subject.values(context);
        account_requests::wanted(proof, &|path: &str| match path.strip_prefix("callback.") {
            Some(name) => request.param(name).map(str::to_owned),
            None => own.get(path),
        })
    };
    let outcome = match wanted {
        Ok(wanted) => account_requests::confirm(context, &subject, proof, wanted).await,
        Err(missing) => Err(missing),
    };
    let (level, told) = match &outcome {
        Ok(story) => ("info", story.clone()),
        Err(why) => ("error", why.clone()),
    };
    context.log.say(account.integration.scope, log_id, level, told, None);
    outcome.map(drop)
}
