//! The browser's visits: `/oauth/connect/{key}`, `/oauth/callback`, admin links (contract §5.2, §5.3).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::IntegrationKey;
use serde_json::{Map, Value};
use services::connect::admin_links;
use services::connect::authorize::{self, AuthorizeRequest};
use services::connect::callback::{self, CallbackRequest, Ending};
use services::connect::state::{Issued, ReturnsTo, cookie_name};
use web::Language;

use super::visit_pages::{self, UnknownState, private};
use crate::app::SharedApp;
use crate::auth::QuerySession;
use crate::error::ApiError;
use crate::middleware::reached;
use crate::openapi::{shapes, visits};
use crate::strict::parse_query;

/// Sends the browser to the provider.
#[utoipa::path(get, path = "/oauth/connect/{key}", tag = "connect", operation_id = "beginAuthorization", security(()),
    params(("key" = String, Path, description = "The integration's key"), visits::AuthorizeQuery),
    responses((status = 302, description = "To the provider's sign-in, with a cookie for this one state"),
        (status = 400, description = "The page that says what is wrong", content_type = "text/html", body = String),
        (status = 401, description = "The session is unknown or over", content_type = "text/html", body = String)))]
pub async fn connect(
    State(app): State<SharedApp>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    uri: Uri,
    Path(key): Path<String>,
    session: Result<QuerySession, ApiError>,
) -> Response {
    if let Some(elsewhere) = to_public_url(&app, peer.as_ref().map(|peer| &peer.0), &headers, &uri) {
        return elsewhere;
    }
    let query = parse_query(uri.query().unwrap_or_default());
    let socket = text(&query, "ws_client_id");
    let language = language(&headers, text(&query, "lang"));
    match begin(&app, session, &key, &query).await {
        Ok((url, issued)) => redirect(&app, &url, &issued, language),
        Err(error) => visit_pages::refused(&app, language, &key, socket.as_deref(), &error).await,
    }
}

async fn begin(
    app: &SharedApp,
    session: Result<QuerySession, ApiError>,
    key: &str,
    query: &Map<String, Value>,
) -> Result<(url::Url, Issued), ApiError> {
    let QuerySession(session) = session?;
    let unknown =
        || ApiError::refused("unknown_provider_config", format!("Integration \"{key}\" does not exist"));
    let key = IntegrationKey::parse(key).map_err(|_| unknown())?;
    let nested = |name: &str| query.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let texts = |map: Map<String, Value>| -> BTreeMap<String, String> {
        map.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
    };
    let credentials = texts(nested("credentials"));
    let client_override = credentials
        .get("oauth_client_id_override")
        .cloned()
        .zip(credentials.get("oauth_client_secret_override").cloned());
    let request = AuthorizeRequest {
        params: nested("params"),
        authorization_params: texts(nested("authorization_params")),
        socket: text(query, "ws_client_id"),
        client_override,
        refresh_token_override: credentials.get("oauth_refresh_token_override").cloned(),
    };
    let begun = authorize::begin(&app.services.context, &session, &key, request).await?;
    Ok((begun.url, begun.issued))
}

fn text(query: &Map<String, Value>, name: &str) -> Option<String> {
    query
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty() && text.len() <= 64)
        .map(str::to_owned)
}

/// What the page spoke that sent the browser to the provider: the page at the end speaks it too.
const LANGUAGE_COOKIE: &str = "sheetbend_language";

fn language(headers: &HeaderMap, asked: Option<String>) -> Language {
    let spoken = asked.or_else(|| cookie(headers, LANGUAGE_COOKIE));
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::choose(spoken.as_deref(), accepted)
}

/// Marks a request that was sent to the public URL by us.
const REDIRECTED: &str = "sheetbend_redirected";

/// The cookie must be set for the host that the callback comes to.
fn to_public_url(
    app: &SharedApp,
    peer: Option<&ConnectInfo<SocketAddr>>,
    headers: &HeaderMap,
    uri: &Uri,
) -> Option<Response> {
    let here = reached(headers, peer, &app.edge.trusted_proxies, app.edge.scheme);
    let public = url::Url::parse(&app.edge.public_url).ok()?;
    let own = url::Url::parse(&format!("{}://{}", here.scheme, here.host)).ok()?;
    let query = uri.query().unwrap_or_default();
    // Once is enough: behind a proxy that is not trusted the host never looks like the public one.
    if own.origin() == public.origin() || query.contains(REDIRECTED) {
        return None;
    }
    let target = format!("{}{}?{query}&{REDIRECTED}=1", app.edge.public_url, uri.path());
    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&target).ok()?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}

fn redirect(app: &SharedApp, url: &url::Url, issued: &Issued, language: Language) -> Response {
    let secure = if app.edge.public_url.starts_with("https:") { "; Secure" } else { "" };
    let path = cookie_path(app, issued.returns_to);
    let cookie = format!(
        "{}={}; Max-Age=3600; Path={path}; HttpOnly; SameSite=Lax{secure}",
        issued.cookie_name, issued.cookie_value
    );
    let spoken = format!(
        "{LANGUAGE_COOKIE}={}; Max-Age=3600; Path={path}; HttpOnly; SameSite=Lax{secure}",
        language.tag()
    );
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    let cookies = (HeaderValue::from_str(&cookie), HeaderValue::from_str(&spoken));
    match (HeaderValue::from_str(url.as_str()), cookies) {
        (Ok(location), (Ok(cookie), Ok(spoken))) => {
            headers.insert(header::LOCATION, location);
            headers.insert(header::SET_COOKIE, cookie);
            headers.append(header::SET_COOKIE, spoken);
        }
        _ => {
            return ApiError::refused("url_param_err", "the authorization URL cannot be sent")
                .into_response();
        }
    }
    private(headers);
    response
}

