//! `/environments` (contract §2.10) and, ours, the settings of the key's own environment under `/environment`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::{EnvironmentId, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use services::context::Context;
use services::environments::{
    self, ConnectUi, Environment, OverrideHosts, SecretName, SecretsChange, SettingsChange, WebhooksChange,
    read_secret,
};
use services::error::FieldIssue;
use services::webhooks::signing;

use crate::app::SharedApp;
use crate::auth::{
    CreateEnvironment, DeleteEnvironment, Granted, GrantedAccount, ListEnvironments, ReadSettings,
    RotateSigningKey, UpdateSettings,
};
use crate::error::ApiError;
use crate::openapi::shapes;
use crate::strict::{NoQuery, StrictJson, StrictQuery};
use crate::time::zulu;

/// A header sent with exported traces.
#[derive(Debug, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtlpHeader {
    #[schema(min_length = 1, max_length = 256)]
    name: String,
    #[schema(min_length = 1, max_length = 4000)]
    value: String,
}

/// `POST /environments`.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = CreateEnvironment)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    #[schema(pattern = "^[a-z0-9_-]+$", max_length = 255)]
    name: String,
    is_production: Option<bool>,
    callback_url: Option<String>,
    hmac_key: Option<String>,
    hmac_enabled: Option<bool>,
    slack_notifications: Option<bool>,
    otlp_endpoint: Option<String>,
    otlp_headers: Option<Vec<OtlpHeader>>,
}

/// `PATCH /environment`: absent parts stay, an empty text clears.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = UpdateEnvironment)]
#[serde(deny_unknown_fields)]
pub struct UpdateBody {
    callback_url: Option<String>,
    webhooks: Option<WebhooksBody>,
    hmac_enabled: Option<bool>,
    /// Written, never shown.
    hmac_key: Option<String>,
    /// A UUID v4 that admits authorizations without a connect session, as older integrations of the field do.
    public_key: Option<String>,
    /// `listed` or `any-public`.
    #[schema(value_type = Option<String>)]
    override_hosts: Option<OverrideHosts>,
    slack_notifications: Option<bool>,
    otlp_endpoint: Option<String>,
    otlp_headers: Option<Vec<OtlpHeader>>,
    /// Origins whose pages may frame the connect page, such as `https://app.example.com`; empty means all.
    connect_origins: Option<Vec<String>>,
    /// `default_theme` (`light`, `dark`, `system`), `light_primary`, `dark_primary` (`#rrggbb`), `logo` (a `data:`
    /// address); replaced as a whole.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    connect_ui: Option<ConnectUi>,
}

/// Outgoing webhooks: absent parts stay, an empty address clears.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[schema(as = UpdateWebhooks)]
#[serde(deny_unknown_fields)]
pub struct WebhooksBody {
    primary_url: Option<String>,
    secondary_url: Option<String>,
    on_auth_creation: Option<bool>,
    on_auth_refresh_error: Option<bool>,
    on_auth_deletion: Option<bool>,
    on_sync_error: Option<bool>,
    on_sync_completion_always: Option<bool>,
    on_async_action_completion: Option<bool>,
}

impl From<WebhooksBody> for WebhooksChange {
    fn from(body: WebhooksBody) -> Self {
        let events = [
            ("on_auth_creation", body.on_auth_creation),
            ("on_auth_refresh_error", body.on_auth_refresh_error),
            ("on_auth_deletion", body.on_auth_deletion),
            ("on_sync_error", body.on_sync_error),
            ("on_sync_completion_always", body.on_sync_completion_always),
            ("on_async_action_completion", body.on_async_action_completion),
        ];
        Self {
            primary_url: body.primary_url.map(cleared),
            secondary_url: body.secondary_url.map(cleared),
            events: events.into_iter().filter_map(|(name, given)| Some((name, given?))).collect(),
        }
    }
}

/// `PUT /environment/webhook-signing-key`.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = SetWebhookSigningKey)]
#[serde(deny_unknown_fields)]
pub struct SigningKeyBody {
    /// 16 to 512 printable ASCII characters that the receiver has too.
    #[schema(min_length = 16, max_length = 512)]
    webhook_signing_key: String,
}

/// Lists environments.
#[utoipa::path(get, path = "/environments", tag = "environments", operation_id = "listEnvironments",
    responses((status = 200, description = "The environments", body = shapes::EnvironmentsAnswer)))]
