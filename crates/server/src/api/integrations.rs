//! `/integrations` (contract §2.2).

use axum::Json;
use axum::extract::{Path, State};
use domain::IntegrationKey;
use domain::integration::Integration;
use serde::Deserialize;
use serde_json::{Value, json};
use services::integrations::{self, IntegrationChanges, Saved};

use super::integration_client::{self, ClientBody};
use super::providers::logo;
use crate::app::SharedApp;
use crate::auth::{
    CreateIntegration, DeleteIntegration, Granted, KeyOrSession, ReadIntegration, UpdateIntegration,
};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, OneOrMore, StrictJson, StrictQuery, Texts};
use crate::time::zulu;

/// `POST /integrations`.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = CreateIntegration)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    provider: String,
    unique_key: String,
    display_name: Option<String>,
    forward_webhooks: Option<bool>,
    credentials: Option<ClientBody>,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    integration_config: Option<Texts>,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    custom: Option<Texts>,
    /// Sheetbend: the cloud whose hosts are used (`global`, `usgov`, `usgov-dod`, `china`).
    cloud: Option<String>,
    /// Sheetbend: hosts that a base-URL override may name.
    allowed_hosts: Option<Vec<String>>,
    /// Sheetbend: next links come back through the proxy.
    rewrite_links: Option<bool>,
    /// Sheetbend: when the client secret ends, ISO 8601; empty forgets it.
    secret_expires_at: Option<String>,
    /// Sheetbend: connection config that all connections share.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    connection_config: Option<Texts>,
}

/// `PATCH /integrations/{uniqueKey}`.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = UpdateIntegration)]
#[serde(deny_unknown_fields)]
pub struct UpdateBody {
    unique_key: Option<String>,
    display_name: Option<String>,
    forward_webhooks: Option<bool>,
    credentials: Option<ClientBody>,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    integration_config: Option<Texts>,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    custom: Option<Texts>,
    cloud: Option<String>,
    allowed_hosts: Option<Vec<String>>,
    rewrite_links: Option<bool>,
    /// Sheetbend: when the client secret ends, ISO 8601; empty forgets it.
    secret_expires_at: Option<String>,
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    connection_config: Option<Texts>,
}

/// The query of `GET /integrations/{uniqueKey}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetQuery {
    #[serde(default)]
    include: OneOrMore,
}

/// Lists integrations; a connect session sees those it may connect.
#[utoipa::path(get, path = "/integrations", tag = "integrations", operation_id = "listIntegrations",
    responses((status = 200, description = "The integrations", body = shapes::IntegrationsAnswer)))]
pub async fn list(
    State(app): State<SharedApp>,
    caller: KeyOrSession,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let may_see = |integration: &Integration| match &caller {
        KeyOrSession::Key(..) => true,
        KeyOrSession::Session(session) => {
            session.allowed_integrations.is_empty()
                || session.allowed_integrations.iter().any(|key| key == integration.key.as_str())
        }
    };
    if let KeyOrSession::Key(principal, _) = &caller {
        let scopes = ["environment:integrations:list", "environment:integrations:list_credentials"];
        if !scopes.iter().any(|scope| principal.grants.allow(scope)) {
            return Err(ApiError::insufficient_scope(&scopes));
        }
    }
    let found = app
        .services
        .context
        .store
        .integrations(caller.scope())
        .await
        .map_err(services::error::Error::from)?;
    let data: Vec<Value> = found.iter().filter(|one| may_see(one)).map(|one| shown(&app, one)).collect();
    Ok(Json(json!({"data": data})))
}

/// Makes an integration.
#[utoipa::path(post, path = "/integrations", tag = "integrations", operation_id = "createIntegration",
    request_body = CreateBody,
    responses((status = 200, description = "The integration", body = shapes::IntegrationAnswer), (status = 400, description = "Invalid")))]
pub async fn create(
    State(app): State<SharedApp>,
    caller: Granted<CreateIntegration>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<CreateBody>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let entry = integrations::entry(context, &body.provider)?;
    let key = parse_key(&body.unique_key, "unique_key")?;
    integration_client::check_whole(&entry.provider, body.credentials.as_ref())?;
    let changes = IntegrationChanges {
        display_name: body.display_name,
        forward_webhooks: body.forward_webhooks,
        custom: merged(body.custom, body.integration_config),
        cloud: body.cloud,
        allowed_hosts: body.allowed_hosts,
        rewrite_links: body.rewrite_links,
        secret_expires_at_ms: body.secret_expires_at.as_deref().map(secret_end).transpose()?,
        connection_config: body.connection_config,
        ..integration_client::changes(&entry.provider, body.credentials)?
    };
    check_lengths(&changes)?;
    let saved = integrations::create(context, caller.scope(), &body.provider, key, changes).await?;
    Ok(Json(answer(&app, &saved)))
}

