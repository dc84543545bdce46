//! Pre-authenticated downloads: a signed, short-lived address on another host than Graph.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Files, Item, mime};
use crate::api::ApiResponse;
use crate::world::World;

/// How long an address works. Microsoft says "short-lived"; minutes are what one sees.
const LIFE_MS: i64 = 15 * 60 * 1000;

impl Files {
    /// The token for `/_files/{token}` that opens this item's content for some minutes.
    pub fn download_token(&self, item: &Item, now_ms: i64) -> String {
        let payload = format!("{}\n{}", item.id, now_ms + LIFE_MS);
        let tag = hmac::sign(&self.key(), payload.as_bytes());
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&payload), URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    fn opened(&self, token: &str, now_ms: i64) -> Option<(Item, Bytes)> {
        let (payload, tag) = token.split_once('.')?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        hmac::verify(&self.key(), &payload, &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
        let payload = String::from_utf8(payload).ok()?;
        let (id, expires) = payload.split_once('\n')?;
        if expires.parse::<i64>().ok()? < now_ms {
            return None;
        }
        Some((self.item(id).ok()?, self.content(id).ok()?))
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.link_key)
    }
}

/// The content behind a token: 200, 206 or 416 for `Range`, 304 for `If-None-Match`, 401 when the address is no
/// longer good. `Authorization` is not looked at.
pub(crate) fn download_response(world: &World, token: &str, headers: &HeaderMap) -> ApiResponse {
    let Some((item, content)) = world.files.opened(token, world.clock.now_ms()) else {
        return ApiResponse {
            status: StatusCode::UNAUTHORIZED,
            headers: HeaderMap::new(),
            body: Bytes::from_static(
                b"401 UNAUTHORIZED: the pre-authenticated address is invalid or has expired",
            ),
        };
    };
    content_response(&item, content, headers)
}

/// Content with its caching and range headers; also what SharePoint's `$value` answers.
pub(crate) fn content_response(item: &Item, content: Bytes, request: &HeaderMap) -> ApiResponse {
    let mut headers = HeaderMap::new();
    put(&mut headers, CONTENT_TYPE, mime(&item.name));
    put(&mut headers, ETAG, &item.e_tag());
    put(&mut headers, ACCEPT_RANGES, "bytes");
    put(&mut headers, CACHE_CONTROL, "private, max-age=0");
    put(&mut headers, LAST_MODIFIED, &http_date(item.modified_ms));
    put(&mut headers, CONTENT_DISPOSITION, &disposition(&item.name));
    let known = request.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|tags| item.matches_tag(tags)) {
        return ApiResponse { status: StatusCode::NOT_MODIFIED, headers, body: Bytes::new() };
    }
    let total = content.len() as u64;
    let asked =
        request.get(RANGE).and_then(|value| value.to_str().ok()).and_then(|value| parse_range(value, total));
    let (status, body) = match asked {
        None => (StatusCode::OK, content),
        Some(None) => {
            put(&mut headers, CONTENT_RANGE, &format!("bytes */{total}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new())
        }
        Some(Some((first, last))) => {
            put(&mut headers, CONTENT_RANGE, &format!("bytes {first}-{last}/{total}"));
            (StatusCode::PARTIAL_CONTENT, content.slice(first as usize..=last as usize))
        }
    };
    put(&mut headers, CONTENT_LENGTH, &body.len().to_string());
    ApiResponse { status, headers, body }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// One range of RFC 9110 section 14.1.2. `None`: not a byte range, or several; the whole is sent.
/// `Some(None)`: cannot be satisfied.
fn parse_range(header: &str, total: u64) -> Option<Option<(u64, u64)>> {
    let spec = header.strip_prefix("bytes=")?.trim();
    let (first, last) = spec.split_once('-')?;
    if last.contains(',') {
        return None;
    }
    if first.is_empty() {
        let wanted: u64 = last.parse().ok()?;
        return Some(if wanted == 0 || total == 0 {
            None
        } else {
            Some((total.saturating_sub(wanted), total - 1))
        });
    }
    let first: u64 = first.parse().ok()?;
    let last: u64 = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
    if last < first {
        return None;
    }
    Some((first < total).then(|| (first, last.min(total - 1))))
}

/// RFC 6266, with the name in UTF-8.
fn disposition(name: &str) -> String {
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{encoded}")
}

fn http_date(ms: i64) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time::OffsetDateTime::from_unix_timestamp(ms / 1000)
        .ok()
        .and_then(|moment| moment.format(&format).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes=0-3", 10), Some(Some((0, 3))));
        assert_eq!(parse_range("bytes=4-", 10), Some(Some((4, 9))));
        assert_eq!(parse_range("bytes=-4", 10), Some(Some((6, 9))));
        assert_eq!(parse_range("bytes=9-99", 10), Some(Some((9, 9))));
        assert_eq!(parse_range("bytes=10-", 10), Some(None));
        assert_eq!(parse_range("bytes=0-1,4-5", 10), None);
        assert_eq!(parse_range("items=0-1", 10), None);
    }
}
