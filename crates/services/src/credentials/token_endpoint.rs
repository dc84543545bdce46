//! Asks a token endpoint: one bounded call, no redirects, every outcome understood.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::provider::BodyFormat;
use egress::{Body, EgressError};
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response};
use serde_json::{Map, Value};

use super::problem::TokenProblem;
use super::schemes::TokenRequest;
use super::token_answer::{self, TokenAnswer};
use crate::context::Context;

/// What a token call looked like from outside, for the log; holds no secret.
#[derive(Debug, Clone)]
pub struct TokenCallFacts {
    /// `POST`, mostly.
    pub method: Method,
    /// The endpoint, without the fields of a `GET`.
    pub url: String,
    /// `grant_type`.
    pub grant: String,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Wall time.
    pub duration: Duration,
}

impl TokenCallFacts {
    /// A call of which nothing is known but that it was made.
    pub fn unknown() -> Self {
        let (url, grant) = (String::new(), String::new());
        Self { method: Method::POST, url, grant, status: None, duration: Duration::ZERO }
    }
}

/// Sends the request and reads the answer.
///
/// # Errors
/// The problem, classed by whom it concerns.
pub async fn ask(
    context: &Context,
    request: TokenRequest,
) -> (TokenCallFacts, Result<TokenAnswer, TokenProblem>) {
    let (facts, outcome) = send(context, &request).await;
    let answer = outcome.and_then(|response| {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let status = response.status().as_u16();
        token_answer::read_as(&request.shape, status, kind, response.body(), context.now_ms())
    });
    (facts, answer)
}

/// Sends a request that asks not for a token but for a JSON object.
///
/// # Errors
/// As [`ask`]; an answer of another kind.
pub async fn ask_json(
    context: &Context,
    request: TokenRequest,
) -> (TokenCallFacts, Result<Map<String, Value>, TokenProblem>) {
    let (facts, outcome) = send(context, &request).await;
    let answer = outcome.and_then(|response| {
        let status = response.status().as_u16();
        let object: Option<Map<String, Value>> = serde_json::from_slice(response.body()).ok();
        match (response.status().is_success(), object) {
            (true, Some(object)) => Ok(object),
            (_, object) => Err(TokenProblem::from_answer(status, &object.unwrap_or_default())),
        }
    });
    (facts, answer)
}

/// Sends the request; the answer is whatever came, unread.
///
/// # Errors
/// No answer came.
pub async fn send(
    context: &Context,
    request: &TokenRequest,
) -> (TokenCallFacts, Result<Response<Bytes>, TokenProblem>) {
    let started = tokio::time::Instant::now();
    let grant = request.fields.iter().find(|(name, _)| name == "grant_type");
    let mut facts = TokenCallFacts {
        method: request.method.clone(),
        url: crate::operations::redact::url(&request.url),
        grant: grant.map(|(_, value)| value.expose().to_owned()).unwrap_or_default(),
        status: None,
        duration: Duration::ZERO,
    };
    let outcome = match to_http(request) {
        Some(http) => context.egress.fetch_bytes(http, &context.settings.token).await,
        None => Err(EgressError::InvalidTarget { reason: "the token URL is not a valid URL".to_owned() }),
    };
    facts.duration = started.elapsed();
    facts.status = outcome.as_ref().ok().map(|response| response.status().as_u16());
    (facts, outcome.map_err(|failure| unreachable(&failure)))
}

fn to_http(request: &TokenRequest) -> Option<Request<Body>> {
    let (kind, body) = encoded(request)?;
    let in_query = request.method == Method::GET || request.format == BodyFormat::Query;
    let mut url = url::Url::parse(&request.url).ok()?;
    if in_query && !request.fields.is_empty() {
        let pairs = request.fields.iter().map(|(name, value)| (name.as_str(), value.expose()));
        url.query_pairs_mut().extend_pairs(pairs);
    }
    let mut http = Request::new(if in_query { Body::empty() } else { Body::from(body) });
    *http.method_mut() = request.method.clone();
    // A fragment is not sent (RFC 9110 §7.1) and `Uri` does not take one.
    url.set_fragment(None);
    *http.uri_mut() = url.as_str().parse().ok()?;
    if let Some(identity) = &request.identity {
        http.extensions_mut().insert(identity.clone());
    }
    let headers = http.headers_mut();
    if !in_query && let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if let Some((id, secret)) = &request.basic {
        // RFC 6749 §2.3.1: both are form-encoded before they become Basic credentials.
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(id), encode(secret.expose()));
        headers.insert(header::AUTHORIZATION, sensitive(&format!("Basic {}", STANDARD.encode(pair)))?);
    }
    if let Some(token) = &request.bearer {
        headers.insert(header::AUTHORIZATION, sensitive(&format!("Bearer {}", token.expose()))?);
    }
    for (name, value) in &request.headers {
        headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, sensitive(value.expose())?);
    }
    Some(http)
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The body with its content type; a body of the scheme's own names its type itself.
fn encoded(request: &TokenRequest) -> Option<(Option<&'static str>, String)> {
    if let Some(body) = &request.body {
        return Some((None, body.expose().to_owned()));
    }
    Some(match request.format {
        // Its fields stand in the URL, see `to_http`.
        BodyFormat::Query => (Some("application/x-www-form-urlencoded"), String::new()),
        // Fields are flat and an XML request is not: its scheme writes the body.
        BodyFormat::Xml => return None,
        BodyFormat::Form => {
            let pairs = request.fields.iter().map(|(name, value)| (name.as_str(), value.expose()));
            let body = serde_urlencoded::to_string(pairs.collect::<Vec<_>>()).ok()?;
            (Some("application/x-www-form-urlencoded"), body)
        }
        BodyFormat::Json => {
            let fields =
                request.fields.iter().map(|(name, value)| (name.clone(), Value::from(value.expose())));
            (Some("application/json"), Value::Object(fields.collect::<Map<_, _>>()).to_string())
        }
    })
}

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("Sheetbend/", env!("CARGO_PKG_VERSION"));

/// A call that gave no answer, as a problem.
pub(super) fn unreachable(failure: &EgressError) -> TokenProblem {
    let cause = format!("The token endpoint gave no usable answer: {failure}.");
    match failure {
        EgressError::Refused { .. } | EgressError::InvalidTarget { .. } => TokenProblem::developer(
            failure.code(),
            cause,
            "Correct the provider's or connection's host; a private host must be exempted by the operator (--exempt).",
        ),
        _ => TokenProblem::passing(failure.code(), cause),
    }
}
