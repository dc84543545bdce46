//! Which headers go upstream and which come back (DESIGN §7, first row).

use egress::{HOP_BY_HOP, strip_hop_by_hop};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

const PREFIX: &str = "nango-proxy-";

/// Control headers of the proxy and what a caller's own connection to us needs; none is the provider's business.
const OURS: [&str; 11] = [
    "provider-config-key",
    "connection-id",
    "retries",
    "retry-on",
    "base-url-override",
    "decompress",
    "forward-headers-on-redirect",
    "nango-activity-log-id",
    "nango-is-sync",
    "nango-is-dry-run",
    "nango-is-script",
];

/// Headers that tell the provider about our caller, or give our caller's secrets away.
const PRIVATE: [&str; 13] = [
    "authorization",
    "cookie",
    "origin",
    "referer",
    "forwarded",
    "via",
    "x-real-ip",
    "traceparent",
    "tracestate",
    "baggage",
    "sentry-trace",
    "b3",
    "x-request-start",
];

/// Headers of the provider that would speak for our origin.
const NOT_BACK: [&str; 9] = [
    "set-cookie",
    "strict-transport-security",
    "clear-site-data",
    "alt-svc",
    "content-security-policy",
    "content-security-policy-report-only",
    "report-to",
    "nel",
    "service-worker-allowed",
];

/// True for headers that never leave with a forwarded call when they are the caller's own.
fn stays_here(name: &str) -> bool {
    PRIVATE.contains(&name)
        || OURS.contains(&name)
        || never(name)
        || name.starts_with("x-forwarded-")
        || name.starts_with("x-b3-")
        || name.starts_with("sec-")
        || name.starts_with("sheetbend-")
        || name.starts_with(PREFIX)
}

/// Headers that nobody may set, not even by `nango-proxy-*`: framing and the connection are ours.
fn never(name: &str) -> bool {
    matches!(name, "host" | "content-length" | "expect") || HOP_BY_HOP.iter().any(|own| own == name)
}

/// A value that a client library sends when nobody chose one; it gives way to the provider's.
fn is_stock(name: &HeaderName, value: &HeaderValue) -> bool {
    let value = value.as_bytes();
    if name == header::ACCEPT {
        value == b"*/*" || value == b"application/json, text/plain, */*"
    } else {
        name == header::USER_AGENT && value.starts_with(b"nango-node-client/")
    }
}

/// The caller's headers as they go upstream: their own, then `nango-proxy-*` over them.
///
/// `fallbacks` are the provider's headers and our defaults, strongest first; each fills what is absent.
pub fn upstream(caller: &HeaderMap, fallbacks: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let connection = connection_options(caller);
    let mut out = HeaderMap::with_capacity(caller.len() + fallbacks.len());
    for (name, value) in caller {
        if !stays_here(name.as_str())
            && !is_stock(name, value)
            && !connection.iter().any(|option| option == name.as_str())
        {
            out.append(name.clone(), value.clone());
        }
    }
    for (name, value) in caller {
        let Some(target) = name.as_str().strip_prefix(PREFIX) else { continue };
        if !never(target)
            && let Ok(target) = HeaderName::from_bytes(target.as_bytes())
        {
            // The last duplicate wins (contract §3.1).
            out.insert(target, value.clone());
        }
    }
    for (name, value) in fallbacks {
        if !out.contains_key(name) {
            out.insert(name.clone(), value.clone());
        }
    }
    out
}

fn comes_back(name: &str) -> bool {
    !(NOT_BACK.contains(&name) || name.starts_with("access-control-"))
}

/// Removes from a provider's answer what must not come back.
pub fn downstream(headers: &mut HeaderMap) {
    strip_hop_by_hop(headers);
    // One walk over the few that are there, instead of a look-up for each that might be.
    let unwanted: Vec<HeaderName> =
        headers.keys().filter(|name| !comes_back(name.as_str())).cloned().collect();
    for name in unwanted {
        headers.remove(name);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Options of `Connection` that name no header (RFC 9110 §7.6.1).
const OWN_OPTIONS: [&str; 2] = ["close", "keep-alive"];

/// The lower-case names listed in `Connection`.
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .filter(|option| !option.is_empty() && !OWN_OPTIONS.contains(&option.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        headers
    }

    fn fallback(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    }

    #[test]
    fn the_strongest_source_wins() {
        let caller = map(&[
            ("accept", "*/*"),
            ("user-agent", "nango-node-client/1.0 (linux)"),
            ("prefer", "respond-async"),
            ("if-match", "\"1\""),
            ("nango-proxy-if-match", "\"2\""),
        ]);
        let out = upstream(
            &caller,
            &[fallback("accept", "application/json;odata=verbose"), fallback("prefer", "no")],
        );
        assert_eq!(out["accept"], "application/json;odata=verbose");
        assert_eq!(out["if-match"], "\"2\"");
        assert_eq!(out["prefer"], "respond-async");
        assert!(!out.contains_key("user-agent"));
    }

    #[test]
    fn nothing_of_ours_or_the_caller_s_secrets_goes_out() {
        let caller = map(&[
            ("authorization", "Bearer key"),
            ("cookie", "a=b"),
            ("x-forwarded-for", "1.2.3.4"),
            ("provider-config-key", "k"),
            ("traceparent", "00-1"),
            ("connection", "x-odd, close"),
            ("x-odd", "1"),
            ("expect", "100-continue"),
            ("content-length", "5"),
            ("nango-proxy-content-length", "7"),
            ("nango-proxy-expect", "100-continue"),
            ("nango-proxy-host", "evil"),
            ("nango-proxy-transfer-encoding", "chunked"),
            ("nango-proxy-authorization", "Basic x"),
            ("x-requestdigest", "0x1"),
        ]);
        let out = upstream(&caller, &[]);
        let names: Vec<&str> = out.keys().map(HeaderName::as_str).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(out["authorization"], "Basic x");
        assert_eq!(out["x-requestdigest"], "0x1");
    }

    #[test]
    fn answers_lose_what_would_speak_for_our_origin() {
        let mut answer = map(&[
            ("set-cookie", "a=b"),
            ("access-control-allow-origin", "*"),
            ("etag", "\"1\""),
            ("retry-after", "3"),
            ("ratelimit-limit", "10"),
            ("transfer-encoding", "chunked"),
        ]);
        downstream(&mut answer);
        assert_eq!(answer.len(), 4);
        assert_eq!(answer["x-content-type-options"], "nosniff");
        assert_eq!(answer["retry-after"], "3");
    }
}
