//! Request ids, CORS, kinds of bodies, and what a caller's own proxies say about them.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Entropy;
use ipnet::IpNet;

use crate::app::SharedApp;
use crate::error::ApiError;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Contract §1.2.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Accept, Origin, X-Requested-With, Nango-Activity-Log-Id, \
    Nango-Is-Dry-Run, Nango-Is-Sync, Provider-Config-Key, Connection-Id, Sentry-Trace, Baggage";
const EXPOSED_HEADERS: &str = "Authorization, Etag, Content-Type, Content-Length, X-Nango-Signature, \
    X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";

/// The caller's own request id, when it is short and plain.
pub fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(&REQUEST_ID).filter(|value| is_plain(value)).cloned()
}

/// Puts the request id on an answer, unless it has a provider's own, which is worth more to our caller.
pub fn put_id(headers: &mut HeaderMap, given: Option<HeaderValue>, entropy: &dyn Entropy) {
    headers.entry(&REQUEST_ID).or_insert_with(|| {
        given.unwrap_or_else(|| {
            HeaderValue::from_str(&domain::entropy::hex(entropy, 8)).unwrap_or(HeaderValue::from_static("0"))
        })
    });
}

fn is_plain(value: &HeaderValue) -> bool {
    value.len() <= 128
        && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// CORS of the one route that only our own page calls, with its cookies (contract §1.2).
pub async fn cors_own_page(State(app): State<SharedApp>, request: Request, next: Next) -> Response {
    let asks = is_preflight(request.method(), request.headers());
    let mut response = if asks { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let origin = url::Url::parse(&app.edge.public_url).map(|url| url.origin().ascii_serialization());
    let origin = origin.ok().and_then(|origin| HeaderValue::from_str(&origin).ok());
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    if asks {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        let allowed = HeaderValue::from_static("Authorization, Content-type");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("36000"));
    }
    response
}

/// Answers for one person are kept nowhere.
pub fn keep_private(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Refuses a request that says it carries anything but JSON (contract §1.2).
pub async fn json_only(request: Request, next: Next) -> Response {
    match is_not_json(request.uri().path(), request.headers()) {
        true => ApiError::not_json().into_response(),
        false => next.run(request).await,
    }
}

/// Whether a request says so; the older `/config` and the form of client credentials under `/oauth2` are not asked.
pub fn is_not_json(path: &str, headers: &HeaderMap) -> bool {
    let asked = !["/config/", "/oauth2/"].iter().any(|start| path.starts_with(start));
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let json = |kind: &[u8]| kind.to_ascii_lowercase().starts_with(b"application/json");
    asked && kind.is_some_and(|kind| !json(kind))
}

/// Whether a browser asks for permission: it sends no key with it.
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && !headers.contains_key(header::AUTHORIZATION)
}

/// The answer to a preflight.
pub fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    mark(response.headers_mut());
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE"),
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Marks an answer as readable from anywhere (contract §1.2): calls carry a bearer key, never a cookie, so an origin
/// proves nothing here.
pub fn mark(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
}

/// How a request reached us, after believing only trusted proxies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// `http` or `https`.
    pub scheme: String,
    /// Host and port as the browser wrote them.
    pub host: String,
}

/// Reads scheme and host; `X-Forwarded-Proto` and `-Host` count only from a trusted address.
pub fn reached(
    headers: &HeaderMap,
    peer: Option<&ConnectInfo<SocketAddr>>,
    trusted: &[IpNet],
    own: &str,
) -> Reached {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.split(',').next().unwrap_or_default().trim().to_owned())
    };
    let believed = peer.is_some_and(|ConnectInfo(address)| is_trusted(address.ip(), trusted));
    let forwarded = |name: &str| if believed { text(name).filter(|value| !value.is_empty()) } else { None };
    Reached {
        scheme: forwarded("x-forwarded-proto").unwrap_or_else(|| own.to_owned()),
        host: forwarded("x-forwarded-host").or_else(|| text("host")).unwrap_or_default(),
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    };
    trusted.iter().any(|range| range.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_headers_count_only_from_a_trusted_address() {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("10.0.0.5:3003"));
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        headers.insert("x-forwarded-host", HeaderValue::from_static("connect.example.com, inner"));
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let from = |ip: &str| ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 1));
        let inside = reached(&headers, Some(&from("10.1.2.3")), &trusted, "http");
        assert_eq!((inside.scheme.as_str(), inside.host.as_str()), ("https", "connect.example.com"));
        let outside = reached(&headers, Some(&from("8.8.8.8")), &trusted, "http");
        assert_eq!((outside.scheme.as_str(), outside.host.as_str()), ("http", "10.0.0.5:3003"));
    }
}
