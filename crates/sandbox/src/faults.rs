//! Injected failures: what a request must look like, how often, and what happens to it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::web::{self, Reply};

/// Most rules kept at once.
const MOST: usize = 1_000;
/// Largest body made up, in bytes.
const LARGEST: u64 = 8 * 1024 * 1024 * 1024;

/// One rule of `POST /_control/faults`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests; everything that is given must fit.
    #[serde(rename = "match", default)]
    pub matching: FaultMatch,
    /// How many requests it hits before it is gone; absent means every one.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    pub action: FaultAction,
}

/// Which requests a fault hits.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultMatch {
    /// Host header without port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Beginning of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    /// Regular expression found in the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_regex: Option<String>,
    /// Verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// What a fault does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "FlatAction", into = "FlatAction")]
pub enum FaultAction {
    /// Answers with this status in place of the real answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// `Retry-After`: seconds, or any text.
        retry_after: Option<Value>,
        /// More headers.
        headers: std::collections::BTreeMap<String, String>,
        /// A string is sent as it is, anything else as JSON.
        body: Value,
    },
    /// Closes the connection without an answer.
    Drop,
    /// Waits so many milliseconds, then answers as usual.
    StallMs(u64),
    /// Sends so many bytes of the real answer, then closes the connection.
    TruncateAfter(u64),
    /// Sends so many bytes of the real answer, then nothing for so many milliseconds, then the rest.
    StallAfter {
        /// Bytes sent first.
        bytes: u64,
        /// Milliseconds of silence.
        ms: u64,
    },
    /// 200 with an HTML page in place of the real answer.
    Html,
    /// 200 with a JSON string of about so many bytes in place of the real answer.
    Huge(u64),
    /// 302 to this URL in place of the real answer.
    Redirect(String),
    /// The request is served and takes effect, but the answer is lost: the connection closes.
    LoseAnswer,
}

/// [`FaultAction`] as it stands in JSON: `{"status": 503, "retry_after": 2}`, `{"drop": true}`, `{"stall_ms": 500}`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FlatAction {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<Value>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    headers: std::collections::BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    body: Value,
    #[serde(skip_serializing_if = "is_false")]
    drop: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stall_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stall_after: Option<StallAfter>,
    #[serde(skip_serializing_if = "is_false")]
    html: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    huge: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    lose_answer: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StallAfter {
    bytes: u64,
    ms: u64,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl TryFrom<FlatAction> for FaultAction {
    type Error = &'static str;

    fn try_from(flat: FlatAction) -> Result<Self, Self::Error> {
        let FlatAction { status, retry_after, headers, body, .. } = flat;
        let answer = status.map(|status| Self::Answer { status, retry_after, headers, body });
        let candidates = [
            answer,
            flat.drop.then_some(Self::Drop),
            flat.stall_ms.map(Self::StallMs),
            flat.truncate_after.map(Self::TruncateAfter),
            flat.stall_after.map(|StallAfter { bytes, ms }| Self::StallAfter { bytes, ms }),
            flat.html.then_some(Self::Html),
            flat.huge.map(Self::Huge),
            flat.redirect.map(Self::Redirect),
            flat.lose_answer.then_some(Self::LoseAnswer),
        ];
        let mut given = candidates.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(action), None) => Ok(action),
            _ => Err(
                "an action is exactly one of status, drop, stall_ms, truncate_after, stall_after, html, huge, \
                      redirect, lose_answer",
            ),
        }
    }
}

impl From<FaultAction> for FlatAction {
    fn from(action: FaultAction) -> Self {
        let empty = Self::default();
        match action {
            FaultAction::Answer { status, retry_after, headers, body } => {
                Self { status: Some(status), retry_after, headers, body, ..empty }
            }
            FaultAction::Drop => Self { drop: true, ..empty },
            FaultAction::StallMs(ms) => Self { stall_ms: Some(ms), ..empty },
            FaultAction::TruncateAfter(bytes) => Self { truncate_after: Some(bytes), ..empty },
            FaultAction::StallAfter { bytes, ms } => {
                Self { stall_after: Some(StallAfter { bytes, ms }), ..empty }
            }
            FaultAction::Html => Self { html: true, ..empty },
            FaultAction::Huge(bytes) => Self { huge: Some(bytes), ..empty },
            FaultAction::Redirect(url) => Self { redirect: Some(url), ..empty },
            FaultAction::LoseAnswer => Self { lose_answer: true, ..empty },
        }
    }
}

/// Why a rule was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FaultRefused {
    #[error("path_regex: {0}")]
    Regex(#[from] regex::Error),
    #[error("status {0} is not an HTTP status")]
    Status(u16),
    #[error("more than {MOST} rules")]
    TooMany,
}

struct Rule {
    fault: Fault,
    regex: Option<Regex>,
}

/// Injected failures, the oldest rule first.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    pub fn add(&self, fault: Fault) -> Result<(), FaultRefused> {
        if let FaultAction::Answer { status, .. } = &fault.action {
            StatusCode::from_u16(*status).map_err(|_| FaultRefused::Status(*status))?;
        }
        let regex = fault.matching.path_regex.as_deref().map(Regex::new).transpose()?;
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if rules.len() >= MOST {
            return Err(FaultRefused::TooMany);
        }
        rules.push(Rule { fault, regex });
        Ok(())
    }

    pub fn list(&self) -> Vec<Fault> {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|rule| rule.fault.clone())
            .collect()
    }

    pub fn clear(&self) {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The action of the first rule that fits, which counts as used.
    pub fn take(&self, method: &str, host: &str, path: &str) -> Option<FaultAction> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let index = rules.iter().position(|rule| rule.fits(method, host, path))?;
        let action = rules[index].fault.action.clone();
        if let Some(times) = &mut rules[index].fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                rules.remove(index);
            }
        }
        Some(action)
    }
}

