//! OAuth 2: authorization code and client credentials.

use super::outbound::OutboundInstallation;
use super::token::{BodyFormat, ClientAuth, ExpiryUnit, TokenLife};
use super::two_step::Expiry;
use crate::template::Template;

/// Everything an authorization-code flow needs.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// Where the browser is sent; absent only with an [`OutboundInstallation`].
    pub authorization_url: Option<Template>,
    /// How the authorize URL is written.
    pub authorize_style: AuthorizeUrlStyle,
    /// Where the browser signs in when `authorization_url` only asks for consent: the proof of tenant after
    /// [`CodeGrant::AdminConsent`].
    pub sign_in_url: Option<Template>,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: Template,
    /// Where refresh tokens are exchanged, when elsewhere.
    pub refresh_url: Option<Template>,
    /// Added to the authorize URL; the connect session may override or, with `""`, remove them.
    pub authorization_params: Vec<(String, Template)>,
    /// Added to the token request.
    pub token_params: Vec<(String, Template)>,
    /// Added to the refresh request instead of `token_params` when not empty.
    pub refresh_params: Vec<(String, Template)>,
    /// Headers of the token request.
    pub token_headers: Vec<(String, Template)>,
    /// Between scopes; a space unless the vendor says otherwise.
    pub scope_separator: String,
    /// Used when the integration configures none; configured scopes replace them. May hold `${cloud.…}`.
    pub default_scopes: Vec<String>,
    /// How the client proves itself to the token endpoint.
    pub client_auth: ClientAuth,
    /// The encoding of the token request.
    pub body_format: BodyFormat,
    /// Whether a PKCE challenge (RFC 7636, S256) goes along.
    pub pkce: Pkce,
    /// Where the callback carries the code; `code` unless the vendor says otherwise.
    pub code_parameter: String,
    /// What the callback's code buys.
    pub grant: CodeGrant,
    /// Where the token answer holds the object with the tokens, dotted, when the top level has none
    /// (`alternate_access_token_response_path`).
    pub tokens_at: Option<String>,
    /// Where the token answer holds what, where the vendor departs from RFC 6749 §5.1 (`token_response`).
    pub answer: Option<CodeAnswerPaths>,
    /// Dotted paths of the token answer copied to `connection_config`.
    pub token_response_metadata: Vec<String>,
    /// The same for the answer to a refresh.
    pub refresh_response_metadata: Vec<String>,
    /// Callback query parameters copied to `connection_config`.
    pub redirect_uri_metadata: Vec<String>,
    /// The unit of `expires_in`.
    pub expiry_unit: ExpiryUnit,
    /// How long a token lives where the answer does not say.
    pub token_life: TokenLife,
    /// How long before its end a token is renewed, seconds, in place of the usual margin.
    pub expiration_buffer_seconds: Option<u32>,
    /// The vendor sends a webhook in place of the callback.
    pub installation: Option<OutboundInstallation>,
    /// Rules that a family of authorization servers imposes on scopes.
    pub scope_rules: ScopeRules,
}

/// How an authorize URL is written where a vendor departs from RFC 6749 §4.1.1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorizeUrlStyle {
    /// Whether the scope parameter is percent-encoded (`authorization_url_skip_encode: [scopes]`).
    pub scopes: Encoding,
    /// Whether what fills the base URL is percent-encoded (`[base_url]`).
    pub base_url: Encoding,
    /// Whether parameters without value are left out (`authorization_url_skip_empty`).
    pub empty_params: EmptyParams,
    /// Put before the query behind a `#`, for a page that routes by fragment.
    pub fragment: Option<String>,
    /// Literal replacements made on the finished URL, in order (`client_id` → `client_key`).
    pub replacements: Vec<(String, String)>,
}

/// Whether a part of a URL is percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Yes.
    #[default]
    Encoded,
    /// Written as it is.
    Verbatim,
}

/// What becomes of parameters without value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyParams {
    /// Written as `name=`.
    #[default]
    Kept,
    /// Left out.
    Dropped,
}

/// Where the token answer of a code flow holds what, dotted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeAnswerPaths {
    /// The token.
    pub token: String,
    /// Buys the next one.
    pub refresh_token: Option<String>,
    /// The end of the token.
    pub expiry: Option<Expiry>,
}

/// Whether PKCE is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// S256 challenge on every authorization.
    S256,
    /// The vendor refuses it.
    Off,
}

/// What the callback of an authorization is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeGrant {
    /// An authorization code to redeem.
    AuthorizationCode,
    /// An administrator's consent to a tenant; tokens come by client credentials, after the same browser has
    /// proved its tenant by a code flow of its own (DESIGN §5 "Whose tenant").
    AdminConsent,
}

/// Rules on scope sets that the authorization server enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeRules {
    /// None known.
    None,
    /// Entra ID: `.default` excludes resource scopes (AADSTS70011); `offline_access` buys a refresh token.
    Entra,
}

/// Everything a client-credentials request needs.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Where the token is requested.
    pub token_url: Template,
    /// Added to the token request; a `grant_type` here replaces `client_credentials`.
    pub token_params: Vec<(String, Template)>,
    /// Headers of the token request.
    pub token_headers: Vec<(String, Template)>,
    /// Between scopes.
    pub scope_separator: String,
    /// Used when the integration configures none. May hold `${cloud.…}`.
    pub default_scopes: Vec<String>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// The encoding of the token request.
    pub body_format: BodyFormat,
    /// Whether the connection's certificate is shown in TLS handshakes: of token requests and of calls.
    pub client_certificate: ClientCertificate,
    /// Dotted paths of the token answer copied to `connection_config`.
    pub token_response_metadata: Vec<String>,
    /// The unit of `expires_in`.
    pub expiry_unit: ExpiryUnit,
    /// How long a token lives where the answer does not say.
    pub token_life: TokenLife,
    /// How long before its end a token is renewed, seconds, in place of the usual margin.
    pub expiration_buffer_seconds: Option<u32>,
    /// Rules on scope sets.
    pub scope_rules: ScopeRules,
}

/// Whether token requests and calls need a TLS client certificate (RFC 8705 §2, §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientCertificate {
    /// No.
    #[default]
    No,
    /// Yes: the connection's `client_certificate` and `client_private_key`.
    Required,
}
