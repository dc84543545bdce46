//! Webhooks that vendors send: known by their signature, then handed to what waits for them.
//!
//! Today that is an authorization whose code a webhook brings (`connect/outbound.rs`). What nobody waits for is answered
//! and forgotten.

mod signature;

use bytes::Bytes;
use domain::provider::{Auth, InstallationWebhook};
use domain::{IntegrationKey, Scope, Secret};
use http::HeaderMap;
use serde_json::Value;

use crate::connect::events::ConnectEvents;
use crate::connect::outbound;
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::error::Error;
use crate::integration_secrets::IntegrationSecrets;

/// The largest body, bytes.
pub const LARGEST: usize = 256 * 1024;

/// A webhook as it came.
pub struct Received<'a> {
    /// The environment's UUID, from the path.
    pub environment: &'a str,
    /// The integration's key, from the path.
    pub integration: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, at most [`LARGEST`] bytes.
    pub body: &'a Bytes,
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The definition waits for none.
    Nobody,
    /// It was the vendor's. Whether anything came of it is not the sender's business.
    Taken,
}

/// Takes a webhook.
///
/// # Errors
/// `unknown_environment`, `unknown_provider_config`; a signature that is missing or not the vendor's; a body that is no
/// JSON.
pub async fn receive(
    context: &Context,
    events: &ConnectEvents,
    received: Received<'_>,
) -> Result<Heard, Error> {
    let unknown = |code, message: &str| Error::Unknown { code, message: message.to_owned() };
    let known = context.store.environments().await?.into_iter().find(|one| one.uuid == received.environment);
    let scope = known.map(|one| Scope { environment: one.id });
    let scope = scope.ok_or_else(|| unknown("unknown_environment", "No such environment"))?;
    let no_integration = || unknown("unknown_provider_config", "No such integration in this environment");
    let key = IntegrationKey::parse(received.integration).map_err(|_| no_integration())?;
    if context.store.integration(scope, &key).await?.is_none() {
        return Err(no_integration());
    }
    let open = OpenIntegration::load(context, scope, &key).await?;
    let Auth::OAuth2(scheme) = &open.entry.provider.auth else { return Ok(Heard::Nobody) };
    let Some((installation, webhook)) =
        scheme.installation.as_ref().and_then(|one| Some((one, one.webhook.as_ref()?)))
    else {
        return Ok(Heard::Nobody);
    };
    let secrets = IntegrationSecrets::open(context, &open.integration)?;
    signature::verify(&webhook.signature, &secrets, received.headers, received.body)?;
    let body: Value = serde_json::from_slice(received.body)
        .map_err(|_| Error::refused("webhook_invalid_payload", "The webhook's body is not JSON"))?;
    outbound::told(context, events, &open, outbound::Told { installation, webhook, body: &body }).await?;
    Ok(Heard::Taken)
}

/// The integration's secret that signs the webhooks of installations; `None` while nobody has entered it.
pub(crate) fn signing_key<'a>(
    webhook: &InstallationWebhook,
    secrets: &'a IntegrationSecrets,
) -> Option<&'a Secret> {
    signature::key(&webhook.signature, secrets)
}
