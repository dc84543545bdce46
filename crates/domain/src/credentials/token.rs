//! Credentials that an authorization server gave.

use super::RawAnswer;
use crate::secret::Secret;

/// A token and its secret (RFC 5849 §2.3).
#[derive(Debug, Clone)]
pub struct OAuth1Credentials {
    /// `oauth_token`.
    pub token: Secret,
    /// `oauth_token_secret`.
    pub token_secret: Secret,
    /// The token endpoint's answer as received.
    pub raw: RawAnswer,
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
    /// OAuth client secret; empty where a key proves the client.
    pub client_secret: Secret,
    /// The client's certificate, PEM.
    pub client_certificate: Option<Secret>,
    /// The key that proves the client: PEM, or a JWK.
    pub client_private_key: Option<Secret>,
    /// The token endpoint's answer as received.
    pub raw: RawAnswer,
}

/// NetSuite's token pair.
#[derive(Debug, Clone)]
pub struct TbaCredentials {
    /// The token's id.
    pub token_id: Secret,
    /// The token's secret.
    pub token_secret: Secret,
    /// A client of this connection's own; either part may be given alone (contract §4.5).
    pub client_id: Option<String>,
    /// The secret of that client.
    pub client_secret: Option<Secret>,
}

/// A session of an assumed AWS role.
#[derive(Debug, Clone)]
pub struct AwsSigV4Credentials {
    /// The role that was assumed.
    pub role_arn: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The service that requests are signed for.
    pub service: String,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
    /// The session's key id.
    pub access_key_id: Secret,
    /// The session's key.
    pub secret_access_key: Secret,
    /// The session's token; empty when no session was opened yet.
    pub session_token: Secret,
    /// End of the session, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The answer of `AssumeRole`, as fields.
    pub raw: RawAnswer,
}

/// A GitHub App's installation token.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// The installation token; empty when none was bought yet.
    pub access_token: Secret,
    /// End of the token, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The app's own JWT that bought it.
    pub jwt: Option<Secret>,
    /// The app.
    pub app_id: String,
    /// The installation.
    pub installation_id: String,
    /// The answer as received.
    pub raw: RawAnswer,
}

/// A GitHub App's installation token and its user's tokens.
#[derive(Debug, Clone)]
pub struct CustomCredentials {
    /// The app's part; its token is empty while the installation waits for approval.
    pub app: AppCredentials,
    /// The user's part.
    pub user: Option<OAuth2Credentials>,
}

impl CustomCredentials {
    /// The earlier of both ends, Unix milliseconds; that of a user without a refresh token does not count, as nothing
    /// can be done about it.
    pub fn expires_at_ms(&self) -> Option<i64> {
        let user = self.user.as_ref().filter(|user| user.refresh_token.is_some());
        let user = user.and_then(|user| user.expires_at_ms);
        [self.app.expires_at_ms, user].into_iter().flatten().min()
    }
}

/// Tokens for an MCP server.
#[derive(Debug, Clone)]
pub struct McpCredentials {
    /// The tokens.
    pub tokens: OAuth2Credentials,
    /// The client that was registered for this connection; absent where the integration's is used.
    pub client: Option<RegisteredClient>,
}

/// A client that was registered by itself (RFC 7591 §3.2.1).
#[derive(Debug, Clone)]
pub struct RegisteredClient {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`; absent for a public client.
    pub client_secret: Option<Secret>,
    /// `token_endpoint_auth_method` that the server settled on.
    pub auth_method: Option<String>,
    /// The registration's answer as received.
    pub raw: RawAnswer,
}
