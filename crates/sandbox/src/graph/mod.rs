//! Microsoft Graph: one door for HTTP and `$batch`.

mod batch;
pub(crate) mod drives;
mod lists;
pub(crate) mod reply;
pub(crate) mod segments;
#[cfg(test)]
pub(crate) mod test_client;
mod workbook;

use crate::api::{ApiRequest, ApiResponse};
use crate::world::World;

/// Answers one Graph call. `me`, `users`, `drives` and `workbook` live in `drives`; `sites` in `lists`.
pub(crate) async fn dispatch(world: &World, request: ApiRequest) -> ApiResponse {
    let first = request.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "$batch" | "%24batch" => batch::handle(world, request).await,
        "sites" => lists::handle(world, request).await,
        _ => drives::handle(world, request).await,
    }
}
