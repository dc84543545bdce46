//! `POST /webhook/{environment}/{key}`: webhooks that vendors send (contract §8.4). Open to all: the signature is the proof.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use services::inbound::{self, Heard, LARGEST, Received};

use crate::app::SharedApp;
use crate::error::ApiError;
use crate::openapi::{shapes, visits};
use crate::strict::read_body;

/// Takes a vendor's webhook.
#[utoipa::path(post, path = "/webhook/{environment}/{key}", tag = "connect", operation_id = "receiveWebhook", security(()),
    params(("environment" = String, Path, description = "The environment's UUID"),
        ("key" = String, Path, description = "The integration's key")),
    request_body(content = serde_json::Value, description = "As the vendor made and signed it", content_type = "application/json"),
    responses((status = 200, description = "It is the vendor's", body = visits::WebhookAnswer),
        (status = 204, description = "The provider's definition waits for no webhook"),
        (status = 400, description = "The body is not JSON", body = shapes::ErrorAnswer),
        (status = 401, description = "The signature is missing or not the vendor's", body = shapes::ErrorAnswer),
        (status = 404, description = "No such environment or integration", body = shapes::ErrorAnswer),
        (status = 413, description = "The body is too large", body = shapes::ErrorAnswer)))]
pub async fn receive(
    State(app): State<SharedApp>,
    Path((environment, integration)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let body = read_body(request, LARGEST).await?;
    let received =
        Received { environment: &environment, integration: &integration, headers: &headers, body: &body };
    let services = &app.services;
    match inbound::receive(&services.context, &services.events, received).await? {
        Heard::Nobody => Ok(StatusCode::NO_CONTENT.into_response()),
        Heard::Taken => Ok(Json(json!({"status": "success"})).into_response()),
    }
}
