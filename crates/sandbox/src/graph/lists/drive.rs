//! A site's document library as drives: handed on to the room of drives.

use http::Method;
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse};
use crate::graph::drives::handle_drive;
use crate::sites::{SiteKey, site_drive};
use crate::world::World;

use super::answer::{GraphError, Outcome, ok};

/// Answers `drive`, `drives` and what follows them; `rest` is decoded, beginning with that word.
pub(super) async fn delegate(world: &World, request: ApiRequest, key: &SiteKey, rest: &[String]) -> Outcome {
    let drive = site_drive(&world.files, key).ok_or_else(|| GraphError::not_found("drive"))?;
    let raw = raw_tail(&request.path, rest.len());
    let mut segments = raw.splitn(3, '/');
    let (first, second, third) = (segments.next(), segments.next(), segments.next());
    match (first, second) {
        (Some("drives"), None) => list(world, request, &drive.id).await,
        (Some("drives"), Some(id)) => {
            let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
            if id != drive.id {
                return Err(GraphError::not_found("drive"));
            }
            Ok(handle_drive(world, request, &drive.id, third.unwrap_or_default()).await)
        }
        _ => {
            let rest = raw.split_once('/').map_or("", |(_, rest)| rest).to_owned();
            Ok(handle_drive(world, request, &drive.id, &rest).await)
        }
    }
}

/// Whether what follows a list leads to its drive.
pub(super) fn is_in_list(rest: &[String]) -> bool {
    let segments: Vec<&str> = rest.iter().map(String::as_str).collect();
    matches!(segments.as_slice(), ["drive", ..] | ["items", _, "driveItem", ..])
}

/// `lists/{library}/drive…` and `lists/{library}/items/{id}/driveItem…`.
pub(super) async fn of_list(
    world: &World,
    request: ApiRequest,
    key: &SiteKey,
    list: &str,
    rest: &[String],
) -> Outcome {
    let drive = site_drive(&world.files, key).ok_or_else(|| GraphError::not_found("drive"))?;
    let is_library = world.sites.read(key, |site| site.list(list).is_some_and(|list| list.is_library()));
    if is_library != Some(true) {
        return Err(GraphError::not_found("drive"));
    }
    let segments: Vec<&str> = rest.iter().map(String::as_str).collect();
    let inside = match segments.as_slice() {
        ["drive", more @ ..] => raw_tail(&request.path, more.len()),
        ["items", id, "driveItem", more @ ..] => {
            let id = id.parse().map_err(|_| GraphError::bad_request("The list item id is not a number"))?;
            let found = world.sites.read(key, |site| site.drive_item_of(id).map(str::to_owned)).flatten();
            let item = found.ok_or_else(|| GraphError::not_found("item"))?;
            let tail = raw_tail(&request.path, more.len());
            format!("items/{item}{}{tail}", if tail.is_empty() { "" } else { "/" })
        }
        other => return Err(GraphError::unknown_route(other)),
    };
    Ok(handle_drive(world, request, &drive.id, &inside).await)
}

/// The last segments of a path, still encoded.
fn raw_tail(path: &str, count: usize) -> String {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    segments[segments.len().saturating_sub(count)..].join("/")
}

/// `drives`: a site has one.
async fn list(world: &World, request: ApiRequest, drive_id: &str) -> Outcome {
    if request.method != Method::GET {
        return Err(GraphError::bad_request("The method is not allowed."));
    }
    let context = format!("{}{}/$metadata#drives", request.origin, request.prefix);
    let response: ApiResponse = handle_drive(world, request, drive_id, "").await;
    if !response.status.is_success() {
        return Ok(response);
    }
    let mut drive: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if let Some(entity) = drive.as_object_mut() {
        entity.remove("@odata.context");
    }
    ok(&json!({"@odata.context": context, "value": [drive]}))
}