/// One integration.
#[utoipa::path(get, path = "/integrations/{uniqueKey}", tag = "integrations", operation_id = "getIntegration",
    params(("uniqueKey" = String, Path, description = "The integration's key"),
        ("include" = Option<Vec<String>>, Query, description = "`webhook`, `credentials`, `client`")),
    responses((status = 200, description = "The integration", body = shapes::IntegrationAnswer), (status = 404, description = "Unknown")))]
pub async fn get(
    State(app): State<SharedApp>,
    caller: Granted<ReadIntegration>,
    Path(key): Path<String>,
    StrictQuery(query): StrictQuery<GetQuery>,
) -> Result<Json<Value>, ApiError> {
    if let Some(odd) =
        query.include.0.iter().find(|one| !matches!(one.as_str(), "webhook" | "credentials" | "client"))
    {
        let message = format!("`{odd}` cannot be included; webhook, credentials and client can");
        return Err(ApiError::invalid_query("include", message));
    }
    let integration = find(&app, caller.scope(), &key).await?;
    let mut data = shown(&app, &integration);
    let includes = |what: &str| query.include.0.iter().any(|one| one == what);
    if includes("webhook") {
        data["webhook_url"] = Value::Null;
    }
    if includes("client") {
        data["client"] = integration_client::without_secrets(&app, &integration);
    }
    if includes("credentials") {
        data["credentials"] = match caller.also("environment:integrations:read_credentials") {
            true => integration_client::shown(&app, integration)?,
            false => Value::Null,
        };
    }
    Ok(Json(json!({"data": data})))
}

/// Changes an integration.
#[utoipa::path(patch, path = "/integrations/{uniqueKey}", tag = "integrations", operation_id = "updateIntegration",
    params(("uniqueKey" = String, Path, description = "The integration's key")), request_body = UpdateBody,
    responses((status = 200, description = "The integration", body = shapes::IntegrationAnswer), (status = 404, description = "Unknown")))]
pub async fn update(
    State(app): State<SharedApp>,
    caller: Granted<UpdateIntegration>,
    Path(key): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<UpdateBody>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let integration = find(&app, caller.scope(), &key).await?;
    let entry = integrations::entry(context, integration.provider.as_str())?;
    let new_key = body.unique_key.as_deref().map(|key| parse_key(key, "unique_key")).transpose()?;
    let changes = IntegrationChanges {
        key: new_key,
        display_name: body.display_name,
        forward_webhooks: body.forward_webhooks,
        custom: merged(body.custom, body.integration_config),
        cloud: body.cloud,
        allowed_hosts: body.allowed_hosts,
        rewrite_links: body.rewrite_links,
        secret_expires_at_ms: body.secret_expires_at.as_deref().map(secret_end).transpose()?,
        connection_config: body.connection_config,
        ..integration_client::changes(&entry.provider, body.credentials)?
    };
    check_lengths(&changes)?;
    let saved = integrations::update(context, caller.scope(), &integration.key, changes).await?;
    Ok(Json(answer(&app, &saved)))
}

/// Deletes an integration with its connections.
#[utoipa::path(delete, path = "/integrations/{uniqueKey}", tag = "integrations", operation_id = "deleteIntegration",
    params(("uniqueKey" = String, Path, description = "The integration's key")),
    responses((status = 200, description = "Deleted", body = shapes::Success), (status = 404, description = "Unknown")))]
pub async fn delete(
    State(app): State<SharedApp>,
    caller: Granted<DeleteIntegration>,
    Path(key): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let key = IntegrationKey::parse(&key).map_err(|_| unknown(&key))?;
    integrations::delete(&app.services.context, caller.scope(), &key).await?;
    Ok(Json(json!({"success": true})))
}

/// `POST /integrations/quickstart`.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = QuickstartIntegration)]
#[serde(deny_unknown_fields)]
pub struct QuickstartBody {
    provider: String,
    unique_key: String,
    display_name: Option<String>,
    #[expect(dead_code, reason = "read for its type; there is nothing to make")]
    forward_webhooks: Option<bool>,
}

/// Refused on every server of your own: it makes an integration over the vendor's shared OAuth app, and there is none.
#[utoipa::path(post, path = "/integrations/quickstart", tag = "integrations", operation_id = "createQuickstartIntegration",
    request_body = QuickstartBody,
    responses((status = 400, description = "There is no shared OAuth app")))]
