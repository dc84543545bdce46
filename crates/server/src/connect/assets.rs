//! Embedded files with their policies.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use domain::Scope;
use serde::Deserialize;
use services::connect::sessions;
use services::environments;
use web::{Asset, Face};

use crate::app::SharedApp;
use crate::error::ApiError;

/// The query of the connect page, as far as the server reads it.
#[derive(Deserialize)]
pub struct PageQuery {
    session_token: Option<String>,
}

/// `GET /connect/`: the connect page.
pub async fn page(
    State(app): State<SharedApp>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let origins = origins(&app, query.session_token.as_deref()).await?;
    Ok(face_page(&app, Face::Connect, &web::connect_csp(&origins), &headers))
}

/// Who may frame the page; empty means all. A framed page gets its token by message, so that its address does not tell
/// the environment: then the origins of all environments count, and if one names none, all may. The page itself looks
/// again, when it knows its session.
async fn origins(app: &SharedApp, token: Option<&str>) -> Result<Vec<String>, ApiError> {
    let context = &app.services.context;
    if let Some(token) = token
        && let Some(session) = sessions::find(context, token).await?
    {
        let scope = Scope { environment: session.environment };
        return Ok(environments::get(context, scope).await?.settings.connect_origins);
    }
    let all = environments::list(context).await?;
    let mut named = all.into_iter().map(|environment| environment.settings.connect_origins);
    let union = named.try_fold(Vec::new(), |mut union, own| {
        union.extend(own.iter().cloned());
        (!own.is_empty()).then_some(union)
    });
    Ok(union.unwrap_or_default())
}

/// `GET /connect/m/{file}`: what the connect page loads.
pub async fn connect_file(
    State(app): State<SharedApp>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    face_file(&app, Face::Connect, &name, &headers)
}

/// `GET /connect/snippet.js`: opens the page over a customer's own, for people without npm.
pub async fn snippet(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    let Some(asset) = app.assets.result_file("snippet.js") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = answer(asset, CHECKED, web::RESULT_CSP, &headers);
    // A customer's page may ask for it whatever its own policy on embedding says.
    let anywhere = HeaderValue::from_static("cross-origin");
    response.headers_mut().insert("cross-origin-resource-policy", anywhere);
    response
}

/// `GET /connect`: the page's relative addresses need the slash.
pub async fn without_slash(State(app): State<SharedApp>, uri: axum::http::Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{}/connect/{query}", app.edge.base_path))
}

/// `GET /pages/{file}`: what the pages at a sign-in's end load.
pub async fn result_file(
    State(app): State<SharedApp>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    match app.assets.result_file(&path) {
        Some(asset) => answer(asset, CHECKED, web::RESULT_CSP, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A drawn mark for a provider: its initials on a colour of its own.
pub async fn logo(Path(name): Path<String>) -> Response {
    let name = name.strip_suffix(".svg").unwrap_or(&name);
    let plain = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !plain {
        return StatusCode::NOT_FOUND.into_response();
    }
    let initials: String = name
        .split(['-', '_'])
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect::<String>()
        .to_uppercase();
    let hue = name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 360;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><rect width=\"64\" height=\"64\" rx=\"14\" \
         fill=\"hsl({hue},45%,38%)\"/><text x=\"32\" y=\"41\" font-family=\"Arial,sans-serif\" font-size=\"26\" \
         font-weight=\"600\" fill=\"#fff\" text-anchor=\"middle\">{initials}</text></svg>"
    );
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (headers, svg).into_response()
}

/// Kept, but asked about each time.
const CHECKED: &str = "no-cache";
/// Kept for ever: the name changes with the content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A face's page with its policy.
pub fn face_page(app: &SharedApp, face: Face, policy: &str, request: &HeaderMap) -> Response {
    match app.assets.page(face) {
        Ok(asset) => answer(&asset, CHECKED, policy, request),
        // Only while somebody edits the sources: a release's are built by a test.
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response(),
    }
}

/// A face's file by its name. A page loads two dozen, so each carries only what means something for it: it is never
/// asked about again (no tag), and a module or a sheet has no policy of its own.
pub fn face_file(app: &SharedApp, face: Face, name: &str, request: &HeaderMap) -> Response {
    let Some(asset) = app.assets.file(face, name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = answer(&asset, FOR_EVER, web::RESULT_CSP, request);
    let headers = response.headers_mut();
    headers.remove(header::ETAG);
    if !asset.content_type.starts_with("image/") {
        headers.remove(header::CONTENT_SECURITY_POLICY);
        headers.remove(header::REFERRER_POLICY);
    }
    response
}

fn answer(asset: &Asset, cached: &'static str, policy: &str, request: &HeaderMap) -> Response {
    let accepts = |name: header::HeaderName, what: &str| {
        request.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(what))
    };
    let gzip = asset.gzip.as_ref().filter(|_| accepts(header::ACCEPT_ENCODING, "gzip"));
    let etag = if gzip.is_some() { asset.gzip_etag() } else { asset.etag.clone() };
    let mut response = if accepts(header::IF_NONE_MATCH, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match gzip {
            Some(bytes) => bytes.clone().into_response(),
            None => asset.body.to_vec().into_response(),
        }
    };
    let headers = response.headers_mut();
    if gzip.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
