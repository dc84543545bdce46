//! `GET /webhooks/deliveries`, `POST /webhooks/deliveries/{id}/replay`: what was sent to whom, and once more.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use services::error::Error;
use services::store::{Delivery, DeliveryFilter, DeliveryState, Try};

use crate::app::SharedApp;
use crate::auth::{Granted, ReadLogs, ReplayWebhooks};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, QueryNumber, StrictQuery, page_limit};
use crate::time::zulu;

/// The query of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    state: Option<String>,
    connection: Option<String>,
    event: Option<String>,
    cursor: Option<String>,
    limit: Option<QueryNumber>,
}

/// Lists outgoing webhooks, newest first.
#[utoipa::path(get, path = "/webhooks/deliveries", tag = "webhooks", operation_id = "listDeliveries",
    params(("state" = Option<String>, Query, description = "pending, delivered or failed"),
        ("connection" = Option<String>, Query, description = "The connection's id"),
        ("event" = Option<String>, Query, description = "For example auth.creation or auth.refresh"),
        ("cursor" = Option<String>, Query, description = "From the last page"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100")),
    responses((status = 200, description = "A page", body = shapes::DeliveriesAnswer)))]
pub async fn list(
    State(app): State<SharedApp>,
    caller: Granted<ReadLogs>,
    StrictQuery(query): StrictQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let limit = page_limit(query.limit)?;
    let read_state = |text: String| {
        DeliveryState::parse(&text)
            .ok_or_else(|| ApiError::invalid_query("state", "must be pending, delivered or failed"))
    };
    let before = query.cursor.map(|text| text.parse::<i64>()).transpose();
    let before = before.map_err(|_| ApiError::invalid_query("cursor", "is not one of ours"))?;
    let filter = DeliveryFilter {
        state: query.state.map(read_state).transpose()?,
        connection: query.connection,
        event: query.event,
        before,
        limit,
    };
    let store = &app.services.context.store;
    let found = store.list_deliveries(caller.scope(), &filter).await.map_err(Error::from)?;
    let full = found.len() == limit as usize;
    let cursor = if full { found.last().map(|last| last.seq.to_string()) } else { None };
    let data: Vec<Value> = found.iter().map(shown).collect();
    Ok(Json(json!({"data": data, "pagination": {"cursor": cursor}})))
}

/// One outgoing webhook with its body and its last tries.
#[utoipa::path(get, path = "/webhooks/deliveries/{id}", tag = "webhooks", operation_id = "getDelivery",
    params(("id" = String, Path, description = "The delivery's id")),
    responses((status = 200, description = "The delivery", body = shapes::DeliveryAnswer), (status = 404, description = "Unknown")))]
pub async fn get(
    State(app): State<SharedApp>,
    caller: Granted<ReadLogs>,
    Path(id): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = app.services.context.store.delivery(caller.scope(), &id).await.map_err(Error::from)?;
    let found = found.ok_or_else(|| unknown(&id))?;
    let mut data = shown(&found);
    data["body"] = found.new.body.as_str().into();
    data["tries"] = found.tries.iter().map(tried).collect();
    Ok(Json(json!({"data": data})))
}

/// Sends an outgoing webhook once more, with the same `webhook-id`.
#[utoipa::path(post, path = "/webhooks/deliveries/{id}/replay", tag = "webhooks", operation_id = "replayDelivery",
    params(("id" = String, Path, description = "The delivery's id")),
    responses((status = 202, description = "It is on its way", body = shapes::Success), (status = 404, description = "Unknown")))]
pub async fn replay(
    State(app): State<SharedApp>,
    caller: Granted<ReplayWebhooks>,
    Path(id): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let context = &app.services.context;
    let found = context.store.replay_delivery(caller.scope(), &id, context.now_ms()).await;
    match found.map_err(Error::from)? {
        true => Ok((StatusCode::ACCEPTED, Json(json!({"success": true})))),
        false => Err(unknown(&id)),
    }
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("Unknown delivery {id}"))
}

fn shown(one: &Delivery) -> Value {
    json!({
        "id": one.new.id,
        "event_id": one.new.event_id,
        "event": one.new.event,
        "integration": one.new.integration,
        "connection": one.new.connection,
        "url": one.new.url,
        "state": one.state.as_str(),
        "attempts": one.attempts,
        "status": one.status,
        "error": one.error,
        "created_at": zulu(one.created_at_ms),
        "next_at": one.next_at_ms.map(zulu),
        "ended_at": one.ended_at_ms.map(zulu),
    })
}

fn tried(one: &Try) -> Value {
    json!({"at": zulu(one.at_ms), "duration_ms": one.took_ms, "status": one.status, "error": one.error})
}
