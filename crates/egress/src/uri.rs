//! Building the absolute URI of a request without touching a byte of its path or query.

use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};

use crate::error::EgressError;

/// The longest request target in bytes (a limit of the `http` crate).
pub const MAX_URI: usize = u16::MAX as usize - 1;

/// Joins an origin (`https://host[:port]`) and a raw path with query, byte for byte.
///
/// Everything RFC 3986 allows passes unchanged, and so do `"` `{` `}` `|` `\` `^` in a path, `` ` `` `{` `}` `|`
/// `\` `^` in a query, and UTF-8. What cannot stand in a request line, or would be cut off, is refused: control
/// bytes, space, `#`, `<`, `>`, DEL, `` ` `` in a path, `"` in a query.
///
/// # Errors
/// `InvalidTarget` naming the byte and its position.
pub fn absolute(origin: &str, path_and_query: &str) -> Result<Uri, EgressError> {
    let invalid = |reason: String| EgressError::InvalidTarget { reason };
    if path_and_query.len() > MAX_URI {
        return Err(invalid(format!("the path is longer than {MAX_URI} bytes")));
    }
    if !path_and_query.starts_with('/') {
        return Err(invalid("the path must begin with '/'".to_owned()));
    }
    if let Some((at, byte)) = first_refused(path_and_query.as_bytes()) {
        return Err(invalid(format!(
            "byte 0x{byte:02x} ({:?}) at position {at} of the path must be percent-encoded as %{byte:02X}",
            char::from(byte)
        )));
    }
    let (scheme, authority) = origin.split_once("://").unwrap_or(("", origin));
    let mut parts = Parts::default();
    parts.scheme = Some(Scheme::try_from(scheme).map_err(|e| invalid(format!("the origin: {e}")))?);
    parts.authority = Some(Authority::try_from(authority).map_err(|e| invalid(format!("the origin: {e}")))?);
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).map_err(|e| invalid(e.to_string()))?);
    Uri::from_parts(parts).map_err(|e| invalid(e.to_string()))
}

/// The first byte that `http::Uri` cannot carry, with its position.
fn first_refused(bytes: &[u8]) -> Option<(usize, u8)> {
    let query_at = bytes.iter().position(|&b| b == b'?').unwrap_or(bytes.len());
    bytes.iter().copied().enumerate().find(|&(at, byte)| match byte {
        0..=0x20 | 0x7f | b'#' | b'<' | b'>' => true,
        b'`' => at < query_at,
        b'"' => at > query_at,
        _ => false,
    })
}
