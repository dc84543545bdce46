//! The secret part of a connection, in clear only between the vault and the request that needs it.

use serde_json::{Map, Value};

use crate::provider::AuthMode;
use crate::secret::Secret;

/// What a connection authenticates with.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Tokens of an authorization-code grant.
    OAuth2(OAuth2Credentials),
    /// A client-credentials token and the client it belongs to.
    OAuth2Cc(ClientCredentialsToken),
    /// The fields a person gave and the token they bought.
    TwoStep(TwoStepCredentials),
    /// Nothing.
    None,
}

impl Credentials {
    /// The mode these credentials belong to.
    pub fn mode(&self) -> AuthMode {
        match self {
            Self::OAuth2(_) => AuthMode::OAuth2,
            Self::OAuth2Cc(_) => AuthMode::OAuth2Cc,
            Self::TwoStep(_) => AuthMode::TwoStep,
            Self::None => AuthMode::None,
        }
    }

    /// The bearer token to send, if this kind has one.
    pub fn access_token(&self) -> Option<&Secret> {
        match self {
            Self::OAuth2(c) => Some(&c.access_token),
            Self::OAuth2Cc(c) => Some(&c.token),
            Self::TwoStep(c) => Some(&c.token),
            Self::None => None,
        }
    }

    /// When the access token ends, Unix milliseconds; `None` means it does not say.
    pub fn expires_at_ms(&self) -> Option<i64> {
        match self {
            Self::OAuth2(c) => c.expires_at_ms,
            Self::OAuth2Cc(c) => c.expires_at_ms,
            Self::TwoStep(c) => c.expires_at_ms,
            Self::None => None,
        }
    }
}

/// Tokens of an authorization-code grant (RFC 6749 §5.1).
#[derive(Debug, Clone)]
pub struct OAuth2Credentials {
    /// The bearer token.
    pub access_token: Secret,
    /// Buys the next access token; absent without `offline_access`.
    pub refresh_token: Option<Secret>,
    /// End of the access token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// A client of this connection's own, in place of the integration's.
    pub client_override: Option<ClientOverride>,
    /// The token endpoint's answer as received.
    pub raw: RawAnswer,
}

/// A client of one connection's own.
#[derive(Debug, Clone)]
pub struct ClientOverride {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: Secret,
}

/// A client-credentials token and the client it belongs to.
#[derive(Debug, Clone)]
pub struct ClientCredentialsToken {
    /// The bearer token; empty when none was bought yet.
    pub token: Secret,
    /// End of the token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: Secret,
    /// The token endpoint's answer as received.
    pub raw: RawAnswer,
}

/// The fields a person gave and the token they bought.
#[derive(Debug, Clone)]
pub struct TwoStepCredentials {
    /// Submitted fields by name (`clientId`, `privateKey`, `certificate`, `assertion`).
    pub fields: Vec<(String, Secret)>,
    /// The bearer token; empty when none was bought yet.
    pub token: Secret,
    /// End of the token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The token endpoint's answer as received.
    pub raw: RawAnswer,
}

impl TwoStepCredentials {
    /// A submitted field; `None` when absent or empty.
    pub fn field(&self, name: &str) -> Option<&Secret> {
        self.fields.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
    }
}

/// A token endpoint's JSON answer: holds tokens, so it prints as nothing.
#[derive(Clone, Default, PartialEq)]
pub struct RawAnswer(pub Map<String, Value>);

impl std::fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawAnswer([redacted])")
    }
}