/// The path that the browser sees: a reverse proxy may put a prefix before ours.
fn cookie_path(app: &SharedApp, returns_to: ReturnsTo) -> String {
    let settings = &app.services.context.settings;
    let (address, usual) = match returns_to {
        ReturnsTo::Callback => (settings.callback_url.clone(), "/oauth/callback"),
        ReturnsTo::AppSetup => (format!("{}/app-auth/connect", settings.public_url), "/app-auth/connect"),
    };
    url::Url::parse(&address).map_or_else(|_| usual.to_owned(), |url| url.path().to_owned())
}

/// Takes the browser back.
#[utoipa::path(get, path = "/oauth/callback", tag = "connect", operation_id = "finishAuthorization", security(()),
    params(("state" = Option<String>, Query, description = "As it was given to the provider"),
        ("code" = Option<String>, Query, description = "What is exchanged for a token"),
        ("error" = Option<String>, Query, description = "Why the provider refused"),
        ("error_description" = Option<String>, Query, description = "The same for people")),
    responses((status = 200, description = "The result page, which reports to its opener; also of a refusal by the provider", content_type = "text/html", body = String),
        (status = 302, description = "On to a second leg: the sign-in after an admin's consent or an installation"),
        (status = 400, description = "The authorization failed; the page says why and who must act", content_type = "text/html", body = String)))]
pub async fn callback(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let params: Vec<(String, String)> =
        serde_urlencoded::from_str(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let request = CallbackRequest { params, cookie: None };
    if request.state().is_none() && is_installation(&request) {
        return back_to_the_vendor(&app, &headers);
    }
    arrived(&app, &headers, request).await
}

async fn arrived(app: &SharedApp, headers: &HeaderMap, mut request: CallbackRequest) -> Response {
    request.cookie = request.state().and_then(|state| cookie(headers, &cookie_name(state)));
    let services = &app.services;
    let language = language(headers, None);
    match callback::arrive(&services.context, &services.events, request).await {
        Ok(Ending::Onward(begun)) => redirect(app, &begun.url, &begun.issued, language),
        Ok(ending) => visit_pages::ended(app, language, ending),
        Err(error) => visit_pages::error(app, language, &ApiError::from(error)),
    }
}

/// Takes the browser back from an app's installation: the app's set-up URL.
// Contract §5.5.
#[utoipa::path(get, path = "/app-auth/connect", tag = "connect", operation_id = "finishInstallation", security(()),
    params(("state" = Option<String>, Query, description = "As it was given to the provider"),
        ("installation_id" = Option<String>, Query, description = "What was installed"),
        ("setup_action" = Option<String>, Query, description = "install, update or request")),
    responses((status = 200, description = "The result page, which reports to its opener", content_type = "text/html", body = String),
        (status = 302, description = "Back to the vendor, where the installation began there; or on to the user's sign-in"),
        (status = 400, description = "The installation failed; the page says why", content_type = "text/html", body = String),
        (status = 404, description = "The state was not issued here", content_type = "text/html", body = String)))]
pub async fn app_setup(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let params: Vec<(String, String)> =
        serde_urlencoded::from_str(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let request = CallbackRequest { params, cookie: None };
    if request.state().is_none() {
        // Somebody installed or changed the app on the vendor's pages: there is no authorization to end.
        return match is_installation(&request) {
            true => back_to_the_vendor(&app, &headers),
            false => StatusCode::BAD_REQUEST.into_response(),
        };
    }
    let mut response = arrived(&app, &headers, request).await;
    if response.extensions().get::<UnknownState>().is_some() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

fn is_installation(request: &CallbackRequest) -> bool {
    request.param("installation_id").is_some()
        && matches!(request.param("setup_action"), Some("install" | "update"))
}

/// Back to the page of the vendor's that the browser came from.
fn back_to_the_vendor(app: &SharedApp, headers: &HeaderMap) -> Response {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let https = referer.and_then(|text| url::Url::parse(text).ok()).filter(|url| url.scheme() == "https");
    let target = https.and_then(|url| HeaderValue::from_str(url.as_str()).ok());
    let mut response = match target {
        Some(target) => (StatusCode::FOUND, [(header::LOCATION, target)]).into_response(),
        None => return visit_pages::notice(app, language(headers, None), "installed_without_state"),
    };
    private(response.headers_mut());
    response
}

/// The metadata document that is our client's id, for servers that register no clients.
#[utoipa::path(get, path = "/oauth/client-metadata/{environment}/{key}", tag = "connect", operation_id = "getClientMetadata",
    security(()),
    params(("environment" = String, Path, description = "The environment's UUID"),
        ("key" = String, Path, description = "The integration's key")),
    responses((status = 200, description = "The document", body = visits::ClientMetadata),
        (status = 404, description = "No such environment or integration, or it has no such document", body = shapes::ErrorAnswer)))]
pub async fn client_metadata(
    State(app): State<SharedApp>,
    Path((environment, key)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let document = services::connect::mcp::client_document(&app.services.context, &environment, &key).await?;
    let cached = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))];
    Ok((cached, axum::Json(document)).into_response())
}

pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// Follows an administrator's link.
pub async fn admin_link(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    let language = language(&headers, None);
    match admin_links::follow(&app.services.context, &token).await {
        Ok((url, issued)) => redirect(&app, &url, &issued, language),
        Err(error) => visit_pages::error(&app, language, &ApiError::from(error)),
    }
}
