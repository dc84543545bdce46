//! The state of a running authorization: random, sealed, bound to one browser, taken once (DESIGN §5).

use std::collections::BTreeMap;

use domain::connect::OAuthState;
use domain::connection::EndUser;
use domain::{ConnectionRow, EnvironmentId, IntegrationKey, Sealed, entropy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::oauth1::Temporary;
use super::sessions::token_hash;
use crate::context::Context;
use crate::credentials::mcp::metadata::ServerMetadata;
use crate::error::Error;

/// Life of a state.
pub const LIFE_MS: i64 = 60 * 60 * 1000;

/// What the callback needs to know.
#[derive(Clone, Serialize, Deserialize)]
pub struct Payload {
    /// Which leg of which flow.
    pub leg: Leg,
    /// The name of the connection to make.
    pub connection_id: String,
    /// The connection to authorize again.
    pub reconnect: Option<i64>,
    /// The PKCE verifier.
    pub verifier: String,
    /// The OIDC nonce.
    pub nonce: String,
    /// Validated parameters of the connection.
    pub config: Map<String, Value>,
    /// The page that waits.
    pub socket: Option<String>,
    /// The operation that tells of it.
    pub log_id: String,
    /// When it began, Unix milliseconds.
    pub began_at_ms: i64,
    /// The client of this connection's own.
    pub client_override: Option<(String, String)>,
    /// Takes the place of the refresh token that the provider gives.
    #[serde(default)]
    pub refresh_token_override: Option<String>,
    /// The end user.
    pub end_user: Option<EndUser>,
    /// Copied to the connection.
    pub tags: BTreeMap<String, String>,
    /// Where the connection's webhooks go.
    pub webhook_url_override: Option<String>,
    /// The `scope` of the token request where it must be named (several resources at authorize).
    pub token_scope: Option<String>,
}

/// Which leg of which flow a callback ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leg {
    /// An authorization code.
    Code,
    /// An administrator's consent; a sign-in that proves the tenant follows.
    AdminConsent,
    /// The sign-in after a consent: its id_token must be of this tenant.
    TenantProof {
        /// The consented tenant, a GUID.
        tenant: String,
    },
    /// An admin link: ends on a thank-you page and wakes the waiting one.
    AdminLink,
    /// The installation of an app, which signs for its own tokens.
    Install,
    /// The installation of an app by a user whose code comes along.
    InstallAndSignIn,
    /// The installation of a marketplace plugin.
    Plugin,
    /// A verifier for temporary credentials (RFC 5849 §2.2).
    OAuth1(Box<Temporary>),
    /// An authorization code of an MCP server's own authorization server.
    Mcp(Box<McpFlow>),
    /// A code that a webhook will bring.
    Awaited,
    /// A code that a webhook has brought.
    Told(ToldCode),
}

/// A code that a webhook has brought; prints as nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldCode(pub String);

impl std::fmt::Debug for ToldCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ToldCode([redacted])")
    }
}

