//! `/proxy/*`: headers become a typed call, the body streams (contract §3.1, §3.2).

use axum::body::Body as HttpBody;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use domain::{ConnectionId, IntegrationKey, Scope};
use http_body::Body;
use http_body_util::BodyExt as _;
use serde_json::json;
use services::error::{EgressError, Error, FieldIssue, RetryLater};
use services::proxy::decide::RetryPolicy;
use services::proxy::room::Room;
use services::proxy::target::Target;
use services::proxy::{Links, OutboundBody, Packing, ProxyCall, Redirects};

use crate::app::SharedApp;
use crate::auth::{Granted, UseProxy};
use crate::door::{BoxError, DoorBody};
use crate::error::ApiError;
use crate::listen::OwnUrl;
use crate::metrics::Metrics;
use crate::middleware;
use crate::openapi::visits;

/// A body up to this size that came with its length is held, so that the call can be repeated.
const REPLAYABLE: u64 = 64 << 10;
/// The same when the caller asked for retries.
const REPLAYABLE_WITH_RETRIES: u64 = 10 << 20;

/// Whether a request's path is one of `/proxy`, `/proxy/*`.
pub fn is_call(app: &SharedApp, path: &str) -> bool {
    let own = path.strip_prefix(app.edge.base_path.as_str()).and_then(|path| path.strip_prefix("/proxy"));
    own.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Forwards a call with the connection's credentials; headers named `Nango-Proxy-<name>` go along as `<name>`.
#[utoipa::path(get, path = "/proxy/{path}", tag = "proxy", operation_id = "getProxy",
    params(("path" = String, Path, description = "A path of the provider's API, or an absolute URL of an allowed origin; slashes stay as they are"),
        visits::ProxyHeaders),
    responses((status = "default", description = "The provider's answer: its status, its headers, its body", content_type = "*/*", body = Value),
        (status = 424, description = "The account must be connected again")))]
// `own_url` is the listener's address where it is not the public URL.
pub async fn forward<B>(app: SharedApp, own_url: Option<OwnUrl>, request: Request<B>) -> Response<DoorBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut parts, body) = request.into_parts();
    let id = middleware::given_id(&parts.headers);
    let mut response = match answer(&app, own_url, &mut parts, body).await {
        Ok(response) => response,
        Err(refused) => refused.map(DoorBody::Page),
    };
    middleware::put_id(response.headers_mut(), id, &*app.services.context.entropy);
    response
}

async fn answer<B>(
    app: &SharedApp,
    own_url: Option<OwnUrl>,
    parts: &mut Parts,
    body: B,
) -> Result<Response<DoorBody>, Response<HttpBody>>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    // A browser's preflight has no key; with a key OPTIONS is a call like any other.
    if middleware::is_preflight(&parts.method, &parts.headers) {
        return Err(middleware::preflight());
    }
    let caller: Granted<UseProxy> = Granted::by_key(parts, app).await.map_err(IntoResponse::into_response)?;
    let method = parts.method.clone();
    let (call, body) =
        read_call(app, caller.scope(), own_url, parts, body).await.map_err(IntoResponse::into_response)?;
    match app.services.proxy.call(call, body).await {
        Ok(mut response) => {
            Metrics::count(&app.metrics.proxied);
            middleware::mark(response.headers_mut());
            Ok(response.map(DoorBody::Answer))
        }
        Err(error) => {
            Metrics::count(&app.metrics.proxy_failures);
            Err(failure(error, method.as_str()))
        }
    }
}

async fn read_call<B>(
    app: &SharedApp,
    scope: Scope,
    own_url: Option<OwnUrl>,
    parts: &mut Parts,
    body: B,
) -> Result<(ProxyCall, OutboundBody), ApiError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if parts.method == Method::TRACE {
        // Its answer is the request as it arrived there, the connection's token included (RFC 9110 §9.3.8).
        let message = "TRACE is not forwarded";
        return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message));
    }
    let control = Control::read(&parts.headers)?;
    let raw = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let raw = raw.strip_prefix(app.edge.base_path.as_str()).unwrap_or(raw);
    let target = Target::parse(raw.strip_prefix("/proxy").unwrap_or(raw)).map_err(Error::from)?;
    let body = read_body(&app.services.context.held, body, control.retry.retries).await?;
    let call = ProxyCall {
        scope,
        integration: control.integration,
        connection: control.connection,
        method: parts.method.clone(),
        target,
        headers: std::mem::take(&mut parts.headers),
        retry: control.retry,
        base_override: control.base_override,
        redirects: control.redirects,
        packing: control.packing,
        links: control.links,
        links_to: own_url.map(|own| own.0),
        attach_to: control.attach_to,
        operation_id: None,
    };
    Ok((call, body))
}

