//! The control surface under `/_control`: drives the simulated world from tests. Bodies and answers are JSON.
//!
//! Answers loopback peers only, unless a control token was set at start; then the token is required
//! (`Authorization: Bearer <token>`) and any peer may come. Requests from web pages of another origin are refused.
//!
//! | request | body | effect |
//! |---|---|---|
//! | `GET /_control/requests` | query: `method`, `host`, `path_prefix`, `path_contains`, `since` (number), `contains_authorization_sha256` (beginning of the SHA-256 of a header's value or of one of its words), `limit` | requests seen, oldest first |
//! | `DELETE /_control/requests` | | forgets them |
//! | `GET /_control/clock` | | `{"now_ms"}` |
//! | `POST /_control/clock` | `{"advance_ms"}` | moves sandbox time |
//! | `POST /_control/revoke` | `{"user"}`, `{"app"}` or `{"all": true}`; `"access_tokens": true` kills those too | refresh tokens (and browser sessions) die: AADSTS50173 |
//! | `POST /_control/expire` | `{"user"}`, `{"app"}` or `{"all": true}` | access tokens are expired from now on |
//! | `POST /_control/tokens` | `{"access_life_s"}` | life of new access tokens; 0 restores 60 to 90 minutes |
//! | `GET /_control/faults`, `DELETE` | | the rules; forgets them |
//! | `POST /_control/faults` | `{"match": {host, path_prefix, path_regex, method}, "times", "action"}` | action, exactly one of: `{"status", "retry_after", "headers", "body"}`, `{"drop": true}`, `{"stall_ms": n}`, `{"truncate_after": bytes}`, `{"stall_after": {bytes, ms}}`, `{"html": true}`, `{"huge": bytes}`, `{"redirect": url}`, `{"lose_answer": true}` (served, then the connection closes); the token endpoint is hit too |
//! | `POST /_control/throttle` | `{"resource_units_per_minute": n or null}` | 429 beyond it, per app and tenant |
//! | `POST /_control/delta/expire` | | delta tokens handed out before are answered with 410, for drives and lists |
//! | `GET /_control/apps` | | app registrations |
//! | `POST /_control/apps/{id}/redirect-uris` | `{"uri", "kind": "web"\|"spa"\|"native"}` | adds one |
//! | `POST /_control/apps/{id}/secrets` | `{"value", "expires_ms"}` | adds one |
//! | `DELETE /_control/apps/{id}/secrets` | `{"value"}` | removes it |
//! | `POST /_control/apps/{id}/certificates` | `{"pem"}` or `{"der"}` (base64) | adds one; answers its thumbprints |
//! | `DELETE /_control/apps/{id}/certificates` | `{"x5t_s256"}`, or nothing for all | removes |
//! | `GET /_control/consents` | | what is granted |
//! | `POST /_control/consents` | `{"tenant", "app", "user" or null, "resource": "graph"\|"share_point", "scopes", "roles"}` | grants; `user: null` is for everybody |
//! | `DELETE /_control/consents` | `{"tenant", "app", "user" or null}` | takes back; `null` takes all of the tenant's |
//! | `GET /_control/users` | | tenants and users |
//! | `POST /_control/users/{id or upn}` | `{"disabled": bool, "rule": "none"\|"mfa"\|"blocked"}` | 50057; 50076 until a new sign-in; 53003 |
//! | `POST /_control/tenants/{id or name}` | `{"user_consent": "allowed"\|"admins_only"}` | |
//! | `POST /_control/sign-in` | `{"app", "user", "scope"}` | records consent, answers as the token endpoint would |

mod answers;
mod delta;
mod directory;
mod guard;
mod tokens;

use http::request::Parts;
use http::{Method, StatusCode};

use answers::{Answer, Refused};

use crate::router::Peer;
use crate::web::{self, Params, Reply};
use crate::world::World;

/// One control request.
pub(super) struct Call<'a> {
    pub world: &'a World,
    pub params: Params,
    pub body: &'a [u8],
    /// The caller's scheme and Host.
    pub origin: String,
}

/// Answers one `/_control` request.
pub(crate) fn dispatch(world: &World, peer: Peer, parts: &Parts, authority: &str, body: &[u8]) -> Reply {
    if let Err(refused) = guard::check(world, peer, parts, authority) {
        return refused.into_reply();
    }
    let path = parts.uri.path().trim_start_matches("/_control").trim_matches('/');
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    let segments: Vec<&str> = decoded.split('/').collect();
    let call = Call {
        world,
        params: Params::read(parts.uri.query().unwrap_or_default().as_bytes()),
        body,
        origin: format!("{}://{authority}", peer.scheme),
    };
    match answer(&call, &parts.method, &segments) {
        Ok(value) => web::json(StatusCode::OK, &value),
        Err(refused) => refused.into_reply(),
    }
}

fn answer(call: &Call<'_>, method: &Method, segments: &[&str]) -> Answer {
    match (method.as_str(), segments) {
        ("GET", ["requests"]) => tokens::requests(call),
        ("DELETE", ["requests"]) => tokens::forget_requests(call),
        ("GET", ["clock"]) => tokens::clock(call),
        ("POST", ["clock"]) => tokens::advance(call),
        ("POST", ["revoke"]) => tokens::revoke(call),
        ("POST", ["expire"]) => tokens::expire(call),
        ("POST", ["tokens"]) => tokens::lives(call),
        ("GET", ["faults"]) => tokens::faults(call),
        ("POST", ["faults"]) => tokens::add_fault(call),
        ("DELETE", ["faults"]) => tokens::forget_faults(call),
        ("POST", ["throttle"]) => tokens::throttle(call),
        ("POST", ["delta", "expire"]) => delta::expire(call),
        ("POST", ["sign-in"]) => tokens::sign_in(call),
        ("GET", ["apps"]) => directory::apps(call),
        ("POST", ["apps", id, "redirect-uris"]) => directory::add_redirect_uri(call, id),
        ("POST", ["apps", id, "secrets"]) => directory::add_secret(call, id),
        ("DELETE", ["apps", id, "secrets"]) => directory::remove_secret(call, id),
        ("POST", ["apps", id, "certificates"]) => directory::add_certificate(call, id),
        ("DELETE", ["apps", id, "certificates"]) => directory::remove_certificates(call, id),
        ("GET", ["consents"]) => directory::consents(call),
        ("POST", ["consents"]) => directory::grant(call),
        ("DELETE", ["consents"]) => directory::revoke(call),
        ("GET", ["users"]) => directory::users(call),
        ("POST", ["users", id]) => directory::change_user(call, id),
        ("POST", ["tenants", id]) => directory::change_tenant(call, id),
        _ => Err(Refused::NotFound(format!("no control '{method} /_control/{}'", segments.join("/")))),
    }
}
