//! AWS Signature Version 4 ("Create a signed AWS API request" in the IAM user guide). Pure.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use domain::Secret;
use domain::entropy::to_hex;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use time::OffsetDateTime;
use time::macros::format_description;

/// Everything but the unreserved characters, slashes included.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same for a path.
const PATH: &AsciiSet = &COMPONENT.remove(b'/');

/// What stands for a payload that is not hashed; S3 takes it over TLS.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// The secret access key.
    pub secret_access_key: &'a Secret,
}

/// For which region, service and moment.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// For example `eu-west-1`.
    pub region: &'a str,
    /// For example `execute-api`.
    pub service: &'a str,
    /// As [`moment`] writes it.
    pub at: &'a str,
}

/// How a path becomes canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathRule {
    /// Dots and empty segments resolved; what is encoded on the wire is encoded once more: every service but S3.
    ResolvedTwice,
    /// Dots and empty segments resolved, encoded once.
    ResolvedOnce,
    /// As it stands, encoded once: S3, whose keys may hold anything.
    Once,
}

impl PathRule {
    /// The rule of a service.
    pub fn of(service: &str) -> Self {
        if matches!(service, "s3" | "s3-outposts" | "s3-object-lambda" | "s3express") {
            Self::Once
        } else {
            Self::ResolvedTwice
        }
    }
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The verb.
    pub method: &'a str,
    /// The path as it goes out.
    pub path: &'a str,
    /// The query as it goes out, without `?`.
    pub query: &'a str,
    /// The headers that are signed, `host` among them; names in any case, in order of appearance.
    pub headers: &'a [(&'a str, &'a str)],
    /// SHA-256 of the payload in hexadecimal, or [`UNSIGNED_PAYLOAD`].
    pub payload: &'a str,
    /// How the path becomes canonical.
    pub path_rule: PathRule,
}

/// A moment as `x-amz-date` writes it; `at_ms` in Unix milliseconds.
pub fn moment(at_ms: i64) -> String {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let at =
        OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&form).unwrap_or_default()
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    to_hex(digest(&SHA256, bytes).as_ref())
}

/// The `Authorization` header.
pub fn authorization(keys: &Keys<'_>, scope: &Scope<'_>, signed: &Signed<'_>) -> Secret {
    let (canonical, names) = canonical_request(signed);
    let text = string_to_sign(scope, &canonical);
    let signature = sign(keys, scope, &text);
    Secret::from(format!(
        "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={signature}",
        keys.access_key_id,
        credential_scope(scope),
    ))
}

/// Step 1: the canonical request, and the names of the signed headers.
fn canonical_request(signed: &Signed<'_>) -> (String, String) {
    let headers = canonical_headers(signed.headers);
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!(
        "{}\n{}\n{}\n{lines}\n{names}\n{}",
        signed.method,
        canonical_path(signed.path, signed.path_rule),
        canonical_query(signed.query),
        signed.payload
    );
    (canonical, names)
}

/// Step 2: what is signed.
fn string_to_sign(scope: &Scope<'_>, canonical: &str) -> String {
    let hash = sha256_hex(canonical.as_bytes());
    format!("AWS4-HMAC-SHA256\n{}\n{}\n{hash}", scope.at, credential_scope(scope))
}

/// Step 3: the signature, with a key derived for one day, region and service.
fn sign(keys: &Keys<'_>, scope: &Scope<'_>, text: &str) -> String {
    let mac =
        |key: &[u8], message: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    let secret = Secret::from(format!("AWS4{}", keys.secret_access_key.expose()));
    let day = mac(secret.expose().as_bytes(), day(scope));
    let region = mac(day.as_ref(), scope.region);
    let service = mac(region.as_ref(), scope.service);
    let key = mac(service.as_ref(), "aws4_request");
    to_hex(mac(key.as_ref(), text).as_ref())
}

fn day<'a>(scope: &Scope<'a>) -> &'a str {
    scope.at.get(..8).unwrap_or_default()
}

fn credential_scope(scope: &Scope<'_>) -> String {
    format!("{}/{}/{}/aws4_request", day(scope), scope.region, scope.service)
}

/// Lower-case names in order, values trimmed with runs of white space as one space, duplicates joined by commas.
fn canonical_headers(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => out.push((name, value)),
        }
    }
    out.sort();
    out
}

fn canonical_path(path: &str, rule: PathRule) -> String {
    let resolved = match rule {
        PathRule::ResolvedTwice | PathRule::ResolvedOnce => resolve(path),
        PathRule::Once => path.to_owned(),
    };
    let bytes: Vec<u8> = match rule {
        PathRule::ResolvedTwice => resolved.into_bytes(),
        PathRule::ResolvedOnce | PathRule::Once => percent_decode(resolved.as_bytes()).collect(),
    };
    if bytes.is_empty() { "/".to_owned() } else { percent_encode(&bytes, PATH).to_string() }
}

/// Dot segments and empty segments resolved; a trailing slash stays.
fn resolve(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let slash = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{slash}", kept.join("/"))
}

/// Pairs decoded and encoded again, in order of the encoded names, then values.
fn canonical_query(query: &str) -> String {
    let again = |part: &str| {
        let bytes: Vec<u8> = percent_decode(part.replace('+', "%20").as_bytes()).collect();
        percent_encode(&bytes, COMPONENT).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests;
