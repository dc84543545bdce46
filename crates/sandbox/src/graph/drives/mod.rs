//! `me`, `users`, `drives`, items and workbooks.

use crate::api::{ApiRequest, ApiResponse};
use crate::world::World;

pub(super) async fn handle(_world: &World, _request: ApiRequest) -> ApiResponse {
    ApiResponse {
        status: http::StatusCode::NOT_FOUND,
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
    }
}
