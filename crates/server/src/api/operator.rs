//! `/operator/*`: what the operator's commands ask of a running server. Ours; the field has no such routes.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Secret;
use domain::permission::Grants;
use serde::Deserialize;
use serde_json::{Value, json};
use services::api_keys::{self, Name};
use services::operator::{backup, doctor, keys};

use crate::app::SharedApp;
use crate::auth::{AnyKey, Granted, Operating};
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
pub async fn examine(
    State(app): State<SharedApp>,
    _: Operating,
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
pub async fn back_up(
    State(app): State<SharedApp>,
    _: Operating,
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
    _: Operating,
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

/// `POST /operator/keys`.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = LearnKey)]
#[serde(deny_unknown_fields)]
pub struct LearnBody {
    /// 32 bytes in base64.
    key: String,
}

/// `POST /operator/keys/rotation`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = BeginRotation)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    /// The id of a key that every server knows.
    to: String,
}

/// Which encryption keys open, which one seals, and how much each one seals.
#[utoipa::path(get, path = "/operator/keys", tag = "operator", operation_id = "encryptionKeys",
    responses((status = 200, description = "The keys", body = operator_shapes::KeysAnswer)))]
pub async fn encryption_keys(
    State(app): State<SharedApp>,
    _: Operating,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let (context, rotation) = (&app.services.context, &app.services.rotation);
    let shown: Vec<Value> = keys::list(context, rotation)
        .await?
        .into_iter()
        .map(|one| json!({"id": one.id, "state": one.state.as_str(), "values": one.values}))
        .collect();
    let last = rotation.rotation().await?.map(
        |one| json!({"to": one.to, "began_at": zulu(one.began_at_ms), "ended_at": one.ended_at_ms.map(zulu)}),
    );
    Ok(Json(json!({"keys": shown, "rotation": last})))
}

/// Learns a key, which from now on opens and does not seal.
#[utoipa::path(post, path = "/operator/keys", tag = "operator", operation_id = "learnEncryptionKey",
    request_body = LearnBody,
    responses((status = 200, description = "Known", body = operator_shapes::LearntAnswer)))]
pub async fn learn_key(
    State(app): State<SharedApp>,
    _: Operating,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<LearnBody>,
) -> Result<Json<Value>, ApiError> {
    let id = keys::learn(&app.services.context, &Secret::from(body.key))?;
    Ok(Json(json!({"id": id})))
}

/// Begins to seal everything with a key that every server knows; the same rotation begun again goes on.
#[utoipa::path(post, path = "/operator/keys/rotation", tag = "operator", operation_id = "rotateEncryptionKey",
    request_body = RotationBody,
    responses((status = 202, description = "Under way", body = operator_shapes::RotationAnswer), (status = 400, description = "A server does not know the key")))]
pub async fn rotate(
    State(app): State<SharedApp>,
    _: Operating,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<RotationBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let rotation = &app.services.rotation;
    let began = keys::begin(rotation, &body.to).await?;
    let values: u64 = rotation.counts().await?.iter().map(|one| one.count).sum();
    let answer = json!({"to": began.to, "began_at": zulu(began.began_at_ms), "values": values});
    Ok((StatusCode::ACCEPTED, Json(answer)))
}
