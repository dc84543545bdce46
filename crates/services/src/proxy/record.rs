//! A proxied call as one row of the log, written when its answer has ended.

use std::sync::Arc;

use bytes::BytesMut;
use domain::operation::{Message, Operation, OperationKind, OperationState};
use egress::EgressError;
use http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::time::Instant;

use super::call::ProxyCall;
use super::kept::{self, Asked, Kept, Said};
use super::target::Target;
use crate::context::{Context, LogProxy};
use crate::credentials::account::Account;
use crate::error::Error;
use crate::operations::redact::{self, Headers};

/// Writes down a call that was refused before anything was sent.
pub fn refused(context: &Context, call: &ProxyCall, error: &Error) {
    let created_at_ms = context.now_ms();
    let target = match &call.target {
        Target::Path(text) | Target::Absolute(text) => redact::url(text),
    };
    context.log.meter().count(0, true);
    let operation = Operation {
        id: call.operation_id.clone().unwrap_or_else(|| context.log.new_id(created_at_ms)),
        kind: OperationKind::ProxyCall.kind().to_owned(),
        action: OperationKind::ProxyCall.action().to_owned(),
        state: OperationState::Failed,
        integration: Some(call.integration.to_string()),
        connection: Some(call.connection.to_string()),
        provider: None,
        status: None,
        summary: format!("{} {target}", call.method),
        error: Some(error.to_string()),
        created_at_ms,
        ended_at_ms: Some(created_at_ms),
        duration_us: None,
        detail: None,
    };
    context.log.whole(call.scope, operation, Vec::new());
}

/// What is known about a call while it runs.
pub struct CallRecord {
    context: Arc<Context>,
    account: Arc<Account>,
    started: Instant,
    created_at_ms: i64,
    method: Method,
    uri: Uri,
    /// As the caller said it.
    target: Target,
    base_override: Option<url::Url>,
    asked: Asked,
    request_headers: HeaderMap,
    attach_to: Option<String>,
    /// An id that somebody waits for: then it is written in any case.
    operation_id: Option<String>,
    messages: Vec<Message>,
    status: Option<u16>,
    response_headers: HeaderMap,
    first_byte_us: Option<i64>,
    bytes: u64,
    /// The beginning of a refusal's body.
    beginning: BytesMut,
    attempts: u32,
    written: Written,
}

/// Whether the row is in the log's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    No,
    Yes,
}

/// The operation's only message, as it is stored.
#[derive(Serialize)]
struct Detail<'a> {
    request: Sent<'a>,
    response: Option<Received<'a>>,
    attempts: u32,
}

#[derive(Serialize)]
struct Sent<'a> {
    method: &'a str,
    url: &'a str,
    /// The caller's own address, for a repetition.
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<&'a str>,
    headers: Headers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Kept>,
}

#[derive(Serialize)]
struct Received<'a> {
    code: u16,
    headers: Headers<'a>,
    bytes: u64,
    first_byte_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Kept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Said>,
}

/// What is kept of an answer that refuses.
#[derive(Default)]
struct Refusal {
    body: Option<Kept>,
    said: Option<Said>,
}

impl CallRecord {
    /// Begins the record of a call to `uri`.
    pub fn begin(
        context: &Arc<Context>,
        account: &Arc<Account>,
        call: &ProxyCall,
        body: &egress::Body,
        uri: &Uri,
    ) -> Self {
        Self {
            context: context.clone(),
            account: account.clone(),
            started: Instant::now(),
            created_at_ms: context.now_ms(),
            method: call.method.clone(),
            uri: uri.clone(),
            target: call.target.clone(),
            base_override: call.base_override.clone(),
            asked: Asked::of(body),
            request_headers: HeaderMap::new(),
            attach_to: call.attach_to.clone(),
            operation_id: call.operation_id.clone(),
            messages: Vec::new(),
            status: None,
            response_headers: HeaderMap::new(),
            first_byte_us: None,
            bytes: 0,
            beginning: BytesMut::new(),
            attempts: 0,
            written: Written::No,
        }
    }

    /// Keeps the headers that went upstream.
    pub fn sent(&mut self, headers: &HeaderMap) {
        self.attempts += 1;
        if self.attempts == 1 {
            self.request_headers = headers.clone();
        }
    }

    /// Keeps the answer's head.
    pub fn answered(&mut self, status: u16, headers: &HeaderMap) {
        self.status = Some(status);
        self.response_headers = headers.clone();
        self.first_byte_us = Some(self.elapsed_us());
    }

