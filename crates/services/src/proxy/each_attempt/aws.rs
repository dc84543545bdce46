//! AWS signatures of a call: by a role's session, or by keys in a template (`${awsSigV4(…)}`).

use domain::Secret;
use domain::credentials::AwsSigV4Credentials;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Uri, uri::Scheme};

use super::super::plan::sensitive;
use super::{Attempt, Payload};
use crate::credentials::schemes::aws_sigv4::signing::{self, Keys, PathRule, Scope, Signed};

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const CONTENT: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// The session of a role.
#[derive(Debug)]
pub(super) struct Session {
    access_key_id: Secret,
    secret_access_key: Secret,
    token: Secret,
    region: String,
    service: String,
}

impl Session {
    pub(super) fn of(own: &AwsSigV4Credentials) -> Self {
        Self {
            access_key_id: own.access_key_id.clone(),
            secret_access_key: own.secret_access_key.clone(),
            token: own.session_token.clone(),
            region: own.region.clone(),
            service: own.service.clone(),
        }
    }

    /// Whether a body may go unsigned: S3 takes it, over TLS only.
    pub(super) fn takes_unsigned(&self, uri: &Uri) -> bool {
        PathRule::of(&self.service) == PathRule::Once && uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Signs over everything that was set before.
    pub(super) fn sign(&self, attempt: &Attempt<'_>, headers: &mut HeaderMap) {
        let at = signing::moment(attempt.context.now_ms());
        let payload = payload_hash(attempt);
        if let (Ok(date), Ok(content)) = (HeaderValue::from_str(&at), HeaderValue::from_str(&payload)) {
            headers.insert(DATE, date);
            headers.insert(CONTENT, content);
        }
        if let Some(token) = sensitive(self.token.expose()).filter(|_| !self.token.is_empty()) {
            headers.insert(TOKEN, token);
        }
        let keys =
            Keys { access_key_id: self.access_key_id.expose(), secret_access_key: &self.secret_access_key };
        let scope = Scope { region: &self.region, service: &self.service, at: &at };
        let header = authorization(&keys, &scope, attempt, headers, &payload);
        if let Some(value) = sensitive(header.expose()) {
            headers.insert(header::AUTHORIZATION, value);
        }
    }
}

/// `${awsSigV4(accessKeyId, secretAccessKey, region, service[, host])}`, with the moment that `${now}` has; the host
/// is the request's own.
pub(super) fn by_template(
    arguments: &[String],
    at: &str,
    attempt: &Attempt<'_>,
    headers: &HeaderMap,
) -> Option<String> {
    let [id, secret, region, service, ..] = arguments else { return None };
    let secret = Secret::new(secret.trim());
    let keys = Keys { access_key_id: id.trim(), secret_access_key: &secret };
    let scope = Scope { region: region.trim(), service: service.trim(), at };
    Some(authorization(&keys, &scope, attempt, headers, &payload_hash(attempt)).expose().to_owned())
}

fn payload_hash(attempt: &Attempt<'_>) -> String {
    match attempt.payload {
        Payload::Empty => signing::sha256_hex(b""),
        Payload::Held(held) => held.sha256_hex(),
        Payload::Streamed => signing::UNSIGNED_PAYLOAD.to_owned(),
    }
}

/// Signs the host, `x-amz-…` and what says how to read the body: what no one on the way changes.
fn authorization(
    keys: &Keys<'_>,
    scope: &Scope<'_>,
    attempt: &Attempt<'_>,
    headers: &HeaderMap,
    payload: &str,
) -> Secret {
    let host = host(attempt.uri);
    let mut signed: Vec<(&str, &str)> = vec![("host", &host)];
    for (name, value) in headers {
        let name = name.as_str();
        if (name.starts_with("x-amz-") || matches!(name, "content-type" | "content-md5" | "date"))
            && let Ok(value) = value.to_str()
        {
            signed.push((name, value));
        }
    }
    let signed = Signed {
        method: attempt.method.as_str(),
        path: attempt.uri.path(),
        query: attempt.uri.query().unwrap_or_default(),
        headers: &signed,
        payload,
        path_rule: PathRule::of(scope.service),
    };
    signing::authorization(keys, scope, &signed)
}

/// `Host` as it is sent: without a default port.
pub(super) fn host(uri: &Uri) -> String {
    let name = uri.host().unwrap_or_default();
    let default = if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
    match uri.port_u16().filter(|port| *port != default) {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}
