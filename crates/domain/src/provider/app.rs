//! Modes that begin with an installation at the vendor.

use super::oauth2::OAuth2;
use crate::template::Template;

/// An installed app that signs for its own tokens (GitHub App).
#[derive(Debug, Clone)]
pub struct App {
    /// Where the browser is sent to install it.
    pub installation_url: Template,
    /// Where a JWT of the app buys an installation's token.
    pub token_url: Template,
}

/// An installed app and the user who installed it.
#[derive(Debug, Clone)]
pub struct Custom {
    /// The app's side.
    pub app: App,
    /// The user's side: its `authorization_url` is the installation page, which also asks for the user's consent.
    pub user: OAuth2,
}

/// A marketplace plugin that the user installs; the keys are the operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallPlugin {
    /// What the operator's keys are sent as.
    pub credentials: PluginCredentials,
    /// Callback query parameters copied to `connection_config`.
    pub redirect_uri_metadata: Vec<String>,
}

/// What a plugin's keys are sent as (`auth_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginCredentials {
    /// User name and password from the integration's `custom` settings.
    Basic,
}
