//! Connect sessions: a 30-minute permission for one end user.

use std::collections::BTreeMap;

use domain::connect::{ConnectDefaults, ConnectSession};
use domain::connection::EndUser;
use domain::entropy;
use domain::{ConnectionId, IntegrationKey, Scope, Secret};
use serde_json::Value;

use crate::context::Context;
use crate::environments::{self, Environment, SecretName};
use crate::error::{Error, FieldIssue};

/// Contract §1.4.
pub const TOKEN_PREFIX: &str = "nango_connect_session_";
const LIFE_MS: i64 = 30 * 60 * 1000;

/// What a customer's backend asks for.
#[derive(Debug, Clone, Default)]
pub struct NewSession {
    /// The end user, with their organisation inside.
    pub end_user: Option<EndUser>,
    /// Copied to the connection.
    pub tags: BTreeMap<String, String>,
    /// Integrations that may be picked; empty means all.
    pub allowed_integrations: Vec<String>,
    /// Integrations whose page texts are overridden; they must exist. The texts stand in `defaults`.
    pub overridden: Vec<String>,
    /// What the backend prescribes, by integration key.
    pub defaults: BTreeMap<String, ConnectDefaults>,
    /// Where the connection's webhooks go.
    pub webhook_url_override: Option<String>,
}

/// A session with the token that is shown once.
#[derive(Debug)]
pub struct CreatedSession {
    /// The token.
    pub token: Secret,
    /// The session.
    pub session: ConnectSession,
}

/// SHA-256 of a bearer token, hex: what the database knows of it.
pub fn token_hash(token: &str) -> String {
    entropy::to_hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref())
}

/// Makes a session.
///
/// # Errors
/// Integrations that do not exist, each with its path.
pub async fn create(context: &Context, scope: Scope, new: NewSession) -> Result<CreatedSession, Error> {
    check_integrations(context, scope, &new).await?;
    insert(context, scope, new, None).await
}

/// Makes a session that authorizes an existing connection again.
///
/// # Errors
/// The connection does not exist.
pub async fn reconnect(
    context: &Context,
    scope: Scope,
    integration: &str,
    connection: &str,
    mut new: NewSession,
) -> Result<CreatedSession, Error> {
    let unknown = || Error::field("Connection does not exist", &["connection_id"]);
    let key = IntegrationKey::parse(integration)
        .map_err(|_| Error::field("Integration does not exist", &["integration_id"]))?;
    let id = ConnectionId::parse(connection).map_err(|_| unknown())?;
    let found = context.store.connection(scope, &key, &id).await?.ok_or_else(unknown)?;
    new.allowed_integrations = vec![integration.to_owned()];
    check_integrations(context, scope, &new).await?;
    if new.end_user.is_none() {
        new.end_user = found.end_user.clone();
    }
    insert(context, scope, new, Some(found.row)).await
}

