//! The client of an integration that registers itself with its authorization server when it is made (RFC 7591).

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
    let Auth::McpOAuth2(scheme) = &entry.provider.auth else { return Ok(()) };
    let ClientRegistration::Dynamic { url, params } = &scheme.registration else { return Ok(()) };
    if integration.client_id.is_some() {
        return Ok(());
    }
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
    integration.client_id = Some(registered.id);
    let mut secrets = IntegrationSecrets::open(context, integration)?;
    secrets.client = registered.secret;
    secrets.seal(context, integration)?;
    Ok(())
}
