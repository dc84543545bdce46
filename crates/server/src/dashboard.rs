//! The dashboard's page and files, under `/app/`.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use web::Face;

use crate::app::SharedApp;
use crate::connect::assets::{face_file, face_page};

/// Its policy. Nobody frames it; it frames our own connect page. Nothing inline runs, whatever a log message says.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /app/*`: one page for all; its script reads the path.
pub async fn page(State(app): State<SharedApp>, headers: HeaderMap) -> Response {
    face_page(&app, Face::Dashboard, POLICY, &headers)
}

/// `GET /app/m/{file}`: what the page loads.
pub async fn file(State(app): State<SharedApp>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    face_file(&app, Face::Dashboard, &name, &headers)
}

/// `GET /app`: the page hangs below it.
pub async fn without_slash(State(app): State<SharedApp>) -> Redirect {
    Redirect::permanent(&format!("{}/app/", app.edge.base_path))
}
