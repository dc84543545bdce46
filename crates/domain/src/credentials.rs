//! The secret part of a connection, in clear only between the vault and the request that needs it.

mod form;
mod raw;
mod token;

pub use form::{
    ApiKeyCredentials, BasicCredentials, BillCredentials, FormFields, JwtCredentials, SignatureCredentials,
    TwoStepCredentials,
};
pub use raw::RawAnswer;
pub use token::{
    AppCredentials, AwsSigV4Credentials, ClientCredentialsToken, ClientOverride, CustomCredentials,
    McpCredentials, OAuth1Credentials, OAuth2Credentials, RegisteredClient, TbaCredentials,
};

use crate::provider::AuthMode;
use crate::secret::Secret;

/// What a connection authenticates with: one variant an auth mode (contract §4.5).
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A token and its secret (RFC 5849).
    OAuth1(OAuth1Credentials),
    /// Tokens of an authorization-code grant.
    OAuth2(OAuth2Credentials),
    /// A client-credentials token and the client it belongs to.
    OAuth2Cc(ClientCredentialsToken),
    /// A key that a person pasted.
    ApiKey(ApiKeyCredentials),
    /// A name and a password.
    Basic(BasicCredentials),
    /// The fields a person gave and the token that we signed with them.
    Jwt(JwtCredentials),
    /// The fields a person gave and the token they bought.
    TwoStep(TwoStepCredentials),
    /// A name, a password and the token derived from them (WSSE).
    Signature(SignatureCredentials),
    /// A Bill.com login and its session.
    Bill(BillCredentials),
    /// NetSuite's token pair.
    Tba(TbaCredentials),
    /// A session of an assumed AWS role.
    AwsSigV4(AwsSigV4Credentials),
    /// A GitHub App's installation token.
    App(AppCredentials),
    /// A GitHub App's installation token and its user's tokens.
    Custom(CustomCredentials),
    /// What an installed plugin authenticates with; the wire shows it as BASIC.
    InstallPlugin(BasicCredentials),
    /// Tokens for an MCP server; the wire shows them as OAUTH2.
    McpOAuth2(McpCredentials),
    /// Tokens for an MCP server that the connection names; the wire shows them as OAUTH2.
    McpOAuth2Generic(McpCredentials),
    /// Nothing.
    None,
}

impl Credentials {
    /// The mode these credentials belong to.
    pub fn mode(&self) -> AuthMode {
        match self {
            Self::OAuth1(_) => AuthMode::OAuth1,
            Self::OAuth2(_) => AuthMode::OAuth2,
            Self::OAuth2Cc(_) => AuthMode::OAuth2Cc,
            Self::ApiKey(_) => AuthMode::ApiKey,
            Self::Basic(_) => AuthMode::Basic,
            Self::Jwt(_) => AuthMode::Jwt,
            Self::TwoStep(_) => AuthMode::TwoStep,
            Self::Signature(_) => AuthMode::Signature,
            Self::Bill(_) => AuthMode::Bill,
            Self::Tba(_) => AuthMode::Tba,
            Self::AwsSigV4(_) => AuthMode::AwsSigV4,
            Self::App(_) => AuthMode::App,
            Self::Custom(_) => AuthMode::Custom,
            Self::InstallPlugin(_) => AuthMode::InstallPlugin,
            Self::McpOAuth2(_) => AuthMode::McpOAuth2,
            Self::McpOAuth2Generic(_) => AuthMode::McpOAuth2Generic,
            Self::None => AuthMode::None,
        }
    }

    /// The one token that stands for these credentials in a request (`${accessToken}`), if this kind has one.
    ///
    /// Kinds that sign every request, or send a key or a password, have none.
    pub fn access_token(&self) -> Option<&Secret> {
        match self {
            Self::OAuth2(c) => Some(&c.access_token),
            Self::OAuth2Cc(c) => Some(&c.token),
            Self::Jwt(c) => Some(&c.token),
            Self::TwoStep(c) => Some(&c.token),
            Self::Signature(c) => Some(&c.token),
            Self::App(c) => Some(&c.access_token),
            Self::Custom(c) => Some(&c.app.access_token),
            Self::McpOAuth2(c) | Self::McpOAuth2Generic(c) => Some(&c.tokens.access_token),
            Self::OAuth1(_)
            | Self::ApiKey(_)
            | Self::Basic(_)
            | Self::Bill(_)
            | Self::Tba(_)
            | Self::AwsSigV4(_)
            | Self::InstallPlugin(_)
            | Self::None => None,
        }
    }

    /// Whether what a call needs is here: false only where a token or session was never bought.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Bill(c) => !c.session_id.is_empty(),
            Self::AwsSigV4(c) => !c.session_token.is_empty(),
            other => other.access_token().is_none_or(|token| !token.is_empty()),
        }
    }

    /// When the access token or session ends, Unix milliseconds; `None` means it does not say.
    pub fn expires_at_ms(&self) -> Option<i64> {
        match self {
            Self::OAuth2(c) => c.expires_at_ms,
            Self::OAuth2Cc(c) => c.expires_at_ms,
            Self::Jwt(c) => c.expires_at_ms,
            Self::TwoStep(c) => c.expires_at_ms,
            Self::Signature(c) => c.expires_at_ms,
            Self::Bill(c) => c.expires_at_ms,
            Self::AwsSigV4(c) => c.expires_at_ms,
            Self::App(c) => c.expires_at_ms,
            Self::Custom(c) => c.expires_at_ms(),
            Self::McpOAuth2(c) | Self::McpOAuth2Generic(c) => c.tokens.expires_at_ms,
            Self::OAuth1(_)
            | Self::ApiKey(_)
            | Self::Basic(_)
            | Self::Tba(_)
            | Self::InstallPlugin(_)
            | Self::None => None,
        }
    }

    /// The answer that brought the token, as received; `None` for kinds that ask nobody.
    pub fn raw(&self) -> Option<&RawAnswer> {
        match self {
            Self::OAuth1(c) => Some(&c.raw),
            Self::OAuth2(c) => Some(&c.raw),
            Self::OAuth2Cc(c) => Some(&c.raw),
            Self::TwoStep(c) => Some(&c.raw),
            Self::Bill(c) => Some(&c.raw),
            Self::AwsSigV4(c) => Some(&c.raw),
            Self::App(c) => Some(&c.raw),
            Self::Custom(c) => Some(&c.app.raw),
            Self::McpOAuth2(c) | Self::McpOAuth2Generic(c) => Some(&c.tokens.raw),
            Self::ApiKey(_)
            | Self::Basic(_)
            | Self::Jwt(_)
            | Self::Signature(_)
            | Self::Tba(_)
            | Self::InstallPlugin(_)
            | Self::None => None,
        }
    }
}
