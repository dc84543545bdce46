//! Contents: download by redirect, small upload.

use http::StatusCode;
use http::header::LOCATION;

use super::address::Target;
use super::items::{check_match, conflict};
use super::{json, stamp};
use crate::files::{Conflict, Drive, Item};
use crate::graph::reply::{Call, GraphError, Outcome, empty, entity, json_response};
use crate::stamps;

/// 302 to a short-lived address that wants no token; 304 when the caller has the version.
pub(super) fn get(call: &Call<'_>, item: &Item) -> Outcome {
    if item.is_folder() {
        return Err(GraphError::invalid("You cannot get content for a folder"));
    }
    if let Some(format) = call.option("format") {
        return Err(GraphError::unsupported(&format!("conversion to {format}")));
    }
    if call.header("if-none-match").is_some_and(|tags| item.matches_tag(tags)) {
        return Ok(empty(StatusCode::NOT_MODIFIED));
    }
    let mut response = empty(StatusCode::FOUND);
    stamps::put(&mut response.headers, LOCATION, &json::download_url(call, item));
    Ok(response)
}

/// Replaces a file's content, or makes the file (and the folders above it) when the path is new.
pub(super) fn put(call: &Call<'_>, drive: &Drive, target: &Target) -> Outcome {
    let files = &call.world.files;
    let bytes = call.request.body.clone();
    let behaviour = conflict(call, &Default::default(), Conflict::Replace)?;
    if let Ok(item) = target.item() {
        check_match(call, item)?;
        if behaviour == Conflict::Replace {
            let item = files.replace_content(&item.id, bytes, &stamp(call))?;
            return Ok(answer(call, drive, &item, StatusCode::OK));
        }
    } else if call.header("if-match").is_some() {
        return Err(GraphError::precondition());
    }
    let Some((name, folders)) = target.names.split_last() else {
        return Err(if target.exists() {
            GraphError::from(crate::files::FileError::NameTaken)
        } else {
            GraphError::not_found()
        });
    };
    let mut parent = files.item(&target.from)?;
    for folder in folders {
        parent = match files.by_path(&parent.id, std::slice::from_ref(folder)) {
            Ok(found) => found,
            Err(_) => files.create_folder(&parent.id, folder, Conflict::Fail, &stamp(call))?,
        };
    }
    let (item, created) = files.put(&parent.id, name, bytes, behaviour, &stamp(call))?;
    Ok(answer(call, drive, &item, if created { StatusCode::CREATED } else { StatusCode::OK }))
}

fn answer(call: &Call<'_>, drive: &Drive, item: &Item, status: StatusCode) -> crate::api::ApiResponse {
    let context = call.context(&format!("drives('{}')/items/$entity", drive.id));
    json_response(status, &entity(context, json::item(call, drive, item)))
}
