//! `POST|PATCH /connections/metadata` (contract §2.4).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{ConnectionId, IntegrationKey, Scope};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::error::Error;
use services::store::{JsonWrite, StoreError};

use crate::app::SharedApp;
use crate::auth::{Granted, UpdateConnection};
use crate::error::ApiError;
use crate::strict::{NoQuery, OneOrMore, StrictJson, StrictQuery};

/// Metadata for one or several connections.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = Metadata)]
#[serde(deny_unknown_fields)]
pub struct MetadataBody {
    #[schema(value_type = crate::openapi::shapes::OneOrMoreTexts)]
    connection_id: OneOrMore,
    provider_config_key: String,
    metadata: Map<String, Value>,
}

/// Replaces metadata.
#[utoipa::path(post, path = "/connections/metadata", tag = "connections", operation_id = "setMetadata",
    request_body = MetadataBody,
    responses((status = 201, description = "The request's body", body = MetadataBody), (status = 404, description = "Unknown")))]
pub async fn replace(
    State(app): State<SharedApp>,
    caller: Granted<UpdateConnection>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<MetadataBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let write = JsonWrite::Replace(body.metadata.clone());
    write_all(&app, caller, &body, write).await.map(|echo| (StatusCode::CREATED, Json(echo)))
}

/// Merges metadata at the first level.
#[utoipa::path(patch, path = "/connections/metadata", tag = "connections", operation_id = "updateMetadata",
    request_body = MetadataBody,
    responses((status = 200, description = "The request's body", body = MetadataBody), (status = 404, description = "Unknown")))]
pub async fn merge(
    State(app): State<SharedApp>,
    caller: Granted<UpdateConnection>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<MetadataBody>,
) -> Result<Json<Value>, ApiError> {
    let write = JsonWrite::Merge(body.metadata.clone());
    write_all(&app, caller, &body, write).await.map(Json)
}

async fn write_all(
    app: &SharedApp,
    caller: Granted<UpdateConnection>,
    body: &MetadataBody,
    metadata: JsonWrite,
) -> Result<Value, ApiError> {
    write(app, caller.scope(), &body.provider_config_key, &body.connection_id.0, metadata).await?;
    let connection_id = match body.connection_id.0.as_slice() {
        [one] => Value::String(one.clone()),
        several => json!(several),
    };
    Ok(
        json!({"connection_id": connection_id, "provider_config_key": body.provider_config_key, "metadata": body.metadata}),
    )
}

/// Writes the metadata of connections that all exist, or of none.
pub async fn write(
    app: &SharedApp,
    scope: Scope,
    key: &str,
    ids: &[String],
    metadata: JsonWrite,
) -> Result<(), ApiError> {
    let unknown =
        || ApiError::new(StatusCode::NOT_FOUND, "unknown_connection", "No connection matches every given id");
    let key = IntegrationKey::parse(key).map_err(|_| unknown())?;
    let ids: Result<Vec<ConnectionId>, _> = ids.iter().map(|id| ConnectionId::parse(id)).collect();
    let ids = ids.map_err(|_| unknown())?;
    let context = &app.services.context;
    match context.store.write_metadata(scope, &key, &ids, metadata, context.now_ms()).await {
        Ok(()) => Ok(()),
        Err(StoreError::NotFound(_)) => Err(unknown()),
        Err(error) => Err(Error::from(error).into()),
    }
}