    /// Counts a piece of the answer's body, and keeps the beginning of one that refuses.
    pub fn received(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        let room = kept::LONGEST_REFUSAL - self.beginning.len();
        if room > 0 && self.status.is_some_and(|status| status >= 400) {
            self.beginning.extend_from_slice(&piece[..piece.len().min(room)]);
        }
    }

    /// Notes a step before the end: a retry, a refresh.
    pub fn note(&mut self, level: &str, text: String, detail: Value) {
        let message = Message {
            sequence: self.messages.len() as i64 + 1,
            level: level.to_owned(),
            kind: "log".to_owned(),
            text,
            detail: Some(detail),
            created_at_ms: self.context.now_ms(),
            duration_us: None,
        };
        self.messages.push(message);
    }

    /// The answer has ended, or broke off.
    pub fn finish(mut self: Box<Self>, failure: Option<&EgressError>) {
        let error = failure.map(|failure| format!("the answer broke off: {failure}"));
        self.write(error);
    }

    /// There was no answer.
    pub fn failed(mut self: Box<Self>, error: String) {
        self.write(Some(error));
    }

    /// A text without the secrets that the definition puts into URLs.
    pub fn masked(&self, text: String) -> String {
        match self.account.plan(&self.context) {
            Ok(plan) => plan.masked(text),
            Err(_) => text,
        }
    }

    fn elapsed_us(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn detail<'a>(&'a self, url: &'a str, refusal: &'a Refusal) -> Detail<'a> {
        let (Target::Path(target) | Target::Absolute(target)) = &self.target;
        Detail {
            request: Sent {
                method: self.method.as_str(),
                url,
                target: redact::url(target),
                base_url: self.base_override.as_ref().map(url::Url::as_str),
                headers: Headers(&self.request_headers),
                body: kept::request(&self.asked, &self.request_headers),
            },
            response: self.status.map(|code| Received {
                code,
                headers: Headers(&self.response_headers),
                bytes: self.bytes,
                first_byte_us: self.first_byte_us,
                body: refusal.body.as_ref(),
                error: refusal.said.as_ref(),
            }),
            attempts: self.attempts,
        }
    }

    fn write(&mut self, error: Option<String>) {
        self.written = Written::Yes;
        let failed = error.is_some() || self.status.is_none_or(|status| status >= 400);
        let duration_us = self.elapsed_us();
        self.context.log.meter().count(duration_us, failed);
        let unasked = self.operation_id.is_none() && self.messages.is_empty();
        if !failed && unasked && self.context.settings.log_proxy == LogProxy::Errors {
            return;
        }
        let (body, said) = kept::refusal(&self.beginning, self.bytes, &self.response_headers);
        let refusal = Refusal { body, said };
        let error = error.or_else(|| refusal.said.as_ref().map(|said| self.masked(said.line())));
        let url = self.masked(redact::url(&self.uri.to_string()));
        let detail = to_raw_value(&self.detail(&url, &refusal)).ok();
        let summary = format!("{} {url}", self.method);
        let integration = &self.account.integration;
        if let Some(parent) = self.attach_to.take() {
            let message = Message {
                sequence: 0,
                level: if failed { "error" } else { "info" }.to_owned(),
                kind: "http".to_owned(),
                text: summary,
                detail: detail.and_then(|detail| serde_json::from_str(detail.get()).ok()),
                created_at_ms: self.created_at_ms,
                duration_us: Some(duration_us),
            };
            return self.context.log.message(integration.scope, parent, message);
        }
        let operation = Operation {
            id: self.operation_id.take().unwrap_or_else(|| self.context.log.new_id(self.created_at_ms)),
            kind: OperationKind::ProxyCall.kind().to_owned(),
            action: OperationKind::ProxyCall.action().to_owned(),
            state: if failed { OperationState::Failed } else { OperationState::Success },
            integration: Some(integration.integration.key.to_string()),
            connection: Some(self.account.connection.id.to_string()),
            provider: Some(integration.integration.provider.to_string()),
            status: self.status.map(i64::from),
            summary,
            error,
            created_at_ms: self.created_at_ms,
            ended_at_ms: Some(self.context.now_ms()),
            duration_us: Some(duration_us),
            detail,
        };
        let messages = std::mem::take(&mut self.messages);
        self.context.log.whole(integration.scope, operation, messages);
    }
}

impl Drop for CallRecord {
    /// Whoever awaited the call has gone, before an answer or before its end.
    fn drop(&mut self) {
        if self.written == Written::No {
            self.write(Some("the caller closed the connection before the answer's end".to_owned()));
        }
    }
}
