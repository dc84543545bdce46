//! Embedded files with their policies.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::SharedApp;

/// `GET /connect/` and its files.
pub async fn page(State(app): State<SharedApp>, path: Option<Path<String>>, headers: HeaderMap) -> Response {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    file(&app, &format!("connect/{path}"), web::CONNECT_CSP, &headers)
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
    file(&app, &format!("pages/{path}"), web::RESULT_CSP, &headers)
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
         fill=\"hsl({hue},45%,38%)\"/><text x=\"32\" y=\"41\" font-family=\"system-ui,sans-serif\" font-size=\"26\" \
         font-weight=\"600\" fill=\"#fff\" text-anchor=\"middle\">{initials}</text></svg>"
    );
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (headers, svg).into_response()
}

fn file(app: &SharedApp, path: &str, policy: &'static str, request: &HeaderMap) -> Response {
    let Some(asset) = app.assets.get(path) else { return StatusCode::NOT_FOUND.into_response() };
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
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
