//! Graph's JSON answers and errors.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse};
use crate::sites::{EditError, iso, random_guid};
use crate::world::World;

pub(super) type Outcome = Result<ApiResponse, GraphError>;

/// An error in Graph's form.
#[derive(Debug)]
pub(super) struct GraphError {
    status: StatusCode,
    code: &'static str,
    message: String,
    location: Option<String>,
}

/// What an error body says about its request.
pub(super) struct Meta {
    date: String,
    client_request_id: Option<String>,
}

impl Meta {
    pub fn of(world: &World, request: &ApiRequest) -> Self {
        let sent = request.headers.get("client-request-id").and_then(|value| value.to_str().ok());
        Self { date: iso(world.clock.now_ms()), client_request_id: sent.map(str::to_owned) }
    }
}

impl GraphError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), location: None }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalidRequest", message)
    }

    pub fn not_found(what: &str) -> Self {
        let message = format!("Requested {what} could not be found");
        Self::new(StatusCode::NOT_FOUND, "itemNotFound", message)
    }

    pub fn access_denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "accessDenied", "Access denied")
    }

    pub fn unknown_route(rest: &[&str]) -> Self {
        let segment = rest.last().copied().unwrap_or_default();
        Self::bad_request(format!("Resource not found for the segment '{segment}'."))
    }

    /// A delta token that is too old or not ours.
    pub fn resync(fresh: String) -> Self {
        let message = "Resync required. Replace any local items with the server's version.";
        let error = Self::new(StatusCode::GONE, "resyncRequired", message);
        Self { location: Some(fresh), ..error }
    }

    pub fn response(self, meta: &Meta) -> ApiResponse {
        let request_id = random_guid();
        let client_id = meta.client_request_id.as_deref().unwrap_or(&request_id);
        let inner = json!({"date": meta.date.trim_end_matches('Z'), "request-id": request_id, "client-request-id": client_id});
        let body = json!({"error": {"code": self.code, "message": self.message, "innerError": inner}});
        let mut response = json_answer(self.status, &body);
        if let Some(location) = self.location.as_deref().and_then(|url| HeaderValue::from_str(url).ok()) {
            response.headers.insert(header::LOCATION, location);
        }
        response
    }
}

impl From<EditError> for GraphError {
    fn from(error: EditError) -> Self {
        let message = error.to_string();
        match error {
            EditError::NoList => Self::not_found("list"),
            EditError::NoItem => {
                Self::new(StatusCode::NOT_FOUND, "itemNotFound", "The specified item was not found")
            }
            EditError::Changed => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "resourceModified",
                "ETag does not match current item's value",
            ),
            EditError::Field(_) | EditError::Library => Self::bad_request(message),
        }
    }
}

pub(super) fn json_answer(status: StatusCode, body: &Value) -> ApiResponse {
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static(
        "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8",
    );
    headers.insert(header::CONTENT_TYPE, kind);
    let body = Bytes::from(body.to_string());
    ApiResponse { status, headers, body }
}

/// 200 with the entity's tag as header when it has one.
pub(super) fn ok(body: &Value) -> Outcome {
    Ok(with_tag(StatusCode::OK, body))
}

pub(super) fn created(body: &Value) -> Outcome {
    Ok(with_tag(StatusCode::CREATED, body))
}

pub(super) fn no_content() -> Outcome {
    Ok(ApiResponse { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Bytes::new() })
}

fn with_tag(status: StatusCode, body: &Value) -> ApiResponse {
    let mut response = json_answer(status, body);
    let tag = body.get("@odata.etag").and_then(Value::as_str);
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        response.headers.insert(header::ETAG, tag);
    }
    response
}