/// Small bodies are held for a repetition, while there is room; the rest streams.
async fn read_body<B>(room: &Room, body: B, retries: u32) -> Result<OutboundBody, ApiError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        return Ok(OutboundBody::empty());
    }
    let most = if retries > 0 { REPLAYABLE_WITH_RETRIES } else { REPLAYABLE };
    let mut reserved = room.reserve();
    match body.size_hint().exact() {
        Some(size) if size <= most && reserved.grow_to(size).is_ok() => {
            let held = body.collect().await;
            held.map(|held| OutboundBody::from(reserved.keep(held.to_bytes())))
                .map_err(|_| ApiError::refused("invalid_body", "the request body broke off"))
        }
        _ => Ok(OutboundBody::stream(body)),
    }
}

/// The control headers of contract §3.1, parsed.
struct Control {
    integration: IntegrationKey,
    connection: ConnectionId,
    retry: RetryPolicy,
    base_override: Option<url::Url>,
    redirects: Redirects,
    packing: Packing,
    links: Links,
    attach_to: Option<String>,
}

/// The control headers as they came; an empty one counts as absent, as the SDK sends it (contract §2.12).
#[derive(Default)]
struct Given<'a> {
    integration: Option<&'a HeaderValue>,
    connection: Option<&'a HeaderValue>,
    retries: Option<&'a HeaderValue>,
    retry_on: Option<&'a HeaderValue>,
    base_override: Option<&'a HeaderValue>,
    keep_headers: Option<&'a HeaderValue>,
    follow: Option<&'a HeaderValue>,
    rewrite: Option<&'a HeaderValue>,
    unpack: Option<&'a HeaderValue>,
    attach_to: Option<&'a HeaderValue>,
    /// Accepted for the field's clients, without effect here.
    idle: [Option<&'a HeaderValue>; 2],
}

/// Names of [`Given::idle`].
const IDLE: [&str; 2] = ["nango-is-sync", "nango-is-dry-run"];

impl<'a> Given<'a> {
    /// One walk over what is there; a look-up for each name that might be costs every call more than the rest of its
    /// reading.
    fn find(headers: &'a HeaderMap) -> Self {
        let mut given = Self::default();
        for (name, value) in headers {
            let place = match name.as_str() {
                "provider-config-key" => &mut given.integration,
                "connection-id" => &mut given.connection,
                "retries" => &mut given.retries,
                "retry-on" => &mut given.retry_on,
                "base-url-override" => &mut given.base_override,
                "forward-headers-on-redirect" => &mut given.keep_headers,
                "sheetbend-follow-redirects" => &mut given.follow,
                "sheetbend-rewrite-links" => &mut given.rewrite,
                "decompress" => &mut given.unpack,
                "nango-activity-log-id" => &mut given.attach_to,
                other => match IDLE.iter().position(|idle| *idle == other) {
                    Some(at) => &mut given.idle[at],
                    None => continue,
                },
            };
            // The first of several with one name counts.
            if place.is_none() && !value.is_empty() {
                *place = Some(value);
            }
        }
        given
    }
}

