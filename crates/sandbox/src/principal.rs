//! Who calls: what the bearer token of a request says.

/// How the client application proved itself when the token was minted (`appidacr` / `azpacr`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientProof {
    /// Public client (0).
    None,
    /// Client secret (1).
    Secret,
    /// Certificate assertion (2).
    Certificate,
}

/// The verified contents of an access token.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub tenant_id: String,
    pub app_id: String,
    /// Object id of the signed-in user; `None` for an app-only token.
    pub user_id: Option<String>,
    /// Delegated scopes (`scp`), short names such as `Files.ReadWrite`.
    pub scopes: Vec<String>,
    /// Application roles (`roles`).
    pub roles: Vec<String>,
    pub proof: ClientProof,
}
