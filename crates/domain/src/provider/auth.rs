//! The ways to authorize (contract §4.5).

use std::fmt;

use super::app::{App, Custom, InstallPlugin};
use super::mcp::{McpOAuth2, McpOAuth2Generic};
use super::oauth2::{ClientCredentials, OAuth2};
use super::signed::{Bill, JwtTemplate, OAuth1, SignatureProtocol, Tba};
use super::two_step::TwoStep;

/// The wire's `auth_mode` (contract §4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuthMode {
    /// OAuth 1.0a (RFC 5849).
    OAuth1,
    /// Authorization code with a redirect.
    OAuth2,
    /// Client credentials.
    OAuth2Cc,
    /// A key that a person pastes.
    ApiKey,
    /// User name and password.
    Basic,
    /// No credentials.
    None,
    /// A JWT signed here and sent as it is.
    Jwt,
    /// Token requests built from form fields.
    TwoStep,
    /// A proof computed from user name and password for each token.
    Signature,
    /// Bill.com's session login.
    Bill,
    /// NetSuite's token-based authentication.
    Tba,
    /// Requests signed for AWS with temporary credentials of a role.
    AwsSigV4,
    /// An installed app that signs for its own tokens (GitHub).
    App,
    /// An installed app and the user who installed it.
    Custom,
    /// A marketplace plugin that the user installs; the keys are the operator's.
    InstallPlugin,
    /// OAuth 2.1 of one known MCP server.
    McpOAuth2,
    /// OAuth 2.1 of any MCP server, discovered.
    McpOAuth2Generic,
}

impl AuthMode {
    /// Every mode.
    pub const ALL: [Self; 17] = [
        Self::OAuth1,
        Self::OAuth2,
        Self::OAuth2Cc,
        Self::ApiKey,
        Self::Basic,
        Self::None,
        Self::Jwt,
        Self::TwoStep,
        Self::Signature,
        Self::Bill,
        Self::Tba,
        Self::AwsSigV4,
        Self::App,
        Self::Custom,
        Self::InstallPlugin,
        Self::McpOAuth2,
        Self::McpOAuth2Generic,
    ];

    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OAuth1 => "OAUTH1",
            Self::OAuth2 => "OAUTH2",
            Self::OAuth2Cc => "OAUTH2_CC",
            Self::ApiKey => "API_KEY",
            Self::Basic => "BASIC",
            Self::None => "NONE",
            Self::Jwt => "JWT",
            Self::TwoStep => "TWO_STEP",
            Self::Signature => "SIGNATURE",
            Self::Bill => "BILL",
            Self::Tba => "TBA",
            Self::AwsSigV4 => "AWS_SIGV4",
            Self::App => "APP",
            Self::Custom => "CUSTOM",
            Self::InstallPlugin => "INSTALL_PLUGIN",
            Self::McpOAuth2 => "MCP_OAUTH2",
            Self::McpOAuth2Generic => "MCP_OAUTH2_GENERIC",
        }
    }

    /// The mode of a wire spelling; `None` for one that contract §4.5 does not know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for AuthMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The way to authorize, with what each way needs.
#[derive(Debug, Clone)]
pub enum Auth {
    /// OAuth 1.0a (RFC 5849).
    OAuth1(Box<OAuth1>),
    /// Authorization code (RFC 6749 §4.1), or a vendor's admin-consent variant of it.
    OAuth2(Box<OAuth2>),
    /// Client credentials (RFC 6749 §4.4).
    OAuth2Cc(Box<ClientCredentials>),
    /// A key that a person pastes; where it goes is said by the proxy block's templates (`${apiKey}`).
    ApiKey,
    /// User name and password (RFC 7617).
    Basic,
    /// No credentials.
    None,
    /// A JWT signed here from the form's fields, sent as `${accessToken}`.
    Jwt(Box<JwtTemplate>),
    /// Token requests built from form fields, perhaps with a signed assertion.
    TwoStep(Box<TwoStep>),
    /// A proof computed from user name and password.
    Signature(SignatureProtocol),
    /// Bill.com's session login.
    Bill(Box<Bill>),
    /// NetSuite's token-based authentication: OAuth 1.0a headers with tokens that a person pastes.
    Tba(Box<Tba>),
    /// AWS Signature Version 4; region, service and how the role is assumed are `integration_config` fields.
    AwsSigV4,
    /// An installed app that signs for its own tokens.
    App(Box<App>),
    /// An installed app and the user who installed it.
    Custom(Box<Custom>),
    /// A marketplace plugin that the user installs.
    InstallPlugin(InstallPlugin),
    /// OAuth 2.1 of one known MCP server.
    McpOAuth2(Box<McpOAuth2>),
    /// OAuth 2.1 of any MCP server.
    McpOAuth2Generic(Box<McpOAuth2Generic>),
    /// A definition that lacks what its mode cannot do without. It loads and lists; nothing connects with it.
    Incomplete(Incomplete),
}

/// What a definition lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// The mode that the definition names.
    pub mode: AuthMode,
    /// What is missing, for people: "`token_url` is missing".
    pub problem: String,
}

impl Auth {
    /// The wire's `auth_mode`.
    pub fn mode(&self) -> AuthMode {
        match self {
            Self::OAuth1(_) => AuthMode::OAuth1,
            Self::OAuth2(_) => AuthMode::OAuth2,
            Self::OAuth2Cc(_) => AuthMode::OAuth2Cc,
            Self::ApiKey => AuthMode::ApiKey,
            Self::Basic => AuthMode::Basic,
            Self::None => AuthMode::None,
            Self::Jwt(_) => AuthMode::Jwt,
            Self::TwoStep(_) => AuthMode::TwoStep,
            Self::Signature(_) => AuthMode::Signature,
            Self::Bill(_) => AuthMode::Bill,
            Self::Tba(_) => AuthMode::Tba,
            Self::AwsSigV4 => AuthMode::AwsSigV4,
            Self::App(_) => AuthMode::App,
            Self::Custom(_) => AuthMode::Custom,
            Self::InstallPlugin(_) => AuthMode::InstallPlugin,
            Self::McpOAuth2(_) => AuthMode::McpOAuth2,
            Self::McpOAuth2Generic(_) => AuthMode::McpOAuth2Generic,
            Self::Incomplete(incomplete) => incomplete.mode,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_read_as_it_is_written() {
        for mode in AuthMode::ALL {
            assert_eq!(AuthMode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(AuthMode::parse("oauth2"), None);
    }
}
