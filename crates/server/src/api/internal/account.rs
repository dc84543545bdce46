//! One's own account.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use services::people::{AccountChange, PersonName};

use super::session::CodeBody;
use crate::app::SharedApp;
use crate::error::ApiError;
use crate::person::SignedInPerson;
use crate::strict::{NoQuery, StrictJson};
use crate::time::zulu;

/// `PATCH /internal/account`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    name: Option<String>,
    password: Option<PasswordChange>,
}

/// The present password and the next.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    current: String,
    new: String,
}

/// `DELETE /internal/account/totp`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    password: String,
}

/// Changes name or password.
pub async fn change(
    State(app): State<SharedApp>,
    SignedInPerson { person, token }: SignedInPerson,
    StrictJson(body): StrictJson<ChangeBody>,
) -> Result<Json<Value>, ApiError> {
    let change = AccountChange {
        name: body.name.as_deref().map(PersonName::parse).transpose()?,
        password: body.password.map(|change| (Secret::from(change.current), Secret::from(change.new))),
    };
    app.services.people.change_account(&person, &token, change).await?;
    Ok(Json(json!({"success": true})))
}

/// A secret for an authenticator app.
pub async fn enrol(
    State(app): State<SharedApp>,
    SignedInPerson { person, .. }: SignedInPerson,
    StrictJson(NoQuery {}): StrictJson<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let enrolment = app.services.people.enrol(&person).await?;
    Ok(Json(json!({"secret": enrolment.secret.expose(), "uri": enrolment.uri.expose()})))
}

/// Switches one-time passwords on.
pub async fn confirm(
    State(app): State<SharedApp>,
    SignedInPerson { person, .. }: SignedInPerson,
    StrictJson(body): StrictJson<CodeBody>,
) -> Result<Json<Value>, ApiError> {
    let codes = app.services.people.confirm_totp(&person, &body.code).await?;
    Ok(Json(json!({"recovery_codes": codes})))
}

/// Switches one-time passwords off.
pub async fn leave(
    State(app): State<SharedApp>,
    SignedInPerson { person, .. }: SignedInPerson,
    StrictJson(body): StrictJson<PasswordBody>,
) -> Result<Json<Value>, ApiError> {
    app.services.people.leave_totp(&person, &body.password.into()).await?;
    Ok(Json(json!({"success": true})))
}

/// One's sessions.
pub async fn sessions(
    State(app): State<SharedApp>,
    SignedInPerson { person, .. }: SignedInPerson,
) -> Result<Json<Value>, ApiError> {
    let all = app.services.people.sessions(&person).await?;
    let shown: Vec<Value> = all
        .iter()
        .map(|one| {
            json!({
                "id": one.id, "created_at": zulu(one.created_at_ms), "last_seen_at": zulu(one.last_seen_at_ms),
                "user_agent": one.user_agent, "address": one.address, "current": one.id == person.session.id,
            })
        })
        .collect();
    Ok(Json(json!({"data": shown})))
}

/// Ends one of them.
pub async fn end_session(
    State(app): State<SharedApp>,
    SignedInPerson { person, .. }: SignedInPerson,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.services.people.end_session(&person, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
