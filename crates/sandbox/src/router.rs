//! Which host and path goes where. Every request passes here: recorded, perhaps failed on purpose, then dispatched.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::json;

use crate::api::{ApiRequest, ApiResponse};
use crate::entra::EntraRequest;
use crate::faults::FaultAction;
use crate::hosts::{self, Role};
use crate::principal::Principal;
use crate::seen::Arrival;
use crate::throttle;
use crate::web::{self, Reply};
use crate::world::World;
use crate::{bearer, control, entra, graph, sharepoint, stamps};

/// Largest request body, in bytes.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// How a connection came in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub address: SocketAddr,
    pub scheme: &'static str,
}

/// The request as the router sees it once its body is read.
struct Incoming {
    parts: Parts,
    body: Bytes,
    /// Scheme and authority the caller used.
    origin: String,
    role: Role,
}

/// Answers one request; `None` means that the connection is to be dropped.
pub(crate) async fn handle<B>(world: Arc<World>, peer: Peer, request: http::Request<B>) -> Option<Reply>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let authority = authority(&parts);
    let path = parts.uri.path().to_owned();
    let is_control = path == "/_control" || path.starts_with("/_control/");
    if is_control {
        return Some(match read_body(body).await {
            Ok(body) => control::dispatch(&world, peer, &parts, &authority, &body),
            Err(reply) => *reply,
        });
    }
    let number = world.seen.record(&Arrival {
        at_ms: world.clock.now_ms(),
        method: parts.method.as_str(),
        scheme: peer.scheme,
        host: &authority,
        path: &path,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    });
    let fault = world.faults.take(parts.method.as_str(), hosts::split_port(&authority).0, &path);
    let body = match read_body(body).await {
        Ok(body) => body,
        Err(reply) => return Some(*reply),
    };
    if is_form(&parts.headers) {
        world.seen.add_form(number, &body);
    }
    let incoming = Incoming {
        role: hosts::role(&authority),
        origin: format!("{}://{authority}", peer.scheme),
        parts,
        body,
    };
    let reply = match fault {
        None => Some(route(&world, incoming).await),
        Some(action) => faulty(&world, incoming, &action).await,
    };
    world.seen.add_status(number, reply.as_ref().map_or(0, |reply| reply.status().as_u16()));
    reply
}

async fn faulty(world: &World, incoming: Incoming, action: &FaultAction) -> Option<Reply> {
    if let Some(instead) = action.instead() {
        return instead;
    }
    if let FaultAction::StallMs(ms) = action {
        tokio::time::sleep(Duration::from_millis(*ms)).await;
    }
    action.afflict(route(world, incoming).await)
}

async fn route(world: &World, incoming: Incoming) -> Reply {
    if incoming.body.len() > LARGEST_BODY {
        return too_large();
    }
    if let Some(token) = incoming.parts.uri.path().strip_prefix("/_files/") {
        return crate::files::download_response(world, token, &incoming.parts.headers).into_reply();
    }
    match incoming.role.clone() {
        Role::SharePoint(name) => to_sharepoint(world, incoming, &name).await,
        Role::Graph => to_graph(world, incoming).await,
        Role::Login => to_entra(world, &incoming),
        Role::Everything if is_graph_path(incoming.parts.uri.path()) => to_graph(world, incoming).await,
        Role::Everything => to_entra(world, &incoming),
        Role::Unknown => web::typed(
            StatusCode::MISDIRECTED_REQUEST,
            "text/plain; charset=utf-8",
            "The sandbox answers localhost, graph.localhost, <tenant>.sharepoint.localhost and Microsoft's own names.",
        ),
    }
}

fn to_entra(world: &World, incoming: &Incoming) -> Reply {
    let path = incoming.parts.uri.path().trim_start_matches('/');
    let (authority, rest) = path.split_once('/').unwrap_or((path, ""));
    let request = EntraRequest {
        method: incoming.parts.method.clone(),
        authority: percent_encoding::percent_decode_str(authority).decode_utf8_lossy().into_owned(),
        path: rest.trim_end_matches('/').to_owned(),
        query: incoming.parts.uri.query().unwrap_or_default().to_owned(),
        headers: incoming.parts.headers.clone(),
        body: incoming.body.clone(),
        origin: incoming.origin.clone(),
    };
    entra::dispatch(world, &request)
}

