//! Who is signed in to this browser: a signed cookie, no state on the server.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use super::grant::check_user;
use super::sealed::Kind;
use super::state::TokenKind;
use crate::directory::User;
use crate::web::Reply;
use crate::world::World;

const COOKIE_NAME: &str = "sandbox_session";
/// A browser's sign-in ends after a day.
const LIFE_MS: i64 = 24 * 3600 * 1000;
/// Most accounts signed in to one browser.
const MOST: usize = 10;

/// One account signed in to the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SignedIn {
    pub user: String,
    /// Number of the sign-in; revocations compare with it.
    pub seq: i64,
    pub at_ms: i64,
}

/// The accounts signed in to a browser.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    pub accounts: Vec<SignedIn>,
}

impl Session {
    /// Reads the cookie; accounts whose session ended, was revoked or that the directory now refuses are left out.
    pub fn read(world: &World, headers: &HeaderMap) -> Self {
        let sealed = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='));
        let known: Vec<SignedIn> =
            sealed.and_then(|sealed| world.entra.sealer.open(Kind::Session, sealed)).unwrap_or_default();
        let now_ms = world.clock.now_ms();
        let alive = |account: &SignedIn| {
            now_ms - account.at_ms < LIFE_MS
                && !world.entra.is_revoked(TokenKind::Refresh, &[&account.user], account.seq)
                && world
                    .directory
                    .user(&account.user)
                    .is_some_and(|user| check_user(&user, account.seq).is_ok())
        };
        Self { accounts: known.into_iter().filter(alive).collect() }
    }

    /// Signs `user` in to the browser.
    pub fn add(&mut self, world: &World, user: &User) -> SignedIn {
        let now_ms = world.clock.now_ms();
        let account = SignedIn { user: user.id.clone(), seq: world.entra.next_seq(now_ms), at_ms: now_ms };
        self.accounts.retain(|known| known.user != user.id);
        self.accounts.truncate(MOST - 1);
        self.accounts.insert(0, account.clone());
        account
    }

    /// The account of `user`, when it is signed in.
    pub fn of(&self, user: &str) -> Option<&SignedIn> {
        self.accounts.iter().find(|account| account.user == user)
    }

    /// Puts the cookie on a reply; no accounts removes it.
    pub fn write(&self, world: &World, origin: &str, reply: &mut Reply) {
        let (value, age) = match self.accounts.is_empty() {
            true => (String::new(), 0),
            false => (world.entra.sealer.seal(Kind::Session, &self.accounts), LIFE_MS / 1000),
        };
        let secure = if origin.starts_with("https://") { "; Secure" } else { "" };
        let cookie = format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            reply.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}
