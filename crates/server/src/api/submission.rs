//! What every form of contract §5.6 comes with, whatever its fields are.

use axum::Json;
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::request::Parts;
use domain::IntegrationKey;
use domain::connect::ConnectSession;
use serde_json::{Map, Value, json};
use services::connect::form::Form;
use services::connect::{direct, outbound};
use services::error::Error;

use crate::app::SharedApp;
use crate::auth::QuerySession;
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::strict::parse_query;

/// Whose session, which integration, and the page's `params`.
pub struct Submission {
    session: ConnectSession,
    key: IntegrationKey,
    params: Map<String, Value>,
    socket: Option<String>,
}

impl FromRequestParts<SharedApp> for Submission {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let QuerySession(session) = QuerySession::from_request_parts(parts, app).await?;
        let named = Path::<String>::from_request_parts(parts, app).await;
        let Path(key) = named.map_err(|error| ApiError::refused("invalid_uri_params", error.to_string()))?;
        let RawQuery(query) = RawQuery::from_request_parts(parts, app).await.unwrap_or(RawQuery(None));
        let query = parse_query(query.as_deref().unwrap_or_default());
        let params = query.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
        let socket = query.get("ws_client_id").and_then(Value::as_str);
        let socket = socket.filter(|id| !id.is_empty() && id.len() <= 64).map(str::to_owned);
        Ok(Self { session, key: parse_key(&key)?, params, socket })
    }
}

impl Submission {
    /// Connects with what was typed; the answer of every form.
    ///
    /// # Errors
    /// What is missing or refused.
    pub async fn connect(self, app: &SharedApp, form: Form) -> Result<Json<Value>, ApiError> {
        let Self { session, key, params, .. } = self;
        let connected = direct::connect(&app.services.context, &session, &key, params, form).await;
        let connected = connected.map_err(of_a_form)?;
        Metrics::count(&app.metrics.connected);
        let (key, id) = (connected.integration.as_str(), connected.connection.as_str());
        Ok(Json(json!({"providerConfigKey": key, "connectionId": id})))
    }

    /// Waits for the vendor's word of an installation; the page's socket is told what came of it.
    ///
    /// # Errors
    /// What is missing or refused.
    pub async fn wait(self, app: &SharedApp) -> Result<Json<Value>, ApiError> {
        let Self { session, key, params, socket } = self;
        let waiting = outbound::begin(&app.services.context, &session, &key, params, socket).await;
        let waiting = waiting.map_err(of_a_form)?;
        let mut answer = json!({
            "providerConfigKey": waiting.integration.as_str(), "connectionId": waiting.connection,
            "isPending": true,
        });
        if let Some(url) = waiting.install_url {
            answer["installUrl"] = Value::from(url.as_str());
        }
        Ok(Json(answer))
    }
}

/// Forms have codes of their own for what does not exist (contract §5.6).
fn of_a_form(error: Error) -> Error {
    let code = match &error {
        Error::UnknownIntegration(_) => "unknown_provider_config",
        Error::UnknownProvider(_) => "unknown_provider_template",
        _ => return error,
    };
    Error::Unknown { code, message: error.to_string() }
}

/// The integration's key of a path.
///
/// # Errors
/// It breaks the rule of contract §1.10.
pub fn parse_key(key: &str) -> Result<IntegrationKey, ApiError> {
    IntegrationKey::parse(key).map_err(|error| ApiError::refused("invalid_uri_params", error.to_string()))
}
