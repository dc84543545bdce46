//! Device codes (RFC 8628): a code shown on one device, typed on another.

use http::StatusCode;
use serde_json::json;

use super::authority::Authority;
use super::client_auth;
use super::failure::{Failure, Ids};
use super::mint::Version;
use super::request::EntraRequest;
use super::scopes::{Resource, ScopeRequest, unknown_resource};
use crate::random;
use crate::web::{self, Reply};
use crate::world::World;

/// Life of a device code.
const LIFE_S: i64 = 900;
/// Letters and digits that are not mistaken for one another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A device waiting for its user.
#[derive(Debug, Clone)]
pub(crate) struct DeviceGrant {
    pub device_code_sha256: String,
    pub app: String,
    pub authority: String,
    pub scope: ScopeRequest,
    pub ends_ms: i64,
    pub state: DeviceState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeviceState {
    Waiting,
    Declined,
    Approved { user: String, seq: i64 },
    Redeemed,
}

/// What a device gets once its user agreed.
pub(crate) struct Approved {
    pub user: String,
    pub seq: i64,
    pub scope: ScopeRequest,
}

impl DeviceGrant {
    /// What a poll by `app` is told; an approval is given out once.
    pub fn poll(&mut self, app: &str, now_ms: i64) -> Result<Approved, Failure> {
        if self.app != app {
            return Err(Failure::new(70018, "The device code belongs to another application."));
        }
        match std::mem::replace(&mut self.state, DeviceState::Redeemed) {
            DeviceState::Approved { user, seq } => Ok(Approved { user, seq, scope: self.scope.clone() }),
            DeviceState::Redeemed => Err(Failure::new(54005, "The device code was already redeemed.")),
            other => {
                self.state = other;
                match self.state == DeviceState::Declined {
                    true => Err(declined()),
                    false if now_ms >= self.ends_ms => Err(Failure::new(
                        70020,
                        "The provided value for the input parameter 'device_code' has expired.",
                    )),
                    false => Err(Failure::new(
                        70016,
                        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
                    )),
                }
            }
        }
    }
}

/// `authorization_declined`.
fn declined() -> Failure {
    Failure::new(70015, "The user declined the request.")
}

/// Answers `POST /{tenant}/oauth2/v2.0/devicecode` (and the v1 path).
pub(super) fn endpoint(world: &World, request: &EntraRequest, version: Version) -> Reply {
    let ids = Ids::of(world, &request.headers);
    match start(world, request, version) {
        Ok(reply) => reply,
        Err(failure) => failure.to_reply(&ids, &request.origin),
    }
}

fn start(world: &World, request: &EntraRequest, version: Version) -> Result<Reply, Failure> {
    let form = request.form();
    let id = form.get("client_id").ok_or_else(|| Failure::missing("client_id"))?;
    let app = world.directory.app(id).ok_or_else(|| client_auth::unknown_app(id, &request.authority))?;
    Authority::find(world, &request.authority)?.serve(&app)?;
    let scope = match version {
        Version::V1 => {
            let written = form.get("resource").ok_or_else(|| Failure::missing("resource"))?;
            let resource =
                Resource::parse(written).ok_or_else(|| unknown_resource(written, "of the request"))?;
            ScopeRequest::of_resource(resource, written)
        }
        Version::V2 => ScopeRequest::parse(form.get("scope").ok_or_else(|| Failure::missing("scope"))?)?,
    };
    let device_code = random::token::<180>();
    let user_code: String = random::bytes::<9>()
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
        .collect();
    let grant = DeviceGrant {
        device_code_sha256: random::sha256_hex(device_code.as_bytes()),
        app: app.id,
        authority: request.authority.clone(),
        scope,
        ends_ms: world.clock.now_ms() + LIFE_S * 1000,
        state: DeviceState::Waiting,
    };
    world.entra.put_device(user_code.clone(), grant);
    let page = format!("{}/common/oauth2/deviceauth", request.origin);
    let message = format!(
        "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
    );
    let mut body = json!({
        "user_code": user_code, "device_code": device_code, "verification_uri": page,
        "expires_in": LIFE_S, "interval": 5, "message": message,
    });
    if version == Version::V1 {
        body["verification_url"] = body["verification_uri"].take();
        body["expires_in"] = json!(LIFE_S.to_string());
        body["interval"] = json!("5");
    }
    Ok(web::json(StatusCode::OK, &body))
}
