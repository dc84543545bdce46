//! Every route on a page.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post};

use crate::api::internal::{
    account, audit, connections as own_connections, health as own_health,
    integrations as forms_of_integrations, logs, oidc as oidc_sign_in, playground, session, tail, users,
};
use crate::api::{
    api_keys, connect_sessions, connections, deliveries, environments, forms, health, inbound, integrations,
    key_forms, legacy, metadata, oauth, operations, operator, providers, signed_forms, variables,
};
use crate::app::SharedApp;
use crate::connect::{assets, socket};
use crate::dashboard;
use crate::error::ApiError;
use crate::gate;
use crate::middleware;

/// The server's routes over an app.
pub fn router(app: SharedApp) -> Router {
    let base_path = app.edge.base_path.clone();
    let routes = without_base_path(app.clone());
    if base_path.is_empty() {
        return routes;
    }
    // A nested router answers `/base`, but not `/base/`, where pages open their socket.
    let root = Router::new().route(&format!("{base_path}/"), get(socket::root)).with_state(app);
    Router::new().nest(&base_path, routes).merge(root)
}

/// The routes, as if nothing stood before them.
pub(crate) fn without_base_path(app: SharedApp) -> Router {
    let api = Router::new()
        .route("/providers", get(providers::list))
        .route("/providers/{provider}", get(providers::get))
        .route("/providers/{provider}/templates", get(providers::templates))
        .route("/integrations", get(integrations::list).post(integrations::create))
        .route(
            "/integrations/{key}",
            get(integrations::get)
                .patch(integrations::update)
                .delete(integrations::delete)
                .merge(post(integrations::quickstart)),
        )
        .route("/connections", get(connections::list).post(connections::create))
        .route("/connections/metadata", post(metadata::replace).patch(metadata::merge))
        .route(
            "/connections/{id}",
            get(connections::get).patch(connections::patch).delete(connections::delete),
        )
        .route("/connections/{id}/token", get(connections::token))
        .route("/connect/sessions", post(connect_sessions::create))
        .route("/connect/sessions/reconnect", post(connect_sessions::reconnect))
        .route("/connect/session", get(connect_sessions::get).merge(delete(connect_sessions::delete)))
        .route("/connect/certificates/{key}", post(forms::certificate))
        .route("/connect/admin-link/{key}", post(forms::admin_link))
        .route("/oauth2/auth/{key}", post(forms::client_credentials))
        .route("/auth/two-step/{key}", post(forms::two_step))
        .route("/api-auth/api-key/{key}", post(key_forms::api_key))
        .route("/api-auth/basic/{key}", post(key_forms::basic))
        .route("/auth/jwt/{key}", post(key_forms::jwt))
        .route("/auth/bill/{key}", post(key_forms::bill))
        .route("/auth/unauthenticated/{key}", post(forms::unauthenticated))
        .route("/auth/oauth-outbound/{key}", post(forms::outbound))
        .route("/auth/tba/{key}", post(signed_forms::tba))
        .route("/auth/signature/{key}", post(signed_forms::signature))
        .route("/auth/aws-sigv4/{key}", post(signed_forms::aws_sigv4))
        .route("/operations", get(operations::list))
        .route("/operations/{id}", get(operations::get))
        .route("/webhooks/deliveries", get(deliveries::list))
        .route("/webhooks/deliveries/{id}", get(deliveries::get))
        .route("/webhooks/deliveries/{id}/replay", post(deliveries::replay))
        .route("/openapi.json", get(crate::openapi::document))
        .merge(environments_and_keys())
        .route("/providers.json", get(providers::everything))
        .route("/env.js", get(health::env_js))
        .merge(legacy())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), gate::layer));
    let own_page = Router::new()
        .route("/connect/telemetry", post(connect_sessions::telemetry))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(middleware::json_only))
        .layer(from_fn_with_state(app.clone(), middleware::cors_own_page));
    let pages = Router::new()
        .route("/", get(socket::root))
        .route("/connect", get(assets::without_slash))
        .route("/connect/", get(assets::page))
        .route("/connect/snippet.js", get(assets::snippet))
        .route("/connect/m/{file}", get(assets::connect_file))
        .route("/app", get(dashboard::without_slash))
        .route("/app/", get(dashboard::page))
        .route("/app/{*path}", get(dashboard::page))
        .route("/app/m/{file}", get(dashboard::file))
        .route("/connect/admin/{token}", get(oauth::admin_link))
        .route("/pages/{file}", get(assets::result_file))
        .route("/images/template-logos/{file}", get(assets::logo))
        .route("/oauth/connect/{key}", get(oauth::connect))
        .route("/oauth/callback", get(oauth::callback))
        .route("/oauth/client-metadata/{environment}/{key}", get(oauth::client_metadata))
        .route("/app-auth/connect", get(oauth::app_setup))
        .route("/webhook/{environment}/{key}", post(inbound::receive));
    let house = Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics));
    // `/proxy` and `/proxy/*`, any method, go to `api::proxy` before this: see `door.rs`.
    Router::new()
        .merge(api)
        .merge(own_page)
        .merge(internal(app.clone()))
        .merge(pages)
        .merge(house)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

