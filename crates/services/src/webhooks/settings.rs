//! Where the settings of outgoing webhooks are kept: in the environment's, under one name.

use domain::webhook::WebhookSettings;
use domain::{EnvironmentId, EnvironmentName};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::Error;

/// Reads the webhook settings out of an environment's.
///
/// # Errors
/// They were written in another form.
pub fn read(settings: &Map<String, Value>) -> Result<WebhookSettings, Error> {
    let Some(stored) = settings.get(WebhookSettings::NAME) else { return Ok(WebhookSettings::default()) };
    serde_json::from_value(stored.clone())
        .map_err(|_| Error::Corrupt("an environment's webhook settings have an unknown form"))
}

/// Puts the webhook settings among an environment's; [`store::Store::change_environment_settings`] writes them.
pub fn write(settings: &mut Map<String, Value>, webhooks: &WebhookSettings) {
    let value = serde_json::to_value(webhooks).unwrap_or_default();
    settings.insert(WebhookSettings::NAME.to_owned(), value);
}

/// An environment as webhooks see it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its name.
    pub name: EnvironmentName,
    /// Who is told what.
    pub settings: WebhookSettings,
}

/// Loads an environment's name and settings: one look-up by key.
///
/// # Errors
/// The database failed, or the environment went away.
pub async fn load(context: &Context, environment: EnvironmentId) -> Result<Told, Error> {
    let found = context.store.environment(environment).await?;
    let found = found.ok_or(store::StoreError::NotFound("environment"))?;
    Ok(Told { settings: read(&found.settings)?, name: found.name })
}
