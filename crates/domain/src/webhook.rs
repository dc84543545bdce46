//! What an environment wants to be told by outgoing webhooks (contract §8.1).

use serde::{Deserialize, Serialize};

/// The `webhooks` object of an environment's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookSettings {
    /// Where webhooks go; without it (and without a connection's own address) none is sent.
    pub primary_url: Option<String>,
    /// A second receiver of the same webhooks.
    pub secondary_url: Option<String>,
    /// A new connection, or an attempt that failed.
    pub on_auth_creation: bool,
    /// Credentials that stopped working.
    pub on_auth_refresh_error: bool,
    /// A deleted connection; ours, the contract has none.
    pub on_auth_deletion: bool,
    /// A sync that ended, also without changes.
    pub on_sync_completion_always: bool,
    /// A sync that failed.
    pub on_sync_error: bool,
    /// An asynchronous action that ended.
    pub on_async_action_completion: bool,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            primary_url: None,
            secondary_url: None,
            on_auth_creation: true,
            on_auth_refresh_error: true,
            on_auth_deletion: true,
            on_sync_completion_always: true,
            on_sync_error: true,
            on_async_action_completion: true,
        }
    }
}

impl WebhookSettings {
    /// The name of these settings among an environment's.
    pub const NAME: &str = "webhooks";

    /// Where a webhook goes: a connection's own address replaces both of the environment's (contract §8.1).
    pub fn receivers(&self, connection_override: Option<&str>) -> Vec<String> {
        let own = connection_override.filter(|url| !url.is_empty());
        let urls = match own {
            Some(url) => vec![url],
            None => {
                [&self.primary_url, &self.secondary_url].into_iter().flatten().map(String::as_str).collect()
            }
        };
        let mut receivers: Vec<String> = Vec::new();
        for url in urls {
            if !url.is_empty() && !receivers.iter().any(|known| known == url) {
                receivers.push(url.to_owned());
            }
        }
        receivers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_s_address_drops_the_second_receiver() {
        let settings = WebhookSettings {
            primary_url: Some("https://a.example/".to_owned()),
            secondary_url: Some("https://b.example/".to_owned()),
            ..WebhookSettings::default()
        };
        assert_eq!(settings.receivers(None), ["https://a.example/", "https://b.example/"]);
        assert_eq!(settings.receivers(Some("https://c.example/")), ["https://c.example/"]);
        assert_eq!(settings.receivers(Some("")).len(), 2);
        let twice = WebhookSettings { secondary_url: settings.primary_url.clone(), ..settings };
        assert_eq!(twice.receivers(None), ["https://a.example/"]);
        assert!(WebhookSettings::default().receivers(None).is_empty());
    }
}
