//! A provider: how to authorize against an API and how to call it. Data, read by `catalog`.

use crate::ids::ProviderName;
use crate::template::Template;

/// One API we know how to reach.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The slug, for example `microsoft-excel`.
    pub name: ProviderName,
    /// The name people read.
    pub display_name: String,
    /// The way to authorize, with everything that way needs.
    pub auth: Auth,
    /// How calls are forwarded; absent where there is nothing to forward to.
    pub proxy: Option<ProxyDefinition>,
    /// What the end user is asked, stored readable in `connection_config`.
    pub connection_config: Vec<Field>,
    /// What the end user is asked, stored sealed in the credentials.
    pub credentials: Vec<Field>,
    /// The family of hosts (`microsoft`) whose clouds fill `${cloud.…}`.
    pub cloud_family: Option<String>,
    /// The vendor's documentation of the set-up.
    pub docs: Option<String>,
    /// Keys of `connection_config` under which callers who may see credentials find a token for another resource, and
    /// that resource's name.
    pub shown_resources: Vec<(String, String)>,
}

/// The wire's `auth_mode` (contract §4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// Authorization code with a redirect.
    OAuth2,
    /// Client credentials.
    OAuth2Cc,
    /// A token request built from form fields, here with a client assertion.
    TwoStep,
    /// No credentials.
    None,
    /// Any mode of a Nango-format file that this version does not run yet.
    Unsupported(&'static str),
}

impl AuthMode {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OAuth2 => "OAUTH2",
            Self::OAuth2Cc => "OAUTH2_CC",
            Self::TwoStep => "TWO_STEP",
            Self::None => "NONE",
            Self::Unsupported(name) => name,
        }
    }
}

/// The way to authorize, with what each way needs.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Authorization code (RFC 6749 §4.1), or a vendor's admin-consent variant of it.
    OAuth2(Box<OAuth2>),
    /// Client credentials (RFC 6749 §4.4).
    OAuth2Cc(Box<ClientCredentials>),
    /// A signed client assertion (RFC 7523) exchanged for a token.
    TwoStep(Box<TwoStep>),
    /// No credentials.
    None,
    /// A mode that this version does not run yet.
    Unsupported(&'static str),
}

impl Auth {
    /// The wire's `auth_mode`.
    pub fn mode(&self) -> AuthMode {
        match self {
            Self::OAuth2(_) => AuthMode::OAuth2,
            Self::OAuth2Cc(_) => AuthMode::OAuth2Cc,
            Self::TwoStep(_) => AuthMode::TwoStep,
            Self::None => AuthMode::None,
            Self::Unsupported(name) => AuthMode::Unsupported(name),
        }
    }
}

/// Everything an authorization-code flow needs.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// Where the browser is sent.
    pub authorization_url: Template,
    /// Where the browser signs in when `authorization_url` only asks for consent: the proof of tenant after
    /// [`CodeGrant::AdminConsent`].
    pub sign_in_url: Option<Template>,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: Template,
    /// Added to the authorize URL; the connect session may override or, with `""`, remove them.
    pub authorization_params: Vec<(String, Template)>,
    /// Added to the token request.
    pub token_params: Vec<(String, Template)>,
    /// Added to the refresh request instead of `token_params` when not empty.
    pub refresh_params: Vec<(String, Template)>,
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
    /// Dotted paths of the token answer copied to `connection_config`.
    pub token_response_metadata: Vec<String>,
    /// Callback query parameters copied to `connection_config`.
    pub redirect_uri_metadata: Vec<String>,
    /// Rules that a family of authorization servers imposes on scopes.
    pub scope_rules: ScopeRules,
}

/// Whether PKCE is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// S256 challenge on every authorization.
    S256,
    /// The vendor refuses it.
    Off,
}

/// How the client proves itself to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the body.
    Body,
    /// `Authorization: Basic`.
    Basic,
}

/// The encoding of a token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
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
    /// Added to the token request.
    pub token_params: Vec<(String, Template)>,
    /// Between scopes.
    pub scope_separator: String,
    /// Used when the integration configures none. May hold `${cloud.…}`.
    pub default_scopes: Vec<String>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// The encoding of the token request.
    pub body_format: BodyFormat,
    /// Rules on scope sets.
    pub scope_rules: ScopeRules,
}

/// A token request whose proof is a client assertion that we sign, or that a person pasted.
#[derive(Debug, Clone)]
pub struct TwoStep {
    /// Where the token is requested.
    pub token_url: Template,
    /// The request's fields; `${assertion}` stands for the signed client assertion, and `${resource.origin}` and
    /// `${resource.scope}` for the [`Resource`] that a token is minted for, without value otherwise.
    pub token_params: Vec<(String, Template)>,
    /// The encoding of the token request.
    pub body_format: BodyFormat,
    /// How the assertion is made.
    pub assertion: Option<Assertion>,
    /// Where the answer carries the token, dotted.
    pub token_path: String,
    /// Where the answer carries the life in seconds (or the expiry), dotted.
    pub expiration_path: Option<String>,
    /// Rules on the scopes that an integration configures for it.
    pub scope_rules: ScopeRules,
}

