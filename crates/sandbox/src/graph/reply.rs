//! Answers and errors of Graph, and the query options all collections share.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use crate::api::{ApiRequest, ApiResponse};
use crate::files::FileError;
use crate::world::World;
use crate::{random, stamps, web};

/// What a handler gives: an answer, or an error that becomes one.
pub(crate) type Outcome = Result<ApiResponse, GraphError>;

/// One call with its decoded query.
pub(crate) struct Call<'a> {
    pub world: &'a World,
    pub request: &'a ApiRequest,
    query: Vec<(String, String)>,
}

/// An error of Graph.
#[derive(Debug)]
pub(crate) struct GraphError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// Second level of the workbook API's errors: code and message.
    pub inner: Option<(&'static str, String)>,
    /// `Location`, for 410.
    pub location: Option<String>,
}

impl GraphError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), inner: None, location: None }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalidRequest", message)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "itemNotFound", "The resource could not be found.")
    }

    pub fn denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "accessDenied", "Access denied")
    }

    /// A path that means nothing to Graph.
    pub fn segment(name: &str) -> Self {
        let message = format!("Resource not found for the segment '{name}'.");
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "UnknownError",
            "Specified HTTP method is not allowed for the request target.",
        )
    }

    /// What the real one does and the sandbox does not.
    pub fn unsupported(what: &str) -> Self {
        let message = format!("{what} is not supported by the sandbox.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "notSupported", message)
    }

    pub fn precondition() -> Self {
        let message = "ETag does not match current item's value";
        Self::new(StatusCode::PRECONDITION_FAILED, "resourceModified", message)
    }

    /// The error as an answer, with the ids that Graph puts into it.
    pub fn into_response(self, call: &Call<'_>) -> ApiResponse {
        let id = random::guid();
        let client = web::header(&call.request.headers, "client-request-id").unwrap_or(&id).to_owned();
        let mut inner = Map::new();
        if let Some((code, message)) = self.inner {
            inner.insert("code".into(), json!(code));
            inner.insert("message".into(), json!(message));
        }
        inner.insert("date".into(), json!(stamps::graph_date(call.world.clock.now_ms())));
        inner.insert("request-id".into(), json!(id));
        inner.insert("client-request-id".into(), json!(client));
        let body = json!({ "error": { "code": self.code, "message": self.message, "innerError": inner } });
        let mut response = json_response(self.status, &body);
        stamps::put(&mut response.headers, HeaderName::from_static("request-id"), &id);
        if let Some(location) = self.location {
            stamps::put(&mut response.headers, LOCATION, &location);
        }
        response
    }
}

impl From<FileError> for GraphError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => Self::not_found(),
            FileError::NameTaken => Self::new(StatusCode::CONFLICT, "nameAlreadyExists", error.to_string()),
            FileError::Invalid(message) => Self::invalid(message),
            FileError::Storage(message) => {
                tracing::error!(%message, "the sandbox's files could not be written");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "generalException",
                    "General exception while processing",
                )
            }
        }
    }
}

/// A JSON answer.
pub(crate) fn json_response(status: StatusCode, value: &Value) -> ApiResponse {
    let mut headers = HeaderMap::new();
    let kind =
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    ApiResponse { status, headers, body: value.to_string().into() }
}

/// 200 with JSON.
pub(crate) fn ok(value: &Value) -> ApiResponse {
    json_response(StatusCode::OK, value)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> ApiResponse {
    ApiResponse { status, headers: HeaderMap::new(), body: Bytes::new() }
}

impl<'a> Call<'a> {
    pub fn new(world: &'a World, request: &'a ApiRequest) -> Self {
        let query = serde_urlencoded::from_str(&request.query).unwrap_or_default();
        Self { world, request, query }
    }

    pub fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        web::header(&self.request.headers, name)
    }

    pub fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    /// Reads the body as a JSON object; an absent body is an empty one.
    pub fn body(&self) -> Result<Map<String, Value>, GraphError> {
        if self.request.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(map)) => Ok(map),
            _ => Err(GraphError::new(
                StatusCode::BAD_REQUEST,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
            )),
        }
    }

    /// `…/v1.0/$metadata#what`.
    pub fn context(&self, what: &str) -> String {
        format!("{}{}/$metadata#{what}", self.request.origin, self.request.prefix)
    }

    /// An address below the version: `…/v1.0/path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.request.origin, self.request.prefix)
    }

    /// This request's address with one option replaced and another taken away.
    pub fn again_with(&self, option: &str, value: &str, without: &[&str]) -> String {
        let kept = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default().replace("%24", "$");
            name != option && !without.contains(&name.as_str())
        };
        let mut query: Vec<String> = self
            .request
            .query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .filter(kept)
            .map(str::to_owned)
            .collect();
        query.push(format!("{option}={value}"));
        format!("{}?{}", self.url(&self.request.path), query.join("&"))
    }

    /// `$top`, between 1 and `max`.
    pub fn top(&self, default: usize, max: usize) -> Result<usize, GraphError> {
        match self.option("$top") {
            None => Ok(default.min(max)),
            Some(text) => match text.parse::<usize>() {
                Ok(top) if top > 0 => Ok(top.min(max)),
                _ => Err(GraphError::invalid(format!("Invalid value '{text}' for $top."))),
            },
        }
    }

    /// Cuts a page out of `all` by `$top`, `$skip` and our `$skiptoken`; the second part is the next link.
    pub fn page<T>(&self, all: Vec<T>, default: usize) -> Result<(Vec<T>, Option<String>), GraphError> {
        let top = self.top(default, 1000)?;
        let skip = match (self.option("$skiptoken"), self.option("$skip")) {
            (Some(token), _) => {
                decode_offset(token).ok_or_else(|| GraphError::invalid("The skip token is invalid."))?
            }
            (None, Some(skip)) => {
                skip.parse().map_err(|_| GraphError::invalid("Invalid value for $skip."))?
            }
            (None, None) => 0,
        };
        let total = all.len();
        let items: Vec<T> = all.into_iter().skip(skip).take(top).collect();
        let next = skip + items.len();
        let link = (next < total && !items.is_empty())
            .then(|| self.again_with("$skiptoken", &encode_offset(next), &["$skip"]));
        Ok((items, link))
    }

    /// Keeps the selected properties; annotations stay.
    pub fn select(&self, mut value: Value) -> Value {
        let Some(select) =
            self.option("$select").filter(|select| !select.trim().is_empty() && select.trim() != "*")
        else {
            return value;
        };
        let wanted: Vec<&str> =
            select.split(',').map(|name| name.trim().split('/').next().unwrap_or_default()).collect();
        if let Some(map) = value.as_object_mut() {
            map.retain(|name, _| {
                name.starts_with("@odata.") || wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
            });
        }
        value
    }

    /// A collection: context, the next link when there is one, `value`.
    pub fn collection(&self, context: &str, values: Vec<Value>, next: Option<String>) -> ApiResponse {
        let mut body = Map::new();
        body.insert("@odata.context".into(), json!(self.context(context)));
        if let Some(next) = next {
            body.insert("@odata.nextLink".into(), json!(next));
        }
        body.insert("value".into(), Value::Array(values));
        ok(&Value::Object(body))
    }
}

fn encode_offset(offset: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("o{offset}"))
}

fn decode_offset(token: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix('o')?.parse().ok()
}

/// Puts a context before an entity.
pub(crate) fn entity(context: String, value: Value) -> Value {
    let mut map = Map::new();
    map.insert("@odata.context".into(), json!(context));
    if let Value::Object(properties) = value {
        map.extend(properties);
    }
    Value::Object(map)
}
