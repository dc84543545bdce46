//! The description of our public API; `openapi.json` is its golden copy.

pub mod operator_shapes;
pub mod shapes;
pub mod visits;

use axum::Json;
use axum::response::IntoResponse;
use utoipa::openapi::RefOr;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::api::{
    api_keys, connect_sessions, connections, deliveries, environments, forms, health, inbound, integrations,
    key_forms, metadata, oauth, operations, operator, providers, proxy, signed_forms, variables,
};
use visits::EveryMethod;

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
        forms::client_credentials, forms::two_step, forms::unauthenticated, forms::certificate, forms::admin_link, forms::outbound,
        key_forms::api_key, key_forms::basic, key_forms::jwt, key_forms::bill,
        signed_forms::tba, signed_forms::signature, signed_forms::aws_sigv4,
        oauth::connect, oauth::callback, oauth::app_setup, oauth::client_metadata, inbound::receive, proxy::forward,
    ),
    components(schemas(shapes::ErrorAnswer, shapes::OneOrMoreTexts)),
    modifiers(&Bearer, &EveryMethod, &Refusals),
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
        // Health tells its state in its own words; a browser is shown pages.
        let secured = |path: &str| {
            !["/health", "/ready", "/app-auth/connect"].contains(&path) && !path.starts_with("/oauth/")
        };
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Not for programs: pages, files, what they load, the operator's metrics; and this document.
    const NOT_FOR_PROGRAMS: [&str; 13] = [
        "/",
        "/connect",
        "/connect/",
        "/connect/m/{}",
        "/connect/snippet.js",
        "/connect/admin/{}",
        "/connect/telemetry",
        "/pages/{}",
        "/images/template-logos/{}",
        "/env.js",
        "/providers.json",
        "/openapi.json",
        "/metrics",
    ];

    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

    /// A path with the names of its parameters left out.
    fn plain(path: &str) -> String {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    fn described() -> BTreeSet<(String, &'static str)> {
        let document = serde_json::to_value(Api::openapi()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let methods =
            |item: &serde_json::Value| METHODS.into_iter().filter(|one| item[one].is_object()).collect();
        paths
            .iter()
            .flat_map(|(path, item)| {
                let found: Vec<&'static str> = methods(item);
                found.into_iter().map(|method| (plain(path), method))
            })
            .collect()
    }

    /// The dashboard and what only it asks.
    fn is_our_pages(path: &str) -> bool {
        path == "/app" || path.starts_with("/app/") || path.starts_with("/internal/")
    }

    /// What `router.rs` says, deprecated aliases left out: the description is what new code should use.
    fn routed() -> BTreeSet<(String, &'static str)> {
        let page = include_str!("../router.rs");
        let page = page.split_once("fn metrics_router").unwrap().0;
        let (before, after) = page.split_once("fn legacy()").unwrap();
        let own = after.split_once("\n}").unwrap().1;
        let calls = before.split(".route(").skip(1).chain(own.split(".route(").skip(1));
        let mut found = BTreeSet::new();
        for call in calls {
            let call = call.split_once(";\n").map_or(call, |(call, _)| call);
            let Some(path) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            let is_used = |method: &&str| call.contains(&format!("{method}("));
            found.extend(METHODS.into_iter().filter(is_used).map(|method| (plain(path), method)));
        }
        // The one key that can be posted to.
        assert!(found.remove(&("/integrations/{}".to_owned(), "post")));
        found.insert(("/integrations/quickstart".to_owned(), "post"));
        found.retain(|(path, _)| !NOT_FOR_PROGRAMS.contains(&path.as_str()) && !is_our_pages(path));
        found
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let (mut described, routed) = (described(), routed());
        let proxied = METHODS.map(|method| ("/proxy/{}".to_owned(), method));
        assert!(proxied.iter().all(|call| described.remove(call)), "the proxy is not described");
        let missing: Vec<_> = routed.difference(&described).collect();
        let invented: Vec<_> = described.difference(&routed).collect();
        assert!(
            missing.is_empty() && invented.is_empty(),
            "not described: {missing:?}, no route: {invented:?}"
        );
        assert!(routed.len() > 50, "{}", routed.len());
    }
}
