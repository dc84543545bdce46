//! `/connections` (contract §2.4).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::connection::Connection;
use domain::{ConnectionId, IntegrationKey, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use services::connect::keep::automatic_tags;
use services::credentials::account::Account;
use services::credentials::keeper::Force;
use services::error::Error;
use services::store::{Change, ConnectionFilter, ConnectionPatch, ConnectionSummary};

use super::end_user::{self, EndUserBody};
use super::{credentials, import, shown_resources};
use crate::app::SharedApp;
use crate::auth::{
    CreateConnection, DeleteConnection, Granted, ListConnections, ReadConnection, ReadCredentials,
    UpdateConnection,
};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, QueryFlag, QueryNumber, StrictJson, StrictQuery, Texts};
use crate::time::{offset, zulu};

/// The query of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ListQuery {
    connection_id: Option<String>,
    search: Option<String>,
    end_user_id: Option<String>,
    integration_id: Option<String>,
    end_user_organization_id: Option<String>,
    tags: Option<Texts>,
    limit: Option<QueryNumber>,
    page: Option<QueryNumber>,
}

/// Lists connections, newest first; without `limit` the first 10,000 (contract §2.4).
#[utoipa::path(get, path = "/connections", tag = "connections", operation_id = "listConnections",
    params(("connectionId" = Option<String>, Query, description = "Exactly this id"),
        ("search" = Option<String>, Query, description = "Part of the id, the end user's name or e-mail"),
        ("endUserId" = Option<String>, Query, description = "Exactly this end user"),
        ("integrationId" = Option<String>, Query, description = "Comma-separated integration keys"),
        ("endUserOrganizationId" = Option<String>, Query, description = "Exactly this organisation"),
        ("tags" = Option<std::collections::BTreeMap<String, String>>, Query, style = DeepObject, explode, description = "All must match"),
        ("limit" = Option<u32>, Query, description = "1 to 2000"), ("page" = Option<u32>, Query, description = "From 0")),
    responses((status = 200, description = "The connections", body = shapes::ConnectionsAnswer)))]
pub async fn list(
    State(app): State<SharedApp>,
    caller: Granted<ListConnections>,
    StrictQuery(query): StrictQuery<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    const UNLIMITED: u32 = 10_000;
    const MOST: u32 = 2_000;
    let limit = match query.limit {
        None => UNLIMITED,
        Some(QueryNumber(limit @ 1..=MOST)) => limit,
        Some(_) => {
            return Err(ApiError::invalid_query("limit", format!("must be 1 to {MOST}")));
        }
    };
    let tags = query.tags.map(|tags| end_user::tags(tags, "tags")).transpose();
    let tags = tags.map_err(ApiError::of_query)?.unwrap_or_default();
    let filter = ConnectionFilter {
        connection_id: query.connection_id,
        search: query.search,
        find: None,
        standing: None,
        before: None,
        end_user_id: query.end_user_id,
        organization_id: query.end_user_organization_id,
        integrations: query.integration_id.map(|list| split(&list)).unwrap_or_default(),
        tags,
        limit,
        offset: u64::from(query.page.map_or(0, |page| page.0)) * u64::from(limit),
    };
    let store = &app.services.context.store;
    let found = store.list_connections(caller.scope(), &filter).await.map_err(Error::from)?;
    let connections: Vec<Value> = found.iter().map(summary).collect();
    Ok(Json(json!({"connections": connections})))
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect()
}

fn summary(one: &ConnectionSummary) -> Value {
    json!({
        "id": one.row.0,
        "connection_id": one.id.as_str(),
        "provider_config_key": one.integration.as_str(),
        "provider": one.provider.as_str(),
        "errors": one.error.iter().map(problem).collect::<Vec<_>>(),
        "end_user": end_user::shown(one.end_user.as_ref()),
        "tags": one.tags,
        "metadata": one.metadata,
        "created": zulu(one.created_at_ms),
    })
}