/// What was found out about an MCP server before the browser left.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpFlow {
    /// `resource` (RFC 8707 §2).
    pub resource: String,
    /// The authorization server.
    pub server: ServerMetadata,
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`; empty for a public client.
    pub client_secret: String,
    /// How the client proves itself.
    pub auth_method: String,
    /// When the secret ends, Unix milliseconds.
    #[serde(default)]
    pub secret_expires_at_ms: Option<i64>,
}

impl std::fmt::Debug for McpFlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("McpFlow").field("resource", &self.resource).finish_non_exhaustive()
    }
}

impl Payload {
    /// A payload of a leg that begins now, without anything that only some flows have.
    pub fn new(leg: Leg, log_id: &str, began_at_ms: i64) -> Self {
        Self {
            leg,
            connection_id: String::new(),
            reconnect: None,
            verifier: String::new(),
            nonce: String::new(),
            config: Map::new(),
            socket: None,
            log_id: log_id.to_owned(),
            began_at_ms,
            client_override: None,
            refresh_token_override: None,
            end_user: None,
            tags: BTreeMap::new(),
            webhook_url_override: None,
            token_scope: None,
        }
    }

    /// The connection to authorize again.
    pub fn reconnect(&self) -> Option<ConnectionRow> {
        self.reconnect.map(ConnectionRow)
    }
}

/// A stored state with what goes to the browser.
pub struct Issued {
    /// The `state` parameter.
    pub state: String,
    /// The cookie's name.
    pub cookie_name: String,
    /// The cookie's value.
    pub cookie_value: String,
    /// Where the browser comes back.
    pub returns_to: ReturnsTo,
}

/// Where a browser comes back; its cookie is for that path alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnsTo {
    /// The redirect URI given to providers.
    Callback,
    /// `/app-auth/connect`: an app's set-up URL.
    AppSetup,
}

/// What became of a returning state.
pub enum Taken {
    /// It is ours, fresh, and this browser's.
    Good(Returned),
    /// Never issued, or used before.
    Unknown,
    /// Issued more than an hour ago; the payload tells whom to inform.
    Expired(Returned),
    /// Issued to another browser.
    OtherBrowser(Returned),
}

/// What a state was issued for.
pub struct Returned {
    /// The environment.
    pub environment: EnvironmentId,
    /// The integration.
    pub integration: IntegrationKey,
    /// What it stands for.
    pub payload: Box<Payload>,
}

/// The cookie that binds a state to a browser; one a state, so that flows in two tabs do not meet.
pub fn cookie_name(state: &str) -> String {
    format!("sheetbend_oauth_{}", &token_hash(state)[..16])
}

/// Seals and stores a payload.
///
/// # Errors
/// It cannot be stored.
pub async fn issue(
    context: &Context,
    environment: EnvironmentId,
    integration: &IntegrationKey,
    payload: &Payload,
    state: String,
) -> Result<Issued, Error> {
    let (stored, issued) = make(context, environment, integration, payload, state)?;
    context.store.insert_oauth_state(&stored).await?;
    Ok(issued)
}

/// As [`issue`], for an authorization that a webhook ends: it is found by `awaits`. An earlier one under the same
/// `state` is forgotten.
///
/// # Errors
/// It cannot be stored.
pub async fn issue_awaiting(
    context: &Context,
    environment: EnvironmentId,
    integration: &IntegrationKey,
    payload: &Payload,
    (state, awaits): (String, &str),
) -> Result<Issued, Error> {
    let (stored, issued) = make(context, environment, integration, payload, state)?;
    context.store.await_installation(&stored, awaits).await?;
    Ok(issued)
}

fn make(
    context: &Context,
    environment: EnvironmentId,
    integration: &IntegrationKey,
    payload: &Payload,
    state: String,
) -> Result<(OAuthState, Issued), Error> {
    let state_hash = token_hash(&state);
    let cookie_value = entropy::hex(&*context.entropy, 32);
    let stored = OAuthState {
        environment,
        integration: integration.clone(),
        cookie_hash: token_hash(&cookie_value),
        payload: seal(context, &state_hash, payload)?,
        expires_at_ms: context.now_ms() + LIFE_MS,
        state_hash,
    };
    let returns_to = if payload.leg == Leg::Install { ReturnsTo::AppSetup } else { ReturnsTo::Callback };
    let issued = Issued { cookie_name: cookie_name(&state), state, cookie_value, returns_to };
    Ok((stored, issued))
}

/// Seals a payload for its row.
///
/// # Errors
/// The vault failed.
pub(super) fn seal(context: &Context, state_hash: &str, payload: &Payload) -> Result<Sealed, Error> {
    let clear = zeroize::Zeroizing::new(serde_json::to_vec(payload).unwrap_or_default());
    Ok(context.vault.seal(&vault::Place::new("oauth_states", state_hash, "payload"), &clear)?)
}

/// What a stored state stands for.
///
/// # Errors
/// It does not open.
pub(super) fn open(context: &Context, stored: OAuthState) -> Result<Returned, Error> {
    let place = vault::Place::new("oauth_states", &stored.state_hash, "payload");
    let clear = context.vault.open(&place, &stored.payload)?;
    let payload: Box<Payload> = serde_json::from_slice(&clear)
        .map_err(|_| Error::Corrupt("an authorization's state has an unknown form"))?;
    Ok(Returned { environment: stored.environment, integration: stored.integration, payload })
}

/// A new state parameter: 32 random bytes.
pub fn new_state(context: &Context) -> String {
    entropy::hex(&*context.entropy, 32)
}

/// Takes a returning state; whatever the verdict, it cannot return again.
///
/// # Errors
/// The database failed, or the payload does not open.
pub async fn take(context: &Context, state: &str, cookie: Option<&str>) -> Result<Taken, Error> {
    let hash = token_hash(state);
    let Some(stored) = context.store.take_oauth_state(&hash).await? else { return Ok(Taken::Unknown) };
    let (expires_at_ms, cookie_hash) = (stored.expires_at_ms, stored.cookie_hash.clone());
    let returned = open(context, stored)?;
    if expires_at_ms <= context.now_ms() {
        return Ok(Taken::Expired(returned));
    }
    if cookie.map(token_hash) != Some(cookie_hash) {
        return Ok(Taken::OtherBrowser(returned));
    }
    Ok(Taken::Good(returned))
}
