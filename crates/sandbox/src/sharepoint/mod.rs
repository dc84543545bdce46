//! SharePoint REST (`_api`).

use crate::api::{ApiRequest, ApiResponse};
use crate::world::World;

/// Answers one `_api` call.
pub(crate) async fn dispatch(_world: &World, _request: ApiRequest) -> ApiResponse {
    ApiResponse {
        status: http::StatusCode::NOT_FOUND,
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
    }
}
