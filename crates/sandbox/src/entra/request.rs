//! One request to Entra ID, taken apart.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::web::Params;

/// A request whose path begins with an authority (`/{tenant}/…`).
pub(crate) struct EntraRequest {
    pub method: Method,
    /// First segment of the path: a tenant's id or domain, or `common`, `organizations`, `consumers`.
    pub authority: String,
    /// The rest of the path, without a leading slash.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Scheme and authority the caller used; links and issuers are built on it.
    pub origin: String,
}

impl EntraRequest {
    pub fn query(&self) -> Params {
        Params::read(self.query.as_bytes())
    }

    pub fn form(&self) -> Params {
        Params::read(&self.body)
    }
}
