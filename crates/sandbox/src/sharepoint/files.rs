//! Files: properties, content, check-out, deletion.

use http::StatusCode;

use crate::files::{Item, content_response};
use crate::sites::{Need, random_guid};

use super::Call;
use super::entity::{Answer, Entity};
use super::error::{Outcome, SpError};
use super::file_entity::file;
use super::path::Segment;
use super::target::Target;

pub(super) fn act(call: &Call<'_>, target: &Target) -> Outcome<Answer> {
    match (call.verb.as_str(), target) {
        ("GET", Target::Files(path)) => {
            call.read(Need::Read, |_| Ok(()))?;
            call.many(inside(call, path)?)
        }
        ("GET", Target::File(path)) => {
            call.read(Need::Read, |_| Ok(()))?;
            call.one(file(call, &call.locate_file(path)?))
        }
        ("DELETE", Target::File(path)) => {
            let item = call.locate_file(path)?;
            check_tag(call, &item)?;
            recycle(call, &item.id).map(|_| Answer::Empty(StatusCode::OK, None))
        }
        ("GET", Target::FileValue(path)) => {
            call.read(Need::Read, |_| Ok(()))?;
            let item = call.locate_file(path)?;
            let content = call.world.files.content(&item.id)?;
            Ok(Answer::Raw(content_response(&item, content, &call.request.headers)))
        }
        ("PUT", Target::FileValue(path)) => {
            call.read(Need::Write, |_| Ok(()))?;
            let item = call.locate_file(path)?;
            check_tag(call, &item)?;
            check_lock(call, &item)?;
            let stamp = call.file_stamp();
            let item = call.world.files.replace_content(&item.id, call.request.body.clone(), &stamp)?;
            Ok(Answer::Empty(StatusCode::NO_CONTENT, Some(item.e_tag())))
        }
        ("POST" | "DELETE", Target::FileCall(path, segment)) => method(call, path, segment),
        _ => Err(SpError::not_allowed()),
    }
}

fn inside(call: &Call<'_>, path: &str) -> Outcome<Vec<Entity>> {
    use super::file_entity::Place;
    match call.locate(path)? {
        Place::WebRoot => Ok(Vec::new()),
        Place::Item(folder) => {
            let children = call.world.files.children(&folder.id);
            Ok(children.iter().filter(|item| !item.is_folder()).map(|item| file(call, item)).collect())
        }
    }
}

fn method(call: &Call<'_>, path: &str, segment: &Segment) -> Outcome<Answer> {
    let item = call.locate_file(path)?;
    call.read(Need::Write, |_| Ok(()))?;
    match segment.name.to_ascii_lowercase().as_str() {
        "recycle" => {
            let bin = recycle(call, &item.id)?;
            return Ok(Answer::Scalar { name: "Recycle".to_owned(), value: bin.into() });
        }
        "deletewithparameters" => {
            recycle(call, &item.id)?;
        }
        "checkout" => {
            check_lock(call, &item)?;
            call.change(Need::Write, |site| {
                let (user, _) = call.stamp(site);
                site.checked_out.insert(item.id.clone(), user);
                Ok(())
            })?;
        }
        "checkin" | "undocheckout" => call.change(Need::Write, |site| {
            let (user, _) = call.stamp(site);
            match site.checked_out.get(&item.id) {
                Some(holder) if *holder == user => {
                    site.checked_out.remove(&item.id);
                    Ok(())
                }
                Some(_) => Err(SpError::locked()),
                None => Err(SpError::new(
                    StatusCode::BAD_REQUEST,
                    "-2147024738, Microsoft.SharePoint.SPFileCheckOutException",
                    "The file is not checked out. You must first check out this document before making changes.",
                )),
            }
        })?,
        // Libraries of the sandbox have no minor versions: everything is published already.
        "publish" | "unpublish" => {}
        _ => return Err(SpError::no_resource(&segment.name)),
    }
    Ok(Answer::Empty(StatusCode::OK, None))
}

/// Moves a file or folder to the recycle bin; answers the recycle bin id.
pub(super) fn recycle(call: &Call<'_>, drive_item: &str) -> Outcome<String> {
    call.read(Need::Write, |_| Ok(()))?;
    let item = call.world.files.item(drive_item)?;
    check_lock(call, &item)?;
    call.world.files.recycle(drive_item, &call.file_stamp())?;
    Ok(random_guid())
}

/// Refuses when someone else has the file checked out.
pub(super) fn check_lock(call: &Call<'_>, item: &Item) -> Outcome<()> {
    let holder = call.world.sites.read(&call.key, |site| site.checked_out.get(&item.id).copied()).flatten();
    let Some(holder) = holder else { return Ok(()) };
    let mine = call.world.sites.read(&call.key, |site| site.user_id_of(call.caller.as_ref())).flatten();
    if mine == Some(holder) { Ok(()) } else { Err(SpError::locked()) }
}

fn check_tag(call: &Call<'_>, item: &Item) -> Outcome<()> {
    match call.header("if-match") {
        Some(tags) if !item.matches_tag(tags) => Err(crate::sites::EditError::Changed.into()),
        _ => Ok(()),
    }
}
