//! The only map from errors to HTTP. Public message and private cause are apart; a failure is logged once, here.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use services::credentials::problem::{Concern, TokenProblem};
use services::error::{Error, FieldIssue, RetryLater, StoreError};

/// An answer that is an error, in the shapes of contract §1.1.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: Map<String, Value>,
    retry_after: Option<u32>,
}

impl ApiError {
    /// `{"error":{"code","message"}}`.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let mut body = Map::new();
        body.insert("code".into(), code.into());
        body.insert("message".into(), Value::String(message.into()));
        Self { status, body, retry_after: None }
    }

    /// 400 with a code of the contract.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 with the list of invalid fields.
    pub fn invalid(code: &str, issues: Vec<FieldIssue>) -> Self {
        let errors = issues
            .into_iter()
            .map(|issue| json!({"code": issue.code, "message": issue.message, "path": issue.path}))
            .collect();
        let mut error = Self::new(StatusCode::BAD_REQUEST, code, "");
        error.body.remove("message");
        error.body.insert("errors".into(), Value::Array(errors));
        error
    }

    /// 400 for one parameter of the query.
    pub fn invalid_query(name: &str, message: impl Into<String>) -> Self {
        Self::invalid("invalid_query_params", vec![FieldIssue::custom(message, &[name])])
    }

    /// The same invalid fields, where they stood in the query.
    pub fn of_query(mut self) -> Self {
        if self.parts().1 == "invalid_body" {
            self.body.insert("code".into(), "invalid_query_params".into());
        }
        self
    }

    /// 400 for a body that is no JSON.
    pub fn invalid_json(error: &serde_json::Error) -> Self {
        Self::refused("invalid_json", error.to_string())
    }

    /// 415 for a body that says it is no JSON.
    pub fn not_json() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_content_type",
            "Content-Type header must be application/json",
        )
    }

    /// 405.
    pub fn method_not_allowed(method: &Method, path: &str) -> Self {
        let message = format!("{path} does not take {method}; the Allow header has what it takes");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    /// 429, to be tried again after so many seconds.
    pub fn too_many(method: &Method, path: &str, seconds: u32) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_request", "");
        error.body.remove("message");
        error.body.insert("method".into(), method.as_str().into());
        error.body.insert("path".into(), path.into());
        error.retry_after = Some(seconds);
        error
    }

    /// 413.
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "request_too_large",
            format!("the request body is larger than {limit} bytes (--body-limit-mb)"),
        )
    }

    /// 401 in the legacy shape, with its `payload`.
    pub fn unauthorized(code: &str, message: &str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, code, message);
        error.body.insert("payload".into(), json!({}));
        error
    }

    /// 401 for a person.
    pub fn not_signed_in(code: &str, message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 500 for what broke off.
    pub fn broken(what: &str) -> Self {
        internal(&format!("{what} broke off"))
    }

    /// 403 for a person without the right.
    pub fn beyond_role(required: &[&str]) -> Self {
        let mut error = Self::insufficient_scope(required);
        error.body.insert("code".into(), "insufficient_scope".into());
        error
    }

    /// 403 for a key without the scope.
    pub fn insufficient_scope(required: &[&str]) -> Self {
        let message = match required {
            [one] => format!("Insufficient scope. Required: {one}"),
            several => format!("Insufficient scope. Required one of: {}", several.join(" or ")),
        };
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// Adds the facts that a page or a person needs beside the message.
    pub fn with_payload(mut self, payload: Value) -> Self {
        self.body.insert("payload".into(), payload);
        self
    }

    /// Adds one fact to the payload.
    pub fn add_to_payload(&mut self, key: &str, value: Value) {
        let payload = self.body.entry("payload").or_insert_with(|| json!({}));
        if let Value::Object(facts) = payload {
            facts.insert(key.to_owned(), value);
        }
    }

    /// The same failure under the contract's code for a connection whose credentials do not work (§2.4): 400 or 424.
    pub fn into_invalid_credentials(mut self) -> Self {
        if matches!(
            self.status,
            StatusCode::BAD_REQUEST | StatusCode::FAILED_DEPENDENCY | StatusCode::BAD_GATEWAY
        ) {
            self.status = if self.status == StatusCode::BAD_GATEWAY {
                StatusCode::FAILED_DEPENDENCY
            } else {
                self.status
            };
            self.body.insert("code".into(), "invalid_credentials".into());
        }
        self
    }

    /// The same failure as the proxy tells it (contract §3.2): `server_error`, its status kept.
    pub fn into_proxy_failure(mut self) -> Self {
        let (_, _, message) = self.parts();
        let text = format!("Failed to get connection credentials: '{message}'");
        self.body.insert("code".into(), "server_error".into());
        self.body.insert("message".into(), Value::String(text));
        self
    }

    /// The status, code and message, for pages and logs.
    pub fn parts(&self) -> (StatusCode, &str, &str) {
        let text = |key| self.body.get(key).and_then(Value::as_str).unwrap_or_default();
        (self.status, text("code"), text("message"))
    }

    /// Message and field issues in one text, for pages.
    pub fn explained(&self) -> String {
        let (_, code, message) = self.parts();
        let issues = self.body.get("errors").and_then(Value::as_array).into_iter().flatten();
        let texts: Vec<&str> = issues.filter_map(|issue| issue.get("message")?.as_str()).collect();
        match (message.is_empty(), texts.is_empty()) {
            (false, _) => message.to_owned(),
            (true, false) => texts.join(" "),
            (true, true) => code.to_owned(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"error": self.body}))).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::UnknownProvider(_) => Self::not_found(message),
            Error::UnknownIntegration(_) => Self::not_found(message),
            Error::UnknownConnection { .. } => Self::not_found("Failed to find connection"),
            Error::NotFound(message) => Self::not_found(message),
            Error::Unknown { code, message } => Self::new(StatusCode::NOT_FOUND, code, message),
            Error::Conflict(message) => Self::new(StatusCode::CONFLICT, "conflict", message),
            Error::Invalid(issues) => Self::invalid("invalid_body", issues),
            Error::Refused { code, .. } => Self::refused(code, message),
            Error::NotSignedIn { code, message } => Self::not_signed_in(code, message),
            Error::TooManyTries { seconds } => {
                let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", message);
                error.retry_after = Some(seconds);
                error
            }
            Error::NoRoom(_) => {
                let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_room", message);
                error.retry_after = Some(5);
                error
            }
            Error::Setting(_) => Self::refused("invalid_connection_config", message),
            Error::Token(problem) => from_token_problem(&problem),
            Error::NoToken { code, problem } => token_problem(no_token_status(code), code, &problem),
            Error::Credentials { problem, retry } => {
                let code = match retry {
                    RetryLater::Yes => "connection_refresh_backoff",
                    RetryLater::No => "invalid_credentials",
                };
                let facts = json!({
                    "code": problem.code, "cause": problem.cause, "actor": problem.actor, "remedy": problem.remedy,
                    "link": problem.link, "log_id": problem.log_id,
                });
                let text = format!("{} {}", problem.cause, problem.remedy);
                Self::new(StatusCode::FAILED_DEPENDENCY, code, text).with_payload(facts)
            }
            Error::Shared(shared) => from_shared(&shared),
            Error::Egress(failure) => Self::new(StatusCode::BAD_GATEWAY, failure.code(), message)
                .with_payload(json!({"code": failure.node_code()})),
            Error::Store(StoreError::Duplicate(_)) => {
                Self::new(StatusCode::CONFLICT, "conflict", "it exists already")
            }
            Error::Store(StoreError::NulCharacter) => {
                Self::invalid("invalid_body", vec![FieldIssue::custom("no NUL characters", &[])])
            }
            Error::Store(ref failure) if failure.is_transient() => unavailable(&message),
            Error::Store(StoreError::Full | StoreError::ReadOnly) => unavailable(&message),
            Error::Store(_) | Error::Vault(_) | Error::Corrupt(_) => internal(&message),
        }
    }
}

