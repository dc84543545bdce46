//! Who may drive the sandbox.

use aws_lc_rs::constant_time;
use http::request::Parts;

use super::answers::Refused;
use crate::hosts::{self, Role};
use crate::router::Peer;
use crate::web;
use crate::world::World;

/// Loopback peers, or holders of the token when one is set. Never a web page of another origin: a browser on this
/// machine is a loopback peer too.
pub(super) fn check(world: &World, peer: Peer, parts: &Parts, authority: &str) -> Result<(), Refused> {
    let origin = web::header(&parts.headers, "origin");
    if origin.is_some_and(|origin| origin != format!("{}://{authority}", peer.scheme)) {
        return Err(Refused::Forbidden("requests from web pages of another origin are refused"));
    }
    if let Some(token) = &world.control_token {
        let given =
            web::header(&parts.headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
        let same =
            |given: &str| constant_time::verify_slices_are_equal(given.as_bytes(), token.as_bytes()).is_ok();
        return match given.is_some_and(same) {
            true => Ok(()),
            false => Err(Refused::Forbidden("the control token is required")),
        };
    }
    if !peer.address.ip().to_canonical().is_loopback() {
        return Err(Refused::Forbidden(
            "only loopback peers may use /_control; start the sandbox with a control token",
        ));
    }
    // A foreign name that resolves to loopback (DNS rebinding) must not pass as us.
    match hosts::role(authority) {
        Role::Unknown => Err(Refused::Forbidden("the Host is not one of the sandbox's names")),
        _ => Ok(()),
    }
}