impl Control {
    fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let given = Given::find(headers);
        let mut issues = Vec::new();
        let integration = required("provider-config-key", given.integration, &mut issues, |text| {
            IntegrationKey::parse(text).map_err(|error| error.to_string())
        });
        let connection = required("connection-id", given.connection, &mut issues, |text| {
            ConnectionId::parse(text).map_err(|error| error.to_string())
        });
        let retries = optional("retries", given.retries, &mut issues, |text| {
            const MOST: u32 = 10;
            let number = text.parse::<f64>().ok().filter(|number| (0.0..1e9).contains(number));
            number.map(|number| (number as u32).min(MOST)).ok_or_else(|| "expected a number".to_owned())
        });
        let retry_on = optional("retry-on", given.retry_on, &mut issues, |text| {
            let statuses: Result<Vec<u16>, _> = text.split(',').map(str::parse).collect();
            statuses.map_err(|_| "expected statuses separated by commas".to_owned())
        });
        let base_override = optional("base-url-override", given.base_override, &mut issues, base_url);
        let keep_headers = flag("forward-headers-on-redirect", given.keep_headers, &mut issues);
        let follow = flag("sheetbend-follow-redirects", given.follow, &mut issues);
        let rewrite = flag("sheetbend-rewrite-links", given.rewrite, &mut issues);
        let unpack = flag("decompress", given.unpack, &mut issues);
        for (name, value) in IDLE.into_iter().zip(given.idle) {
            flag(name, value, &mut issues);
        }
        let attach_to = optional("nango-activity-log-id", given.attach_to, &mut issues, |text| {
            if text.len() <= 255 { Ok(text.to_owned()) } else { Err("at most 255 characters".to_owned()) }
        });
        let (Some(integration), Some(connection), true) = (integration, connection, issues.is_empty()) else {
            return Err(ApiError::invalid("invalid_headers", issues));
        };
        Ok(Self {
            integration,
            connection,
            retry: RetryPolicy { retries: retries.unwrap_or(0), retry_on: retry_on.unwrap_or_default() },
            base_override,
            redirects: match (follow, keep_headers) {
                (Some(false), _) => Redirects::Pass,
                (_, Some(true)) => Redirects::FollowWithHeaders,
                (_, Some(false)) => Redirects::Follow,
                (_, None) => Redirects::AsDefined,
            },
            packing: if unpack == Some(true) { Packing::Unpack } else { Packing::Keep },
            links: match rewrite {
                Some(true) => Links::Rewrite,
                Some(false) => Links::Keep,
                None => Links::ByIntegration,
            },
            attach_to,
        })
    }
}

fn optional<T>(
    name: &str,
    value: Option<&HeaderValue>,
    issues: &mut Vec<FieldIssue>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let parsed = value?.to_str().map_err(|_| "not plain text".to_owned()).and_then(|text| parse(text.trim()));
    match parsed {
        Ok(parsed) => Some(parsed),
        Err(message) => {
            issues.push(FieldIssue { code: "invalid_format", message, path: vec![name.to_owned()] });
            None
        }
    }
}

fn required<T>(
    name: &str,
    value: Option<&HeaderValue>,
    issues: &mut Vec<FieldIssue>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    if value.is_none() {
        let message = format!("the header {name} is required");
        issues.push(FieldIssue { code: "invalid_type", message, path: vec![name.to_owned()] });
        return None;
    }
    optional(name, value, issues, parse)
}

fn flag(name: &str, value: Option<&HeaderValue>, issues: &mut Vec<FieldIssue>) -> Option<bool> {
    optional(name, value, issues, |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    })
}

/// An acceptable base for a call.
///
/// # Errors
/// What was expected.
pub fn base_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).map_err(|_| "expected an absolute URL".to_owned())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if matches!(url.scheme(), "https" | "http") && url.has_host() && plain {
        Ok(url)
    } else {
        Err("expected an http(s) URL without user info, query or fragment".to_owned())
    }
}

/// What the proxy answers when the provider did not (contract §3.2, §3.5).
pub fn failure(error: Error, method: &str) -> Response<HttpBody> {
    match &error {
        Error::Egress(failure @ (EgressError::Refused { .. } | EgressError::RedirectDowngrade { .. })) => {
            ApiError::refused("base_url_override_not_allowed", failure.to_string()).into_response()
        }
        Error::Egress(failure @ EgressError::InvalidTarget { .. }) => {
            ApiError::refused("invalid_endpoint", failure.to_string()).into_response()
        }
        Error::Egress(failure) => unreachable(failure, method),
        Error::UnknownIntegration(_) => {
            ApiError::new(StatusCode::NOT_FOUND, "unknown_provider_config", error.to_string()).into_response()
        }
        Error::UnknownConnection { .. } => {
            let message = format!("Failed to get connection: {error}");
            ApiError::refused("server_error", message).into_response()
        }
        Error::Credentials { retry: RetryLater::No, .. } | Error::Token(_) | Error::Shared(_) => {
            ApiError::from(error).into_proxy_failure().into_response()
        }
        _ => ApiError::from(error).into_response(),
    }
}

/// No answer from the provider: status 500 with Node's error name, which the field's clients look at; ours beside it.
fn unreachable(failure: &EgressError, method: &str) -> Response<HttpBody> {
    let body = json!({
        "message": failure.to_string(),
        "code": failure.node_code(),
        "method": method.to_ascii_lowercase(),
        "error": {"code": failure.code(), "message": failure.to_string()},
    });
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (StatusCode::INTERNAL_SERVER_ERROR, kind, body.to_string()).into_response()
}
