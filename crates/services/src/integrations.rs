//! Integrations: a provider configured for one environment, checked by the provider's rules when it is saved.

use std::collections::BTreeMap;

use catalog::{Entry, HostPattern};
use domain::integration::Integration;
use domain::provider::{Auth, ClientRegistration, Display, Provider};
use domain::{IntegrationKey, ProviderName, Scope, Secret};
use serde_json::{Map, Value};

use crate::client_registration;
use crate::context::Context;
use crate::error::{Error, FieldIssue};
use crate::integration_secrets::IntegrationSecrets;

/// Changes to an integration; absent parts stay.
#[derive(Debug, Clone, Default)]
pub struct IntegrationChanges {
    /// Another key.
    pub key: Option<IntegrationKey>,
    /// The name people read.
    pub display_name: Option<String>,
    /// OAuth client id.
    pub client_id: Option<String>,
    /// OAuth client secret.
    pub client_secret: Option<Secret>,
    /// Scopes.
    pub scopes: Option<Vec<String>>,
    /// Checked against incoming webhooks; empty clears it.
    pub webhook_secret: Option<Secret>,
    /// Whether webhooks are forwarded.
    pub forward_webhooks: Option<bool>,
    /// The customer's own texts.
    pub custom: Option<BTreeMap<String, String>>,
    /// The cloud.
    pub cloud: Option<String>,
    /// Hosts a base-URL override may name.
    pub allowed_hosts: Option<Vec<String>>,
    /// Whether next links come back to us.
    pub rewrite_links: Option<bool>,
    /// Values that all connections share.
    pub connection_config: Option<BTreeMap<String, String>>,
    /// When the client secret ends, Unix milliseconds; the inner `None` forgets it.
    pub secret_expires_at_ms: Option<Option<i64>>,
    /// The app that is installed.
    pub app_id: Option<String>,
    /// Its public page.
    pub app_link: Option<String>,
    /// The key that it signs with.
    pub private_key: Option<Secret>,
}

/// What the saver should know although it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable code.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

/// A saved integration.
#[derive(Debug)]
pub struct Saved {
    /// As stored.
    pub integration: Integration,
    /// Legal and probably not meant.
    pub warnings: Vec<Warning>,
}