/// A signed client assertion (RFC 7523 §2.2), as Entra ID wants it: PS256 with `x5t#S256`.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// `aud`: the token endpoint.
    pub audience: Template,
    /// `iss` and `sub`: the client id.
    pub issuer: Template,
    /// Life of one assertion, seconds; signed afresh for every token request.
    pub lifetime_seconds: u32,
    /// Whose key signs it.
    pub key: AssertionKey,
}

/// Whose key signs client assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionKey {
    /// A key pair made here when the person gives none; they register the certificate with the vendor.
    HeldOrGiven,
    /// Always a key that the person gives.
    Given,
}

/// How proxied calls are forwarded.
#[derive(Debug, Clone)]
pub struct ProxyDefinition {
    /// The API's base, without a trailing slash.
    pub base_url: Template,
    /// Headers added to every call.
    pub headers: Vec<(String, Template)>,
    /// Query parameters added to every call.
    pub query: Vec<(String, Template)>,
    /// Where the vendor says how long to wait.
    pub retry: RetryHints,
    /// Further origins that belong to the same API, callable by base-URL override or absolute URL.
    pub hosts: Vec<Template>,
    /// Resources other than the base for which this connection's grant can mint tokens.
    pub resources: Vec<Resource>,
}

/// Response headers that say how long to wait, and statuses that deserve a retry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryHints {
    /// Headers with a number of seconds.
    pub after: Vec<String>,
    /// Headers with a moment.
    pub at: Vec<String>,
    /// Statuses (`429`, `5xx`, `500-502`) to retry instead of the usual ones.
    pub error_codes: Vec<String>,
}

/// A resource that one grant can also open (Entra: one refresh token, several resources).
#[derive(Debug, Clone)]
pub struct Resource {
    /// The name in `?resource=`, for example `sharepoint`.
    pub name: String,
    /// The origin that is the audience, for example `https://${discovered.label}.sharepoint.com`.
    ///
    /// Besides the usual placeholders: `${integration.…}`, a connection-config value that the operator set on the
    /// integration, and `${discovered.label}`, the first label of the host that the discovery answered.
    pub origin: Template,
    /// The scope to ask for, with `${origin}` for the origin.
    pub scope: Template,
    /// How the tenant's own host is learnt: a path on the base URL and the dotted path in its JSON answer.
    pub discovery: Option<Discovery>,
}

/// How a resource's host is learnt from the API itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Path on the base URL, for example `/v1.0/sites/root?$select=webUrl`.
    pub path: String,
    /// Dotted path to a URL in the JSON answer, for example `webUrl`.
    pub url_at: String,
}

/// One thing the end user is asked (contract §4.3).
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// The key in `connection_config` or in the credentials.
    pub name: String,
    /// The label.
    pub title: String,
    /// A sentence of help.
    pub description: Option<String>,
    /// An example value.
    pub example: Option<String>,
    /// An anchored regular expression the value must match.
    pub pattern: Option<String>,
    /// `hostname`, `uri`, `uuid` or `email`.
    pub format: Option<String>,
    /// What a right value is, for people: "a GUID such as … or a domain such as …".
    pub expects: Option<String>,
    /// Position in the form.
    pub order: i32,
    /// Used when nothing is given.
    pub default_value: Option<String>,
    /// Decoration before the value; not stored.
    pub prefix: Option<String>,
    /// Decoration after the value; not stored.
    pub suffix: Option<String>,
    /// Allowed values; empty means any.
    pub choices: Vec<String>,
    /// Whether the form asks for it, and whether it may stay empty.
    pub presence: Presence,
    /// Whether it is shown in clear.
    pub display: Display,
    /// Whether the value becomes part of a host (DESIGN §5 "Hosts that a person types").
    pub host_part: HostPart,
}

/// Whether the form asks for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// Asked, must be given.
    #[default]
    Required,
    /// Asked, may stay empty.
    Optional,
    /// Never asked; filled by the server.
    Automated,
}

/// Whether a field is shown in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Display {
    /// Shown.
    #[default]
    Clear,
    /// Typed blind, stored sealed.
    Secret,
    /// Not shown at all.
    Hidden,
}

/// Whether a field's value becomes part of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostPart {
    /// No.
    #[default]
    No,
    /// Yes: the value must match its anchored pattern before any byte leaves.
    Yes,
}