impl Rule {
    fn fits(&self, method: &str, host: &str, path: &str) -> bool {
        let wanted = &self.fault.matching;
        wanted.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && wanted.host.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(host))
            && wanted.path_prefix.as_deref().is_none_or(|wanted| path.starts_with(wanted))
            && self.regex.as_ref().is_none_or(|wanted| wanted.is_match(path))
            && self.fault.times != Some(0)
    }
}

impl FaultAction {
    /// The made-up answer, for actions that need no real one; `None` drops the connection.
    pub fn instead(&self) -> Option<Option<Reply>> {
        match self {
            Self::Answer { status, retry_after, headers, body } => {
                Some(Some(made_up(*status, retry_after.as_ref(), headers, body)))
            }
            Self::Drop => Some(None),
            Self::Html => {
                let page = "<!doctype html><title>Service unavailable</title><h1>Our services aren't available right now</h1>";
                Some(Some(web::html(StatusCode::OK, page.into())))
            }
            Self::Huge(bytes) => Some(Some(huge((*bytes).min(LARGEST)))),
            Self::Redirect(url) => Some(Some(redirect(url))),
            Self::StallMs(_) | Self::TruncateAfter(_) | Self::StallAfter { .. } | Self::LoseAnswer => None,
        }
    }

    /// What becomes of the real answer; `None` drops the connection.
    pub fn afflict(&self, reply: Reply) -> Option<Reply> {
        match self {
            Self::TruncateAfter(bytes) => Some(cut(reply, *bytes, None)),
            Self::StallAfter { bytes, ms } => Some(cut(reply, *bytes, Some(Duration::from_millis(*ms)))),
            Self::LoseAnswer => None,
            _ => Some(reply),
        }
    }
}

fn made_up(
    status: u16,
    retry_after: Option<&Value>,
    headers: &std::collections::BTreeMap<String, String>,
    body: &Value,
) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = match body {
        Value::Null => web::typed(status, "text/plain", Bytes::new()),
        Value::String(text) => web::typed(status, "text/plain; charset=utf-8", text.clone()),
        json => web::json(status, json),
    };
    let map = reply.headers_mut();
    match retry_after {
        Some(Value::String(text)) => crate::stamps::put(map, RETRY_AFTER, text),
        Some(Value::Number(seconds)) => crate::stamps::put(map, RETRY_AFTER, &seconds.to_string()),
        _ => {}
    }
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            map.insert(name, value);
        }
    }
    reply
}

fn redirect(url: &str) -> Reply {
    let mut reply = web::typed(StatusCode::FOUND, "text/plain", Bytes::new());
    crate::stamps::put(reply.headers_mut(), LOCATION, url);
    reply
}

/// A JSON string of about `bytes` bytes, streamed.
fn huge(bytes: u64) -> Reply {
    const BLOCK: usize = 64 * 1024;
    let block = Bytes::from(vec![b'x'; BLOCK]);
    let blocks = bytes / BLOCK as u64;
    let quote = || Ok(Frame::data(Bytes::from_static(b"\"")));
    let stream = futures_util::stream::iter((0..blocks + 2).map(move |index| match index {
        0 => quote(),
        index if index == blocks + 1 => quote(),
        _ => Ok(Frame::data(block.clone())),
    }));
    let mut reply = http::Response::new(BodyExt::boxed(StreamBody::new(stream)));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// The answer cut after `bytes` bytes: for good, or for a while.
fn cut(reply: Reply, bytes: u64, pause: Option<Duration>) -> Reply {
    let (mut parts, body) = reply.into_parts();
    let length = hyper::body::Body::size_hint(&body).exact();
    if let Some(length) = length {
        parts.headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
    let collected = async move {
        let all = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let at = usize::try_from(bytes).unwrap_or(usize::MAX).min(all.len());
        (all.slice(..at), all.slice(at..))
    };
    let stream = futures_util::stream::once(collected).flat_map(move |(first, rest)| {
        let tail = async move {
            match pause {
                Some(pause) => {
                    tokio::time::sleep(pause).await;
                    Ok(Frame::data(rest))
                }
                None => {
                    // Lets the first part reach the wire before the connection dies.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Err(std::io::Error::other("cut by a fault"))
                }
            }
        };
        futures_util::stream::once(async move { Ok(Frame::data(first)) })
            .chain(futures_util::stream::once(tail))
    });
    // A boxed body must be shareable between threads; the lock is never contended.
    http::Response::from_parts(
        parts,
        BodyExt::boxed(Shared(std::sync::Mutex::new(Box::pin(StreamBody::new(stream))))),
    )
}

/// Makes a body `Sync`, as the edge's body type asks.
struct Shared<B>(std::sync::Mutex<std::pin::Pin<Box<B>>>);

impl<B: hyper::body::Body> hyper::body::Body for Shared<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let inner = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        inner.as_mut().poll_frame(cx)
    }
}
