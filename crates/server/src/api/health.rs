//! `/health`, `/ready`, `/metrics`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::SharedApp;
use crate::error::ApiError;
use crate::metrics;
use crate::openapi::shapes;

/// The process runs.
#[utoipa::path(get, path = "/health", tag = "health", operation_id = "health",
    responses((status = 200, description = "It runs", body = shapes::Health)))]
pub async fn health() -> Json<Value> {
    Json(json!({"result": "ok"}))
}

/// The process can serve: the database answers.
#[utoipa::path(get, path = "/ready", tag = "health", operation_id = "ready",
    responses((status = 200, description = "Ready", body = shapes::Ready),
        (status = 503, description = "Not ready", body = shapes::Ready)))]
pub async fn ready(State(app): State<SharedApp>) -> Response {
    match app.services.context.store.ping().await {
        Ok(()) => {
            // A key's id tells nothing about the key; two steps need it seen from outside (DESIGN §5).
            let vault = &app.services.context.vault;
            let known: Vec<String> = vault.known_keys().iter().map(ToString::to_string).collect();
            let keys = json!({"sealing": vault.sealing_key().to_string(), "known": known});
            Json(json!({"result": "ok", "database": "ok", "encryption_keys": keys})).into_response()
        }
        Err(error) => {
            // The cause names hosts and files: it is for the operator, and this route is open to all.
            tracing::warn!(%error, "the server is not ready");
            let body = Json(json!({"result": "unavailable", "database": "unavailable"}));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

/// Addresses of this server, for pages of the field that load it.
pub async fn env_js(State(app): State<SharedApp>) -> Response {
    let url = &app.edge.public_url;
    let facts = json!({"apiUrl": url, "publicUrl": url, "connectUrl": format!("{url}/connect/")});
    let kind = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (kind, format!("window._env = {facts};\n")).into_response()
}

/// Metrics behind the operator's token.
pub async fn metrics(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    let Some(token) = &app.edge.metrics_token else {
        return ApiError::not_found("there is no such route; give the server a metrics token")
            .into_response();
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    // Hashes are compared, so that the time taken tells nothing about the token.
    if services::api_keys::hash(given) != services::api_keys::hash(token.expose()) {
        return ApiError::unauthorized("unknown_account", "the metrics token is wrong or missing")
            .into_response();
    }
    text(&app).await
}

/// Metrics on a listener of their own.
pub async fn open_metrics(State(app): State<SharedApp>) -> Response {
    text(&app).await
}

async fn text(app: &SharedApp) -> Response {
    // Without a database there is no queue to tell of; what this process counted is told all the same.
    let queue = app.services.context.store.task_counts().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the metrics lack the queue");
        Vec::new()
    });
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, metrics::render(app, &queue)).into_response()
}
