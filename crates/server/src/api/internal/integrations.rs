//! `/internal/integrations/check`, `/internal/providers/{provider}`, `/internal/test-connection`: a form that helps while
//! it is filled in.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use domain::connection::EndUser;
use serde::Deserialize;
use serde_json::{Value, json};
use services::connect::sessions::{self, NewSession};
use services::integration_form::{self, Draft, FormField, Problem};
use services::store::User;

use crate::api::connect_sessions::link;
use crate::app::SharedApp;
use crate::auth::{AnyKey, CreateIntegration, Granted, WriteSessions};
use crate::error::ApiError;
use crate::person::SignedInPerson;
use crate::strict::{NoQuery, StrictJson, StrictQuery};

/// A form as far as it is filled in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckBody {
    provider: String,
    key: Option<String>,
    /// The integration that is edited, whose own key is not taken.
    editing: Option<String>,
    #[serde(default)]
    credentials: BTreeMap<String, Value>,
    #[serde(default)]
    connection_config: BTreeMap<String, String>,
    cloud: Option<String>,
    #[serde(default)]
    allowed_hosts: Vec<String>,
}

/// What is wrong with a form, or probably not meant; nothing is stored.
pub async fn check(
    State(app): State<SharedApp>,
    caller: Granted<CreateIntegration>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<CheckBody>,
) -> Result<Json<Value>, ApiError> {
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => None,
    };
    let credentials =
        body.credentials.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect();
    let draft = Draft {
        provider: body.provider,
        key: body.key,
        editing: body.editing,
        credentials,
        connection_config: body.connection_config,
        cloud: body.cloud,
        allowed_hosts: body.allowed_hosts,
    };
    let problems = integration_form::problems(&app.services.context, caller.scope(), draft).await?;
    Ok(Json(json!({"problems": problems.iter().map(problem).collect::<Vec<_>>()})))
}

fn problem(one: &Problem) -> Value {
    json!({
        "field": one.field, "severity": one.severity.as_str(), "code": one.code, "message": one.message,
    })
}

/// What a form for an integration of a provider asks, and how the provider's side is set up.
pub async fn form(
    State(app): State<SharedApp>,
    _: Granted<AnyKey>,
    Path(name): Path<String>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let form = integration_form::form(context, &name)
        .ok_or_else(|| ApiError::not_found(format!("Unknown provider {name}")))?;
    let guide: Vec<Value> =
        form.guide.iter().map(|step| json!({"title": step.title, "text": step.text})).collect();
    Ok(Json(json!({
        "name": form.entry.provider.name.as_str(),
        "display_name": form.entry.provider.display_name,
        "auth_mode": form.entry.provider.auth.mode().as_str(),
        "categories": form.entry.provider.categories,
        "docs": form.entry.provider.docs,
        "setup_guide_url": form.entry.provider.setup_guide_url,
        "fields": form.fields.iter().map(field).collect::<Vec<_>>(),
        "default_scopes": form.default_scopes,
        "clouds": form.clouds,
        "callback_url": context.settings.callback_url,
        "setup_guide": guide,
    })))
}

fn field(one: &FormField) -> Value {
    json!({
        "name": one.name, "path": one.path, "title": one.title, "kind": one.kind.as_str(),
        "required": one.required, "help": one.help, "example": one.example, "pattern": one.pattern,
        "options": one.options,
    })
}

/// Which integration is tried.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    integration: String,
}

/// A connect session of the caller's own, to try an integration with.
pub async fn test_connection(
    State(app): State<SharedApp>,
    caller: Granted<WriteSessions>,
    person: Option<Extension<SignedInPerson>>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
    StrictJson(body): StrictJson<TestBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let end_user = person.map_or_else(nobody, |Extension(found)| as_end_user(&found.person.user));
    let new = NewSession {
        end_user: Some(end_user),
        tags: BTreeMap::from([("origin".to_owned(), "dashboard".to_owned())]),
        allowed_integrations: vec![body.integration],
        ..NewSession::default()
    };
    let created = sessions::create(&app.services.context, caller.scope(), new).await?;
    let answer = link(&app, &created);
    let data = &answer["data"];
    Ok((StatusCode::CREATED, Json(json!({"connect_link": data["connect_link"], "token": data["token"]}))))
}

/// Whoever tries an integration is its end user, so that the connection says whose account it is.
fn as_end_user(user: &User) -> EndUser {
    EndUser {
        id: user.id.clone(),
        email: Some(user.email.as_str().to_owned()),
        display_name: Some(user.name.clone()).filter(|name| !name.is_empty()),
        ..EndUser::default()
    }
}

/// The end user of a test that a key began.
fn nobody() -> EndUser {
    EndUser {
        id: "test-connection".to_owned(),
        display_name: Some("Test connection".to_owned()),
        ..EndUser::default()
    }
}
