//! People who sign in: users with their roles, sessions, links.

pub(crate) mod guesses;
pub(crate) mod links;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod team;
pub(crate) mod users;

pub use guesses::GuessLimit;
pub use links::{LinkPurpose, NewLink, UserLink};
pub use sessions::{FoundSession, NewUserSession, SessionStage, UserSession};
pub use users::{NewUser, RoleIn, Totp, User};
