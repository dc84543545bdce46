//! Authorization codes: single use, ten minutes, bound to app, redirect URI and PKCE challenge (RFC 7636).

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::scopes::ScopeRequest;
use crate::directory::RedirectKind;

/// Life of a code.
pub(super) const LIFE_MS: i64 = 10 * 60 * 1000;

/// A sign-in waiting to be redeemed.
#[derive(Debug, Clone)]
pub(crate) struct CodeGrant {
    pub app: String,
    pub tenant: String,
    pub user: String,
    /// Number of the sign-in.
    pub seq: i64,
    pub redirect_uri: String,
    pub redirect_kind: RedirectKind,
    pub challenge: Option<Challenge>,
    pub scope: ScopeRequest,
    pub nonce: Option<String>,
    pub issued_ms: i64,
    pub redeemed: bool,
}

/// A PKCE challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Challenge {
    S256(String),
    Plain(String),
}

impl Challenge {
    /// Whether `verifier` answers the challenge.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let (expected, given) = match self {
            Self::Plain(expected) => (expected, verifier.to_owned()),
            Self::S256(expected) => {
                let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
                (expected, URL_SAFE_NO_PAD.encode(hash))
            }
        };
        constant_time::verify_slices_are_equal(expected.as_bytes(), given.as_bytes()).is_ok()
    }
}

impl CodeGrant {
    /// Judges a redemption and marks the code redeemed when it is right.
    pub fn redeem(
        &mut self,
        app: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        now_ms: i64,
    ) -> Result<Self, Failure> {
        if self.app != app {
            return Err(Failure::new(
                700005,
                "Provided Authorization Code is intended to use against other application, thus rejected.",
            ));
        }
        if self.redeemed {
            return Err(Failure::new(
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing \
                 refresh token.",
            ));
        }
        if now_ms - self.issued_ms >= LIFE_MS {
            return Err(Failure::new(
                70008,
                "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive \
                 authorization request for this user and resource.",
            ));
        }
        let redirect_uri = redirect_uri.ok_or_else(|| Failure::missing("redirect_uri"))?;
        if redirect_uri != self.redirect_uri {
            return Err(Failure::new(
                500112,
                format!(
                    "The reply address '{redirect_uri}' does not match the reply address '{}' provided when requesting \
                     Authorization code.",
                    self.redirect_uri
                ),
            ));
        }
        match (&self.challenge, verifier) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => {}
            (Some(_), None) => return Err(Failure::missing("code_verifier")),
            _ => {
                return Err(Failure::new(
                    501481,
                    "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
                ));
            }
        }
        self.redeemed = true;
        Ok(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7636_appendix_b() {
        let challenge = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into());
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"));
    }
}
