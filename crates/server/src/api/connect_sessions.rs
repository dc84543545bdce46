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
use services::environments::{self, ConnectUi};
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
    /// The guide that the page links instead of the definition's.
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
    let new = new_session(body)?;
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
    let ReconnectBody { connection_id, integration_id, .. } = &body;
    let (connection, integration) = (connection_id.clone(), integration_id.clone());
    let new = new_session(body.into())?;
    let context = &app.services.context;
    let created = sessions::reconnect(context, caller.scope(), &integration, &connection, new).await?;
    Ok((StatusCode::CREATED, Json(link(&app, &created))))
}

/// What both sessions are made of. The wire's two bodies stay apart, because serde refuses no unknown field in a
/// flattened one.
impl From<ReconnectBody> for CreateBody {
    fn from(body: ReconnectBody) -> Self {
        Self {
            end_user: body.end_user,
            organization: body.organization,
            tags: body.tags,
            allowed_integrations: Vec::new(),
            integrations_config_defaults: body.integrations_config_defaults,
            overrides: body.overrides,
            webhook_url_override: body.webhook_url_override,
        }
    }
}

fn new_session(body: CreateBody) -> Result<NewSession, ApiError> {
    let webhook = body.webhook_url_override.as_deref();
    let mut webhook_url_override = webhook.map(end_user::webhook_url).transpose()?.flatten();
    let overridden = body.overrides.keys().cloned().collect();
    let mut read = BTreeMap::<String, ConnectDefaults>::new();
    for (key, mut one) in body.integrations_config_defaults {
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
            docs_connect: None,
        };
        read.insert(key, defaults);
    }
    for (key, one) in body.overrides {
        if let Some(guide) = one.docs_connect {
            read.entry(key).or_default().docs_connect = Some(guide);
        }
    }
    Ok(NewSession {
        end_user: body.end_user.map(|person| end_user::end_user(person, body.organization)).transpose()?,
        tags: body.tags.map(|tags| end_user::tags(tags, "tags")).transpose()?.unwrap_or_default(),
        allowed_integrations: body.allowed_integrations,
        overridden,
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
    let context = &app.services.context;
    let settings = environments::get(context, Scope { environment: session.environment }).await?.settings;
    let mut data = json!({
        "endUser": session.end_user.as_ref().map(|one| end_user::shown(Some(one))),
        "connectUISettings": ui_shown(&settings.connect_ui),
        "connectOrigins": settings.connect_origins,
        "isReconnecting": session.reconnect.is_some(),
        "reconnectAccount": sessions::expected_account(context, &session).await?,
        "websocketsPath": format!("{}/", app.edge.base_path),
    });
    if !session.allowed_integrations.is_empty() {
        data["allowed_integrations"] = json!(session.allowed_integrations);
    }
    if session.defaults.values().any(|defaults| !defaults.is_only_a_guide()) {
        data["integrations_config_defaults"] = defaults_shown(&session);
    }
    let guides: Map<String, Value> = session
        .defaults
        .iter()
        .filter_map(|(key, own)| Some((key.clone(), json!({"docs_connect": own.docs_connect.as_ref()?}))))
        .collect();
    if !guides.is_empty() {
        data["overrides"] = Value::Object(guides);
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
    let prescribed = session.defaults.iter().filter(|(_, own)| !own.is_only_a_guide());
    Value::Object(prescribed.map(|(key, own)| (key.clone(), one(own))).collect())
}

/// The contract's form (§6.5); the logo is ours.
fn ui_shown(ui: &ConnectUi) -> Value {
    let light = ui.light_primary.as_deref().unwrap_or("#2b59d9");
    let dark = ui.dark_primary.as_deref().unwrap_or("#8fa8ff");
    json!({
        "showWatermark": false,
        "defaultTheme": ui.default_theme,
        "theme": {"light": {"primary": light}, "dark": {"primary": dark}},
        "logo": ui.logo,
    })
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