pub async fn quickstart(
    State(app): State<SharedApp>,
    _: Granted<CreateIntegration>,
    Path(key): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<QuickstartBody>,
) -> Result<Json<Value>, ApiError> {
    // Under the path of one integration, so that an integration may be called `quickstart`.
    if key != "quickstart" {
        return Err(ApiError::method_not_allowed(&axum::http::Method::POST, &format!("/integrations/{key}")));
    }
    integrations::entry(&app.services.context, &body.provider)?;
    parse_key(&body.unique_key, "unique_key")?;
    check_lengths(&IntegrationChanges { display_name: body.display_name, ..Default::default() })?;
    let message =
        "There is no shared OAuth app on this server; POST /integrations takes the credentials of your own";
    Err(services::error::Error::field(message, &["provider"]).into())
}

/// An integration by its key.
pub async fn find(app: &SharedApp, scope: domain::Scope, key: &str) -> Result<Integration, ApiError> {
    let parsed = IntegrationKey::parse(key).map_err(|_| unknown(key))?;
    Ok(integrations::get(&app.services.context, scope, &parsed).await?)
}

fn unknown(key: &str) -> ApiError {
    ApiError::not_found(format!("Integration \"{key}\" does not exist"))
}

/// When a secret ends; empty means that nobody knows.
fn secret_end(text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let moment = crate::time::parse(text);
    moment
        .map(Some)
        .ok_or_else(|| services::error::Error::field("not an ISO 8601 moment", &["secret_expires_at"]).into())
}

fn parse_key(text: &str, field: &str) -> Result<IntegrationKey, ApiError> {
    IntegrationKey::parse(text)
        .map_err(|error| services::error::Error::field(error.to_string(), &[field]).into())
}

fn merged(custom: Option<Texts>, config: Option<Texts>) -> Option<Texts> {
    match (custom, config) {
        (None, None) => None,
        (custom, config) => {
            let mut all = custom.unwrap_or_default();
            all.extend(config.unwrap_or_default());
            Some(all)
        }
    }
}

fn check_lengths(changes: &IntegrationChanges) -> Result<(), ApiError> {
    let too_long = |text: &Option<String>, most: usize| {
        text.as_ref().is_some_and(|text| text.is_empty() || text.chars().count() > most)
    };
    let issue = |field: &str, most: usize| {
        services::error::Error::field(format!("must be 1 to {most} characters"), &[field]).into()
    };
    if too_long(&changes.display_name, 255) {
        return Err(issue("display_name", 255));
    }
    if too_long(&changes.client_id, 255) {
        return Err(issue("client_id", 255));
    }
    match &changes.custom {
        Some(custom) if custom.values().any(|value| value.len() > 8192) => Err(issue("custom", 8192)),
        _ => Ok(()),
    }
}

fn answer(app: &SharedApp, saved: &Saved) -> Value {
    let mut data = shown(app, &saved.integration);
    if !saved.warnings.is_empty() {
        let warnings = saved.warnings.iter().map(|one| json!({"code": one.code, "message": one.message}));
        data["warnings"] = warnings.collect();
    }
    json!({"data": data})
}

/// The integration object of contract §2.2, with our own settings beside.
fn shown(app: &SharedApp, integration: &Integration) -> Value {
    let entry = app.services.context.catalog.get(&integration.provider);
    let provider_name = || entry.as_ref().map_or("", |entry| entry.provider.display_name.as_str()).to_owned();
    let settings = &integration.settings;
    let mut shown = json!({
        "unique_key": integration.key.as_str(),
        "provider": integration.provider.as_str(),
        "display_name": integration.display_name.clone().unwrap_or_else(provider_name),
        "logo": logo(app, integration.provider.as_str()),
        "categories": entry.as_ref().map_or(&[][..], |entry| &entry.provider.categories),
        "forward_webhooks": settings.forward_webhooks,
        "cloud": settings.cloud.as_deref().unwrap_or("global"),
        "allowed_hosts": settings.allowed_hosts,
        "rewrite_links": settings.rewrite_links,
        "connection_config": settings.connection_config,
        "created_at": zulu(integration.created_at_ms),
        "updated_at": zulu(integration.updated_at_ms),
    });
    if let Some(mark) = entry.as_ref().and_then(|entry| entry.raw.get("mark")) {
        shown["mark"] = mark.clone();
    }
    if let Some(ends_at_ms) = settings.secret_expires_at_ms {
        shown["secret_expires_at"] = zulu(ends_at_ms).into();
    }
    shown
}
