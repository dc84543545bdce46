//! The layer that writes down who changes what: the attempt before the handler runs, its outcome after it.
//!
//! Of a program's calls only those that configure are written; of a person's, every change and every look at a secret.

mod detail;
mod rules;

use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::EnvironmentId;
use serde_json::{Map, Value};
use services::api_keys::Caller;
use services::audit::{self, Entry};

use crate::app::{App, SharedApp};
use crate::auth;
use crate::error::ApiError;
use crate::middleware;
use crate::strict::{parse_query, read_body};

use rules::{Kind, Rule};

/// As much as any audited handler reads: a call of the playground carries 10 MiB in JSON.
const LARGEST_BODY: usize = 16 << 20;

/// Passes a request on, and writes down what is a change.
pub async fn pass(app: &SharedApp, request: Request, next: Next) -> Response {
    // A program that reads, by far the most, is let through at once.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads && !request.headers().contains_key(header::COOKIE) {
        return middleware::json_only(request, next).await;
    }
    if middleware::is_not_json(request.uri().path(), request.headers()) {
        return ApiError::not_json().into_response();
    }
    let (mut parts, body) = request.into_parts();
    let rule = rule_of(app, &parts);
    let Some(rule) = rule else { return next.run(Request::from_parts(parts, body)).await };
    // Whoever is nobody is refused by the handler, and has changed nothing.
    let Some((caller, environment)) = auth::whoever(app, &mut parts).await else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    if !rule.concerns(&caller) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let bytes = match read_body(Request::new(body), app.edge.body_limit.max(LARGEST_BODY)).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused.into_response(),
    };
    let entry = entry(&rule, &caller, environment, &mut parts, &bytes).await;
    let attempt = match audit::begin(&app.services.context, entry).await {
        Ok(attempt) => attempt,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let context = app.services.context.clone();
    // Dropped callers do not stop the change half-way, nor the note of how it ended.
    let changed = tokio::spawn(async move {
        let response = next.run(Request::from_parts(parts, bytes.into())).await;
        audit::end(&context, attempt, response.status().as_u16()).await;
        response
    });
    changed.await.unwrap_or_else(|_| ApiError::broken("an audited change").into_response())
}

fn rule_of(app: &App, parts: &Parts) -> Option<Rule> {
    let matched = parts.extensions.get::<MatchedPath>()?.as_str();
    let path = matched.strip_prefix(app.edge.base_path.as_str()).unwrap_or(matched);
    Rule::find(&parts.method, path, parts.uri.query().unwrap_or_default())
}

async fn entry(
    rule: &Rule,
    caller: &Caller,
    environment: Option<EnvironmentId>,
    parts: &mut Parts,
    body: &[u8],
) -> Entry {
    let body = match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let mut params = Vec::new();
    if let Ok(found) = RawPathParams::from_request_parts(parts, &()).await {
        params = found.iter().map(|(_, value)| value.to_owned()).collect();
    }
    let mut detail = detail::of(&body);
    let query = parse_query(parts.uri.query().unwrap_or_default());
    detail.extend(detail::of(&query));
    let environment = match rule.kind {
        Kind::Environment => environment,
        // What is done to a key of an environment by the account belongs to that environment.
        Kind::Account => body.get("environment_id").and_then(Value::as_i64).map(EnvironmentId),
    };
    let from_body = rule.target.and_then(|name| body.get(name)).map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let target = from_body.unwrap_or_else(|| params.join("/"));
    Entry { actor: audit::actor(caller), environment, action: rule.action.to_string(), target, detail }
}
