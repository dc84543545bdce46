//! A logged call read back, to be sent once more.

use bytes::Bytes;
use domain::operation::{Operation, OperationKind};
use domain::{ConnectionId, IntegrationKey};
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde::Deserialize;

use super::kept::Kept;
use super::target::Target;
use crate::operations::redact::REDACTED;

/// A call as the log has it.
#[derive(Debug)]
pub struct Again {
    /// Whose configuration.
    pub integration: IntegrationKey,
    /// Whose account.
    pub connection: ConnectionId,
    /// The verb.
    pub method: Method,
    /// Where to, as its caller said.
    pub target: Target,
    /// Another base than the connection's own.
    pub base_override: Option<url::Url>,
    /// The headers that are no secrets.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Names of headers that the log did not keep, and that the proxy does not add by itself.
    pub left_out: Vec<String>,
}

#[derive(Deserialize)]
struct Detail {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    target: Option<String>,
    base_url: Option<String>,
    #[serde(default)]
    headers: serde_json::Map<String, serde_json::Value>,
    body: Option<Kept>,
}

impl Again {
    /// Reads a call back.
    ///
    /// # Errors
    /// Why it cannot be sent again, for people.
    pub fn of(operation: &Operation) -> Result<Self, String> {
        let kind = OperationKind::ProxyCall;
        if (operation.kind.as_str(), operation.action.as_str()) != (kind.kind(), kind.action()) {
            return Err("Only proxied calls can be sent again.".to_owned());
        }
        let detail = operation.detail.as_ref().and_then(|detail| serde_json::from_str(detail.get()).ok());
        let Some(Detail { request }) = detail else {
            return Err(
                "The call was refused before anything was sent, so the log has no request to repeat."
                    .to_owned(),
            );
        };
        let target =
            request.target.ok_or("The call was logged by an older version, which kept too little of it.")?;
        if target.contains(REDACTED) {
            return Err("A secret stood in the call's address, and the log does not keep secrets.".to_owned());
        }
        let body = match request.body {
            None => Bytes::new(),
            Some(Kept::Text { text, redacted: false, cut: false }) => Bytes::from(text),
            Some(Kept::Text { .. }) => {
                return Err(
                    "Something in the call's body looked like a secret, and the log does not keep secrets."
                        .to_owned(),
                );
            }
            Some(Kept::LeftOut { left_out }) => {
                let why = match left_out.as_str() {
                    "streamed" => "it was streamed through",
                    "too_large" => "it was too large",
                    _ => "it was not a text",
                };
                return Err(format!("The log did not keep the call's body: {why}."));
            }
        };
        let (headers, left_out) = split(&request.headers);
        let name = |text: &Option<String>| text.clone().unwrap_or_default();
        Ok(Self {
            integration: IntegrationKey::parse(&name(&operation.integration))
                .map_err(|error| error.to_string())?,
            connection: ConnectionId::parse(&name(&operation.connection))
                .map_err(|error| error.to_string())?,
            method: Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?,
            target: Target::parse(&target).map_err(|error| error.to_string())?,
            base_override: request.base_url.as_deref().and_then(|url| url::Url::parse(url).ok()),
            headers,
            body,
            left_out,
        })
    }
}

/// The headers that can go again, and the names of those that were not kept.
fn split(kept: &serde_json::Map<String, serde_json::Value>) -> (HeaderMap, Vec<String>) {
    let (mut headers, mut left_out) = (HeaderMap::new(), Vec::new());
    for (name, value) in kept {
        let value = value.as_str().unwrap_or_default();
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        match parsed {
            // The proxy authorizes by itself.
            Some((name, _)) if name == header::AUTHORIZATION => {}
            Some((name, value)) if value != REDACTED => drop(headers.insert(name, value)),
            _ => left_out.push(name.clone()),
        }
    }
    (headers, left_out)
}