async fn check_integrations(context: &Context, scope: Scope, new: &NewSession) -> Result<(), Error> {
    let known = context.store.integrations(scope).await?;
    let exists = |key: &str| known.iter().any(|integration| integration.key.as_str() == key);
    let mut issues = Vec::new();
    for (index, key) in new.allowed_integrations.iter().enumerate() {
        if !exists(key) {
            issues.push(FieldIssue::custom(
                "Integration does not exist",
                &["allowed_integrations", &index.to_string()],
            ));
        }
    }
    for key in new.overridden.iter().filter(|key| !exists(key)) {
        issues.push(FieldIssue::custom("Integration does not exist", &["overrides", key]));
    }
    for (key, defaults) in &new.defaults {
        // An unknown one that has only a guide was complained of among the overrides.
        if !exists(key) && !defaults.is_only_a_guide() {
            issues.push(FieldIssue::custom(
                "Integration does not exist",
                &["integrations_config_defaults", key],
            ));
        } else if let Some(integration) = known.iter().find(|integration| integration.key.as_str() == key) {
            issues.extend(check_defaults(context, integration, key, defaults));
        }
    }
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

/// A session that could never lead to a connection is refused where the developer sees it.
fn check_defaults(
    context: &Context,
    integration: &domain::integration::Integration,
    key: &str,
    defaults: &ConnectDefaults,
) -> Option<FieldIssue> {
    let entry = context.catalog.get(&integration.provider)?;
    let domain::provider::Auth::OAuth2(scheme) = &entry.provider.auth else { return None };
    let params = defaults.authorization_params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    if let Err(reserved) = catalog::merge_authorization_params(scheme, params) {
        let path = ["integrations_config_defaults", key, "authorization_params", &reserved.name];
        return Some(FieldIssue::custom(reserved.to_string(), &path));
    }
    let session_override = scopes_override(defaults);
    let sources = catalog::ScopeSources {
        parameter: defaults.authorization_params.get("scope").map(String::as_str),
        session_override: session_override.as_deref(),
        configured: &integration.scopes,
        cloud: None,
    };
    let broken = catalog::effective_scopes(&entry.provider, &sources).err()?;
    Some(FieldIssue::custom(
        broken.to_string(),
        &["integrations_config_defaults", key, "authorization_params", "scope"],
    ))
}

/// `connection_config.oauth_scopes_override` as a list (contract §5.1).
pub fn scopes_override(defaults: &ConnectDefaults) -> Option<Vec<String>> {
    match defaults.connection_config.get("oauth_scopes_override")? {
        Value::String(text) => Some(catalog::parse_scope_list(text)),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

async fn insert(
    context: &Context,
    scope: Scope,
    new: NewSession,
    reconnect: Option<domain::ConnectionRow>,
) -> Result<CreatedSession, Error> {
    let created_at_ms = context.now_ms();
    let token = Secret::from(format!("{TOKEN_PREFIX}{}", entropy::hex(&*context.entropy, 32)));
    let session = ConnectSession {
        id: context.uuid(),
        environment: scope.environment,
        end_user: new.end_user,
        tags: new.tags,
        allowed_integrations: new.allowed_integrations,
        defaults: new.defaults,
        reconnect,
        connection: None,
        webhook_url_override: new.webhook_url_override,
        expires_at_ms: created_at_ms + LIFE_MS,
        created_at_ms,
    };
    context.store.insert_connect_session(&session, &token_hash(token.expose())).await?;
    Ok(CreatedSession { token, session })
}

/// What an environment's public key permits: a session of no stored kind, which ends with the request (contract §1.5).
///
/// # Errors
/// `missing_hmac`, `invalid_hmac` where the environment asks for one.
pub async fn by_public_key(
    context: &Context,
    environment: &Environment,
    integration: &str,
    connection: Option<ConnectionId>,
    hmac: Option<&str>,
) -> Result<ConnectSession, Error> {
    if environment.settings.hmac_enabled {
        let key = environments::read_secret(context, environment.scope(), SecretName::HmacKey).await?;
        let id = connection.as_ref().map(ConnectionId::as_str);
        environments::check_hmac(&key.unwrap_or_default(), integration, id, hmac)?;
    }
    let created_at_ms = context.now_ms();
    Ok(ConnectSession {
        id: context.uuid(),
        environment: environment.id,
        end_user: None,
        tags: BTreeMap::new(),
        allowed_integrations: vec![integration.to_owned()],
        defaults: BTreeMap::new(),
        reconnect: None,
        connection,
        webhook_url_override: None,
        expires_at_ms: created_at_ms + LIFE_MS,
        created_at_ms,
    })
}

/// The session of a token; `None` when it is unknown or has ended.
///
/// # Errors
/// The database failed.
pub async fn find(context: &Context, token: &str) -> Result<Option<ConnectSession>, Error> {
    let found = context.store.find_connect_session(&token_hash(token)).await?;
    Ok(found.filter(|session| session.expires_at_ms > context.now_ms()))
}

/// Whose account a reconnect session renews, as far as the customer told: an e-mail address, else a name.
///
/// # Errors
/// The database failed.
pub async fn expected_account(context: &Context, session: &ConnectSession) -> Result<Option<String>, Error> {
    let Some(row) = session.reconnect else { return Ok(None) };
    let scope = Scope { environment: session.environment };
    let kept = context.store.connection_by_row(scope, row).await?.and_then(|connection| connection.end_user);
    let people = [kept, session.end_user.clone()];
    let named = |person: &EndUser| person.email.clone().or_else(|| person.display_name.clone());
    Ok(people.iter().flatten().find_map(named))
}

/// Whether a session may connect an integration.
///
/// # Errors
/// `integration_not_allowed`.
pub fn check_allowed(session: &ConnectSession, key: &IntegrationKey) -> Result<(), Error> {
    let all = session.allowed_integrations.is_empty();
    if all || session.allowed_integrations.iter().any(|allowed| allowed == key.as_str()) {
        Ok(())
    } else {
        Err(Error::refused("integration_not_allowed", "Integration not allowed by this session"))
    }
}
