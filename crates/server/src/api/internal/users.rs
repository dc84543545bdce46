//! The team: an owner's pages, and `sheetbend users`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::EnvironmentName;
use domain::person::{Email, Role};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::error::FieldIssue;
use services::people::{Member, MemberChange, NewMember};

use crate::app::SharedApp;
use crate::auth::{GrantedAccount, Operate};
use crate::error::ApiError;
use crate::strict::{NoQuery, StrictJson, StrictQuery};
use crate::time::zulu;

/// `POST /internal/users`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteBody {
    email: String,
    #[serde(default)]
    owner: bool,
    #[serde(default)]
    roles: BTreeMap<String, String>,
}

/// `PATCH /internal/users/{id}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    owner: Option<bool>,
    roles: Option<BTreeMap<String, String>>,
}

/// Everybody.
pub async fn list(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let all = app.services.people.members().await?;
    Ok(Json(json!({"data": all.iter().map(shown).collect::<Vec<_>>()})))
}

/// Invites somebody; the link is for the inviter to pass on.
pub async fn invite(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    StrictJson(body): StrictJson<InviteBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let email = Email::parse(&body.email).map_err(|why| invalid(why, "email"))?;
    let new = NewMember { email, owner: body.owner, roles: read_roles(body.roles)? };
    let (member, url) = app.services.people.invite(new).await?;
    let answer = json!({"user": shown(&member), "invitation_url": url.expose()});
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Changes what somebody may do.
pub async fn change(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    Path(id): Path<String>,
    StrictJson(body): StrictJson<ChangeBody>,
) -> Result<Json<Value>, ApiError> {
    let change = MemberChange { owner: body.owner, roles: body.roles.map(read_roles).transpose()? };
    let member = app.services.people.change_member(&id, change).await?;
    Ok(Json(json!({"user": shown(&member)})))
}

/// Removes somebody.
pub async fn remove(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.services.people.remove_member(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link with which somebody chooses a password.
pub async fn reset(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    Path(id): Path<String>,
    StrictJson(NoQuery {}): StrictJson<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let url = app.services.people.reset_link(&id).await?;
    Ok(Json(json!({"url": url.expose()})))
}

/// Asks somebody for no one-time passwords any more.
pub async fn disable_totp(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    Path(id): Path<String>,
    StrictJson(NoQuery {}): StrictJson<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    app.services.people.disable_totp(&id).await?;
    Ok(Json(json!({"success": true})))
}

/// Makes a setup link while there is nobody.
pub async fn setup_link(
    State(app): State<SharedApp>,
    _: GrantedAccount<Operate>,
    StrictJson(NoQuery {}): StrictJson<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    match app.services.people.setup_link().await? {
        Some(url) => Ok(Json(json!({"url": url.expose()}))),
        None => Err(ApiError::new(
            StatusCode::CONFLICT,
            "conflict",
            "Somebody is set up already; `sheetbend users list` shows who, `sheetbend users reset` lets them in again",
        )),
    }
}

fn read_roles(roles: BTreeMap<String, String>) -> Result<Vec<(EnvironmentName, Role)>, ApiError> {
    let read = |(name, role): (String, String)| {
        let name =
            EnvironmentName::parse(&name).map_err(|_| invalid("this is no environment's name", "roles"))?;
        let role = Role::parse(&role).ok_or_else(|| invalid("a role is developer or support", "roles"))?;
        Ok((name, role))
    };
    roles.into_iter().map(read).collect()
}

fn invalid(message: &str, field: &str) -> ApiError {
    ApiError::invalid("invalid_body", vec![FieldIssue::custom(message, &[field])])
}

fn shown(member: &Member) -> Value {
    let user = &member.user;
    let roles: Map<String, Value> = member
        .roles
        .iter()
        .map(|role| (role.name.to_string(), Value::String(role.role.as_str().to_owned())))
        .collect();
    json!({
        "id": user.id, "email": user.email.as_str(), "name": user.name, "owner": user.owner,
        "totp": user.confirmed_totp().is_some(), "roles": roles, "invited": !user.may_sign_in(),
        "last_seen_at": user.last_seen_at_ms.map(zulu), "created_at": zulu(user.created_at_ms),
    })
}
