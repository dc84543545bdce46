//! The description of our public API; `openapi.json` is its golden copy.

pub mod operator_shapes;
pub mod shapes;

use axum::Json;
use axum::response::IntoResponse;
use utoipa::openapi::RefOr;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::api::{
    api_keys, connect_sessions, connections, deliveries, environments, health, integrations, metadata,
    operations, operator, providers, variables,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Sheetbend", description = "Connects a product to its users' accounts on other systems.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "http://localhost:3003", description = "A local server")),
    paths(
        providers::list, providers::get, providers::templates, integrations::list, integrations::create, integrations::get,
        integrations::update, integrations::delete, integrations::quickstart, connections::list, connections::create, connections::get,
        connections::patch, connections::delete, connections::token, metadata::replace, metadata::merge,
        connect_sessions::create, connect_sessions::reconnect, connect_sessions::get, connect_sessions::delete,
        environments::list, environments::create, environments::delete, environments::get, environments::update,
        environments::signing_key, environments::set_signing_key, environments::rotate_signing_key,
        api_keys::list, api_keys::create, api_keys::delete, api_keys::list_account, api_keys::create_account,
        api_keys::delete_account, variables::list, variables::replace,
        operations::list, operations::get, deliveries::list, deliveries::get, deliveries::replay, operator::examine, operator::back_up,
        operator::import_key, operator::encryption_keys, operator::learn_key, operator::rotate, health::health, health::ready,
    ),
    components(schemas(shapes::ErrorAnswer, shapes::OneOrMoreTexts)),
    modifiers(&Bearer, &Refusals),
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

/// Every answer that is no success has the same shape; a key can be missing or too weak for any route but health's.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        // Health is open to all and tells its state in its own words.
        let secured = |path: &str| path != "/health" && path != "/ready";
        for (_, item) in openapi.paths.paths.iter_mut().filter(|(path, _)| secured(path)) {
            let operations =
                [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
            operations.into_iter().flatten().for_each(add_refusals);
        }
    }
}

fn add_refusals(operation: &mut utoipa::openapi::path::Operation) {
    let answers = &mut operation.responses.responses;
    for (status, why) in REFUSALS {
        let response = ResponseBuilder::new().description(why).build();
        answers.entry(status.to_owned()).or_insert(RefOr::T(response));
    }
    for (_, answer) in answers.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        let RefOr::T(response) = answer else { continue };
        let schema = utoipa::openapi::Ref::from_schema_name("Error");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        response.content.insert("application/json".into(), content.into());
    }
}

const REFUSALS: [(&str, &str); 3] = [
    ("400", "The request is not valid"),
    ("401", "The key or session is missing or unknown"),
    ("403", "The key lacks the scope"),
];

/// The document as JSON text, as in the golden copy.
pub fn text() -> String {
    Api::openapi().to_pretty_json().unwrap_or_default() + "\n"
}

/// `GET /openapi.json`.
pub async fn document() -> impl IntoResponse {
    Json(Api::openapi())
}
