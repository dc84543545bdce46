//! What a refresh token stands for, and the judgement over using it.

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::scopes::ScopeRequest;
use super::state::TokenKind;
use crate::directory::{AccessRule, Tenant, User};
use crate::world::World;

/// A refresh token ends after 90 days without use; each use gives a new one.
const INACTIVE_MS: i64 = 90 * 24 * 3600 * 1000;
/// Refresh tokens of single-page apps end a day after the sign-in, descendants included.
pub(super) const SPA_LIFE_MS: i64 = 24 * 3600 * 1000;

/// A user's standing permission to an app. Bound to user and client, not to a resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefreshGrant {
    pub tenant: String,
    pub user: String,
    pub app: String,
    /// Number of the sign-in; descendants inherit it.
    pub seq: i64,
    pub issued_ms: i64,
    /// What a refresh without `scope` asks for again.
    pub scope: ScopeRequest,
    /// Whether the sign-in needed no client credential.
    pub public: bool,
    /// The fixed end of a single-page app's tokens.
    pub ends_ms: Option<i64>,
    /// Makes each token unlike the others.
    pub salt: String,
}

impl RefreshGrant {
    /// Judges whether the token may be used now.
    pub fn check(&self, world: &World) -> Result<(User, Tenant), Failure> {
        let now_ms = world.clock.now_ms();
        if self.ends_ms.is_some_and(|end| now_ms >= end) {
            return Err(Failure::new(
                700084,
                "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of \
                 1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent.",
            ));
        }
        if now_ms - self.issued_ms >= INACTIVE_MS {
            return Err(Failure::new(
                700082,
                "The refresh token has expired due to inactivity. It was inactive for 90.00:00:00.",
            ));
        }
        if world.entra.is_revoked(TokenKind::Refresh, &[&self.user, &self.app], self.seq) {
            return Err(Failure::new(
                50173,
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might \
                 have changed or reset their password.",
            ));
        }
        let user = world
            .directory
            .user(&self.user)
            .ok_or_else(|| Failure::new(50034, "The user account does not exist in the directory."))?;
        check_user(&user, self.seq)?;
        let tenant = world
            .directory
            .tenant(&self.tenant)
            .ok_or_else(|| Failure::new(90002, format!("Tenant '{}' not found.", self.tenant)))?;
        Ok((user, tenant))
    }
}

/// What the directory and Conditional Access say about a user whose sign-in was number `seq`.
pub(super) fn check_user(user: &User, seq: i64) -> Result<(), Failure> {
    if user.disabled {
        return Err(Failure::new(50057, "The user account is disabled."));
    }
    match user.access_rule {
        AccessRule::None => Ok(()),
        AccessRule::MfaSince(floor) if seq > floor => Ok(()),
        AccessRule::MfaSince(_) => Err(Failure::new(
            50076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must \
             use multi-factor authentication to access the resource.",
        )),
        AccessRule::Blocked => Err(Failure::new(
            53003,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        )),
    }
}
