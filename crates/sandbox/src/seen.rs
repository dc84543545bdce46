//! The requests seen so far, without their secrets: values that may be secret appear as SHA-256.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde::Serialize;

use crate::random;
use crate::web::Params;

/// Most requests remembered; the oldest go first.
const MOST: usize = 10_000;
/// Longest form looked into, in bytes.
const LONGEST_FORM: usize = 256 * 1024;

/// Headers whose value is shown; all others are shown by hash alone.
const SHOWN: &[&str] = &[
    "accept",
    "accept-encoding",
    "cache-control",
    "client-request-id",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "expect",
    "host",
    "if-match",
    "if-none-match",
    "origin",
    "prefer",
    "range",
    "referer",
    "retry-attempt",
    "sdkversion",
    "transfer-encoding",
    "user-agent",
    "via",
    "workbook-session-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-http-method",
    "x-requested-with",
];

/// Form fields whose value is shown.
const SHOWN_FIELDS: &[&str] = &[
    "grant_type",
    "scope",
    "resource",
    "redirect_uri",
    "client_id",
    "client_assertion_type",
    "client_info",
    "requested_token_use",
];

/// A request as it arrived.
#[derive(Debug, Clone, Serialize)]
pub struct SeenRequest {
    /// Grows by one with each request.
    pub number: u64,
    /// Sandbox time of arrival, Unix milliseconds.
    pub at_ms: i64,
    /// Verb.
    pub method: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Host header.
    pub host: String,
    /// Path, still percent-encoded.
    pub path: String,
    /// Query without `?`, still percent-encoded.
    pub query: String,
    /// Answer's status; 0 when the connection was dropped or the answer is not out yet.
    pub status: u16,
    /// All headers, in order of arrival.
    pub headers: Vec<SeenValue>,
    /// Fields of a form body.
    pub form: Vec<SeenValue>,
}

/// A header or a form field.
#[derive(Debug, Clone, Serialize)]
pub struct SeenValue {
    /// Name, lower case for headers.
    pub name: String,
    /// The value, where it cannot be secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// SHA-256 of the value, lower-case hexadecimal.
    pub sha256: String,
    /// SHA-256 of the words of the value (the token after `Bearer`, user and password of `Basic`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words_sha256: Vec<String>,
}

impl SeenRequest {
    /// Whether a header carries a value (whole, or one of its words) whose SHA-256 begins with `prefix`.
    pub fn carries_sha256(&self, prefix: &str) -> bool {
        self.headers.iter().any(|value| value.matches(prefix))
    }

    /// The named header's value, when it is shown.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|value| value.name.eq_ignore_ascii_case(name))?.value.as_deref()
    }
}

impl SeenValue {
    fn matches(&self, prefix: &str) -> bool {
        std::iter::once(&self.sha256).chain(&self.words_sha256).any(|hash| hash.starts_with(prefix))
    }
}

/// A request about to be recorded.
pub(crate) struct Arrival<'a> {
    pub at_ms: i64,
    pub method: &'a str,
    pub scheme: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
}

/// The requests seen so far.
#[derive(Default)]
pub(crate) struct SeenRequests {
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    next: u64,
    requests: VecDeque<SeenRequest>,
}

impl SeenRequests {
    /// Records an arrival and gives its number.
    pub fn record(&self, arrival: &Arrival<'_>) -> u64 {
        let headers = arrival
            .headers
            .iter()
            .map(|(name, value)| seen_header(name.as_str(), value.as_bytes()))
            .collect();
        let mut ring = self.lock();
        let number = ring.next;
        ring.next += 1;
        if ring.requests.len() == MOST {
            ring.requests.pop_front();
        }
        ring.requests.push_back(SeenRequest {
            number,
            at_ms: arrival.at_ms,
            method: arrival.method.to_owned(),
            scheme: arrival.scheme.to_owned(),
            host: arrival.host.to_owned(),
            path: arrival.path.to_owned(),
            query: arrival.query.to_owned(),
            status: 0,
            headers,
            form: vec![],
        });
        number
    }

    /// Adds the fields of a form body.
    pub fn add_form(&self, number: u64, body: &[u8]) {
        if body.len() > LONGEST_FORM {
            return;
        }
        let form: Vec<SeenValue> =
            Params::read(body).iter().map(|(name, value)| seen_field(name, value)).collect();
        self.change(number, |request| request.form = form);
    }

    /// Adds the answer's status.
    pub fn add_status(&self, number: u64, status: u16) {
        self.change(number, |request| request.status = status);
    }

    /// A copy of all of them, oldest first.
    pub fn list(&self) -> Vec<SeenRequest> {
        self.lock().requests.iter().cloned().collect()
    }

    pub fn clear(&self) {
        self.lock().requests.clear();
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut SeenRequest)) {
        let mut ring = self.lock();
        let Some(first) = ring.requests.front().map(|request| request.number) else { return };
        let Some(index) = number.checked_sub(first).and_then(|index| usize::try_from(index).ok()) else {
            return;
        };
        if let Some(request) = ring.requests.get_mut(index) {
            change(request);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seen_header(name: &str, value: &[u8]) -> SeenValue {
    let text = String::from_utf8_lossy(value);
    let shown = SHOWN.contains(&name);
    let words = if shown { vec![] } else { words(&text) };
    SeenValue {
        name: name.to_owned(),
        value: shown.then(|| text.clone().into_owned()),
        sha256: random::sha256_hex(value),
        words_sha256: words.iter().map(|word| random::sha256_hex(word.as_bytes())).collect(),
    }
}

/// The parts of a header that may be a secret of their own.
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    if let [scheme, encoded] = out.as_slice()
        && scheme.eq_ignore_ascii_case("basic")
        && let Some(decoded) = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    {
        out.extend(decoded.splitn(2, ':').map(str::to_owned));
    }
    if out.len() == 1 {
        out.clear();
    }
    out
}

fn seen_field(name: &str, value: &str) -> SeenValue {
    SeenValue {
        name: name.to_owned(),
        value: SHOWN_FIELDS.contains(&name).then(|| value.to_owned()),
        sha256: random::sha256_hex(value.as_bytes()),
        words_sha256: vec![],
    }
}