/// An item of `errors`: the contract's two fields, then who must act and how.
pub fn problem(one: &domain::connection::AuthProblem) -> Value {
    json!({
        "type": "auth", "log_id": one.log_id, "code": one.code, "cause": one.cause, "actor": one.actor,
        "remedy": one.remedy, "link": one.link, "needs_reconnect": one.needs_reconnect,
    })
}

/// The query of one connection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetQuery {
    provider_config_key: String,
    #[serde(default)]
    refresh_token: QueryFlag,
    #[serde(default)]
    force_refresh: QueryFlag,
    #[serde(default)]
    refresh_github_app_jwt_token: QueryFlag,
}

/// One connection, its credentials fresh.
#[utoipa::path(get, path = "/connections/{connectionId}", tag = "connections", operation_id = "getConnection",
    params(("connectionId" = String, Path, description = "The connection's id"),
        ("provider_config_key" = String, Query, description = "The integration's key"),
        ("refresh_token" = Option<bool>, Query, description = "Show the refresh token"),
        ("force_refresh" = Option<bool>, Query, description = "Refresh now")),
    responses((status = 200, description = "The connection", body = shapes::Connection), (status = 404, description = "Unknown"),
        (status = 424, description = "The credentials do not work")))]
pub async fn get(
    State(app): State<SharedApp>,
    caller: Granted<ReadConnection>,
    Path(id): Path<String>,
    StrictQuery(query): StrictQuery<GetQuery>,
) -> Result<Response, ApiError> {
    let may_see = caller.also("environment:connections:read_credentials");
    let special = query.refresh_token.0 || query.force_refresh.0 || query.refresh_github_app_jwt_token.0;
    if special && !may_see {
        return Err(ApiError::insufficient_scope(&["environment:connections:read_credentials"]));
    }
    let (key, id) = parsed(&query.provider_config_key, &id)?;
    let services = &app.services;
    let found = services.accounts.get(caller.scope(), &key, &id).await.map_err(unopened)?;
    if !may_see {
        return Ok(Json(full(&found.connection, json!({}))).into_response());
    }
    let fresh = match query.force_refresh.0 {
        true => services.keeper.refresh(&found, Force::Yes).await,
        false => services.keeper.fresh(found).await,
    };
    let account = match fresh {
        Ok(account) => account,
        Err(error) => return Err(refresh_failed(&app, caller.scope(), &key, &id, error).await),
    };
    services.fetches.note(&account);
    let as_ever = !query.refresh_token.0 && account.integration.entry.provider.shown_resources.is_empty();
    if as_ever {
        // Nearly every call; the bytes are made once for each version of a connection.
        let bytes = account.shown(|| scrubbed(whole(&account)).to_string().into());
        return Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response());
    }
    let mut body = whole(&account);
    shown_resources::add(&app, &account, &mut body["connection_config"]).await;
    Ok(Json(if query.refresh_token.0 { body } else { scrubbed(body) }).into_response())
}

fn whole(account: &Account) -> Value {
    full(&account.connection, credentials::shown(&account.credentials))
}

/// Without refresh tokens.
fn scrubbed(mut body: Value) -> Value {
    credentials::scrub_refresh_tokens(&mut body["credentials"]);
    credentials::scrub_refresh_tokens(&mut body["connection_config"]);
    body
}

/// The contract's `invalid_credentials` with the connection beside the reason.
async fn refresh_failed(
    app: &SharedApp,
    scope: Scope,
    key: &IntegrationKey,
    id: &ConnectionId,
    error: Error,
) -> ApiError {
    let mut answer = ApiError::from(error);
    if let Ok(Some(connection)) = app.services.context.store.connection(scope, key, id).await {
        answer.add_to_payload("connection", full(&connection, json!({})));
    }
    answer.into_invalid_credentials()
}

/// Both names, parsed, of an integration that exists.
async fn names(
    app: &SharedApp,
    scope: Scope,
    key: &str,
    id: &str,
) -> Result<(IntegrationKey, ConnectionId), ApiError> {
    let (key, id) = parsed(key, id)?;
    let found = app.services.context.store.integration(scope, &key).await.map_err(Error::from)?;
    if found.is_none() {
        return Err(unknown_integration());
    }
    Ok((key, id))
}

