//! The description of our public API; `openapi.json` is its golden copy.

use axum::Json;
use axum::response::IntoResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::api::{connect_sessions, connections, health, integrations, metadata, operations, providers};

#[derive(OpenApi)]
#[openapi(
    info(title = "Sheetbend", description = "Connects a product to its users' accounts on other systems.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "http://localhost:3003", description = "A local server")),
    paths(
        providers::list, providers::get, integrations::list, integrations::create, integrations::get,
        integrations::update, integrations::delete, connections::list, connections::create, connections::get,
        connections::patch, connections::delete, connections::token, metadata::replace, metadata::merge,
        connect_sessions::create, connect_sessions::reconnect, connect_sessions::get, connect_sessions::delete,
        operations::list, operations::get, health::health, health::ready,
    ),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The document as JSON text, as in the golden copy.
pub fn text() -> String {
    Api::openapi().to_pretty_json().unwrap_or_default() + "\n"
}

/// `GET /openapi.json`.
pub async fn document() -> impl IntoResponse {
    Json(Api::openapi())
}
