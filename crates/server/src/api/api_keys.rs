//! `/environment/api-keys` (contract §2.10) and, ours, `/account/api-keys`.

use axum::Json;
use axum::extract::{Path, State};
use domain::EnvironmentId;
use domain::permission::Grants;
use serde::Deserialize;
use serde_json::{Value, json};
use services::api_keys::{self, Issued, Name};
use services::environments;
use services::store::{ApiKey, KeyOwner};

use crate::app::SharedApp;
use crate::auth::{
    CreateAccountKey, CreateKey, DeleteAccountKey, DeleteKey, GrantedAccount, KeyKeeper, ListKeys,
};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, QueryNumber, StrictJson, StrictQuery};
use crate::time::zulu;

/// `POST /environment/api-keys`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = CreateApiKey)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    environment_id: u32,
    #[schema(min_length = 1, max_length = 255)]
    display_name: String,
    /// Sheetbend: what the key may do; everything in its environment when absent.
    scopes: Option<Vec<String>>,
}

/// `DELETE /environment/api-keys`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = DeleteApiKey)]
#[serde(deny_unknown_fields)]
pub struct DeleteBody {
    environment_id: u32,
    key_id: u32,
}

/// `POST /account/api-keys`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = CreateAccountApiKey)]
#[serde(deny_unknown_fields)]
pub struct CreateAccountBody {
    #[schema(min_length = 1, max_length = 255)]
    display_name: String,
    /// What the key may do; everything on the account when absent.
    scopes: Option<Vec<String>>,
}

/// The query of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    environment_id: QueryNumber,
}

fn of_environment(id: u32) -> KeyOwner {
    KeyOwner::Environment(EnvironmentId(i64::from(id)))
}

/// Lists an environment's keys in force; the keys themselves are not kept.
#[utoipa::path(get, path = "/environment/api-keys", tag = "environments", operation_id = "listApiKeys",
    params(("environment_id" = u32, Query, description = "The environment's id")),
    responses((status = 200, description = "The keys", body = shapes::ApiKeysAnswer), (status = 404, description = "Unknown environment")))]
pub async fn list(
    State(app): State<SharedApp>,
    keeper: KeyKeeper<ListKeys>,
    StrictQuery(query): StrictQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let environment = EnvironmentId(i64::from(query.environment_id.0));
    keeper.of(environment)?;
    environments::get(context, domain::Scope { environment }).await?;
    let keys = api_keys::list(context, KeyOwner::Environment(environment)).await?;
    Ok(Json(listed(&keys)))
}

/// Makes a key of an environment; it is shown once.
#[utoipa::path(post, path = "/environment/api-keys", tag = "environments", operation_id = "createApiKey",
    request_body = CreateBody,
    responses((status = 200, description = "The key", body = shapes::NewApiKeyAnswer), (status = 404, description = "Unknown environment"),
        (status = 409, description = "The name is taken")))]
pub async fn create(
    State(app): State<SharedApp>,
    keeper: KeyKeeper<CreateKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<CreateBody>,
) -> Result<Json<Value>, ApiError> {
    keeper.of(EnvironmentId(i64::from(body.environment_id)))?;
    let owner = of_environment(body.environment_id);
    issue(&app, owner, &body.display_name, body.scopes, Grants::everything()).await
}

/// Revokes a key of an environment, on every node within a second.
#[utoipa::path(delete, path = "/environment/api-keys", tag = "environments", operation_id = "deleteApiKey",
    request_body = DeleteBody,
    responses((status = 200, description = "Revoked", body = shapes::Success), (status = 404, description = "Unknown key")))]
pub async fn delete(
    State(app): State<SharedApp>,
    keeper: KeyKeeper<DeleteKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<DeleteBody>,
) -> Result<Json<Value>, ApiError> {
    keeper.of(EnvironmentId(i64::from(body.environment_id)))?;
    let owner = of_environment(body.environment_id);
    api_keys::revoke(&app.services.context, owner, i64::from(body.key_id)).await?;
    Ok(Json(json!({"success": true})))
}

/// Lists the account's keys in force.
#[utoipa::path(get, path = "/account/api-keys", tag = "environments", operation_id = "listAccountApiKeys",
    responses((status = 200, description = "The keys", body = shapes::ApiKeysAnswer)))]
pub async fn list_account(
    State(app): State<SharedApp>,
    _: GrantedAccount<CreateAccountKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let keys = api_keys::list(&app.services.context, KeyOwner::Account).await?;
    Ok(Json(listed(&keys)))
}

/// Makes a key of the account; it is shown once and may do no more than the key that made it.
#[utoipa::path(post, path = "/account/api-keys", tag = "environments", operation_id = "createAccountApiKey",
    request_body = CreateAccountBody,
    responses((status = 200, description = "The key", body = shapes::NewApiKeyAnswer), (status = 409, description = "The name is taken")))]
pub async fn create_account(
    State(app): State<SharedApp>,
    caller: GrantedAccount<CreateAccountKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<CreateAccountBody>,
) -> Result<Json<Value>, ApiError> {
    let wanted = body.scopes.clone().unwrap_or_else(|| Grants::whole_account().as_slice().to_vec());
    if let Some(beyond) = wanted.iter().find(|scope| !caller.also(scope)) {
        return Err(ApiError::insufficient_scope(&[beyond]));
    }
    issue(&app, KeyOwner::Account, &body.display_name, body.scopes, Grants::whole_account()).await
}

/// Revokes a key of the account.
#[utoipa::path(delete, path = "/account/api-keys/{keyId}", tag = "environments", operation_id = "deleteAccountApiKey",
    params(("keyId" = u32, Path, description = "The key's id")),
    responses((status = 200, description = "Revoked", body = shapes::Success), (status = 404, description = "Unknown key")))]
pub async fn delete_account(
    State(app): State<SharedApp>,
    _: GrantedAccount<DeleteAccountKey>,
    Path(id): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let id = super::environments::number(&id, "keyId")?;
    api_keys::revoke(&app.services.context, KeyOwner::Account, id).await?;
    Ok(Json(json!({"success": true})))
}

async fn issue(
    app: &SharedApp,
    owner: KeyOwner,
    name: &str,
    scopes: Option<Vec<String>>,
    default: Grants,
) -> Result<Json<Value>, ApiError> {
    let grants = scopes.map(|scopes| api_keys::check_scopes(owner, scopes)).transpose()?.unwrap_or(default);
    let issued = api_keys::create(&app.services.context, owner, &Name::parse(name)?, grants).await?;
    Ok(Json(shown_once(&issued)))
}

fn shown_once(issued: &Issued) -> Value {
    json!({"data": {
        "id": issued.id, "display_name": issued.name, "scopes": issued.grants.as_slice(),
        "secret": issued.secret.expose(), "created_at": zulu(issued.created_at_ms),
    }})
}

fn listed(keys: &[ApiKey]) -> Value {
    let one = |key: &ApiKey| {
        json!({
            "id": key.id, "display_name": key.name, "prefix": key.prefix, "scopes": key.grants.as_slice(),
            "created_at": zulu(key.created_at_ms), "last_used_at": key.last_used_at_ms.map(zulu),
        })
    };
    json!({"data": keys.iter().map(one).collect::<Vec<_>>()})
}