/// A failure that several callers share is read, not taken.
fn from_shared(error: &Error) -> ApiError {
    match error {
        Error::Token(problem) => from_token_problem(problem),
        Error::Credentials { problem, retry } => {
            ApiError::from(Error::Credentials { problem: problem.clone(), retry: *retry })
        }
        Error::Shared(inner) => from_shared(inner),
        Error::Store(failure) => ApiError::from(Error::Store(failure.clone())),
        Error::Egress(failure) => ApiError::from(Error::Egress(failure.clone())),
        Error::Refused { code, message } => ApiError::refused(code, message.clone()),
        other => internal(&other.to_string()),
    }
}

/// 503: nothing was written, and the same call may succeed later.
fn unavailable(message: &str) -> ApiError {
    tracing::error!(cause = message, "a request failed because the database is not available");
    let mut error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", message);
    error.retry_after = Some(5);
    error
}

/// 500: the cause goes to the log, not to the caller.
fn internal(cause: &str) -> ApiError {
    tracing::error!(cause, "a request failed");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "server_error",
        "an internal error occurred; the server's log has the cause",
    )
}

/// The contract's status whatever the reason (§1.11, §5.6); the payload tells what passes by itself.
fn no_token_status(code: &str) -> StatusCode {
    match code {
        "aws_sigv4_sts_request_failed" => StatusCode::BAD_GATEWAY,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn from_token_problem(problem: &TokenProblem) -> ApiError {
    let status = match problem.concern {
        Concern::Passing => StatusCode::BAD_GATEWAY,
        _ => StatusCode::BAD_REQUEST,
    };
    token_problem(status, "token_request_failed", problem)
}

fn token_problem(status: StatusCode, code: &str, problem: &TokenProblem) -> ApiError {
    let text = format!("{} {}", problem.cause, problem.remedy);
    ApiError::new(status, code, text).with_payload(json!({
        "code": problem.code, "cause": problem.cause, "actor": problem.actor, "remedy": problem.remedy,
        "link": problem.link, "trace_id": problem.trace_id, "correlation_id": problem.correlation_id,
    }))
}