fn parsed(key: &str, id: &str) -> Result<(IntegrationKey, ConnectionId), ApiError> {
    let key = IntegrationKey::parse(key).map_err(|_| unknown_integration())?;
    let id = ConnectionId::parse(id)
        .map_err(|error| ApiError::refused("invalid_uri_params", error.to_string()))?;
    Ok((key, id))
}

fn unknown_integration() -> ApiError {
    ApiError::refused("unknown_provider_config", "Provider does not exists")
}

/// Here an unknown integration is the query's fault and not the path's.
fn unopened(error: Error) -> ApiError {
    match error {
        Error::UnknownIntegration(_) => unknown_integration(),
        other => other.into(),
    }
}

/// The full connection object.
pub(super) fn full(connection: &Connection, credentials: Value) -> Value {
    json!({
        "id": connection.row.0,
        "connection_id": connection.id.as_str(),
        "provider_config_key": connection.integration.as_str(),
        "provider": connection.provider.as_str(),
        "errors": connection.health.error.iter().map(problem).collect::<Vec<_>>(),
        "end_user": end_user::shown(connection.end_user.as_ref()),
        "tags": connection.tags,
        "metadata": connection.metadata,
        "connection_config": connection.config,
        "webhook_url_override": connection.webhook_url_override,
        "created_at": offset(connection.created_at_ms),
        "updated_at": offset(connection.updated_at_ms),
        "last_fetched_at": connection.last_fetched_at_ms.map(offset),
        "credentials": credentials,
    })
}

/// The query of a token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenQuery {
    provider_config_key: String,
    resource: Option<String>,
}

/// An access token: the connection's own, or one for another resource of its provider and tenant.
#[utoipa::path(get, path = "/connections/{connectionId}/token", tag = "connections", operation_id = "getConnectionToken",
    params(("connectionId" = String, Path, description = "The connection's id"),
        ("provider_config_key" = String, Query, description = "The integration's key"),
        ("resource" = Option<String>, Query, description = "A resource of the provider's definition, by name or origin")),
    responses((status = 200, description = "The token", body = shapes::TokenAnswer)))]
pub async fn token(
    State(app): State<SharedApp>,
    caller: Granted<ReadCredentials>,
    Path(id): Path<String>,
    StrictQuery(query): StrictQuery<TokenQuery>,
) -> Result<Json<Value>, ApiError> {
    let (key, id) = parsed(&query.provider_config_key, &id)?;
    let account = app.services.keeper.current(caller.scope(), &key, &id).await.map_err(unopened)?;
    match &query.resource {
        Some(resource) => {
            let minted = app.services.resources.token_for_resource(&account, resource).await?;
            Ok(Json(json!({
                "token": minted.token.expose(), "expires_at": minted.expires_at_ms.map(zulu), "resource": minted.origin,
            })))
        }
        None => {
            let token = account.credentials.access_token().map(|token| token.expose().to_owned());
            Ok(Json(json!({
                "token": token, "expires_at": account.credentials.expires_at_ms().map(zulu),
                "resource": account.plan(&app.services.context).ok().map(|plan| plan.base_origin.clone()),
            })))
        }
    }
}

/// Imports a connection whose credentials were obtained elsewhere.
#[utoipa::path(post, path = "/connections", tag = "connections", operation_id = "importConnection",
    request_body = import::ImportBody,
    responses((status = 201, description = "The connection", body = shapes::Connection), (status = 400, description = "Invalid"),
        (status = 404, description = "Unknown integration")))]
pub async fn create(
    State(app): State<SharedApp>,
    caller: Granted<CreateConnection>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<import::ImportBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let connection = import::import(&app, caller.scope(), body).await?;
    let scope = caller.scope();
    let account = app.services.accounts.get(scope, &connection.integration, &connection.id).await?;
    Ok((StatusCode::CREATED, Json(imported(&account))))
}

