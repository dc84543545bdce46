//! How an environment behaves; stored as JSON, absent parts are the defaults.

use std::collections::BTreeMap;

use domain::EnvironmentName;
use domain::webhook::WebhookSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PRODUCTION;
use super::connect_page::{self, ConnectUi};
use crate::error::{Error, FieldIssue};

/// How an environment behaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EnvironmentSettings {
    /// It is never deleted.
    pub is_production: bool,
    /// The redirect URI given to providers instead of the server's.
    pub callback_url: Option<String>,
    /// Who is told what.
    pub webhooks: WebhookSettings,
    /// Authorizations by public key must carry an HMAC (contract §1.7).
    pub hmac_enabled: bool,
    /// Admits authorizations without a connect session (contract §1.5); nobody is admitted without it.
    pub public_key: Option<String>,
    /// Where a call's base-URL override may lead.
    pub override_hosts: OverrideHosts,
    /// Kept for the operator; nothing is sent to Slack.
    pub slack_notifications: bool,
    /// Where traces are sent.
    pub otlp_endpoint: Option<String>,
    /// Origins whose pages may frame the connect page; empty means all.
    pub connect_origins: Vec<String>,
    /// How the connect page looks.
    pub connect_ui: ConnectUi,
}

/// Where a call's base-URL override may lead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverrideHosts {
    /// To the definition's hosts and those that the integration lists.
    #[default]
    Listed,
    /// Anywhere that is public.
    AnyPublic,
}

impl EnvironmentSettings {
    /// Reads what is stored.
    pub(super) fn read(stored: Map<String, Value>, name: &EnvironmentName) -> Self {
        let read: Result<Self, _> = serde_json::from_value(Value::Object(stored));
        let mut settings = read.unwrap_or_else(|error| {
            tracing::error!(%error, "an environment's settings cannot be read, the defaults are used");
            Self::default()
        });
        settings.is_production |= name.as_str() == PRODUCTION;
        settings
    }
}

/// Changes of settings; absent parts stay, an inner `None` clears.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SettingsChange {
    /// See [`EnvironmentSettings::is_production`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_production: Option<bool>,
    /// See [`EnvironmentSettings::callback_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<Option<String>>,
    /// Written into [`EnvironmentSettings::webhooks`] key by key.
    #[serde(skip)]
    pub webhooks: WebhooksChange,
    /// See [`EnvironmentSettings::hmac_enabled`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac_enabled: Option<bool>,
    /// See [`EnvironmentSettings::public_key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Option<String>>,
    /// See [`EnvironmentSettings::override_hosts`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_hosts: Option<OverrideHosts>,
    /// See [`EnvironmentSettings::slack_notifications`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack_notifications: Option<bool>,
    /// See [`EnvironmentSettings::otlp_endpoint`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<Option<String>>,
    /// See [`EnvironmentSettings::connect_origins`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_origins: Option<Vec<String>>,
    /// See [`EnvironmentSettings::connect_ui`]; replaced as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ui: Option<ConnectUi>,
}

/// Changes of [`WebhookSettings`]; absent parts stay, an inner `None` clears.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WebhooksChange {
    /// Where webhooks go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_url: Option<Option<String>>,
    /// A second receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_url: Option<Option<String>>,
    /// Which events are sent, by their names in [`WebhookSettings`].
    #[serde(flatten)]
    pub events: BTreeMap<&'static str, bool>,
}

impl SettingsChange {
    /// Writes the change into what is stored.
    pub(super) fn apply(&self, stored: &mut Map<String, Value>) {
        merge(stored, self);
        let webhooks = stored.entry(WebhookSettings::NAME).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(webhooks) = webhooks {
            merge(webhooks, &self.webhooks);
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let addresses = [
            ("callback_url", &self.callback_url),
            ("webhooks.primary_url", &self.webhooks.primary_url),
            ("webhooks.secondary_url", &self.webhooks.secondary_url),
            ("otlp_endpoint", &self.otlp_endpoint),
        ];
        let given = addresses.iter().filter_map(|(field, value)| Some((*field, value.as_ref()?.as_ref()?)));
        let mut issues: Vec<FieldIssue> =
            given.filter_map(|(field, text)| check_address(field, text)).collect();
        if let Some(Some(key)) = &self.public_key
            && !crate::api_keys::is_uuid_v4(key)
        {
            issues.push(issue("public_key", "invalid_format", "Must be a UUID v4"));
        }
        issues.extend(self.connect_origins.as_deref().map(connect_page::check_origins).unwrap_or_default());
        issues.extend(self.connect_ui.as_ref().map(ConnectUi::check).unwrap_or_default());
        if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
    }
}

/// Key by key; null removes.
fn merge(stored: &mut Map<String, Value>, change: &impl Serialize) {
    if let Ok(Value::Object(change)) = serde_json::to_value(change) {
        stored.extend(change);
        stored.retain(|_, value| !value.is_null());
    }
}

fn check_address(field: &str, text: &str) -> Option<FieldIssue> {
    const LONGEST: usize = 2048;
    if text.len() > LONGEST {
        return Some(issue(field, "too_big", "at most 2048 characters"));
    }
    let good = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    });
    (!good)
        .then(|| issue(field, "invalid_format", "Invalid URL: http or https, with a host and without a user"))
}

fn issue(field: &str, code: &'static str, message: &str) -> FieldIssue {
    FieldIssue { code, message: message.to_owned(), path: field.split('.').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_touches_what_was_given_and_nothing_else() {
        let stored = serde_json::json!({"callback_url": "https://a.example", "slack_notifications": true,
            "webhooks": {"primary_url": "https://b.example", "on_sync_error": false}});
        let mut stored = stored.as_object().unwrap().clone();
        let events = BTreeMap::from([("on_auth_creation", false)]);
        let webhooks = WebhooksChange { primary_url: Some(None), events, ..Default::default() };
        SettingsChange { callback_url: Some(None), webhooks, ..Default::default() }.apply(&mut stored);
        assert_eq!(
            Value::Object(stored.clone()),
            serde_json::json!({"slack_notifications": true,
            "webhooks": {"on_sync_error": false, "on_auth_creation": false}})
        );
        let read = EnvironmentSettings::read(stored, &EnvironmentName::parse("dev").unwrap()).webhooks;
        assert!(!read.on_sync_error && !read.on_auth_creation && read.on_auth_refresh_error);
    }

    #[test]
    fn what_cannot_be_read_is_the_default_and_prod_is_production() {
        let odd = serde_json::json!({"hmac_enabled": "yes"}).as_object().unwrap().clone();
        let name = |text: &str| EnvironmentName::parse(text).unwrap();
        assert_eq!(EnvironmentSettings::read(odd, &name("dev")), EnvironmentSettings::default());
        assert!(EnvironmentSettings::read(Map::new(), &name("prod")).is_production);
    }

    #[test]
    fn addresses_are_of_the_web() {
        for bad in ["", "x", "ftp://a.example", "https://", "https://u:p@a.example", "javascript:alert(1)"] {
            let change = SettingsChange { callback_url: Some(Some(bad.to_owned())), ..Default::default() };
            assert!(matches!(change.check(), Err(Error::Invalid(_))), "{bad}");
        }
        let good = Some(Some("https://a.example/hook?x=1".to_owned()));
        SettingsChange { callback_url: good, ..Default::default() }.check().unwrap();
    }
}
