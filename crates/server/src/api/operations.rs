//! `GET /operations`, `GET /operations/{id}`: what happened (contract §10.2, §10.3 for the fields).

use axum::Json;
use axum::extract::{Path, State};
use domain::operation::{Message, Operation, OperationFilter, OperationState, StatusFilter};
use serde::Deserialize;
use serde_json::{Value, json};
use services::error::{Error, StoreError};

use crate::app::SharedApp;
use crate::auth::{Granted, ReadLogs};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, QueryNumber, StrictQuery, page_limit};
use crate::time::{parse, zulu};

/// The query of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    integration: Option<String>,
    connection: Option<String>,
    r#type: Option<String>,
    state: Option<String>,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    search: Option<String>,
    cursor: Option<String>,
    after: Option<String>,
    limit: Option<QueryNumber>,
}

/// Lists operations, newest first; `after` follows: oldest first from an operation on.
#[utoipa::path(get, path = "/operations", tag = "operations", operation_id = "listOperations",
    params(("integration" = Option<String>, Query, description = "The integration's key"),
        ("connection" = Option<String>, Query, description = "The connection's id"),
        ("type" = Option<String>, Query, description = "Comma-separated: proxy, auth, auth:refresh_token, …"),
        ("state" = Option<String>, Query, description = "Comma-separated: running, success, failed, timeout, cancelled"),
        ("status" = Option<String>, Query, description = "Comma-separated HTTP statuses and classes: 404, 5xx; at most 10"),
        ("from" = Option<String>, Query, description = "ISO 8601"), ("to" = Option<String>, Query, description = "ISO 8601"),
        ("search" = Option<String>, Query, description = "Words in the operation or its messages"),
        ("cursor" = Option<String>, Query, description = "From the last page"),
        ("after" = Option<String>, Query, description = "Only newer than this operation, oldest first"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100")),
    responses((status = 200, description = "A page", body = shapes::OperationsAnswer)))]
pub async fn list(
    State(app): State<SharedApp>,
    caller: Granted<ReadLogs>,
    StrictQuery(query): StrictQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let limit = page_limit(query.limit)?;
    let conditions = Conditions {
        integration: query.integration,
        connection: query.connection,
        kinds: query.r#type,
        states: query.state,
        statuses: query.status,
        from: query.from,
        to: query.to,
        search: query.search,
    };
    let filter = OperationFilter { before: query.cursor, after: query.after, limit, ..filter(conditions)? };
    let store = &app.services.context.store;
    let found = store.list_operations(caller.scope(), &filter).await.map_err(Error::from)?;
    let full = found.len() == filter.limit as usize;
    let cursor = if full { found.last().map(|last| last.id.clone()) } else { None };
    let data: Vec<Value> = found.iter().map(shown).collect();
    Ok(Json(json!({"data": data, "pagination": {"cursor": cursor}})))
}

/// Which operations, as queries say it.
pub struct Conditions {
    /// The integration's key.
    pub integration: Option<String>,
    /// The connection's id.
    pub connection: Option<String>,
    /// Types, separated by commas.
    pub kinds: Option<String>,
    /// States, separated by commas.
    pub states: Option<String>,
    /// HTTP statuses, separated by commas.
    pub statuses: Option<String>,
    /// ISO 8601.
    pub from: Option<String>,
    /// ISO 8601.
    pub to: Option<String>,
    /// Words.
    pub search: Option<String>,
}

/// Reads conditions.
///
/// # Errors
/// 400 that names the one which is none.
pub fn filter(query: Conditions) -> Result<OperationFilter, ApiError> {
    let list = |text: Option<String>| -> Vec<String> {
        text.map(|text| text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let states = list(query.states)
        .iter()
        .map(|text| {
            OperationState::parse(text)
                .ok_or_else(|| ApiError::invalid_query("state", format!("`{text}` is not a state")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let statuses = list(query.statuses);
    if statuses.len() > 10 {
        return Err(ApiError::invalid_query("status", "at most 10 statuses"));
    }
    let statuses = statuses
        .iter()
        .map(|text| {
            StatusFilter::parse(text).ok_or_else(|| {
                ApiError::invalid_query(
                    "status",
                    format!("`{text}` is neither a status nor a class such as 4xx"),
                )
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let moment = |text: Option<String>, name: &str| match text {
        None => Ok(None),
        Some(text) => {
            parse(&text).map(Some).ok_or_else(|| ApiError::invalid_query(name, "not an ISO 8601 moment"))
        }
    };
    Ok(OperationFilter {
        integration: query.integration,
        connection: query.connection,
        kinds: list(query.kinds),
        states,
        from_ms: moment(query.from, "from")?,
        to_ms: moment(query.to, "to")?,
        statuses,
        text: query.search.filter(|text| !text.trim().is_empty()),
        ..OperationFilter::default()
    })
}

/// One operation with its messages.
#[utoipa::path(get, path = "/operations/{id}", tag = "operations", operation_id = "getOperation",
    params(("id" = String, Path, description = "The operation's id")),
    responses((status = 200, description = "The operation", body = shapes::OperationAnswer), (status = 404, description = "Unknown")))]
pub async fn get(
    State(app): State<SharedApp>,
    caller: Granted<ReadLogs>,
    Path(id): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let unknown = || ApiError::not_found(format!("Unknown operation {id}"));
    let found = match app.services.context.store.operation(caller.scope(), &id).await {
        Err(StoreError::NulCharacter) => None,
        other => other.map_err(Error::from)?,
    };
    let (operation, messages) = found.ok_or_else(unknown)?;
    let mut data = shown(&operation);
    let mut all: Vec<Value> = messages.iter().map(message_shown).collect();
    if data["detail"].get("request").is_some() {
        // A call that is an operation of its own (proxied, refresh, minted token) is one row with its message inside.
        all.push(inner_message(&operation, &data["detail"]));
    }
    data["messages"] = Value::Array(all);
    Ok(Json(json!({"data": data})))
}

/// A row of the list.
pub fn shown(one: &Operation) -> Value {
    json!({
        "id": one.id,
        "operation": {"type": one.kind, "action": one.action},
        "type": one.kind,
        "action": one.action,
        "state": one.state.as_str(),
        "level": if one.state == OperationState::Failed { "error" } else { "info" },
        "message": one.summary,
        "integration": one.integration,
        "connection": one.connection,
        "provider": one.provider,
        "status": one.status,
        "error": one.error.as_ref().map(|message| json!({"message": message})),
        "created_at": zulu(one.created_at_ms),
        "ended_at": one.ended_at_ms.map(zulu),
        "duration_ms": one.duration_us.map(milliseconds),
        "detail": one.detail,
    })
}

fn milliseconds(us: i64) -> f64 {
    us as f64 / 1000.0
}

fn message_shown(one: &Message) -> Value {
    json!({
        "level": one.level, "type": one.kind, "message": one.text, "created_at": zulu(one.created_at_ms),
        "duration_ms": one.duration_us.map(milliseconds), "detail": one.detail,
    })
}

fn inner_message(one: &Operation, detail: &Value) -> Value {
    let part = |name: &str| detail.get(name).cloned();
    json!({
        "level": if one.state == OperationState::Failed { "error" } else { "info" },
        "type": "http", "message": one.summary, "created_at": zulu(one.created_at_ms),
        "duration_ms": one.duration_us.map(milliseconds),
        "request": part("request"), "response": part("response"), "error": one.error,
    })
}
