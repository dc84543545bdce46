//! The secrets of an integration, sealed together in one value.

use std::collections::BTreeMap;

use domain::Secret;
use domain::integration::Integration;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::Error;

/// The secrets of an integration; empty where none was given.
#[derive(Debug, Clone, Default)]
pub struct IntegrationSecrets {
    /// The OAuth client's.
    pub client: Secret,
    /// Checked against incoming webhooks.
    pub webhook: Secret,
    /// The key that an installed app signs with (APP, CUSTOM), PEM.
    pub private_key: Secret,
    /// Settings that the definition calls secret (`integration_config`), by name.
    pub custom: BTreeMap<String, Secret>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    client_secret: String,
    webhook_secret: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    private_key: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    custom: BTreeMap<String, String>,
}

fn place(id: &str) -> vault::Place<'_> {
    vault::Place::new("integrations", id, "client_secret")
}

impl IntegrationSecrets {
    /// What is sealed in an integration.
    ///
    /// # Errors
    /// It does not open.
    pub fn open(context: &Context, integration: &Integration) -> Result<Self, Error> {
        let Some(sealed) = &integration.client_secret else { return Ok(Self::default()) };
        let clear = context.vault.open(&place(&integration.id), sealed)?;
        let stored: Stored = serde_json::from_slice(&clear)
            .map_err(|_| Error::Corrupt("an integration's secrets have an unknown form"))?;
        let custom = stored.custom.into_iter().map(|(name, value)| (name, value.into())).collect();
        Ok(Self {
            client: stored.client_secret.into(),
            webhook: stored.webhook_secret.into(),
            private_key: stored.private_key.into(),
            custom,
        })
    }

    /// Seals them into an integration.
    ///
    /// # Errors
    /// The vault failed.
    pub fn seal(&self, context: &Context, integration: &mut Integration) -> Result<(), Error> {
        let stored = Stored {
            client_secret: self.client.expose().to_owned(),
            webhook_secret: self.webhook.expose().to_owned(),
            private_key: self.private_key.expose().to_owned(),
            custom: self
                .custom
                .iter()
                .map(|(name, value)| (name.clone(), value.expose().to_owned()))
                .collect(),
        };
        let clear = Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default());
        integration.client_secret = Some(context.vault.seal(&place(&integration.id), &clear)?);
        Ok(())
    }
}
