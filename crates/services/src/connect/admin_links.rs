//! Links for a tenant's administrator: 7 days, single use, not bound to a browser. A link grants nothing itself; it
//! ends on a thank-you page and wakes the waiting one (DESIGN §5 "Whose tenant").

use domain::connect::ConnectSession;
use domain::operation::OperationKind;
use domain::provider::{Auth, ScopeRules};
use domain::{EnvironmentId, IntegrationKey, Scope, entropy};
use serde::{Deserialize, Serialize};
use store::AdminLink;

use super::sessions::{self, token_hash};
use super::state::{self, Issued, Leg, Payload};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::error::Error;
use crate::operations::OperationFacts;

const LIFE_MS: i64 = 7 * 24 * 3600 * 1000;

#[derive(Serialize, Deserialize)]
struct Stored {
    environment: i64,
    integration: String,
    socket: Option<String>,
}

/// A link to send to an administrator.
pub struct CreatedLink {
    /// Its token; the database knows only its hash.
    pub token: String,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Makes a link.
///
/// # Errors
/// The integration is unknown, not allowed, or has no admin consent.
pub async fn create(
    context: &Context,
    session: &ConnectSession,
    key: &IntegrationKey,
    socket: Option<String>,
) -> Result<CreatedLink, Error> {
    sessions::check_allowed(session, key)?;
    let scope = Scope { environment: session.environment };
    let open = OpenIntegration::load(context, scope, key).await?;
    consent_url(&open, "", "")?;
    let token = entropy::hex(&*context.entropy, 32);
    let hash = token_hash(&token);
    let stored = Stored { environment: scope.environment.0, integration: key.to_string(), socket };
    let clear = serde_json::to_vec(&stored).unwrap_or_default();
    let payload = context.vault.seal(&vault::Place::new("admin_links", &hash, "payload"), &clear)?;
    let expires_at_ms = context.now_ms() + LIFE_MS;
    context.store.insert_admin_link(&AdminLink { hash, payload, expires_at_ms }).await?;
    Ok(CreatedLink { token, expires_at_ms })
}

/// Follows a link: where the administrator's browser goes.
///
/// # Errors
/// The link is unknown, used or expired.
pub async fn follow(context: &Context, token: &str) -> Result<(url::Url, Issued), Error> {
    let gone = || {
        Error::refused(
            "admin_link_gone",
            "This link was used before or is older than seven days. Ask for a new one.",
        )
    };
    let hash = token_hash(token);
    let link = context.store.take_admin_link(&hash).await?.ok_or_else(gone)?;
    if link.expires_at_ms <= context.now_ms() {
        return Err(gone());
    }
    let clear = context.vault.open(&vault::Place::new("admin_links", &hash, "payload"), &link.payload)?;
    let stored: Stored =
        serde_json::from_slice(&clear).map_err(|_| Error::Corrupt("an admin link has an unknown form"))?;
    let scope = Scope { environment: EnvironmentId(stored.environment) };
    let key = IntegrationKey::parse(&stored.integration).map_err(|_| gone())?;
    let open = OpenIntegration::load(context, scope, &key).await?;
    let state = state::new_state(context);
    let url = consent_url(&open, &state, open.redirect_uri(context))?;
    let payload = payload(context, &open, stored.socket);
    let issued = state::issue(context, scope.environment, &key, &payload, state).await?;
    Ok((url, issued))
}

fn payload(context: &Context, open: &OpenIntegration, socket: Option<String>) -> Payload {
    let began_at_ms = context.now_ms();
    let log_id = context.log.new_id(began_at_ms);
    let facts = OperationFacts {
        kind: OperationKind::CreateConnection,
        integration: &open.integration,
        connection: None,
        created_at_ms: began_at_ms,
        detail: Some(serde_json::json!({"admin_link": true})),
    };
    context.log.begun(open.scope, log_id.clone(), &facts);
    Payload { socket, ..Payload::new(Leg::AdminLink, &log_id, began_at_ms) }
}

/// Entra's v2 admin consent endpoint for the integration's own scopes.
fn consent_url(open: &OpenIntegration, state: &str, redirect_uri: &str) -> Result<url::Url, Error> {
    let no_consent = || Error::refused("no_admin_consent", "This provider has no admin consent");
    let login = open.cloud.get("login").ok_or_else(no_consent)?;
    match &open.entry.provider.auth {
        Auth::OAuth2(scheme) if scheme.scope_rules == ScopeRules::Entra => {}
        _ => return Err(no_consent()),
    }
    let mut url =
        url::Url::parse(&format!("{login}/organizations/v2.0/adminconsent")).map_err(|_| no_consent())?;
    let scopes = if open.integration.scopes.is_empty() {
        ".default".to_owned()
    } else {
        open.integration.scopes.join(" ")
    };
    url.query_pairs_mut()
        .append_pair("client_id", &open.client.id)
        .append_pair("scope", &scopes)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state);
    Ok(url)
}
