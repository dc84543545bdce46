//! `me`, `users`, `drives`, items and workbooks.

mod access;
mod address;
mod content;
mod delta;
mod items;
mod json;
mod people;
mod sharing;
#[cfg(test)]
mod tests;

use http::Method;

use super::reply::{Call, GraphError, Outcome};
use super::segments::{Function, segments};
use super::workbook;
use crate::api::{ApiRequest, ApiResponse};
use crate::files::{Actor, Drive, Stamp};
use crate::world::World;

pub(super) use access::Need;
use address::Target;

/// Answers everything of Graph but `sites`, `$batch` and subscriptions.
pub(super) async fn handle(world: &World, request: ApiRequest) -> ApiResponse {
    let call = Call::new(world, &request);
    let path = segments(&request.path);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    route(&call, &path).unwrap_or_else(|error| error.into_response(&call))
}

/// Answers a call on one drive; `rest` is what follows the drive in the path, still percent-encoded, without a
/// leading slash (`root/children`, empty for the drive itself). For `/sites/{site}/drive` and `/drives/{id}`.
pub(crate) async fn handle_drive(
    world: &World,
    request: ApiRequest,
    drive_id: &str,
    rest: &str,
) -> ApiResponse {
    let call = Call::new(world, &request);
    let path = segments(rest);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let answer = match world.files.drive(drive_id) {
        Some(drive) => on_drive(&call, &drive, &path),
        None => Err(GraphError::not_found()),
    };
    answer.unwrap_or_else(|error| error.into_response(&call))
}

fn route(call: &Call<'_>, path: &[&str]) -> Outcome {
    match path {
        ["me"] => people::me(call),
        ["me", "drive", rest @ ..] => on_drive(call, &access::own_drive(call)?, rest),
        ["me", "drives"] => drives(call, &[access::own_drive(call)?]),
        ["me", "drives", id, rest @ ..] => on_drive(call, &drive(call, id)?, rest),
        ["users"] => people::list(call),
        ["users", who] => people::one(call, who),
        ["users", who, "drive", rest @ ..] => on_drive(call, &access::drive_of(call, who)?, rest),
        ["users", who, "drives"] => drives(call, &[access::drive_of(call, who)?]),
        ["drives", id, rest @ ..] => on_drive(call, &drive(call, id)?, rest),
        [first, ..] => Err(GraphError::segment(first)),
        [] => Err(GraphError::segment("")),
    }
}

fn drive(call: &Call<'_>, id: &str) -> Result<Drive, GraphError> {
    call.world.files.drive(id).ok_or_else(GraphError::not_found)
}

fn drives(call: &Call<'_>, drives: &[Drive]) -> Outcome {
    for drive in drives {
        access::check(call, drive, Need::Read)?;
    }
    let values = drives.iter().map(|drive| call.select(json::drive(call, drive))).collect();
    Ok(call.collection("drives", values, None))
}

fn on_drive(call: &Call<'_>, drive: &Drive, path: &[&str]) -> Outcome {
    let get = call.request.method == Method::GET;
    match path {
        [] if get => {
            access::check(call, drive, Need::Read)?;
            let value = call.select(json::drive(call, drive));
            Ok(super::reply::ok(&super::reply::entity(call.context("drives/$entity"), value)))
        }
        [] => Err(GraphError::method()),
        ["recent" | "recent()"] if get => items::recent(call, drive),
        ["sharedWithMe" | "sharedWithMe()"] if get => {
            access::check(call, drive, Need::Read)?;
            Ok(call.collection("Collection(driveItem)", Vec::new(), None))
        }
        [function] if Function::parse(function).name == "search" => {
            items::search(call, drive, &drive.root_id, &Function::parse(function))
        }
        [function] if Function::parse(function).name == "delta" => {
            delta::delta(call, drive, &Function::parse(function))
        }
        _ => {
            let (target, rest) = address::resolve(call, drive, path)?;
            on_item(call, drive, &target, rest)
        }
    }
}

fn on_item(call: &Call<'_>, drive: &Drive, target: &Target, rest: &[&str]) -> Outcome {
    let method = &call.request.method;
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match rest {
        ["workbook", workbook_path @ ..] => {
            access::check_target(call, drive, target, workbook::need(method, workbook_path))?;
            workbook::handle(call, drive, target.item()?, workbook_path)
        }
        _ => {
            access::check_target(call, drive, target, if reads { Need::Read } else { Need::Write })?;
            on_checked_item(call, drive, target, rest)
        }
    }
}

fn on_checked_item(call: &Call<'_>, drive: &Drive, target: &Target, rest: &[&str]) -> Outcome {
    let method = &call.request.method;
    match (method, rest) {
        (&Method::GET, []) => items::get(call, drive, target.item()?),
        (&Method::PATCH, []) => items::update(call, drive, target.item()?),
        (&Method::DELETE, []) => items::delete(call, target.item()?),
        (&Method::POST, ["permanentDelete"]) => items::delete_for_good(call, target.item()?),
        (&Method::GET, ["children"]) => items::children(call, drive, target.item()?),
        (&Method::POST, ["children"]) => items::create_folder(call, drive, target.item()?),
        (_, ["children", name, rest @ ..]) => {
            let names = vec![(*name).to_owned()];
            on_item(call, drive, &address::below(call, target.item()?, names), rest)
        }
        (&Method::GET | &Method::HEAD, ["content"]) => content::get(call, target.item()?),
        (&Method::PUT, ["content"]) => content::put(call, drive, target),
        (&Method::GET, ["versions"]) => items::versions(call, target.item()?),
        (&Method::GET, ["thumbnails"]) => {
            target.item()?;
            Ok(call.collection("Collection(thumbnailSet)", Vec::new(), None))
        }
        (_, ["permissions", ..] | ["createLink"] | ["invite"]) => {
            sharing::handle(call, drive, target.item()?, rest)
        }
        (_, ["copy"]) => Err(GraphError::unsupported("copy")),
        (_, ["createUploadSession"]) => Err(GraphError::unsupported("createUploadSession")),
        (&Method::GET, [function]) => {
            let function = Function::parse(function);
            match function.name.as_str() {
                "search" => items::search(call, drive, &target.item()?.id, &function),
                "delta" => delta::delta(call, drive, &function),
                other => Err(GraphError::segment(other)),
            }
        }
        (_, [] | ["children" | "content" | "versions" | "thumbnails"]) => Err(GraphError::method()),
        (_, [first, ..]) => Err(GraphError::segment(first)),
    }
}

/// Who changes something now.
pub(super) fn stamp(call: &Call<'_>) -> Stamp {
    let principal = &call.request.principal;
    let user = principal.user_id.as_deref().and_then(|id| call.world.directory.user(id));
    let actor = match user {
        Some(user) => Actor { id: user.id, display_name: user.display_name, email: Some(user.upn) },
        None => {
            let name = call.world.directory.app(&principal.app_id).map(|app| app.name);
            Actor {
                id: principal.app_id.clone(),
                display_name: name.unwrap_or_else(|| "Application".into()),
                email: None,
            }
        }
    };
    Stamp { actor, now_ms: call.now_ms() }
}
