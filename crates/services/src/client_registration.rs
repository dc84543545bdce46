//! The client of an integration that registers itself with its authorization server when it is made (RFC 7591).

use std::sync::Arc;

use catalog::Entry;
use domain::Scope;
use domain::integration::Integration;
use domain::provider::{Auth, ClientRegistration};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::mcp::registration::{Registration, register};
use crate::error::Error;
use crate::integration_secrets::IntegrationSecrets;

/// Registers a client where the definition says so and the integration has none; the secret is sealed into it.
///
/// # Errors
/// The authorization server refuses, or cannot be reached; nothing is stored then.
pub async fn ensure(
    context: &Context,
    scope: Scope,
    entry: &Entry,
    integration: &mut Integration,
) -> Result<(), Error> {
    if integration.client_id.is_some() {
        return Ok(());
    }
    registered(context, scope, entry, integration).await
}

/// The integration with a client whose secret has not ended: one that registered itself registers again. Its connections
/// were granted to the client before, so they have to be authorized again, as their next refresh tells.
///
/// # Errors
/// As [`ensure`].
pub async fn current(context: &Context, open: Arc<OpenIntegration>) -> Result<Arc<OpenIntegration>, Error> {
    let settings = &open.integration.settings;
    let lapsed = settings.secret_expires_at_ms.is_some_and(|end| end <= context.now_ms());
    // Only who registered it knows how it proves itself; an operator's client is the operator's to renew.
    if !lapsed || settings.client_auth_method.is_none() {
        return Ok(open);
    }
    let mut integration = open.integration.clone();
    registered(context, open.scope, &open.entry, &mut integration).await?;
    integration.updated_at_ms = context.now_ms();
    context.store.update_integration(open.scope, &integration).await?;
    tracing::info!(integration = %integration.key, "the registered client's secret had ended: registered again");
    OpenIntegration::open(context, open.scope, integration).await.map(Arc::new)
}

async fn registered(
    context: &Context,
    scope: Scope,
    entry: &Entry,
    integration: &mut Integration,
) -> Result<(), Error> {
    let Auth::McpOAuth2(scheme) = &entry.provider.auth else { return Ok(()) };
    let ClientRegistration::Dynamic { url, params } = &scheme.registration else { return Ok(()) };
    let open = OpenIntegration::open(context, scope, integration.clone()).await?;
    let nothing = Map::new();
    let party = open.party(context, open.client.clone(), &nothing);
    let endpoint = party.url(url, "registration URL")?;
    let params = match params.resolve_present(&party) {
        Ok(Some(Value::Object(params))) => params,
        _ => Map::new(),
    };
    let registered = register(
        context,
        Registration {
            endpoint: endpoint.as_str(),
            client_name: open.display_name(),
            redirect_uri: open.redirect_uri(context),
            auth_method: "client_secret_post",
            scope: open.integration.scopes.join(" "),
            params: &params,
        },
    )
    .await?;
    integration.settings.client_auth_method = Some(registered.method().to_owned());
    integration.settings.secret_expires_at_ms = registered.secret_expires_at_ms;
    integration.client_id = Some(registered.id);
    let mut secrets = IntegrationSecrets::open(context, integration)?;
    secrets.client = registered.secret;
    secrets.seal(context, integration)?;
    Ok(())
}
