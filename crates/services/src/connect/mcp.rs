//! How an authorization of an MCP server begins: whose client, which server.

use domain::provider::{ClientRegistration, McpOAuth2, McpOAuth2Generic};
use serde_json::{Map, Value, json};
use url::Url;

use super::authorize::{self, Asked, Begun};
use super::scopes;
use super::state::{Leg, McpFlow, Payload};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::mcp::discovery::{self, Discovered};
use crate::credentials::mcp::metadata;
use crate::credentials::mcp::registration::{Registration, register};
use crate::credentials::schemes::mcp as schemes;
use crate::error::Error;

/// Begins with a server that the definition knows.
///
/// # Errors
/// The client is missing, or the server would not know it.
pub(super) async fn begin_known(
    context: &Context,
    open: &OpenIntegration,
    scheme: &McpOAuth2,
    mut payload: Payload,
    asked: &Asked<'_>,
) -> Result<Begun, Error> {
    if matches!(scheme.registration, ClientRegistration::MetadataDocument)
        && payload.client_override.is_none()
    {
        let id = document_url(context, open).await?.ok_or_else(|| {
            Error::refused(
                "public_url_not_https",
                "This provider reads our client from a document on our public URL, which must be https. Set --public-url.",
            )
        })?;
        payload.client_override = Some((id, String::new()));
    }
    let flow = schemes::known(scheme, &open.integration);
    let scopes = scopes::plain(open, &flow, asked.defaults);
    let params = authorize::authorization_params(&flow, asked, &payload.nonce, false)?;
    authorize::send(context, open, &flow, payload, scopes.parameter.as_deref(), params).await
}

/// Begins with the server that the connection names: discovered, and a client made for it.
///
/// Invariant: nothing of the integration goes to that server; the client is our document, one that it registered now,
/// or a public one.
///
/// # Errors
/// The server cannot be reached, describes no way to authorize, or wants no client of ours.
pub(super) async fn begin_discovered(
    context: &Context,
    open: &OpenIntegration,
    scheme: &McpOAuth2Generic,
    mut payload: Payload,
    asked: &Asked<'_>,
) -> Result<Begun, Error> {
    let address = {
        let party = open.party(context, open.client.clone(), &payload.config);
        party.url_verbatim(&scheme.server_url, "MCP server URL")?
    };
    let found = discovery::discover(context, address.as_str()).await?;
    let flow = match payload.client_override.take() {
        // The page's own client is the page's own secret: it may go where the page says.
        Some((client_id, client_secret)) => McpFlow {
            client_id,
            client_secret,
            auth_method: "client_secret_post".to_owned(),
            secret_expires_at_ms: None,
            resource: found.resource.clone(),
            server: found.server.clone(),
        },
        None => made_client(context, open, &found).await?,
    };
    payload.config.extend(remembered(&flow, open.redirect_uri(context)));
    let mut default_scopes = found.scopes;
    if default_scopes.is_empty() {
        default_scopes.clone_from(&scheme.default_scopes);
    }
    let code_flow = schemes::discovered(&flow.server, &flow.resource, &flow.auth_method, default_scopes);
    payload.leg = Leg::Mcp(Box::new(flow));
    let scopes = scopes::plain(open, &code_flow, asked.defaults);
    let params = authorize::authorization_params(&code_flow, asked, &payload.nonce, false)?;
    authorize::send(context, open, &code_flow, payload, scopes.parameter.as_deref(), params).await
}

