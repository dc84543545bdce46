//! People: accounts, sign-in, sessions, links to come in by, the team.
//!
//! Deliberately absent: mail. Links are given to whoever asked for them, to be passed on.

mod account;
mod codes;
mod guesses;
mod links;
pub mod oidc;
mod passwords;
mod sessions;
mod sign_in;
mod team;
mod totp;

use std::sync::Arc;

use domain::Secret;
use domain::person::Role;
use domain::{EnvironmentId, EnvironmentName};
use store::{RoleIn, User, UserSession};

use crate::context::Context;
use crate::error::Error;

pub use account::{AccountChange, Enrolment};
pub use links::{ComeIn, SETUP_LINK_MS, ShownLink};
pub use oidc::{Left, OidcSettings, Returned};
pub use sessions::{IDLE_MS, LONGEST_MS, SignedIn, Visitor};
pub use team::{Member, MemberChange, NewMember};

use passwords::Hasher;

/// Windows of guesses that one transaction forgets.
const GUESSES: u32 = 1_000;

/// The use-cases of people.
pub struct People {
    context: Arc<Context>,
    hasher: Hasher,
    /// The issuer of OpenID Connect, once asked.
    issuer: tokio::sync::Mutex<Option<Arc<oidc::KnownIssuer>>>,
}

impl People {
    /// Nobody has tried anything yet.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, hasher: Hasher::new(), issuer: tokio::sync::Mutex::default() }
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub user: User,
    /// By which session.
    pub session: UserSession,
    /// What they are where; an owner's is not asked.
    pub roles: Vec<RoleIn>,
    /// What the page sends with every change.
    pub csrf: String,
}

/// What somebody is in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything, in every environment.
    Owner,
    /// By a role of this environment.
    Role(Role),
}

impl Access {
    /// The spelling of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Role(role) => role.as_str(),
        }
    }

    /// The scopes that it stands for.
    pub fn grants(self) -> domain::permission::Grants {
        match self {
            Self::Owner => domain::permission::Grants::everything(),
            Self::Role(role) => role.grants(),
        }
    }
}

impl Person {
    /// What they are in an environment, if anything.
    pub fn access(&self, environment: EnvironmentId) -> Option<Access> {
        if self.user.owner {
            return Some(Access::Owner);
        }
        self.roles.iter().find(|one| one.environment == environment).map(|one| Access::Role(one.role))
    }
}

/// What a person is called: 1 to 100 characters.
#[derive(Debug, Clone)]
pub struct PersonName(String);

impl PersonName {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// It is empty, too long, or has control characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
            return Err(Error::field("a name has 1 to 100 characters", &["name"]));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The environments of roles given by name.
async fn roles_by_name(
    context: &Context,
    roles: &[(EnvironmentName, Role)],
) -> Result<Vec<(EnvironmentId, Role)>, Error> {
    let mut found = Vec::with_capacity(roles.len());
    for (name, role) in roles {
        let environment = context.store.environment_by_name(name).await?;
        let environment =
            environment.ok_or_else(|| Error::field(format!("there is no environment {name}"), &["roles"]))?;
        found.push((environment.id, *role));
    }
    Ok(found)
}

/// A random token of 256 bits, hex.
fn new_token(context: &Context) -> Secret {
    Secret::from(domain::entropy::hex(&*context.entropy, 32))
}

/// Deletes sessions and links that are over.
///
/// # Errors
/// The database failed.
pub async fn keep_house(context: &Context) -> Result<(), Error> {
    let now_ms = context.now_ms();
    context.store.purge_user_sessions(now_ms, now_ms - IDLE_MS).await?;
    context.store.purge_user_links(now_ms).await?;
    while context.store.purge_guesses(now_ms, GUESSES).await? >= u64::from(GUESSES) {}
    Ok(())
}