pub async fn list(
    State(app): State<SharedApp>,
    _: GrantedAccount<ListEnvironments>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let all = environments::list(&app.services.context).await?;
    let one = |environment: &Environment| {
        json!({
            "id": environment.id.0, "name": environment.name.as_str(), "uuid": environment.uuid,
            "is_production": environment.settings.is_production, "created_at": zulu(environment.created_at_ms),
        })
    };
    Ok(Json(json!({"data": all.iter().map(one).collect::<Vec<_>>()})))
}

/// Makes an environment.
#[utoipa::path(post, path = "/environments", tag = "environments", operation_id = "createEnvironment",
    request_body = CreateBody,
    responses((status = 200, description = "The environment", body = shapes::NewEnvironmentAnswer), (status = 409, description = "The name is taken")))]
pub async fn create(
    State(app): State<SharedApp>,
    caller: GrantedAccount<CreateEnvironment>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<CreateBody>,
) -> Result<Json<Value>, ApiError> {
    const SET_PRODUCTION: &str = "account:environments:set_production";
    if (body.is_production == Some(true) || body.name == "prod") && !caller.also(SET_PRODUCTION) {
        return Err(ApiError::insufficient_scope(&[SET_PRODUCTION]));
    }
    let settings = SettingsChange {
        is_production: body.is_production,
        callback_url: body.callback_url.map(cleared),
        hmac_enabled: body.hmac_enabled,
        slack_notifications: body.slack_notifications,
        otlp_endpoint: body.otlp_endpoint.map(cleared),
        ..SettingsChange::default()
    };
    let secrets = SecretsChange {
        hmac_key: body.hmac_key.map(Secret::from),
        otlp_headers: body.otlp_headers.map(otlp_headers).transpose()?,
    };
    let made = environments::create(&app.services.context, &body.name, settings, secrets).await?;
    Ok(Json(json!({"data": {"id": made.id.0, "name": made.name.as_str()}})))
}

/// Deletes an environment: keys and sessions end at once, its rows go after 31 days.
#[utoipa::path(delete, path = "/environments/{environmentId}", tag = "environments", operation_id = "deleteEnvironment",
    params(("environmentId" = u32, Path, description = "The environment's id")),
    responses((status = 204, description = "Deleted"), (status = 404, description = "Unknown")))]
pub async fn delete(
    State(app): State<SharedApp>,
    _: GrantedAccount<DeleteEnvironment>,
    Path(id): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<StatusCode, ApiError> {
    let id = EnvironmentId(number(&id, "environmentId")?);
    environments::delete(&app.services.context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The settings of the key's environment.
#[utoipa::path(get, path = "/environment", tag = "environments", operation_id = "getEnvironment",
    responses((status = 200, description = "The settings", body = shapes::EnvironmentAnswer)))]
pub async fn get(
    State(app): State<SharedApp>,
    caller: Granted<ReadSettings>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let found = environments::get(context, caller.scope()).await?;
    Ok(Json(shown(context, &found).await?))
}

/// Changes the settings of the key's environment.
#[utoipa::path(patch, path = "/environment", tag = "environments", operation_id = "updateEnvironment",
    request_body = UpdateBody,
    responses((status = 200, description = "The settings", body = shapes::EnvironmentAnswer)))]
pub async fn update(
    State(app): State<SharedApp>,
    caller: Granted<UpdateSettings>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<UpdateBody>,
) -> Result<Json<Value>, ApiError> {
    let settings = SettingsChange {
        is_production: None,
        callback_url: body.callback_url.map(cleared),
        webhooks: body.webhooks.unwrap_or_default().into(),
        hmac_enabled: body.hmac_enabled,
        public_key: body.public_key.map(cleared),
        override_hosts: body.override_hosts,
        slack_notifications: body.slack_notifications,
        otlp_endpoint: body.otlp_endpoint.map(cleared),
        connect_origins: body.connect_origins,
        connect_ui: body.connect_ui,
    };
    let secrets = SecretsChange {
        hmac_key: body.hmac_key.map(Secret::from),
        otlp_headers: body.otlp_headers.map(otlp_headers).transpose()?,
    };
    let context = &app.services.context;
    let changed = environments::change(context, caller.scope(), settings, secrets).await?;
    Ok(Json(shown(context, &changed).await?))
}

/// The key that outgoing webhooks are signed with.
#[utoipa::path(get, path = "/environment/webhook-signing-key", tag = "environments", operation_id = "getWebhookSigningKey",
    responses((status = 200, description = "The key", body = shapes::SigningKeyAnswer)))]