/// The account's and the operator's routes.
fn environments_and_keys() -> Router<SharedApp> {
    Router::new()
        .route("/environments", get(environments::list).post(environments::create))
        .route("/environments/{id}", delete(environments::delete))
        .route("/environment", get(environments::get).patch(environments::update))
        .route(
            "/environment/webhook-signing-key",
            get(environments::signing_key).put(environments::set_signing_key),
        )
        .route("/environment/webhook-signing-key/rotate", post(environments::rotate_signing_key))
        .route(
            "/environment/api-keys",
            get(api_keys::list).post(api_keys::create).merge(delete(api_keys::delete)),
        )
        .route("/account/api-keys", get(api_keys::list_account).post(api_keys::create_account))
        .route("/account/api-keys/{id}", delete(api_keys::delete_account))
        .route("/environment-variables", get(variables::list).put(variables::replace))
        .route("/operator/doctor", get(operator::examine))
        .route("/operator/backup", post(operator::back_up))
        .route("/operator/api-keys", post(operator::import_key))
        .route("/operator/keys", get(operator::encryption_keys).post(operator::learn_key))
        .route("/operator/keys/rotation", post(operator::rotate))
}

/// Deprecated routes; see `api/legacy.rs`.
fn legacy() -> Router<SharedApp> {
    Router::new()
        .route("/config/{key}", get(legacy::config))
        .route("/connection", get(connections::list).post(legacy::import_connection))
        .route("/connection/metadata", post(metadata::replace).patch(metadata::merge))
        .route("/connection/{id}", get(connections::get).delete(connections::delete))
        .route("/connection/{id}/metadata", post(legacy::replace_metadata).patch(legacy::merge_metadata))
        .route("/connection/admin/{id}", delete(connections::delete))
}

/// What our own pages ask; see `api/internal`.
fn internal(app: SharedApp) -> Router<SharedApp> {
    Router::new()
        .route("/internal/session", get(session::get))
        .route("/internal/sign-in", get(session::ways).post(session::sign_in))
        .route("/internal/sign-in/totp", post(session::second_step))
        .route("/internal/sign-out", post(session::sign_out))
        .route("/internal/oidc/start", get(oidc_sign_in::start))
        .route("/internal/oidc/callback", get(oidc_sign_in::callback))
        .route("/internal/setup", post(session::set_up))
        .route("/internal/invitations/show", post(session::show_link))
        .route("/internal/invitations/accept", post(session::accept))
        .route("/internal/account", patch(account::change))
        .route("/internal/account/totp", post(account::enrol).delete(account::leave))
        .route("/internal/account/totp/confirm", post(account::confirm))
        .route("/internal/account/sessions", get(account::sessions))
        .route("/internal/account/sessions/{id}", delete(account::end_session))
        .route("/internal/users", get(users::list).post(users::invite))
        .route("/internal/users/{id}", patch(users::change).delete(users::remove))
        .route("/internal/users/{id}/reset", post(users::reset))
        .route("/internal/users/{id}/disable-totp", post(users::disable_totp))
        .route("/internal/setup-link", post(users::setup_link))
        .route("/internal/audit", get(audit::list))
        .merge(behind_pages())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app, gate::own_pages))
}

/// What the dashboard's pages show.
fn behind_pages() -> Router<SharedApp> {
    Router::new()
        .route("/internal/logs/histogram", get(logs::histogram))
        .route("/internal/logs/tail", get(tail::tail))
        .route("/internal/logs/{id}/replay", post(playground::replay))
        .route("/internal/playground", post(playground::call))
        .route("/internal/health", get(own_health::health))
        .route("/internal/connections", get(own_connections::list))
        .route("/internal/connections/{integration}/{id}", get(own_connections::get))
        .route("/internal/connections/{integration}/{id}/refresh", post(own_connections::refresh))
        .route("/internal/integrations/check", post(forms_of_integrations::check))
        .route("/internal/providers/{provider}", get(forms_of_integrations::form))
        .route("/internal/test-connection", post(forms_of_integrations::test_connection))
}

/// Metrics on a listener of their own.
pub fn metrics_router(app: SharedApp) -> Router {
    Router::new().route("/metrics", get(health::open_metrics)).with_state(app)
}

async fn method_not_allowed(method: axum::http::Method, uri: axum::http::Uri) -> ApiError {
    ApiError::method_not_allowed(&method, uri.path())
}

async fn not_found(uri: axum::http::Uri) -> ApiError {
    ApiError::not_found(format!("there is no route {}", uri.path()))
}
