//! One API call as plain data, so that `$batch` and the HTTP edge enter Graph and SharePoint by the same door.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::principal::Principal;

/// A call to Graph or SharePoint REST after its bearer token was checked.
pub(crate) struct ApiRequest {
    pub method: Method,
    /// Path after the version (`/v1.0`) or after `_api`, still percent-encoded, beginning with `/`.
    pub path: String,
    /// Raw query string without `?`; empty when absent.
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub principal: Principal,
    /// Scheme and authority the caller used, for example `http://graph.localhost:3004`; next links are built on it.
    pub origin: String,
    /// The part of the path before `path`: `/v1.0`, `/beta`, `/_api`, `/sites/x/_api`.
    pub prefix: String,
}

/// The answer to an [`ApiRequest`]; bodies in the sandbox are small enough to hold.
pub(crate) struct ApiResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}
