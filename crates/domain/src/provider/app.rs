//! Modes that begin with an installation at the vendor.

use super::account_request::AccountRequest;
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
#[derive(Debug, Clone)]
pub struct InstallPlugin {
    /// What the operator's keys are sent as.
    pub credentials: PluginCredentials,
    /// Callback query parameters copied to `connection_config`.
    pub redirect_uri_metadata: Vec<String>,
    /// How the vendor proves that who came back made the installation; nothing connects without it.
    pub proof: Option<InstallationProof>,
}

/// A request with the operator's keys whose answer lists installations, with what only the vendor and the browser that it
/// sent back can know.
#[derive(Debug, Clone)]
pub struct InstallationProof {
    /// The request.
    pub request: AccountRequest,
    /// Where the answer has its list, dotted and perhaps empty; without it the answer itself is the one item.
    pub items_at: Option<String>,
    /// What the installation's item says: its dotted path and the text there, `${callback.…}` among them.
    pub matching: Vec<(String, Template)>,
}

/// What a plugin's keys are sent as (`auth_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginCredentials {
    /// User name and password from the integration's `custom` settings.
    Basic,
}
