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

impl ClientProof {
    /// The claim's value.
    pub fn as_claim(self) -> &'static str {
        match self {
            Self::None => "0",
            Self::Secret => "1",
            Self::Certificate => "2",
        }
    }

    /// Reads the claim; anything else counts as no proof.
    pub fn from_claim(claim: &str) -> Self {
        match claim {
            "1" => Self::Secret,
            "2" => Self::Certificate,
            _ => Self::None,
        }
    }
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

/// The token holds none of the permissions that the call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScopeMissing;

impl Principal {
    /// Whether nobody is signed in: the app acts as itself.
    pub fn is_app_only(&self) -> bool {
        self.user_id.is_none()
    }

    /// Whether the token holds the permission, delegated or as an application role.
    pub fn has(&self, permission: &str) -> bool {
        self.scopes.iter().chain(&self.roles).any(|held| held.eq_ignore_ascii_case(permission))
    }
}

/// Requires one of `any_of`, as a delegated scope or (app-only) as a role.
///
/// Graph answers a lack with 403 `accessDenied` (files, sites, workbook) or `Authorization_RequestDenied` (users);
/// SharePoint with 403 `-2147024891, System.UnauthorizedAccessException`. The caller knows which it is.
pub(crate) fn require_scope(principal: &Principal, any_of: &[&str]) -> Result<(), ScopeMissing> {
    match any_of.iter().any(|permission| principal.has(permission)) {
        true => Ok(()),
        false => Err(ScopeMissing),
    }
}
