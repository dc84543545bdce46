//! Modes that sign: OAuth 1.0a, NetSuite TBA, JWT, WSSE; and Bill.com's login.

use super::token::Method;
use crate::template::{Template, TemplateTree};

/// Everything an OAuth 1.0a flow needs (RFC 5849 §2).
#[derive(Debug, Clone)]
pub struct OAuth1 {
    /// Where temporary credentials are requested.
    pub request_url: Template,
    /// Where the browser is sent.
    pub authorization_url: Template,
    /// Where token credentials are requested.
    pub token_url: Template,
    /// Added to the request for temporary credentials, and signed.
    pub request_params: Vec<(String, Template)>,
    /// Added to the authorize URL.
    pub authorization_params: Vec<(String, Template)>,
    /// Added to the request for token credentials, and signed.
    pub token_params: Vec<(String, Template)>,
    /// How requests are signed.
    pub signature_method: SignatureMethod,
    /// Where the protocol's parameters stand.
    pub parameters_in: ParametersIn,
    /// Method of the request for temporary credentials.
    pub request_method: Method,
    /// Method of the request for token credentials.
    pub token_method: Method,
    /// Between scopes.
    pub scope_separator: String,
    /// Used when the integration configures none.
    pub default_scopes: Vec<String>,
    /// Values of the token answer copied to `connection_config`.
    pub token_response_metadata: Vec<String>,
    /// Callback query parameters copied to `connection_config`.
    pub redirect_uri_metadata: Vec<String>,
}

/// Where the parameters of OAuth 1.0 stand in a request (RFC 5849 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ParametersIn {
    /// The `Authorization` header (§3.5.1).
    #[default]
    Header,
    /// The query (§3.5.3); a redirect that is signed again has them in the header.
    Query,
    /// The form of a request for a token (§3.5.2); calls, whose bodies are the caller's, have them in the header.
    Body,
}

/// `oauth_signature_method` (RFC 5849 §3.4; HMAC-SHA256 by common extension).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureMethod {
    /// HMAC with SHA-1.
    #[default]
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-1; the client secret is a PEM key.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// The secrets themselves; over TLS only.
    Plaintext,
}

impl SignatureMethod {
    /// Every method.
    pub const ALL: [Self; 5] =
        [Self::HmacSha1, Self::HmacSha256, Self::RsaSha1, Self::RsaSha256, Self::Plaintext];

    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::RsaSha1 => "RSA-SHA1",
            Self::RsaSha256 => "RSA-SHA256",
            Self::Plaintext => "PLAINTEXT",
        }
    }

    /// The method of a wire spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

/// NetSuite's token-based authentication: every request carries an OAuth 1.0a header with a realm.
#[derive(Debug, Clone)]
pub struct Tba {
    /// How requests are signed; HMAC-SHA256 unless the definition says otherwise (NetSuite takes no SHA-1 any more).
    pub signature_method: SignatureMethod,
    /// The account, as the header's `realm`.
    pub realm: Template,
}

/// A JWT made from the form's fields (contract §4.1 `signature`, `token`).
#[derive(Debug, Clone)]
pub struct JwtTemplate {
    /// What kind of key signs it.
    pub protocol: SigningProtocol,
    /// The key: PEM for RSA and EC, a shared secret for HMAC.
    pub signing_key: Template,
    /// How a shared secret is written.
    pub hmac_secret_encoding: HmacSecretEncoding,
    /// Life of one token, milliseconds.
    pub life_ms: i64,
    /// The header (`alg`, `typ`, `kid`).
    pub header: TemplateTree,
    /// The claims besides `iat` and `exp`; one whose value has no value is left out.
    pub payload: TemplateTree,
}

/// What kind of key signs a JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningProtocol {
    /// RS256 and kin.
    Rsa,
    /// HS256 and kin.
    Hmac,
    /// ES256 and kin.
    Ec,
}

/// How a shared secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HmacSecretEncoding {
    /// Hexadecimal.
    #[default]
    Hex,
    /// The text's own bytes.
    Utf8,
    /// Base64.
    Base64,
}

/// How SIGNATURE proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureProtocol {
    /// A `UsernameToken` of WS-Security, as the `X-WSSE` header.
    Wsse(Wsse),
}

/// A `UsernameToken`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wsse {
    /// Life of one token, milliseconds.
    pub life_ms: i64,
}

/// Bill.com's session login.
#[derive(Debug, Clone)]
pub struct Bill {
    /// Where the session is opened.
    pub token_url: Template,
}
