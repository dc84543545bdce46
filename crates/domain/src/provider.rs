//! A provider: how to authorize against an API and how to call it. Data, read by `catalog`.

mod account_request;
mod app;
mod auth;
mod field;
mod mcp;
mod oauth2;
mod outbound;
mod proxy;
mod signed;
mod token;
mod two_step;

pub use account_request::{AccountRequest, Lookup, Need, Several};
pub use app::{App, Custom, InstallPlugin, InstallationProof, PluginCredentials};
pub use auth::{Auth, AuthMode, Incomplete};
pub use field::{Condition, Display, Field, HostPart, Presence};
pub use mcp::{ClientRegistration, McpOAuth2, McpOAuth2Generic};
pub use oauth2::{
    AuthorizeUrlStyle, ClientCertificate, ClientCredentials, CodeAnswerPaths, CodeGrant, EmptyParams,
    Encoding, OAuth2, Pkce, ScopeRules,
};
pub use outbound::{
    InstallationWebhook, OutboundInstallation, SignatureEncoding, SignatureKey, WebhookSignature,
};
pub use proxy::{
    Cursor, Decompress, Discovery, InBodyHint, Link, Moment, Offset, OffsetStep, PageBy, Pagination,
    ProxyDefinition, RedirectHeaders, Resource, RetryHints, Verification,
};
pub use signed::{
    Bill, HmacSecretEncoding, JwtTemplate, OAuth1, ParametersIn, SignatureMethod, SignatureProtocol,
    SigningProtocol, Tba, Wsse,
};
pub use token::{BodyFormat, ClientAuth, ExpiryUnit, Method, TokenLife};
pub use two_step::{
    Assertion, AssertionKey, CertificateAssertion, Expiry, JwtAssertion, SamlAssertion, TokenAnswerPaths,
    TokenStep, TwoStep,
};

use crate::ids::ProviderName;

/// One API we know how to reach.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The slug, for example `microsoft-excel`.
    pub name: ProviderName,
    /// The name people read.
    pub display_name: String,
    /// What kind of product it is, for example `crm`.
    pub categories: Vec<String>,
    /// The way to authorize, with everything that way needs.
    pub auth: Auth,
    /// How calls are forwarded; absent where there is nothing to forward to.
    pub proxy: Option<ProxyDefinition>,
    /// What the end user is asked, stored readable in `connection_config`.
    pub connection_config: Vec<Field>,
    /// What the end user is asked, stored sealed in the credentials.
    pub credentials: Vec<Field>,
    /// What the operator is asked, stored with the integration.
    pub integration_config: Vec<Field>,
    /// What the end user is asked once, to make an assertion with; never stored.
    pub assertion_option: Vec<Field>,
    /// The family of hosts (`microsoft`) whose clouds fill `${cloud.…}`.
    pub cloud_family: Option<String>,
    /// The vendor's documentation of the set-up.
    pub docs: Option<String>,
    /// A guide for the end user.
    pub docs_connect: Option<String>,
    /// A guide for the developer who registers an app with the vendor.
    pub setup_guide_url: Option<String>,
    /// The steps of that registration, in our words; `${callback_url}` stands for the redirect URI.
    pub setup_guide: Vec<GuideStep>,
    /// How the vendor's webhooks are taken.
    pub webhooks: WebhookRules,
    /// Scripts of the field's catalogue that run at moments of a connection's life; names only.
    pub scripts: ScriptNames,
    /// Keys of `connection_config` under which callers who may see credentials find a token for another resource, and
    /// that resource's name.
    pub shown_resources: Vec<(String, String)>,
    /// What is learnt of an account when it is connected.
    pub post_connection: Vec<Lookup>,
    /// What the API is told before a connection is deleted, for example that its token is revoked.
    pub pre_connection_deletion: Vec<AccountRequest>,
    /// Days after which credentials that nobody used are refreshed, in place of the operator's setting: fewer where
    /// refresh tokens lapse early, more where each refresh has a price.
    pub refresh_idle_days: Option<u16>,
}

/// One step of a set-up on the vendor's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideStep {
    /// What it is about, a few words.
    pub title: String,
    /// What to do, in sentences.
    pub text: String,
}

/// How a vendor's webhooks are taken (contract §4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookRules {
    /// The handler that finds the connection a webhook is meant for.
    pub routing_script: Option<String>,
    /// Whether the operator is asked for a secret to check signatures with.
    pub secret: WebhookSecret,
    /// Query parameters that are handed to the handler.
    pub allowed_query_params: Vec<String>,
}

/// Whether the operator chooses the secret of the vendor's webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebhookSecret {
    /// There is none, or the vendor's app secret serves.
    #[default]
    None,
    /// The operator enters one.
    UserDefined,
}

/// Names of scripts (contract §4.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptNames {
    /// After a connection was made.
    pub post_connection: Option<String>,
    /// In place of the verification request.
    pub credentials_verification: Option<String>,
    /// Before a connection is deleted.
    pub pre_connection_deletion: Option<String>,
}
