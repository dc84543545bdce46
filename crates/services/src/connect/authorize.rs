//! The first visit of a browser: from a connect session to the provider's sign-in.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::connect::{ConnectDefaults, ConnectSession};
use domain::operation::OperationState;
use domain::provider::{Auth, CodeGrant, OAuth2, ScopeRules};
use domain::template::Template;
use domain::{IntegrationKey, Scope, Secret, entropy};
use serde_json::{Map, Value, json};

use super::keep::connection_name;
use super::state::{self, Issued, Leg, Payload};
use super::{attempt, config, install, mcp, oauth1, outbound, plugin, scopes, sessions};
use crate::client_registration;
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::schemes::{Client, oauth2};
use crate::error::Error;

/// What the page asks for.
#[derive(Clone, Default)]
pub struct AuthorizeRequest {
    /// `params[…]`: connection config.
    pub params: Map<String, Value>,
    /// `authorization_params[…]`.
    pub authorization_params: BTreeMap<String, String>,
    /// The page's socket.
    pub socket: Option<String>,
    /// `credentials[oauth_client_id_override]` and `…secret…`.
    pub client_override: Option<(String, String)>,
    /// `credentials[oauth_refresh_token_override]`.
    pub refresh_token_override: Option<String>,
}

/// Where the browser goes, with the cookie that binds it.
pub struct Begun {
    /// The provider's URL.
    pub url: url::Url,
    /// The stored state.
    pub issued: Issued,
}

/// Begins an authorization.
///
/// # Errors
/// What is missing or not allowed; the operation in the log tells it too.
pub async fn begin(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    request: AuthorizeRequest,
) -> Result<Begun, Error> {
    let scope = Scope { environment: session.environment };
    let open = OpenIntegration::load(context, scope, key).await?;
    let log_id = attempt::begun(context, &open, None);
    let outcome = match client_registration::current(context, open.clone()).await {
        Ok(open) => prepare(context, session, &open, request, &log_id).await,
        Err(error) => Err(error),
    };
    match &outcome {
        Ok(begun) => {
            let shown = crate::operations::redact::url(begun.url.as_str());
            context.log.say(
                scope,
                &log_id,
                "info",
                "the browser is sent to the provider",
                Some(json!({"url": shown})),
            );
        }
        Err(error) => {
            context.log.finish(scope, log_id, OperationState::Failed, None, Some(error.to_string()));
        }
    }
    outcome
}

/// What the page and the customer's backend ask for, on the way to a URL.
pub(super) struct Asked<'a> {
    pub(super) defaults: Option<&'a ConnectDefaults>,
    pub(super) authorization_params: &'a BTreeMap<String, String>,
    pub(super) user_scopes: Option<&'a str>,
}

async fn prepare(
    context: &Context,
    session: &ConnectSession,
    open: &Arc<OpenIntegration>,
    request: AuthorizeRequest,
    log_id: &str,
) -> Result<Begun, Error> {
    sessions::check_allowed(session, &open.integration.key)?;
    let elsewhere =
        || Error::refused("invalid_auth_mode", "This integration does not authorize in a browser");
    let auth = &open.entry.provider.auth;
    let in_a_browser = matches!(
        auth,
        Auth::OAuth2(_)
            | Auth::OAuth1(_)
            | Auth::McpOAuth2(_)
            | Auth::McpOAuth2Generic(_)
            | Auth::App(_)
            | Auth::Custom(_)
            | Auth::InstallPlugin(_)
    );
    if !in_a_browser {
        return Err(elsewhere());
    }
    let defaults = session.defaults.get(open.integration.key.as_str());
    let mut payload = begin_payload(context, session, open, request.params, log_id).await?;
    payload.socket = request.socket;
    payload.client_override = request.client_override;
    payload.refresh_token_override = request.refresh_token_override;
    let asked = Asked {
        defaults,
        authorization_params: defaults.map_or(&request.authorization_params, |own| &own.authorization_params),
        user_scopes: defaults.and_then(|own| own.user_scopes.as_deref()),
    };
    match auth {
        Auth::OAuth1(scheme) => oauth1::begin(context, open, scheme, payload, &asked).await,
        Auth::OAuth2(scheme) if scheme.installation.is_some() => {
            outbound::depart(context, session, open, scheme, payload).await
        }
        Auth::OAuth2(scheme) => by_code(context, open, scheme, payload, &asked).await,
        Auth::McpOAuth2(scheme) => mcp::begin_known(context, open, scheme, payload, &asked).await,
        Auth::McpOAuth2Generic(scheme) => mcp::begin_discovered(context, open, scheme, payload, &asked).await,
        Auth::App(scheme) => install::begin(context, open, scheme, payload, Leg::Install).await,
        Auth::Custom(scheme) => {
            install::begin(context, open, &scheme.app, payload, Leg::InstallAndSignIn).await
        }
        Auth::InstallPlugin(scheme) => plugin::begin(context, open, scheme, payload).await,
        _ => Err(elsewhere()),
    }
}

