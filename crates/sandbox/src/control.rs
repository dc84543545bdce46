//! The control surface under `/_control`: clock, faults, revocation, requests seen.

use http::StatusCode;
use http::request::Parts;

use crate::router::Peer;
use crate::web::{self, Reply};
use crate::world::World;

/// Answers one `/_control` request.
pub(crate) fn dispatch(_world: &World, _peer: Peer, _parts: &Parts, _authority: &str, _body: &[u8]) -> Reply {
    web::typed(StatusCode::NOT_FOUND, "text/plain", "not yet")
}
