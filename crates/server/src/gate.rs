//! The gate in front of the API and the proxy: who calls, and whether they may call so often.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use services::store::KeyOwner;

use crate::app::{App, SharedApp};
use crate::audit;
use crate::auth;
use crate::error::ApiError;
use crate::middleware;
use crate::operator::ByOperator;
use crate::person;
use crate::rate_limit::{Payer, RateLimits, Standing, client_address};

/// Everything that stands before a handler of the API, in one layer, since each costs a box and a clone a call: a
/// preflight is answered, a call counts where a limit is set, a body that is no JSON is refused, and the answer may be
/// read from any page.
pub async fn layer(State(app): State<SharedApp>, request: Request, next: Next) -> Response {
    if middleware::is_preflight(request.method(), request.headers()) {
        return middleware::preflight();
    }
    let mut response = counted(&app, request, next).await;
    middleware::mark(response.headers_mut());
    response
}

/// The same for what only our own pages ask: no other page may read an answer, and nobody keeps one.
pub async fn own_pages(State(app): State<SharedApp>, request: Request, next: Next) -> Response {
    let mut response = counted(&app, request, next).await;
    middleware::keep_private(response.headers_mut());
    response
}

async fn counted(app: &SharedApp, request: Request, next: Next) -> Response {
    let operator = request.extensions().get::<ByOperator>().is_some();
    let Some(limits) = app.rate_limits.as_ref().filter(|_| !operator) else {
        return audit::pass(app, request, next).await;
    };
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let peer = peer.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
    let standing = pass(app, limits, request.method(), request.uri().path(), request.headers(), peer).await;
    match standing {
        Ok(standing) => {
            let mut response = audit::pass(app, request, next).await;
            standing.mark(response.headers_mut());
            response
        }
        Err(refused) => refused,
    }
}

/// Where the caller stands, or the answer that it was too much.
pub async fn pass(
    app: &App,
    limits: &RateLimits,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    peer: SocketAddr,
) -> Result<Standing, Response> {
    let standing = limits.spend(&payer(app, headers, peer).await);
    match standing.refused {
        None => Ok(standing),
        Some(seconds) => {
            let mut response = ApiError::too_many(method, path, seconds).into_response();
            standing.mark(response.headers_mut());
            Err(response)
        }
    }
}

async fn payer(app: &App, headers: &HeaderMap, peer: SocketAddr) -> Payer {
    let is_script = headers.get("nango-is-script").is_some_and(|value| value == "true");
    match auth::owner(app, headers).await {
        Some(KeyOwner::Environment(id)) if is_script => Payer::Script(id),
        Some(KeyOwner::Environment(id)) => Payer::Environment(id),
        Some(KeyOwner::Account) => Payer::Account,
        None => match person(app, headers).await {
            Some(id) => Payer::Person(id),
            None => Payer::stranger(client_address(headers, peer, &app.edge.trusted_proxies)),
        },
    }
}

/// Whoever is signed in; that it is a living session is looked up, or a made-up cookie would buy an allowance.
async fn person(app: &App, headers: &HeaderMap) -> Option<String> {
    let token = person::token(headers)?;
    Some(app.services.people.person(&token).await.ok()??.user.id)
}