pub async fn signing_key(
    State(app): State<SharedApp>,
    caller: Granted<RotateSigningKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let key = signing::signing_key(&app.services.context, caller.scope()).await?;
    Ok(Json(signing_key_shown(&key)))
}

/// Signs with a key that the receiver has already.
#[utoipa::path(put, path = "/environment/webhook-signing-key", tag = "environments", operation_id = "setWebhookSigningKey",
    request_body = SigningKeyBody,
    responses((status = 200, description = "The key", body = shapes::SigningKeyAnswer)))]
pub async fn set_signing_key(
    State(app): State<SharedApp>,
    caller: Granted<RotateSigningKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<SigningKeyBody>,
) -> Result<Json<Value>, ApiError> {
    let key = Secret::from(body.webhook_signing_key);
    signing::set_signing_key(&app.services.context, caller.scope(), key.clone()).await?;
    Ok(Json(signing_key_shown(&key)))
}

/// A new signing key; the old one signs the Standard Webhooks header along for a day.
#[utoipa::path(post, path = "/environment/webhook-signing-key/rotate", tag = "environments", operation_id = "rotateWebhookSigningKey",
    responses((status = 200, description = "The new key", body = shapes::SigningKeyAnswer)))]
pub async fn rotate_signing_key(
    State(app): State<SharedApp>,
    caller: Granted<RotateSigningKey>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(NoBody {}): StrictJson<NoBody>,
) -> Result<Json<Value>, ApiError> {
    let key = signing::rotate_signing_key(&app.services.context, caller.scope()).await?;
    Ok(Json(signing_key_shown(&key)))
}

/// No field is accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

fn signing_key_shown(key: &Secret) -> Value {
    json!({"data": {"webhook_signing_key": key.expose()}})
}

async fn shown(context: &Context, environment: &Environment) -> Result<Value, ApiError> {
    let settings = &environment.settings;
    let has =
        async |name| Ok::<bool, ApiError>(read_secret(context, environment.scope(), name).await?.is_some());
    Ok(json!({"data": {
        "id": environment.id.0,
        "uuid": environment.uuid,
        "name": environment.name.as_str(),
        "is_production": settings.is_production,
        "callback_url": settings.callback_url,
        "webhooks": settings.webhooks,
        "hmac_enabled": settings.hmac_enabled,
        "hmac_key_set": has(SecretName::HmacKey).await?,
        "public_key": settings.public_key,
        "override_hosts": settings.override_hosts,
        "slack_notifications": settings.slack_notifications,
        "otlp_endpoint": settings.otlp_endpoint,
        "connect_origins": settings.connect_origins,
        "connect_ui": settings.connect_ui,
        "otlp_headers_set": has(SecretName::OtlpHeaders).await?,
        "created_at": zulu(environment.created_at_ms),
        "updated_at": zulu(environment.updated_at_ms),
    }}))
}

/// An empty text clears.
fn cleared(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn otlp_headers(headers: Vec<OtlpHeader>) -> Result<Secret, ApiError> {
    const MOST: usize = 100;
    let mut issues = Vec::new();
    let mut issue = |code, path: Vec<String>| {
        issues.push(FieldIssue { code, message: "too short or too long".to_owned(), path });
    };
    if headers.len() > MOST {
        issue("too_big", vec!["otlp_headers".to_owned()]);
    }
    for (index, header) in headers.iter().enumerate() {
        for (field, text, most) in [("name", &header.name, 256), ("value", &header.value, 4000)] {
            let count = text.chars().count();
            if count == 0 || count > most {
                let code = if count == 0 { "too_small" } else { "too_big" };
                issue(code, vec!["otlp_headers".to_owned(), index.to_string(), field.to_owned()]);
            }
        }
    }
    if !issues.is_empty() {
        return Err(ApiError::invalid("invalid_body", issues));
    }
    let text =
        if headers.is_empty() { String::new() } else { serde_json::to_string(&headers).unwrap_or_default() };
    Ok(Secret::from(text))
}

/// A positive number in the path.
pub fn number(text: &str, name: &str) -> Result<i64, ApiError> {
    let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number @ 1..) if digits => Ok(number),
        _ => {
            let message = "expected a number from 1".to_owned();
            let issue = FieldIssue { code: "invalid_type", message, path: vec![name.to_owned()] };
            Err(ApiError::invalid("invalid_uri_params", vec![issue]))
        }
    }
}
