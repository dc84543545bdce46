//! Signing in and out, and who is here.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use services::context::SandboxCloud;
use services::environments;
use services::people::{ComeIn, PersonName, SignedIn};
use services::store::SessionStage;

use crate::app::{App, SharedApp};
use crate::error::ApiError;
use crate::person::{OwnPage, SignedInPerson, cookie_of, no_cookie};
use crate::strict::{NoQuery, StrictJson, StrictQuery};

/// `POST /internal/sign-in`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    email: String,
    password: String,
}

/// `POST /internal/sign-in/totp`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    pub(super) code: String,
}

/// `POST /internal/setup`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupBody {
    token: String,
    email: String,
    name: String,
    password: String,
}

/// `POST /internal/invitations/show`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowBody {
    token: String,
}

/// `POST /internal/invitations/accept`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptBody {
    token: String,
    name: Option<String>,
    password: String,
}

/// Who is here, where they may work, and what their page needs to know.
pub async fn get(
    State(app): State<SharedApp>,
    SignedInPerson { person, .. }: SignedInPerson,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let environments: Vec<Value> = environments::list(context)
        .await?
        .iter()
        .filter_map(|one| {
            let access = person.access(one.id)?;
            Some(json!({
                "name": one.name.as_str(), "role": access.as_str(), "is_production": one.settings.is_production,
            }))
        })
        .collect();
    let user = &person.user;
    Ok(Json(json!({
        "user": {
            "id": user.id, "email": user.email.as_str(), "name": user.name, "owner": user.owner,
            "totp": user.confirmed_totp().is_some(), "password": user.password.is_some(),
        },
        "environments": environments,
        "csrf_token": person.csrf,
        "version": env!("CARGO_PKG_VERSION"),
        "public_url": app.edge.public_url,
        "callback_url": context.settings.callback_url,
        "dev": context.settings.sandbox == SandboxCloud::Present,
    })))
}

/// How one can sign in.
pub async fn ways(
    State(app): State<SharedApp>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let people = &app.services.people;
    let oidc = people.oidc().map(|settings| json!({"name": settings.name}));
    Ok(Json(json!({"setup_needed": people.setup_needed().await?, "oidc": oidc})))
}

/// E-mail address and password.
pub async fn sign_in(
    State(app): State<SharedApp>,
    OwnPage(visitor): OwnPage,
    StrictJson(body): StrictJson<SignInBody>,
) -> Result<Response, ApiError> {
    let password = Secret::from(body.password);
    let signed_in = app.services.people.sign_in(&body.email, &password, &visitor).await?;
    Ok(came_in(&app, &signed_in))
}

/// The one-time password, or a recovery code.
pub async fn second_step(
    State(app): State<SharedApp>,
    OwnPage(visitor): OwnPage,
    StrictJson(body): StrictJson<CodeBody>,
) -> Result<Response, ApiError> {
    let signed_in = app.services.people.second_step(&body.code, &visitor).await?;
    Ok(came_in(&app, &signed_in))
}

/// Ends the session.
pub async fn sign_out(
    State(app): State<SharedApp>,
    OwnPage(visitor): OwnPage,
    StrictJson(NoQuery {}): StrictJson<NoQuery>,
) -> Result<Response, ApiError> {
    if let Some(token) = &visitor.token {
        app.services.people.sign_out(token).await?;
    }
    Ok(([(header::SET_COOKIE, no_cookie(&app))], StatusCode::NO_CONTENT).into_response())
}

/// Makes the first person.
pub async fn set_up(
    State(app): State<SharedApp>,
    OwnPage(visitor): OwnPage,
    StrictJson(body): StrictJson<SetupBody>,
) -> Result<Response, ApiError> {
    let come = ComeIn {
        token: body.token.into(),
        name: Some(PersonName::parse(&body.name)?),
        password: body.password.into(),
    };
    let signed_in = app.services.people.set_up(&body.email, come, &visitor).await?;
    Ok(came_in(&app, &signed_in))
}

/// What an invitation or reset says.
pub async fn show_link(
    State(app): State<SharedApp>,
    OwnPage(_): OwnPage,
    StrictJson(body): StrictJson<ShowBody>,
) -> Result<Json<Value>, ApiError> {
    let shown = app.services.people.show_link(&body.token.into()).await?;
    Ok(Json(json!({"email": shown.email.as_str(), "name": shown.name, "purpose": shown.purpose.as_str()})))
}

/// Takes an invitation or reset.
pub async fn accept(
    State(app): State<SharedApp>,
    OwnPage(visitor): OwnPage,
    StrictJson(body): StrictJson<AcceptBody>,
) -> Result<Response, ApiError> {
    let name = body.name.as_deref().map(PersonName::parse).transpose()?;
    let come = ComeIn { token: body.token.into(), name, password: body.password.into() };
    let signed_in = app.services.people.accept(come, &visitor).await?;
    Ok(came_in(&app, &signed_in))
}

fn came_in(app: &App, signed_in: &SignedIn) -> Response {
    let next = match signed_in.stage {
        SessionStage::Full => "done",
        SessionStage::Half => "totp",
    };
    ([(header::SET_COOKIE, cookie_of(app, signed_in))], Json(json!({"next": next}))).into_response()
}
