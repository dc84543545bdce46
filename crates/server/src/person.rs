//! Who is signed in: the cookie, what must come with it, and who may ask.
//!
//! A browser sends cookies with whatever a page of anybody asks for. So a cookie counts only where the browser does not
//! say that another site asks, and a change only with a token that no other origin can read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use domain::{EnvironmentName, Scope, Secret};
use services::environments;
use services::people::{Access, IDLE_MS, LONGEST_MS, Person, SignedIn, Visitor};
use services::store::SessionStage;

use crate::api::oauth::cookie;
use crate::app::{App, SharedApp};
use crate::error::ApiError;
use crate::middleware::reached;
use crate::rate_limit::client_address;

/// The cookie of a session.
const COOKIE: &str = "sheetbend_session";
/// What comes with every change.
const CSRF: &str = "sheetbend-csrf";
/// Where the person works.
const ENVIRONMENT: &str = "sheetbend-environment";

/// Somebody who is signed in, and the token that says so.
#[derive(Clone)]
pub struct SignedInPerson {
    /// Who.
    pub person: Arc<Person>,
    /// The session's token.
    pub token: Secret,
}

impl FromRequestParts<SharedApp> for SignedInPerson {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        find(app, parts).await?.ok_or_else(nobody)
    }
}

/// Whoever the cookie names; `None` where there is none, or where a key came along, which is asked instead.
///
/// # Errors
/// The session is over, another site asks, or a change came without its token.
pub async fn find(app: &App, parts: &mut Parts) -> Result<Option<SignedInPerson>, ApiError> {
    if let Some(known) = parts.extensions.get::<SignedInPerson>() {
        return Ok(Some(known.clone()));
    }
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let Some(token) = token(&parts.headers) else { return Ok(None) };
    check_site(&parts.headers)?;
    let Some(person) = app.services.people.person(&token).await? else { return Err(nobody()) };
    if !is_safe(&parts.method) {
        let shown = parts.headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !person.csrf_fits(shown) {
            return Err(csrf("The change came without the session's Sheetbend-CSRF token; reload the page"));
        }
    }
    let found = SignedInPerson { person: Arc::new(person), token };
    parts.extensions.insert(found.clone());
    Ok(Some(found))
}

/// Where a person works by the request's word, and what they are there.
///
/// # Errors
/// No environment is named, or they are nothing in it.
pub async fn place(app: &App, headers: &HeaderMap, person: &Person) -> Result<(Scope, Access), ApiError> {
    let named = headers.get(ENVIRONMENT).and_then(|value| value.to_str().ok());
    let Some(name) = named else {
        let message = "The header Sheetbend-Environment must name an environment";
        return Err(ApiError::refused("missing_environment", message));
    };
    if !person.user.owner {
        // Whoever is nothing there does not learn whether it exists.
        let name = EnvironmentName::parse(name).ok();
        let role = person.roles.iter().find(|role| Some(&role.name) == name.as_ref());
        let role = role.ok_or_else(|| ApiError::beyond_role(&["a role in this environment"]))?;
        return Ok((Scope { environment: role.environment }, Access::Role(role.role)));
    }
    let found = environments::by_name(&app.services.context, name).await?;
    Ok((found.scope(), Access::Owner))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn nobody() -> ApiError {
    ApiError::not_signed_in(
        "not_signed_in",
        "Nobody is signed in here, or the session is over. Sign in again.",
    )
}

fn csrf(message: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "csrf", message)
}

/// The session's token, if it has the form of one.
pub fn token(headers: &HeaderMap) -> Option<Secret> {
    let value = cookie(headers, COOKIE)?;
    let fits = value.len() == 64 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| Secret::from(value))
}

/// Refuses what a browser says another site asks for (Fetch Metadata, W3C); browsers without it send no header.
fn check_site(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(csrf("Another site asked for this with your session; nothing was done")),
    }
}

/// Somebody who is about to sign in from a page of ours: there is no session whose token could come along.
pub struct OwnPage(pub Visitor);

impl FromRequestParts<SharedApp> for OwnPage {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        // A header that no form sends, and that another origin's script may send only after a preflight that fails.
        if !parts.headers.contains_key(CSRF) {
            return Err(csrf("The header Sheetbend-CSRF is missing"));
        }
        check_site(&parts.headers)?;
        check_origin(app, parts)?;
        Ok(Self(visitor(app, parts)))
    }
}

fn check_origin(app: &App, parts: &Parts) -> Result<(), ApiError> {
    let Some(origin) = parts.headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let here = reached(&parts.headers, peer, &app.edge.trusted_proxies, app.edge.scheme);
    let public = url::Url::parse(&app.edge.public_url).map(|url| url.origin().ascii_serialization());
    // Behind a proxy that ends TLS and is not trusted, only the public URL knows the scheme.
    let same_host = origin.split_once("://").is_some_and(|(_, host)| host == here.host);
    if same_host || public.is_ok_and(|public| public == origin) {
        return Ok(());
    }
    Err(csrf("Another site asked for this; nothing was done"))
}

/// Who stands at the door.
pub fn visitor(app: &App, parts: &Parts) -> Visitor {
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Visitor {
        user_agent: agent.unwrap_or_default().to_owned(),
        address: address(app, parts),
        token: token(&parts.headers),
    }
}

fn address(app: &App, parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let peer = peer.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
    client_address(&parts.headers, peer, &app.edge.trusted_proxies)
}

/// The cookie of a session that began; seconds as [`LONGEST_MS`] has them, a half session's ends with the browser.
pub fn cookie_of(app: &App, signed_in: &SignedIn) -> HeaderValue {
    const { assert!(IDLE_MS < LONGEST_MS) };
    let life = match signed_in.stage {
        SessionStage::Full => format!("; Max-Age={}", LONGEST_MS / 1000),
        SessionStage::Half => String::new(),
    };
    set_cookie(app, &format!("{COOKIE}={}", signed_in.token.expose()), &life)
}

/// The cookie's end.
pub fn no_cookie(app: &App) -> HeaderValue {
    set_cookie(app, &format!("{COOKIE}="), "; Max-Age=0")
}

fn set_cookie(app: &App, pair: &str, life: &str) -> HeaderValue {
    let secure = if app.edge.public_url.starts_with("https:") { "; Secure" } else { "" };
    let path = &app.edge.base_path;
    let text = format!("{pair}; Path={path}/; HttpOnly; SameSite=Lax{life}{secure}");
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
