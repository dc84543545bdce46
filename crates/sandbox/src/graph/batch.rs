//! `$batch`: up to twenty calls in one body, each with its own answer.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::{ApiRequest, ApiResponse};
use crate::sites::{iso, random_guid};
use crate::throttle;
use crate::world::World;

/// Microsoft Graph, "Combine multiple HTTP requests using JSON batching": at most 20 requests.
const MAX_REQUESTS: usize = 20;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Inner>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<Value>,
    #[serde(default)]
    depends_on: Vec<String>,
}

/// Answers `POST /$batch`; every inner call goes through [`super::dispatch`], so each is throttled by itself.
pub(super) async fn handle(world: &World, request: ApiRequest) -> ApiResponse {
    let batch = match parse(&request) {
        Ok(batch) => batch,
        Err(message) => return refused(world, &message),
    };
    let mut statuses: HashMap<String, StatusCode> = HashMap::new();
    let mut responses = Vec::with_capacity(batch.requests.len());
    for inner in batch.requests {
        let id = inner.id.clone();
        let ready = inner.depends_on.iter().all(|dependency| {
            statuses.get(&dependency.to_ascii_lowercase()).is_some_and(|status| status.is_success())
        });
        let response = if ready {
            match inner_request(&request, inner) {
                Ok(call) => one(world, call).await,
                Err(message) => refused(world, &message),
            }
        } else {
            let message = "The request failed because a request it depends on failed.";
            failure(world, StatusCode::FAILED_DEPENDENCY, "failedDependency", message)
        };
        statuses.insert(id.to_ascii_lowercase(), response.status);
        responses.push(response_json(&id, &response));
    }
    json_answer(StatusCode::OK, &json!({"responses": responses}))
}

/// One inner call, which spends resource units of its own.
async fn one(world: &World, call: ApiRequest) -> ApiResponse {
    let cost = throttle::cost(&call.method, &call.path, &call.query);
    let standing = world.throttle.spend(&call.principal, cost, world.clock.now_ms());
    if let Some(over) = standing.filter(|standing| standing.is_over()) {
        let (head, body) = over.graph_reply().into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        return ApiResponse { status: head.status, headers: head.headers, body };
    }
    Box::pin(super::dispatch(world, call)).await
}

fn parse(request: &ApiRequest) -> Result<Batch, String> {
    if request.method != Method::POST {
        return Err("A batch is sent with POST.".to_owned());
    }
    let batch: Batch =
        serde_json::from_slice(&request.body).map_err(|_| "Invalid batch payload format.".to_owned())?;
    if batch.requests.is_empty() || batch.requests.len() > MAX_REQUESTS {
        return Err(format!("Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}."));
    }
    let mut seen: Vec<String> = Vec::new();
    for inner in &batch.requests {
        // A dependency must stand earlier: that also rules out circles.
        if let Some(missing) = inner.depends_on.iter().find(|id| !seen.contains(&id.to_ascii_lowercase())) {
            return Err(format!(
                "Request '{}' depends on '{missing}', which is not an earlier request.",
                inner.id
            ));
        }
        let id = inner.id.to_ascii_lowercase();
        if id.is_empty() || seen.contains(&id) {
            return Err("Each request of a batch needs an id of its own.".to_owned());
        }
        seen.push(id);
    }
    Ok(batch)
}

fn inner_request(outer: &ApiRequest, inner: Inner) -> Result<ApiRequest, String> {
    let method = Method::from_bytes(inner.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| format!("'{}' is not a method.", inner.method))?;
    let url = inner.url.trim_start_matches("/v1.0/").trim_start_matches("/beta/").trim_start_matches('/');
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    if path.starts_with("$batch") {
        return Err("A batch cannot stand inside a batch.".to_owned());
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &inner.headers {
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("'{name}' is not a header name."))?;
        let value =
            HeaderValue::from_str(value).map_err(|_| format!("The header {name} has an invalid value."))?;
        headers.insert(name, value);
    }
    let body = inner_body(inner.body, &headers)?;
    Ok(ApiRequest {
        method,
        path: format!("/{path}"),
        query: query.to_owned(),
        headers,
        body,
        principal: outer.principal.clone(),
        origin: outer.origin.clone(),
        prefix: outer.prefix.clone(),
    })
}

/// JSON as it is; everything else comes as base64 text.
fn inner_body(body: Option<Value>, headers: &HeaderMap) -> Result<Bytes, String> {
    let Some(body) = body else { return Ok(Bytes::new()) };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.ok_or("A request with a body needs a Content-Type header.")?;
    match body {
        Value::String(text) if !kind.contains("json") => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|_| "A body that is not JSON must be base64.".to_owned()),
        json => Ok(Bytes::from(json.to_string())),
    }
}

fn response_json(id: &str, response: &ApiResponse) -> Value {
    let mut headers = Map::new();
    for (name, value) in &response.headers {
        headers
            .insert(title_case(name.as_str()), String::from_utf8_lossy(value.as_bytes()).into_owned().into());
    }
    let mut answer = json!({"id": id, "status": response.status.as_u16(), "headers": headers});
    if response.body.is_empty() {
        return answer;
    }
    answer["body"] = match serde_json::from_slice(&response.body) {
        Ok(body) => body,
        Err(_) => STANDARD.encode(&response.body).into(),
    };
    answer
}

/// `content-type` as `Content-Type`: inner headers are JSON keys, whose case clients do compare.
fn title_case(name: &str) -> String {
    let capital = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
    name.split('-')
        .map(|part| if part.is_empty() { String::new() } else { capital(part) })
        .collect::<Vec<_>>()
        .join("-")
}

fn refused(world: &World, message: &str) -> ApiResponse {
    failure(world, StatusCode::BAD_REQUEST, "BadRequest", message)
}

fn failure(world: &World, status: StatusCode, code: &str, message: &str) -> ApiResponse {
    let inner = json!({"date": iso(world.clock.now_ms()).trim_end_matches('Z'), "request-id": random_guid()});
    json_answer(status, &json!({"error": {"code": code, "message": message, "innerError": inner}}))
}

fn json_answer(status: StatusCode, body: &Value) -> ApiResponse {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ApiResponse { status, headers, body: Bytes::from(body.to_string()) }
}
