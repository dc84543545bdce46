//! `POST /internal/playground`, `POST /internal/logs/{id}/replay`: a proxied call made from a page. The answer comes back
//! inside JSON: nothing that a provider sends is ever a document of our origin.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::{ConnectionId, IntegrationKey, Scope};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::error::{Error, StoreError};
use services::proxy::again::Again;
use services::proxy::decide::RetryPolicy;
use services::proxy::target::Target;
use services::proxy::{Links, OutboundBody, Packing, ProxyCall, Redirects, WholeAnswer};

use crate::api::proxy::failure;
use crate::app::SharedApp;
use crate::auth::{Granted, ReadLogs, UseProxy};
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::strict::{NoQuery, StrictJson, StrictQuery};

/// Of an answer no more than this is shown.
const MOST: usize = 10 << 20;
const MOST_HEADERS: usize = 64;

/// A call as the page describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallBody {
    integration: String,
    connection: String,
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    base_url: Option<String>,
}

/// Sends a call through the proxy.
pub async fn call(
    State(app): State<SharedApp>,
    caller: Granted<UseProxy>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<CallBody>,
) -> Result<Response, ApiError> {
    let text = body.body.clone().unwrap_or_default();
    let again = read(body)?;
    let headers = with_type(again.headers, &text);
    Ok(send(&app, caller.scope(), Again { headers, body: Bytes::from(text), ..again }).await)
}

/// Sends a logged call once more.
pub async fn replay(
    State(app): State<SharedApp>,
    caller: Granted<UseProxy>,
    _: Granted<ReadLogs>,
    Path(id): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Response, ApiError> {
    let found = match app.services.context.store.operation(caller.scope(), &id).await {
        Err(StoreError::NulCharacter) => None,
        other => other.map_err(Error::from)?,
    };
    let (operation, _) = found.ok_or_else(|| ApiError::not_found(format!("Unknown operation {id}")))?;
    let again = Again::of(&operation)
        .map_err(|reason| ApiError::new(StatusCode::CONFLICT, "not_replayable", reason))?;
    Ok(send(&app, caller.scope(), again).await)
}

fn read(body: CallBody) -> Result<Again, ApiError> {
    let field = |name: &str, message: String| ApiError::from(Error::field(message, &[name]));
    let method = body.method.to_ascii_uppercase();
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    if !known.contains(&method.as_str()) {
        return Err(field("method", format!("one of {}", known.join(", "))));
    }
    let mut target = body.path;
    if !body.query.is_empty() {
        target.push(if target.contains('?') { '&' } else { '?' });
        target +=
            &serde_urlencoded::to_string(&body.query).map_err(|error| field("query", error.to_string()))?;
    }
    if body.headers.len() > MOST_HEADERS {
        return Err(field("headers", format!("at most {MOST_HEADERS}")));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &body.headers {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        let (name, value) =
            parsed.ok_or_else(|| field("headers", format!("`{name}` is not a valid header")))?;
        headers.insert(name, value);
    }
    let base_override = match body.base_url.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => Some(crate::api::proxy::base_url(url).map_err(|message| field("base_url", message))?),
        None => None,
    };
    Ok(Again {
        integration: IntegrationKey::parse(&body.integration)
            .map_err(|error| field("integration", error.to_string()))?,
        connection: ConnectionId::parse(&body.connection)
            .map_err(|error| field("connection", error.to_string()))?,
        method: Method::from_bytes(method.as_bytes()).map_err(|error| field("method", error.to_string()))?,
        target: Target::parse(&target).map_err(|problem| field("path", problem.to_string()))?,
        base_override,
        headers,
        body: Bytes::new(),
        left_out: Vec::new(),
    })
}

/// A body without a type is JSON if it reads as such.
fn with_type(mut headers: HeaderMap, text: &str) -> HeaderMap {
    if !text.is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
        let json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let kind = if json { "application/json" } else { "text/plain; charset=utf-8" };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    headers
}

async fn send(app: &SharedApp, scope: Scope, again: Again) -> Response {
    let context = &app.services.context;
    let operation_id = context.log.new_id(context.now_ms());
    let method = again.method.clone();
    let call = ProxyCall {
        scope,
        integration: again.integration,
        connection: again.connection,
        method: again.method,
        target: again.target,
        headers: again.headers,
        retry: RetryPolicy { retries: 0, retry_on: Vec::new() },
        base_override: again.base_override,
        redirects: Redirects::AsDefined,
        packing: Packing::Unpack,
        links: Links::Keep,
        links_to: None,
        attach_to: None,
        operation_id: Some(operation_id.clone()),
    };
    let body = if again.body.is_empty() { OutboundBody::empty() } else { OutboundBody::from(again.body) };
    match app.services.proxy.call_whole(call, body, MOST).await {
        Ok(answer) => {
            Metrics::count(&app.metrics.proxied);
            let mut shown = shown(&answer, &method);
            shown["operation_id"] = operation_id.into();
            shown["left_out_headers"] = again.left_out.into();
            Json(shown).into_response()
        }
        Err(error) => {
            Metrics::count(&app.metrics.proxy_failures);
            failure(error, method.as_str())
        }
    }
}

fn shown(answer: &WholeAnswer, method: &Method) -> Value {
    let mut headers = Map::new();
    for name in answer.headers.keys() {
        let values: Vec<_> = answer
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        headers.insert(name.to_string(), values.join(", ").into());
    }
    let body = match *method {
        Method::HEAD => json!({"kind": "none"}),
        _ => body(answer),
    };
    json!({
        "status": answer.status.as_u16(), "headers": headers, "body": body, "truncated": answer.truncated,
        "duration_ms": answer.duration_ms,
    })
}

fn body(answer: &WholeAnswer) -> Value {
    let kind =
        answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if answer.body.is_empty() {
        return json!({"kind": "none"});
    }
    let is_json = essence == "application/json" || essence.ends_with("+json");
    if is_json && let Ok(value) = serde_json::from_slice::<Value>(&answer.body) {
        return json!({"kind": "json", "value": value});
    }
    let textual =
        is_json || essence.starts_with("text/") || essence.contains("xml") || essence.contains("javascript");
    match std::str::from_utf8(&answer.body) {
        Ok(text) if textual || essence.is_empty() => json!({"kind": "text", "value": text}),
        // A cut text may end inside a character.
        Err(_) if textual => json!({"kind": "text", "value": String::from_utf8_lossy(&answer.body)}),
        _ => json!({"kind": "binary", "base64": STANDARD.encode(&answer.body), "content_type": kind}),
    }
}
