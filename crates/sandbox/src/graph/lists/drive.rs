//! A site's document library as drives: handed on to the room of drives.

use crate::api::ApiRequest;
use crate::sites::{SharePointHost, SiteKey};
use crate::world::World;

use super::answer::{GraphError, Outcome};

pub(super) async fn delegate(
    _world: &World,
    _request: ApiRequest,
    _host: &SharePointHost,
    _key: &SiteKey,
    _rest: &[String],
) -> Outcome {
    Err(GraphError::not_found("drive"))
}
