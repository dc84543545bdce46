//! `/operator/*`: what the operator's commands ask of a running server. Ours; the field has no such routes.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use domain::Secret;
use domain::permission::Grants;
use serde::Deserialize;
use serde_json::{Value, json};
use services::api_keys::{self, Name};
use services::operator::{backup, doctor};

use crate::app::SharedApp;
use crate::auth::{AnyKey, Granted, GrantedAccount, Operate};
use crate::error::ApiError;
use crate::openapi::{operator_shapes, shapes};
use crate::strict::{NoQuery, StrictJson, StrictQuery};
use crate::time::zulu;

/// `POST /operator/backup`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = Backup)]
#[serde(deny_unknown_fields)]
pub struct BackupBody {
    /// An absolute path on the server's machine, of a directory without a backup.
    directory: String,
}

/// `POST /operator/api-keys`.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = ImportApiKey)]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// A UUID v4, or a key that Sheetbend made.
    key: String,
    #[schema(min_length = 1, max_length = 255)]
    display_name: String,
}

/// Looks at everything that can be wrong with an installation.
#[utoipa::path(get, path = "/operator/doctor", tag = "operator", operation_id = "doctor",
    responses((status = 200, description = "What was found", body = operator_shapes::DoctorAnswer)))]
pub async fn doctor(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Json<Value> {
    let findings = doctor::examine(&app.services.context).await;
    let shown: Vec<Value> = findings
        .into_iter()
        .map(|one| {
            json!({"check": one.check, "level": one.level.as_str(), "text": one.text, "remedy": one.remedy})
        })
        .collect();
    Json(json!({"findings": shown}))
}

/// Copies the database while it is in use.
#[utoipa::path(post, path = "/operator/backup", tag = "operator", operation_id = "backup",
    request_body = BackupBody,
    responses((status = 200, description = "What was written", body = operator_shapes::BackupAnswer), (status = 400, description = "The directory cannot be used")))]
pub async fn backup(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<BackupBody>,
) -> Result<Json<Value>, ApiError> {
    let made = backup::write(&app.services.context, Path::new(&body.directory)).await?;
    Ok(Json(json!({"data": {
        "database": made.database.to_string_lossy(),
        "bytes": made.bytes,
        "key_ids": made.key_ids,
        "created_at": zulu(made.at_ms),
    }})))
}

/// Makes a key valid that was made elsewhere, for the environment of the call.
#[utoipa::path(post, path = "/operator/api-keys", tag = "operator", operation_id = "importApiKey",
    request_body = KeyBody,
    responses((status = 200, description = "Valid from now on", body = shapes::Success), (status = 409, description = "It is known already")))]
pub async fn import_key(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    environment: Granted<AnyKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<KeyBody>,
) -> Result<Json<Value>, ApiError> {
    let name = Name::parse(&body.display_name)?;
    let key = Secret::from(body.key);
    let owner = environment.scope().into();
    api_keys::import(&app.services.context, owner, &name, key, Grants::everything()).await?;
    Ok(Json(json!({"success": true})))
}