/// Makes an integration.
///
/// # Errors
/// Unknown provider, a key that exists, values against the provider's rules.
pub async fn create(
    context: &Context,
    scope: Scope,
    provider: &str,
    key: IntegrationKey,
    changes: IntegrationChanges,
) -> Result<Saved, Error> {
    let entry = entry(context, provider)?;
    let now_ms = context.now_ms();
    let mut integration = Integration {
        id: context.uuid(),
        key,
        provider: entry.provider.name.clone(),
        display_name: None,
        client_id: None,
        client_secret: None,
        scopes: Vec::new(),
        settings: domain::integration::IntegrationSettings { forward_webhooks: true, ..Default::default() },
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
    };
    apply(context, &mut integration, changes)?;
    let warnings = check(context, &entry, &integration)?;
    client_registration::ensure(context, scope, &entry, &mut integration).await?;
    match context.store.insert_integration(scope, &integration).await {
        Ok(()) => Ok(Saved { integration, warnings }),
        Err(store::StoreError::Duplicate(_)) => {
            Err(Error::field("Unique key already exists", &["uniqueKey"]))
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes an integration.
///
/// # Errors
/// As [`create`]; a rename with connections.
pub async fn update(
    context: &Context,
    scope: Scope,
    key: &IntegrationKey,
    changes: IntegrationChanges,
) -> Result<Saved, Error> {
    let mut integration = get(context, scope, key).await?;
    let entry = entry(context, integration.provider.as_str())?;
    if changes.key.as_ref().is_some_and(|new| new != key)
        && context.store.count_connections(scope, key).await? > 0
    {
        return Err(Error::field("Can't rename an integration with active connections", &["unique_key"]));
    }
    apply(context, &mut integration, changes)?;
    integration.updated_at_ms = context.now_ms();
    let warnings = check(context, &entry, &integration)?;
    match context.store.update_integration(scope, &integration).await {
        Ok(()) => Ok(Saved { integration, warnings }),
        Err(store::StoreError::Duplicate(_)) => {
            Err(Error::field("Unique key already exists", &["unique_key"]))
        }
        Err(store::StoreError::NotFound(_)) => Err(Error::UnknownIntegration(key.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// An integration by key.
///
/// # Errors
/// It does not exist.
pub async fn get(context: &Context, scope: Scope, key: &IntegrationKey) -> Result<Integration, Error> {
    context.store.integration(scope, key).await?.ok_or_else(|| Error::UnknownIntegration(key.to_string()))
}

/// Deletes an integration with its connections.
///
/// # Errors
/// It does not exist.
pub async fn delete(context: &Context, scope: Scope, key: &IntegrationKey) -> Result<(), Error> {
    match context.store.delete_integration(scope, key).await {
        Err(store::StoreError::NotFound(_)) => Err(Error::UnknownIntegration(key.to_string())),
        other => Ok(other?),
    }
}

/// A definition by name.
///
/// # Errors
/// It does not exist, as the issue of the field `provider`.
pub fn entry(context: &Context, provider: &str) -> Result<std::sync::Arc<Entry>, Error> {
    ProviderName::parse(provider)
        .ok()
        .and_then(|name| context.catalog.get(&name))
        .ok_or_else(|| Error::field(format!("Unknown provider {provider}"), &["provider"]))
}

fn apply(context: &Context, integration: &mut Integration, changes: IntegrationChanges) -> Result<(), Error> {
    if let Some(key) = changes.key {
        integration.key = key;
    }
    if let Some(name) = changes.display_name {
        integration.display_name = Some(name);
    }
    if let Some(id) = changes.client_id {
        integration.client_id = Some(id);
        // No longer the client that registered itself.
        integration.settings.client_auth_method = None;
    }
    // The day belongs to the secret: a new one without a day has none.
    let same_secret = changes.client_secret.is_none();
    let known = integration.settings.secret_expires_at_ms.filter(|_| same_secret);
    integration.settings.secret_expires_at_ms = changes.secret_expires_at_ms.unwrap_or(known);
    if [&changes.client_secret, &changes.webhook_secret, &changes.private_key].iter().any(|one| one.is_some())
    {
        let mut secrets = IntegrationSecrets::open(context, integration)?;
        secrets.client = changes.client_secret.unwrap_or(secrets.client);
        secrets.webhook = changes.webhook_secret.unwrap_or(secrets.webhook);
        secrets.private_key = changes.private_key.unwrap_or(secrets.private_key);
        secrets.seal(context, integration)?;
    }
    if let Some(scopes) = changes.scopes {
        integration.scopes = scopes;
    }
    if let Some(custom) = changes.custom {
        keep_custom(context, integration, custom)?;
    }
    let settings = &mut integration.settings;
    settings.forward_webhooks = changes.forward_webhooks.unwrap_or(settings.forward_webhooks);
    settings.rewrite_links = changes.rewrite_links.unwrap_or(settings.rewrite_links);
    if let Some(cloud) = changes.cloud {
        settings.cloud = Some(cloud);
    }
    if let Some(hosts) = changes.allowed_hosts {
        settings.allowed_hosts = hosts;
    }
    if let Some(config) = changes.connection_config {
        settings.connection_config = config;
    }
    settings.app_id = changes.app_id.or(settings.app_id.take());
    settings.app_link = changes.app_link.or(settings.app_link.take());
    Ok(())
}

/// Settings that the definition calls secret are sealed, the others stay readable; an empty value removes one.
fn keep_custom(
    context: &Context,
    integration: &mut Integration,
    custom: BTreeMap<String, String>,
) -> Result<(), Error> {
    let entry = context.catalog.get(&integration.provider);
    let plugin = entry.as_ref().is_some_and(|entry| matches!(entry.provider.auth, Auth::InstallPlugin(_)));
    let secret = |name: &str| {
        // The keys that a plugin's connections are called with (contract §4.5).
        if plugin && matches!(name, "username" | "password") {
            return true;
        }
        let fields = entry.iter().flat_map(|entry| &entry.provider.integration_config);
        fields.into_iter().any(|field| field.name == name && field.display == Display::Secret)
    };
    let (sealed, clear): (BTreeMap<_, _>, BTreeMap<_, _>) =
        custom.into_iter().partition(|(name, _)| secret(name));
    integration.settings.custom.extend(clear);
    if !sealed.is_empty() {
        let mut secrets = IntegrationSecrets::open(context, integration)?;
        secrets.custom.extend(sealed.into_iter().map(|(name, value)| (name, Secret::from(value))));
        secrets.custom.retain(|_, value| !value.is_empty());
        secrets.seal(context, integration)?;
    }
    Ok(())
}

/// What a saver should know; nothing is stored.
///
/// # Errors
/// What is against the rules, all of it.
pub(crate) fn check(
    context: &Context,
    entry: &Entry,
    integration: &Integration,
) -> Result<Vec<Warning>, Error> {
    let provider = &entry.provider;
    let mut issues = Vec::new();
    for (index, host) in integration.settings.allowed_hosts.iter().enumerate() {
        if let Err(problem) = HostPattern::parse(host) {
            issues.push(FieldIssue::custom(problem.to_string(), &["allowed_hosts", &index.to_string()]));
        }
    }
    issues.extend(check_shared_config(provider, &integration.settings.connection_config));
    let cloud = match &provider.cloud_family {
        Some(family) => {
            let name = integration.settings.cloud.as_deref().unwrap_or(catalog::Clouds::DEFAULT);
            match context.catalog.clouds().values(family, name) {
                Ok(values) => Some(values),
                Err(unknown) => {
                    issues.push(FieldIssue::custom(unknown.to_string(), &["cloud"]));
                    None
                }
            }
        }
        None if integration.settings.cloud.is_some() => {
            issues.push(FieldIssue::custom("This provider has no clouds", &["cloud"]));
            None
        }
        None => None,
    };
    let mut warnings = Vec::new();
    if !integration.scopes.is_empty() {
        match catalog::check_scopes(provider, cloud, &integration.scopes) {
            Ok(found) => warnings.extend(
                found.into_iter().map(|warning| Warning { code: warning.code, message: warning.message }),
            ),
            Err(broken) => issues.push(FieldIssue::custom(broken.to_string(), &["credentials", "scopes"])),
        }
    }
    if issues.is_empty() { Ok(warnings) } else { Err(Error::Invalid(issues)) }
}

/// The operator's shared values keep the patterns of the fields that they fill; fields that are left to the end user
/// are not missing here.
fn check_shared_config(provider: &Provider, shared: &BTreeMap<String, String>) -> Vec<FieldIssue> {
    let given: Map<String, Value> =
        shared.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    let problems = catalog::validate_connection_config(provider, &given).err().unwrap_or_default();
    problems
        .into_iter()
        .filter(|problem| shared.contains_key(&problem.field))
        .map(|problem| FieldIssue::custom(problem.message, &["connection_config", &problem.field]))
        .collect()
}

/// The fields of an integration's `credentials` that its provider cannot do without; a mode with none of them takes
/// no credentials (contract §2.2). An MCP server's own client may have no secret.
pub fn required_client_fields(provider: &Provider) -> &'static [&'static str] {
    match &provider.auth {
        Auth::OAuth1(_) | Auth::OAuth2(_) | Auth::Tba(_) => &["client_id", "client_secret"],
        Auth::App(_) => &["app_id", "app_link", "private_key"],
        Auth::Custom(_) => &["client_id", "client_secret", "app_id", "app_link", "private_key"],
        Auth::McpOAuth2(scheme) if matches!(scheme.registration, ClientRegistration::Static) => {
            &["client_id"]
        }
        _ => &[],
    }
}

/// Whether an integration of this provider cannot be made without `credentials` (contract §2.2: a TBA connection may
/// bring its own client).
pub fn needs_client(provider: &Provider) -> bool {
    !matches!(provider.auth, Auth::Tba(_)) && !required_client_fields(provider).is_empty()
}