/// The row's timestamps end in `Z` here (contract §2.4).
fn imported(account: &Account) -> Value {
    let connection = &account.connection;
    let mut body = full(connection, credentials::shown(&account.credentials));
    body["created_at"] = zulu(connection.created_at_ms).into();
    body["updated_at"] = zulu(connection.updated_at_ms).into();
    body["last_fetched_at"] = connection.last_fetched_at_ms.map(zulu).into();
    body
}

/// The query that names an integration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyQuery {
    provider_config_key: String,
}

/// `PATCH /connections/{connectionId}`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = PatchConnection)]
#[serde(deny_unknown_fields)]
pub struct PatchBody {
    end_user: Option<EndUserBody>,
    tags: Option<BTreeMap<String, String>>,
    webhook_url_override: Option<String>,
}

/// Changes what the customer says about a connection.
#[utoipa::path(patch, path = "/connections/{connectionId}", tag = "connections", operation_id = "patchConnection",
    params(("connectionId" = String, Path, description = "The connection's id"),
        ("provider_config_key" = String, Query, description = "The integration's key")), request_body = PatchBody,
    responses((status = 200, description = "Changed", body = shapes::Success), (status = 404, description = "Unknown")))]
pub async fn patch(
    State(app): State<SharedApp>,
    caller: Granted<UpdateConnection>,
    Path(id): Path<String>,
    StrictQuery(query): StrictQuery<KeyQuery>,
    StrictJson(body): StrictJson<PatchBody>,
) -> Result<Json<Value>, ApiError> {
    let (key, id) = names(&app, caller.scope(), &query.provider_config_key, &id).await?;
    let store = &app.services.context.store;
    let found = store.connection(caller.scope(), &key, &id).await.map_err(Error::from)?;
    let found = found.ok_or_else(|| ApiError::not_found("Failed to find connection"))?;
    let person = body.end_user.map(|body| end_user::end_user(body, None)).transpose()?;
    let explicit = body.tags.map(|tags| end_user::tags(tags, "tags")).transpose()?;
    // An end user brings tags of their own, beneath the explicit ones (contract §2.4).
    let tags = match (&person, explicit) {
        (None, explicit) => explicit,
        (Some(person), explicit) => {
            let mut all = automatic_tags(person);
            all.extend(explicit.unwrap_or_default());
            Some(all)
        }
    };
    let webhook_url_override =
        match body.webhook_url_override.as_deref().map(end_user::webhook_url).transpose()? {
            None => Change::Keep,
            Some(None) => Change::Clear,
            Some(Some(url)) => Change::Set(url),
        };
    let patch =
        ConnectionPatch { end_user: person.map_or(Change::Keep, Change::Set), tags, webhook_url_override };
    let now_ms = app.services.context.now_ms();
    store.patch_connection(caller.scope(), found.row, patch, now_ms).await.map_err(Error::from)?;
    Ok(Json(json!({"success": true})))
}

/// Deletes a connection with its credentials.
#[utoipa::path(delete, path = "/connections/{connectionId}", tag = "connections", operation_id = "deleteConnection",
    params(("connectionId" = String, Path, description = "The connection's id"),
        ("provider_config_key" = String, Query, description = "The integration's key")),
    responses((status = 200, description = "Deleted", body = shapes::Success), (status = 400, description = "Unknown")))]
pub async fn delete(
    State(app): State<SharedApp>,
    caller: Granted<DeleteConnection>,
    Path(id): Path<String>,
    StrictQuery(query): StrictQuery<KeyQuery>,
) -> Result<Json<Value>, ApiError> {
    let (key, id) = names(&app, caller.scope(), &query.provider_config_key, &id).await?;
    let store = &app.services.context.store;
    let found = store.connection(caller.scope(), &key, &id).await.map_err(Error::from)?;
    let found =
        found.ok_or_else(|| ApiError::refused("unknown_connection", "The connection does not exist"))?;
    services::connect::remove::remove(&app.services.context, caller.scope(), &found).await?;
    Ok(Json(json!({"success": true})))
}
