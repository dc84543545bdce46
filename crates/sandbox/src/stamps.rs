//! The marks that Graph and SharePoint leave on every answer.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use crate::random;

/// Adds Graph's `request-id`, `client-request-id` and `x-ms-ags-diagnostic`.
pub(crate) fn graph(reply: &mut HeaderMap, request: &HeaderMap) {
    let id = random::guid();
    let client = request.get("client-request-id").cloned();
    reply.entry("client-request-id").or_insert_with(|| client.unwrap_or_else(|| text(&id)));
    reply.entry("request-id").or_insert_with(|| text(&id));
    reply.entry("x-ms-ags-diagnostic").or_insert_with(|| {
        HeaderValue::from_static(
            r#"{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SANDBOX"}}"#,
        )
    });
}

/// Adds SharePoint's `request-id`, `SPRequestGuid`, health score and version.
pub(crate) fn sharepoint(reply: &mut HeaderMap) {
    let id = random::guid();
    reply.entry("request-id").or_insert_with(|| text(&id));
    reply.entry("sprequestguid").or_insert_with(|| text(&id));
    reply.entry("x-sharepointhealthscore").or_insert_with(|| HeaderValue::from_static("0"));
    reply
        .entry("microsoftsharepointteamservices")
        .or_insert_with(|| HeaderValue::from_static("16.0.0.25000"));
}

/// Inserts a header, unless its value cannot travel in one.
pub(crate) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `2026-11-21T17:00:00`, as Graph's errors carry it.
pub(crate) fn graph_date(now_ms: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    time::OffsetDateTime::from_unix_timestamp(now_ms.div_euclid(1000))
        .ok()
        .and_then(|moment| moment.format(&format).ok())
        .unwrap_or_default()
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}