async fn to_graph(world: &World, incoming: Incoming) -> Reply {
    let Some((prefix, path)) = graph_path(incoming.parts.uri.path()) else {
        let error = json!({ "error": { "code": "BadRequest", "message": "Invalid version." } });
        return web::json(StatusCode::BAD_REQUEST, &error);
    };
    let principal = match bearer::graph(world, &incoming.parts.headers) {
        Ok(principal) => principal,
        Err(mut reply) => {
            stamps::graph(reply.headers_mut(), &incoming.parts.headers);
            return *reply;
        }
    };
    if prefix == "/oidc" {
        return entra::user_info(world, &principal);
    }
    let cost = throttle::cost(&incoming.parts.method, &path, incoming.parts.uri.query().unwrap_or_default());
    let standing = world.throttle.spend(&principal, cost, world.clock.now_ms());
    if let Some(over) = standing.filter(|standing| standing.is_over()) {
        return over.graph_reply();
    }
    let headers = incoming.parts.headers.clone();
    let request = api_request(incoming, path, prefix, principal);
    let mut reply = Box::pin(graph::dispatch(world, request)).await.into_reply();
    if let Some(standing) = standing {
        standing.mark(reply.headers_mut());
    }
    stamps::graph(reply.headers_mut(), &headers);
    reply
}

async fn to_sharepoint(world: &World, incoming: Incoming, name: &str) -> Reply {
    let Some((prefix, path)) = sharepoint_path(incoming.parts.uri.path()) else {
        return web::typed(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 FILE NOT FOUND");
    };
    if world.directory.tenant_by_name(name).is_none() {
        return web::typed(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 FILE NOT FOUND");
    }
    let principal = match bearer::sharepoint(world, &incoming.parts.headers, name) {
        Ok(principal) => principal,
        Err(mut reply) => {
            stamps::sharepoint(reply.headers_mut());
            return *reply;
        }
    };
    let cost = throttle::cost(&incoming.parts.method, &path, incoming.parts.uri.query().unwrap_or_default());
    let standing = world.throttle.spend(&principal, cost, world.clock.now_ms());
    if let Some(over) = standing.filter(|standing| standing.is_over()) {
        return over.sharepoint_reply();
    }
    let request = api_request(incoming, path, prefix, principal);
    let mut reply = Box::pin(sharepoint::dispatch(world, request)).await.into_reply();
    if let Some(standing) = standing {
        standing.mark(reply.headers_mut());
    }
    stamps::sharepoint(reply.headers_mut());
    reply
}

fn api_request(incoming: Incoming, path: String, prefix: String, principal: Principal) -> ApiRequest {
    ApiRequest {
        query: incoming.parts.uri.query().unwrap_or_default().to_owned(),
        method: incoming.parts.method,
        path,
        headers: incoming.parts.headers,
        body: incoming.body,
        principal,
        origin: incoming.origin,
        prefix,
    }
}

impl ApiResponse {
    /// The answer on its way to the wire.
    pub(crate) fn into_reply(self) -> Reply {
        let mut reply = http::Response::new(web::full(self.body));
        *reply.status_mut() = self.status;
        *reply.headers_mut() = self.headers;
        reply
    }
}

fn is_graph_path(path: &str) -> bool {
    graph_path(path).is_some()
}

/// Splits a Graph path into version and rest.
fn graph_path(path: &str) -> Option<(String, String)> {
    ["/v1.0", "/beta", "/oidc"].iter().find_map(|version| {
        let rest = path.strip_prefix(version)?;
        let rest = if rest.is_empty() { "/" } else { rest };
        rest.starts_with('/').then(|| ((*version).to_owned(), rest.to_owned()))
    })
}

/// Splits a SharePoint path at its `_api` segment.
fn sharepoint_path(path: &str) -> Option<(String, String)> {
    let mut end = 0;
    for segment in path.split('/') {
        end += segment.len();
        if segment.eq_ignore_ascii_case("_api") {
            let rest = if end == path.len() { "/" } else { &path[end..] };
            return Some((path[..end].to_owned(), rest.to_owned()));
        }
        end += 1;
    }
    None
}

/// The Host header, or the authority of an absolute URI (HTTP/2).
fn authority(parts: &Parts) -> String {
    let uri = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    uri.or_else(|| web::header(&parts.headers, "host").map(str::to_owned)).unwrap_or_default()
}

fn is_form(headers: &HeaderMap) -> bool {
    web::header(headers, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

async fn read_body<B>(body: B) -> Result<Bytes, Box<Reply>>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Box::new(too_large())),
        Err(_) => {
            Err(Box::new(web::typed(StatusCode::BAD_REQUEST, "text/plain", "The body did not arrive whole.")))
        }
    }
}

fn too_large() -> Reply {
    let body = json!({ "error": { "code": "invalidRequest", "message": "The request body is too large." } });
    web::json(StatusCode::PAYLOAD_TOO_LARGE, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_where_the_api_begins() {
        let split = |path| sharepoint_path(path).map(|(prefix, rest)| format!("{prefix} {rest}"));
        assert_eq!(split("/_api/web").as_deref(), Some("/_api /web"));
        assert_eq!(split("/sites/x/_api").as_deref(), Some("/sites/x/_api /"));
        assert_eq!(split("/sites/x_api/web"), None);
        assert_eq!(graph_path("/v1.0/me"), Some(("/v1.0".into(), "/me".into())));
        assert_eq!(graph_path("/v1.01/me"), None);
    }
}
