//! Signing in with OpenID Connect: the code flow with PKCE and a nonce, at any issuer that can be discovered.
//!
//! What must be remembered between leaving and coming back stands sealed in a cookie of the browser that left: so no
//! other browser can come back in its place, and no row waits for those who never do.

mod flow;
mod issuer;
mod person;

use domain::person::Role;
use domain::{EnvironmentName, Secret};
use url::Url;

pub use flow::{Left, Returned};
pub(super) use issuer::KnownIssuer;

/// A company's own sign-in.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// Who vouches for people.
    pub issuer: Url,
    /// We, as the issuer knows us.
    pub client_id: String,
    /// Our secret; a public client has none.
    pub client_secret: Option<Secret>,
    /// What the button says.
    pub name: String,
    /// Whose people may come in uninvited, and as what.
    pub admitted: Vec<Admitted>,
    /// Which addresses of the issuer are believed.
    pub emails: EmailTrust,
}

/// People who come in uninvited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// What stands behind the `@`.
    pub domain: String,
    /// What they become at their first sign-in.
    pub becomes: Becomes,
}

/// What somebody becomes who comes in uninvited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becomes {
    /// An owner.
    Owner,
    /// A role in the named environments; in all that there are then, where none is named.
    Role(Role, Vec<EnvironmentName>),
}

/// Which e-mail addresses of an issuer are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailTrust {
    /// Those that it says it has verified (`email_verified`).
    Verified,
    /// All: the issuer is the company's own and lets nobody choose an address.
    All,
}
