//! `_api/$batch`: `multipart/mixed` with GETs and change sets. Change sets are not transactions.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::api::{ApiRequest, ApiResponse};
use crate::sites::random_guid;

use super::Call;
use super::entity::Answer;
use super::error::{Outcome, SpError};

/// More operations than this are refused (met in practice; Microsoft documents no firm number).
const MAX_OPERATIONS: usize = 100;

pub(super) fn run(call: &Call<'_>) -> Outcome<Answer> {
    call.expect("POST")?;
    let kind = call.header("content-type").unwrap_or_default();
    let boundary =
        boundary_of(kind).ok_or_else(|| SpError::bad_query("A batch needs a multipart/mixed boundary."))?;
    let body =
        std::str::from_utf8(&call.request.body).map_err(|_| SpError::bad_query("The batch is not UTF-8."))?;
    let mut operations = Vec::new();
    collect(body, &boundary, 0, &mut operations)?;
    if operations.len() > MAX_OPERATIONS {
        return Err(SpError::bad_query(format!("A batch may hold {MAX_OPERATIONS} operations.")));
    }
    let name = format!("batchresponse_{}", random_guid());
    let mut out = String::new();
    for operation in operations {
        let response = match inner_request(call, operation) {
            Ok(request) => super::answer(call.world, &request),
            Err(error) => call.flavour.render_error(&error),
        };
        let _ = write!(
            out,
            "--{name}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        );
        write_response(&mut out, &response);
    }
    let _ = write!(out, "--{name}--\r\n");
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_str(&format!("multipart/mixed; boundary={name}"));
    headers.insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("multipart/mixed")));
    Ok(Answer::Raw(ApiResponse { status: StatusCode::OK, headers, body: Bytes::from(out) }))
}

fn boundary_of(kind: &str) -> Option<String> {
    let start = kind.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let boundary = kind[start..].split(';').next()?.trim().trim_matches('"');
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// The operations of a multipart body, those of change sets among them, in order.
fn collect<'a>(body: &'a str, boundary: &str, depth: usize, operations: &mut Vec<&'a str>) -> Outcome<()> {
    if depth > 1 {
        return Err(SpError::bad_query("A change set cannot stand inside a change set."));
    }
    let delimiter = format!("--{boundary}");
    for part in body.split(delimiter.as_str()).skip(1) {
        if part.starts_with("--") {
            break;
        }
        let (head, content) = split_head(part.trim_start());
        let kind = head_value(head, "content-type").unwrap_or_default();
        if kind.to_ascii_lowercase().starts_with("multipart/mixed") {
            let inner =
                boundary_of(kind).ok_or_else(|| SpError::bad_query("A change set needs a boundary."))?;
            collect(content, &inner, depth + 1, operations)?;
        } else {
            operations.push(content);
        }
    }
    Ok(())
}

/// Splits at the first empty line; lines may end with CR LF or LF.
fn split_head(text: &str) -> (&str, &str) {
    let crlf = text.find("\r\n\r\n").map(|at| (at, at + 4));
    let lf = text.find("\n\n").map(|at| (at, at + 2));
    let cut = match (crlf, lf) {
        (Some(crlf), Some(lf)) if lf.0 < crlf.0 => Some(lf),
        (Some(crlf), _) => Some(crlf),
        (None, lf) => lf,
    };
    cut.map_or((text, ""), |(end, start)| (&text[..end], &text[start..]))
}

fn head_value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    pairs
        .into_iter()
        .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn inner_request(call: &Call<'_>, operation: &str) -> Outcome<ApiRequest> {
    let wrong = || SpError::bad_query("An operation of the batch is not an HTTP request.");
    let (head, body) = split_head(operation.trim_start());
    let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
    let (method, rest) = line.trim().split_once(' ').ok_or_else(wrong)?;
    let url = rest.rsplit_once(" HTTP/").map_or(rest, |(url, _)| url).trim();
    let url = in_this_tenant(call, url).ok_or_else(|| SpError::bad_query("The URL is not in this site."))?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let at = path.to_ascii_lowercase().find("/_api/").ok_or_else(wrong)?;
    let (prefix, path) = (&path[..at + "/_api".len()], &path[at + "/_api".len()..]);
    if path.to_ascii_lowercase().starts_with("/$batch") {
        return Err(SpError::bad_query("A batch cannot stand inside a batch."));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in fields.lines().filter_map(|field| field.split_once(':')) {
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
        headers.insert(name, HeaderValue::from_str(value.trim()).map_err(|_| wrong())?);
    }
    Ok(ApiRequest {
        method: Method::from_bytes(method.as_bytes()).map_err(|_| wrong())?,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Bytes::from(body.trim_end().to_owned()),
        principal: call.request.principal.clone(),
        origin: call.request.origin.clone(),
        prefix: prefix.to_owned(),
    })
}

/// The path of an absolute or relative URL. Clients behind a forwarding proxy write that proxy's origin, so the host is
/// not compared: the bearer token was checked for this tenant and the path is looked up in it.
fn in_this_tenant<'a>(call: &Call<'_>, url: &'a str) -> Option<&'a str> {
    match url.split_once("://") {
        None => url.starts_with('/').then_some(url),
        Some((_, rest)) => {
            let path = &rest[rest.find('/')?..];
            let site = call.key.path.to_ascii_lowercase();
            // A proxy's own path may stand before the site's.
            let lower = path.to_ascii_lowercase();
            let start =
                if site.is_empty() { lower.find("/_api/") } else { lower.find(&format!("{site}/_api/")) };
            start.map(|start| &path[start..])
        }
    }
}

fn write_response(out: &mut String, response: &ApiResponse) {
    let reason = response.status.canonical_reason().unwrap_or_default();
    let _ = write!(out, "HTTP/1.1 {} {reason}\r\n", response.status.as_u16());
    for (name, value) in &response.headers {
        let _ = write!(
            out,
            "{}: {}\r\n",
            name.as_str().to_ascii_uppercase(),
            String::from_utf8_lossy(value.as_bytes())
        );
    }
    let _ = write!(out, "\r\n{}\r\n", String::from_utf8_lossy(&response.body));
}
