//! `/connect/session(s)` (contract §2.5).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::Scope;
use domain::connect::{ConnectDefaults, ConnectSession};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::connect::sessions::{self, CreatedSession, NewSession};
use services::error::Error;

use super::end_user::{self, EndUserBody, OrganizationBody};
use crate::app::SharedApp;
use crate::auth::{BearerSession, Granted, WriteSessions};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, StrictJson, StrictQuery};
use crate::time::zulu;

/// What the backend prescribes for one integration.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = IntegrationDefaults)]
#[serde(deny_unknown_fields)]
pub struct DefaultsBody {
    user_scopes: Option<String>,
    #[serde(default)]
    authorization_params: BTreeMap<String, String>,
    #[serde(default)]
    connection_config: Map<String, Value>,
}

/// `overrides` of one integration.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = IntegrationOverrides)]
#[serde(deny_unknown_fields)]
pub struct OverridesBody {
    #[expect(dead_code, reason = "accepted for compatibility; our page shows the definition's own guide")]
    docs_connect: Option<String>,
}

/// `POST /connect/sessions`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = CreateConnectSession)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    end_user: Option<EndUserBody>,
    organization: Option<OrganizationBody>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    allowed_integrations: Vec<String>,
    #[serde(default)]
    integrations_config_defaults: BTreeMap<String, DefaultsBody>,
    #[serde(default)]
    overrides: BTreeMap<String, OverridesBody>,
    webhook_url_override: Option<String>,
}

/// `POST /connect/sessions/reconnect`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = CreateReconnectSession)]
#[serde(deny_unknown_fields)]
pub struct ReconnectBody {
    connection_id: String,
    integration_id: String,
    end_user: Option<EndUserBody>,
    organization: Option<OrganizationBody>,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    integrations_config_defaults: BTreeMap<String, DefaultsBody>,
    #[serde(default)]
    overrides: BTreeMap<String, OverridesBody>,
    webhook_url_override: Option<String>,
}

/// Makes a session.
#[utoipa::path(post, path = "/connect/sessions", tag = "connect", operation_id = "createConnectSession",
    request_body = CreateBody,
    responses((status = 201, description = "Token and link", body = shapes::SessionAnswer), (status = 400, description = "Invalid")))]
pub async fn create(
    State(app): State<SharedApp>,
    caller: Granted<WriteSessions>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<CreateBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    if body.end_user.is_none() && body.tags.is_none() {
        return Err(Error::field("end_user is required unless tags are given", &["end_user"]).into());
    }
    let new = NewSession {
        allowed_integrations: body.allowed_integrations,
        overridden: body.overrides.into_keys().collect(),
        ..new_session(
            body.end_user,
            body.organization,
            body.tags,
            body.integrations_config_defaults,
            body.webhook_url_override,
        )?
    };
    let created = sessions::create(&app.services.context, caller.scope(), new).await?;
    Ok((StatusCode::CREATED, Json(link(&app, &created))))
}

/// Makes a session that authorizes a connection again.
#[utoipa::path(post, path = "/connect/sessions/reconnect", tag = "connect", operation_id = "createReconnectSession",
    request_body = ReconnectBody,
    responses((status = 201, description = "Token and link", body = shapes::SessionAnswer), (status = 400, description = "Invalid")))]
pub async fn reconnect(
    State(app): State<SharedApp>,
    caller: Granted<WriteSessions>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<ReconnectBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let new = NewSession {
        overridden: body.overrides.into_keys().collect(),
        ..new_session(
            body.end_user,
            body.organization,
            body.tags,
            body.integrations_config_defaults,
            body.webhook_url_override,
        )?
    };
    let context = &app.services.context;
    let created =
        sessions::reconnect(context, caller.scope(), &body.integration_id, &body.connection_id, new).await?;
    Ok((StatusCode::CREATED, Json(link(&app, &created))))
}

fn new_session(
    person: Option<EndUserBody>,
    organization: Option<OrganizationBody>,
    tags: Option<BTreeMap<String, String>>,
    defaults: BTreeMap<String, DefaultsBody>,
    webhook: Option<String>,
) -> Result<NewSession, ApiError> {
    let mut webhook_url_override = webhook.as_deref().map(end_user::webhook_url).transpose()?.flatten();
    let mut read = BTreeMap::new();
    for (key, mut one) in defaults {
        // Deprecated place of the address (contract §2.5).
        if let Some(Value::String(url)) = one.connection_config.remove("webhook_url")
            && webhook_url_override.is_none()
        {
            webhook_url_override = end_user::webhook_url(&url)?;
        }
        let defaults = ConnectDefaults {
            user_scopes: one.user_scopes,
            authorization_params: one.authorization_params,
            connection_config: one.connection_config,
        };
        read.insert(key, defaults);
    }
    Ok(NewSession {
        end_user: person.map(|person| end_user::end_user(person, organization)).transpose()?,
        tags: tags.map(|tags| end_user::tags(tags, "tags")).transpose()?.unwrap_or_default(),
        allowed_integrations: Vec::new(),
        overridden: Vec::new(),
        defaults: read,
        webhook_url_override,
    })
}

/// The answer to a session that was made.
pub fn link(app: &SharedApp, created: &CreatedSession) -> Value {
    let token = created.token.expose();
    json!({"data": {
        "token": token,
        "connect_link": format!("{}/connect/?session_token={token}", app.edge.public_url),
        "expires_at": zulu(created.session.expires_at_ms),
    }})
}

/// What the connect page needs to know of its session.
#[utoipa::path(get, path = "/connect/session", tag = "connect", operation_id = "getConnectSession",
    responses((status = 200, description = "The session", body = shapes::ConnectSessionAnswer)))]
pub async fn get(
    State(app): State<SharedApp>,
    BearerSession(session): BearerSession,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let mut data = json!({
        "endUser": session.end_user.as_ref().map(|one| end_user::shown(Some(one))),
        "connectUISettings": {
            "showWatermark": false,
            "defaultTheme": "system",
            "theme": {"light": {"primary": "#2B59D9"}, "dark": {"primary": "#8FA8FF"}},
        },
        "isReconnecting": session.reconnect.is_some(),
        "websocketsPath": format!("{}/", app.edge.base_path),
    });
    if !session.allowed_integrations.is_empty() {
        data["allowed_integrations"] = json!(session.allowed_integrations);
    }
    if !session.defaults.is_empty() {
        data["integrations_config_defaults"] = defaults_shown(&session);
    }
    Ok(Json(json!({"data": data})))
}

fn defaults_shown(session: &ConnectSession) -> Value {
    let one = |defaults: &ConnectDefaults| {
        json!({
            "user_scopes": defaults.user_scopes,
            "authorization_params": defaults.authorization_params,
            "connection_config": defaults.connection_config,
        })
    };
    let all: Map<String, Value> = session.defaults.iter().map(|(key, own)| (key.clone(), one(own))).collect();
    Value::Object(all)
}

/// Ends the session.
#[utoipa::path(delete, path = "/connect/session", tag = "connect", operation_id = "deleteConnectSession",
    responses((status = 204, description = "Ended")))]
pub async fn delete(
    State(app): State<SharedApp>,
    BearerSession(session): BearerSession,
) -> Result<StatusCode, ApiError> {
    let scope = Scope { environment: session.environment };
    app.services.context.store.delete_connect_session(scope, &session.id).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the page says about its use; nothing is kept.
pub async fn telemetry() -> StatusCode {
    StatusCode::NO_CONTENT
}