/// A client for a discovered server: our metadata document, else one that is registered now, else a public client under
/// our document's name (contract §4.5).
async fn made_client(
    context: &Context,
    open: &OpenIntegration,
    found: &Discovered,
) -> Result<McpFlow, Error> {
    let flow = |client_id: String, client_secret: String, auth_method: &str| McpFlow {
        client_id,
        client_secret,
        auth_method: auth_method.to_owned(),
        secret_expires_at_ms: None,
        resource: found.resource.clone(),
        server: found.server.clone(),
    };
    let document = document_url(context, open).await?;
    if let (true, Some(id)) = (found.server.client_id_metadata_document_supported, &document) {
        return Ok(flow(id.clone(), String::new(), "none"));
    }
    if let Some(endpoint) = &found.server.registration_endpoint {
        let nothing = Map::new();
        let asked = Registration {
            endpoint,
            client_name: open.display_name(),
            redirect_uri: open.redirect_uri(context),
            auth_method: found.server.registered_auth_method(),
            scope: open.integration.scopes.join(" "),
            params: &nothing,
        };
        let client = register(context, asked).await?;
        let flow = flow(client.id.clone(), client.secret.expose().to_owned(), client.method());
        return Ok(McpFlow { secret_expires_at_ms: client.secret_expires_at_ms, ..flow });
    }
    let id = document.ok_or_else(|| {
        Error::refused(
            "no_client",
            "The MCP server registers no clients, and our public URL is not https, so that we have no client id of our \
             own. Give a client by credentials[oauth_client_id_override], or set --public-url.",
        )
    })?;
    Ok(flow(id, String::new(), "none"))
}

/// What the connection config keeps of a discovered server (contract §4.5); no secret is among it.
fn remembered(flow: &McpFlow, redirect_uri: &str) -> Map<String, Value> {
    let client = json!({
        "client_id": flow.client_id,
        "redirect_uris": [redirect_uri],
        "token_endpoint_auth_method": flow.auth_method,
    });
    let mut kept = Map::new();
    kept.insert("oauth_metadata".to_owned(), metadata::stored(&flow.server));
    kept.insert("oauth_resource_url".to_owned(), Value::from(flow.resource.as_str()));
    kept.insert("oauth_client_info".to_owned(), client);
    kept
}

/// Our client's metadata document, which is its id; `None` where our public URL is not https, so that no server could
/// read it.
async fn document_url(context: &Context, open: &OpenIntegration) -> Result<Option<String>, Error> {
    let public = Url::parse(&context.settings.public_url).ok().filter(|url| url.scheme() == "https");
    if public.is_none() {
        return Ok(None);
    }
    let environment = context.store.environment(open.scope.environment).await?;
    let environment = environment.ok_or(Error::Corrupt("an integration without its environment"))?;
    let base = &context.settings.public_url;
    let mut url = Url::parse(&format!("{base}/oauth/client-metadata/{}", environment.uuid)).ok();
    // A key may hold spaces.
    if let Some(mut segments) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.push(open.integration.key.as_str());
    }
    Ok(url.map(String::from))
}

/// Our client's metadata document (contract §5.5; OAuth Client ID Metadata Document).
///
/// # Errors
/// `unknown_environment`, `unknown_provider_config`, or `feature_disabled` where the integration has no such client.
pub async fn client_document(context: &Context, environment: &str, key: &str) -> Result<Value, Error> {
    let found = context.store.environments().await?.into_iter().find(|one| one.uuid == environment);
    let unknown = |code, message: &str| Error::Unknown { code, message: message.to_owned() };
    let found = found.ok_or_else(|| unknown("unknown_environment", "No such environment"))?;
    let no_integration = || unknown("unknown_provider_config", "No such integration in this environment");
    let key = domain::IntegrationKey::parse(key).map_err(|_| no_integration())?;
    let scope = domain::Scope { environment: found.id };
    if context.store.integration(scope, &key).await?.is_none() {
        return Err(no_integration());
    }
    let open = OpenIntegration::load(context, scope, &key).await?;
    let disabled = || unknown("feature_disabled", "This integration has no client metadata document");
    let serves = match &open.entry.provider.auth {
        domain::provider::Auth::McpOAuth2(scheme) => {
            matches!(scheme.registration, ClientRegistration::MetadataDocument)
        }
        domain::provider::Auth::McpOAuth2Generic(_) => true,
        _ => false,
    };
    let id = document_url(context, &open).await?.filter(|_| serves).ok_or_else(disabled)?;
    Ok(json!({
        "client_id": id,
        "client_name": open.display_name(),
        "client_uri": context.settings.public_url,
        "redirect_uris": [open.redirect_uri(context)],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }))
}
