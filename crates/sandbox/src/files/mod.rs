//! Drives and the files in them.

/// Drives and the files in them.
#[derive(Default)]
pub(crate) struct Files {}

/// Until drives exist there is nothing to download.
pub(crate) fn download_response(
    _: &crate::world::World,
    _: &str,
    _: &http::HeaderMap,
) -> crate::api::ApiResponse {
    crate::api::ApiResponse {
        status: http::StatusCode::NOT_FOUND,
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
    }
}
