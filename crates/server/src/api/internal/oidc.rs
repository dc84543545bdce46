//! The way to the company's own sign-in and back.

use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Secret;
use serde::Deserialize;
use services::people::Returned;

use crate::api::oauth::cookie;
use crate::app::{App, SharedApp};
use crate::error::ApiError;
use crate::person::{cookie_of, visitor};

/// What a browser keeps while it is away.
const COOKIE: &str = "sheetbend_oidc";

/// `GET /internal/oidc/start`.
#[derive(Debug, Deserialize)]
pub struct StartQuery {
    #[serde(rename = "return", default)]
    back_to: String,
}

/// `GET /internal/oidc/callback`.
#[derive(Deserialize)]
pub struct CallbackQuery {
    code: Option<String>,
    #[serde(default)]
    state: String,
    error: Option<String>,
}

/// Sends the browser to the issuer.
pub async fn start(State(app): State<SharedApp>, Query(query): Query<StartQuery>) -> Response {
    let back_to = own_path(&app, &query.back_to);
    match app.services.people.leave_for_issuer(&back_to).await {
        Ok(left) => redirect(left.url.as_str(), vec![kept(&app, left.cookie.expose(), 600)]),
        Err(error) => to_the_door(&app, error.into()),
    }
}

/// The browser comes back.
pub async fn callback(
    State(app): State<SharedApp>,
    Query(query): Query<CallbackQuery>,
    parts: Parts,
) -> Response {
    let returned = Returned {
        code: query.code.map(Secret::from),
        state: query.state,
        error: query.error.map(|text| text.chars().filter(|c| !c.is_control()).take(100).collect()),
        cookie: cookie(&parts.headers, COOKIE).unwrap_or_default().into(),
    };
    match app.services.people.return_from_issuer(returned, &visitor(&app, &parts)).await {
        Ok((signed_in, back_to)) => redirect(&back_to, vec![kept(&app, "", 0), cookie_of(&app, &signed_in)]),
        Err(error) => to_the_door(&app, error.into()),
    }
}

/// A path of the dashboard, whatever was asked for: nobody is sent elsewhere from here.
fn own_path(app: &App, wanted: &str) -> String {
    let root = format!("{}/app/", app.edge.base_path);
    let plain =
        wanted.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'));
    match wanted.starts_with(&root) && plain && wanted.len() <= 2_000 && !wanted.contains("/../") {
        true => wanted.to_owned(),
        false => root,
    }
}

/// Back to the sign-in page, which knows what the code means; the reason stands in the log.
fn to_the_door(app: &App, error: ApiError) -> Response {
    let (_, code, message) = error.parts();
    tracing::warn!(code, message, "a sign-in with OpenID Connect did not succeed");
    // A page shows only texts of its own, so nobody can put words into its mouth by a link.
    let why = if code.starts_with("oidc_") { code } else { "oidc_refused" };
    redirect(&format!("{}/app/sign-in?error={why}", app.edge.base_path), vec![kept(app, "", 0)])
}

fn redirect(to: &str, cookies: Vec<HeaderValue>) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else { return StatusCode::BAD_REQUEST.into_response() };
    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn kept(app: &App, value: &str, seconds: u32) -> HeaderValue {
    let secure = if app.edge.public_url.starts_with("https:") { "; Secure" } else { "" };
    let path = &app.edge.base_path;
    let text = format!(
        "{COOKIE}={value}; Path={path}/internal/oidc/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
