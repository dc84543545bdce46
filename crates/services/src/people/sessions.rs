//! Sessions: a random token in a cookie, its hash in the database, asked there each time.

use std::net::IpAddr;

use domain::Secret;
use store::{NewUserSession, SessionStage, UserSession};

use super::{People, Person, new_token};
use crate::api_keys;
use crate::error::Error;

/// A session that nobody used for so long is over, milliseconds.
pub const IDLE_MS: i64 = 12 * 3600 * 1000;
/// A session ends after so long, whatever happens, milliseconds.
pub const LONGEST_MS: i64 = 30 * 24 * 3600 * 1000;
/// How long a one-time password may take to come, milliseconds.
const HALF_MS: i64 = 10 * 60 * 1000;
/// A session's last use is written down at most so often, milliseconds.
const NOTED_MS: i64 = 60 * 1000;

/// Who stands at the door.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// Where from.
    pub address: IpAddr,
    /// The token that came along; its session ends when a new one begins.
    pub token: Option<Secret>,
}

/// A session that began.
#[derive(Debug)]
pub struct SignedIn {
    /// For the cookie.
    pub token: Secret,
    /// Whether a one-time password is still missing.
    pub stage: SessionStage,
}

impl People {
    /// Begins a session under a token that nobody has seen before; the visitor's old one ends.
    pub(super) async fn begin(
        &self,
        user: &str,
        stage: SessionStage,
        visitor: &Visitor,
    ) -> Result<SignedIn, Error> {
        let context = &self.context;
        let (token, now_ms) = (new_token(context), context.now_ms());
        let new = NewUserSession {
            hash: api_keys::hash(token.expose()),
            id: context.uuid(),
            user: user.to_owned(),
            stage,
            expires_at_ms: now_ms + if stage == SessionStage::Full { LONGEST_MS } else { HALF_MS },
            user_agent: visitor.user_agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            address: visitor.address.to_canonical().to_string(),
        };
        let instead = visitor.token.as_ref().map(|token| api_keys::hash(token.expose()));
        context.store.begin_user_session(new, instead, now_ms).await?;
        Ok(SignedIn { token, stage })
    }

    /// Who is signed in by a token; `None` when it is unknown or over, or the one-time password is missing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn person(&self, token: &Secret) -> Result<Option<Person>, Error> {
        let context = &self.context;
        let Some((found, hash)) = self.find(token, SessionStage::Full).await? else { return Ok(None) };
        let now_ms = context.now_ms();
        if now_ms - found.session.last_seen_at_ms >= NOTED_MS {
            context.store.touch_user_session(&hash, now_ms).await?;
        }
        let roles = match found.user.owner {
            true => Vec::new(),
            false => context.store.roles_of(&found.user.id).await?,
        };
        Ok(Some(Person { user: found.user, session: found.session, roles, csrf: csrf_of(token) }))
    }

    /// A living session of a stage, with its token's hash.
    pub(super) async fn find(
        &self,
        token: &Secret,
        stage: SessionStage,
    ) -> Result<Option<(store::FoundSession, String)>, Error> {
        let hash = api_keys::hash(token.expose());
        let now_ms = self.context.now_ms();
        let found = self.context.store.find_user_session(&hash).await?.filter(|found| {
            let session = &found.session;
            session.stage == stage
                && session.expires_at_ms > now_ms
                && session.last_seen_at_ms > now_ms - IDLE_MS
        });
        Ok(found.map(|found| (found, hash)))
    }

    /// Ends the session of a token, if there is one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sign_out(&self, token: &Secret) -> Result<(), Error> {
        Ok(self.context.store.end_user_session(&api_keys::hash(token.expose())).await?)
    }

    /// A person's living sessions, last used first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sessions(&self, person: &Person) -> Result<Vec<UserSession>, Error> {
        let now_ms = self.context.now_ms();
        Ok(self.context.store.user_sessions(&person.user.id, now_ms, now_ms - IDLE_MS).await?)
    }

    /// Ends one of a person's sessions, on every node at once.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn end_session(&self, person: &Person, id: &str) -> Result<(), Error> {
        match self.context.store.end_user_session_by_id(&person.user.id, id).await? {
            true => Ok(()),
            false => Err(Error::NotFound("Session not found".to_owned())),
        }
    }
}

impl Person {
    /// Whether a change came from a page that could read the token.
    pub fn csrf_fits(&self, shown: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.csrf.as_bytes(), shown.as_bytes()).is_ok()
    }
}

/// What the page sends with every change: whoever knows the cookie knows it, and it does not tell the cookie.
fn csrf_of(token: &Secret) -> String {
    api_keys::hash(&format!("csrf {}", token.expose()))
}
