//! The pages on which a browser's visits end, in the reader's language.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::connection::Actor;
use serde_json::json;
use services::connect::callback::{Ending, Failure, Pending};
use services::credentials::problem::TokenProblem;
use web::{Language, pages};

use crate::app::SharedApp;
use crate::error::ApiError;
use crate::metrics::Metrics;

/// Marks an answer to a state that was never issued here.
#[derive(Clone)]
pub struct UnknownState;

/// The page of an ending. One that goes on has none: whoever knows the cookies sends that browser on.
pub fn ended(app: &SharedApp, language: Language, ending: Ending) -> Response {
    let base = &app.edge.base_path;
    match ending {
        Ending::Onward(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ending::Connected { integration, display_name, connection, socket, pending } => {
            Metrics::count(&app.metrics.connected);
            let shown = pages::Connected {
                integration: &display_name,
                provider_config_key: &integration,
                connection_id: &connection,
                pending: pending == Pending::Yes,
                ws_client_id: socket.as_deref(),
            };
            page(StatusCode::OK, pages::connected(base, language, &shown))
        }
        Ending::AdminThanks { display_name } => {
            let shown = pages::AdminThanks { integration: &display_name, tenant: None };
            page(StatusCode::OK, pages::admin_thanks(base, language, &shown))
        }
        Ending::Failed { failure, socket } => {
            // A refusal that the provider sent is its answer; what we refuse ourselves is an error (contract §5.4).
            let status =
                if failure.kind == "callback_err" { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            let mut response = page(status, failed(app, language, &failure, socket.as_deref()));
            if failure.problem.code == "state_unknown" {
                response.extensions_mut().insert(UnknownState);
            }
            response
        }
    }
}

fn failed(app: &SharedApp, language: Language, failure: &Failure, socket: Option<&str>) -> String {
    let TokenProblem { code, cause, actor, remedy, link, trace_id, correlation_id, .. } = &failure.problem;
    let mut details = vec![("code", code.as_str())];
    details.extend(trace_id.as_deref().map(|id| ("trace id", id)));
    details.extend(correlation_id.as_deref().map(|id| ("correlation id", id)));
    let shown = pages::Failure {
        error_type: failure.kind,
        code,
        message: cause,
        cause,
        actor: Some(page_actor(*actor)),
        remedy: Some(remedy),
        link: link.as_deref(),
        details: &details,
        ws_client_id: socket,
    };
    pages::failed(&app.edge.base_path, language, &shown)
}

fn page_actor(actor: Actor) -> pages::Actor {
    match actor {
        Actor::User => pages::Actor::User,
        Actor::Admin => pages::Actor::Admin,
        Actor::Developer => pages::Actor::Developer,
        Actor::Nobody => pages::Actor::Nobody,
    }
}

/// The page of an error outside a popup's report.
pub fn error(app: &SharedApp, language: Language, error: &ApiError) -> Response {
    let (status, code, message) = error.parts();
    let shown = pages::Failure {
        error_type: code,
        code,
        message,
        cause: message,
        actor: None,
        remedy: None,
        link: None,
        details: &[],
        ws_client_id: None,
    };
    page(status, pages::error(&app.edge.base_path, language, &shown))
}

/// A page that says what to do where there was nothing to end.
pub fn notice(app: &SharedApp, language: Language, code: &str) -> Response {
    page(StatusCode::OK, pages::notice(&app.edge.base_path, language, code))
}

/// What kept an authorization from beginning: told to the page that waits and shown in the popup.
pub async fn refused(
    app: &SharedApp,
    language: Language,
    key: &str,
    socket: Option<&str>,
    error: &ApiError,
) -> Response {
    let (status, code, message) = error.parts();
    let kind = match code {
        "unknown_provider_config" | "not_found" => "unknown_config_key",
        "invalid_connection_config" | "invalid_body" => "url_param_err",
        "invalid_auth_mode" => "auth_mode_err",
        "integration_not_allowed" => "provider_config_err",
        _ => "unknown_err",
    };
    let text = error.explained();
    let problem = json!({"code": code, "cause": text});
    let told = app.services.events.failure(socket, key, "", kind, &text, problem).await;
    if let Err(error) = told {
        tracing::warn!(%error, "a waiting page could not be told of a failure");
    }
    let shown = pages::Failure {
        error_type: kind,
        code,
        message,
        cause: &text,
        actor: None,
        remedy: None,
        link: None,
        details: &[("code", code)],
        ws_client_id: socket,
    };
    page(status, pages::failed(&app.edge.base_path, language, &shown))
}

fn page(status: StatusCode, html: String) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(web::RESULT_CSP));
    private(headers);
    response
}

/// Kept by nobody, and its address goes to nobody.
pub fn private(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