/// What every authorization of a session comes with.
///
/// # Errors
/// The page's parameters break rules, or the connection to authorize again is gone.
pub(super) async fn begin_payload(
    context: &Context,
    session: &ConnectSession,
    open: &OpenIntegration,
    params: Map<String, Value>,
    log_id: &str,
) -> Result<Payload, Error> {
    let defaults = session.defaults.get(open.integration.key.as_str());
    Ok(Payload {
        connection_id: match &session.connection {
            Some(id) => id.to_string(),
            None => connection_name(context, open.scope, session.reconnect).await?.to_string(),
        },
        reconnect: session.reconnect.map(|row| row.0),
        verifier: entropy::name(&*context.entropy, 64),
        nonce: entropy::hex(&*context.entropy, 16),
        config: config::merged(open, params, defaults)?,
        end_user: session.end_user.clone(),
        tags: session.tags.clone(),
        webhook_url_override: session.webhook_url_override.clone(),
        ..Payload::new(Leg::Code, log_id, context.now_ms())
    })
}

/// A code flow by the rules of the definition's family of servers.
async fn by_code(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth2,
    mut payload: Payload,
    asked: &Asked<'_>,
) -> Result<Begun, Error> {
    let scopes = scopes::of_definition(context, open, asked.defaults)?;
    payload.leg = match scheme.grant {
        CodeGrant::AuthorizationCode => Leg::Code,
        CodeGrant::AdminConsent => Leg::AdminConsent,
    };
    payload.token_scope = scopes.token_scope;
    let mut params = authorization_params(scheme, asked, &payload.nonce, scopes.wants_id_token)?;
    // A definition whose answer has the user's tokens in a place of their own asks for the user's scopes apart (Slack).
    if let (Some(_), Some(list)) = (&scheme.tokens_at, asked.user_scopes) {
        let list = catalog::parse_scope_list(list).join(&scheme.scope_separator);
        params.push(("user_scope".to_owned(), Template::literal(&list)));
    }
    send(context, open, scheme, payload, scopes.parameter.as_deref(), params).await
}

/// Stores the state of a leg and makes its URL.
pub(super) async fn send(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth2,
    payload: Payload,
    scope: Option<&str>,
    params: Vec<(String, Template)>,
) -> Result<Begun, Error> {
    let state = state::new_state(context);
    let party = open.party(context, client(open, &payload), &payload.config);
    let authorization =
        oauth2::Authorization { state: &state, verifier: &payload.verifier, scope, params: &params };
    // The URL is made before the state is stored: a missing setting leaves nothing behind.
    let url = oauth2::authorize_url(scheme, &party, &authorization)?;
    depart(context, open, &payload, url, state).await
}

/// Stores the state that `url` carries.
pub(super) async fn depart(
    context: &Context,
    open: &OpenIntegration,
    payload: &Payload,
    url: url::Url,
    state: String,
) -> Result<Begun, Error> {
    let issued = state::issue(context, open.scope.environment, &open.integration.key, payload, state).await?;
    context.faults.pass("authorize:stored");
    Ok(Begun { url, issued })
}

/// The sign-in that proves the tenant after an administrator's consent (DESIGN §5 "Whose tenant").
///
/// # Errors
/// The definition has no sign-in URL, or the state cannot be stored.
pub async fn prove_tenant(
    context: &Context,
    open: &OpenIntegration,
    scheme: &OAuth2,
    mut payload: Payload,
    tenant: String,
) -> Result<Begun, Error> {
    let sign_in = scheme
        .sign_in_url
        .clone()
        .ok_or(Error::Corrupt("a definition with admin consent has no sign_in_url"))?;
    payload.leg = Leg::TenantProof { tenant: tenant.clone() };
    payload.config.insert("tenantId".into(), Value::String(tenant));
    let mut sign_in_scheme = scheme.clone();
    sign_in_scheme.authorization_url = Some(sign_in);
    let params = vec![
        ("response_mode".to_owned(), Template::literal("query")),
        ("nonce".to_owned(), Template::literal(&payload.nonce)),
    ];
    send(context, open, &sign_in_scheme, payload, Some("openid profile"), params).await
}

/// The client that an authorization is made for.
pub fn client(open: &OpenIntegration, payload: &Payload) -> Client {
    match (&payload.client_override, &payload.leg) {
        (Some((id, secret)), _) => Client { id: id.clone(), secret: Secret::from(secret.clone()) },
        (None, Leg::Mcp(flow)) => {
            Client { id: flow.client_id.clone(), secret: Secret::from(flow.client_secret.clone()) }
        }
        (None, _) => open.client.clone(),
    }
}

pub(super) fn authorization_params(
    scheme: &OAuth2,
    asked: &Asked<'_>,
    nonce: &str,
    wants_id_token: bool,
) -> Result<Vec<(String, Template)>, Error> {
    let given = asked.authorization_params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut params = catalog::merge_authorization_params(scheme, given)
        .map_err(|reserved| Error::refused("invalid_query_params", reserved.to_string()))?;
    if wants_id_token && scheme.scope_rules == ScopeRules::Entra {
        params.retain(|(name, _)| name != "nonce");
        params.push(("nonce".to_owned(), Template::literal(nonce)));
    }
    Ok(params)
}
