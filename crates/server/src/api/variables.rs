//! `/environment-variables` (contract §2.10); setting them is ours.

use axum::Json;
use axum::extract::State;
use domain::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use services::environments::{self, Variable};

use crate::app::SharedApp;
use crate::auth::{Granted, ReadVariables, UpdateVariables};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, StrictJson, StrictQuery};

/// One variable.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = EnvironmentVariable)]
#[serde(deny_unknown_fields)]
pub struct VariableBody {
    #[schema(min_length = 1, max_length = 256)]
    name: String,
    #[schema(max_length = 65536)]
    value: String,
}

/// `PUT /environment-variables`: all of them, in place of all that were there.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = ReplaceEnvironmentVariables)]
#[serde(deny_unknown_fields)]
pub struct ReplaceBody {
    #[schema(max_items = 500)]
    variables: Vec<VariableBody>,
}

/// Lists the environment's variables.
#[utoipa::path(get, path = "/environment-variables", tag = "environments", operation_id = "listEnvironmentVariables",
    responses((status = 200, description = "The variables", body = Vec<VariableBody>)))]
pub async fn list(
    State(app): State<SharedApp>,
    caller: Granted<ReadVariables>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let all = environments::variables(&app.services.context, caller.scope()).await?;
    Ok(Json(all.iter().map(|one| json!({"name": one.name, "value": one.value.expose()})).collect()))
}

/// Replaces all variables.
#[utoipa::path(put, path = "/environment-variables", tag = "environments", operation_id = "replaceEnvironmentVariables",
    request_body = ReplaceBody,
    responses((status = 200, description = "Replaced", body = shapes::Success)))]
pub async fn replace(
    State(app): State<SharedApp>,
    caller: Granted<UpdateVariables>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<ReplaceBody>,
) -> Result<Json<Value>, ApiError> {
    let new = body.variables.into_iter();
    let new = new.map(|one| Variable { name: one.name, value: Secret::from(one.value) }).collect();
    environments::replace_variables(&app.services.context, caller.scope(), new).await?;
    Ok(Json(json!({"success": true})))
}
