//! Signing out of the browser.

use super::flow::Step;
use super::pages;
use super::session::Session;
use crate::web::{self, Reply};

/// `/{tenant}/oauth2/v2.0/logout`: forgets the session; goes on to `post_logout_redirect_uri` when an app registered it.
pub(super) fn logout(step: &Step<'_>) -> Reply {
    let query = step.request.query();
    let registered = |uri: &&str| {
        step.world.directory.apps().iter().any(|app| app.redirect_uris.iter().any(|known| known.uri == **uri))
    };
    let mut reply = match query.get("post_logout_redirect_uri").filter(registered) {
        Some(uri) => match (url::Url::parse(uri), query.get("state")) {
            (Ok(mut url), Some(state)) => {
                url.query_pairs_mut().append_pair("state", state);
                web::redirect(url.as_str())
            }
            _ => web::redirect(uri),
        },
        None => {
            pages::notice("You signed out of your account", "It's a good idea to close all browser windows.")
        }
    };
    Session::default().write(step.world, &step.request.origin, &mut reply);
    reply
}
