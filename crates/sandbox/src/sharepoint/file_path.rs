//! Path steps among folders and files.

use crate::sites::{LIBRARY_FOLDER, List, Site, stable_guid};

use super::error::{Outcome, SpError};
use super::path::Segment;
use super::target::Target;

/// The server-relative path that a method names; without a leading slash it begins at the web.
pub(super) fn given(site: &Site, segment: &Segment) -> Outcome<String> {
    let text = segment.text("decodedurl").or_else(|| segment.text("serverRelativeUrl"));
    let text = text.ok_or_else(|| SpError::bad_query(format!("{} needs a path.", segment.name)))?;
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or(String::new(), |at| rest[at..].to_owned()),
        None if text.starts_with('/') => text.to_owned(),
        None => format!("{}/{text}", site.path),
    };
    Ok(path.trim_end_matches('/').to_owned())
}

/// The path of a file or folder of the library, by its unique id.
pub(super) fn by_id(site: &Site, segment: &Segment) -> Outcome<String> {
    let id = segment.text("uniqueId").unwrap_or_default().trim_matches(['{', '}']).to_lowercase();
    let library = site.list(LIBRARY_FOLDER).ok_or_else(|| SpError::no_file(&id))?;
    if id == root_folder_id(library) {
        return Ok(format!("{}/{LIBRARY_FOLDER}", site.path));
    }
    let found = library.items.values().find(|item| item.guid == id);
    found.map(|item| item.text("FileRef").to_owned()).ok_or_else(|| SpError::no_file(&id))
}

/// The unique id of a list's root folder.
pub(super) fn root_folder_id(list: &List) -> String {
    stable_guid(&format!("folder:{}", list.id))
}

pub(super) fn folder_step(site: &Site, path: String, segment: &Segment) -> Outcome<Target> {
    let name = segment.name.to_ascii_lowercase();
    Ok(match name.as_str() {
        "files" if segment.args.is_empty() => Target::Files(path),
        "files" => return files_step(path, segment),
        "folders" => return folders(path, segment),
        "parentfolder" => {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            Target::Folder(parent.to_owned())
        }
        "listitemallfields" => item_of(site, &path)?,
        "recycle" | "addsubfolderusingpath" | "deletewithparameters" => {
            Target::FolderCall(path, segment.clone())
        }
        _ => Target::Property(Box::new(Target::Folder(path)), segment.name.clone()),
    })
}

pub(super) fn folders(path: String, segment: &Segment) -> Outcome<Target> {
    match segment.text("url") {
        None => Ok(Target::Folders(path)),
        Some(name) => Ok(Target::Folder(joined(&path, name))),
    }
}

pub(super) fn folders_step(path: String, segment: &Segment) -> Outcome<Target> {
    let name = segment.name.to_ascii_lowercase();
    match (name.as_str(), segment.text("url")) {
        ("add" | "addusingpath", _) => Ok(Target::FolderCall(path, segment.clone())),
        ("getbyurl" | "getbypath", Some(inner)) => Ok(Target::Folder(joined(&path, inner))),
        _ => Err(SpError::no_resource(&segment.name)),
    }
}

pub(super) fn files_step(path: String, segment: &Segment) -> Outcome<Target> {
    let name = segment.name.to_ascii_lowercase();
    match (name.as_str(), segment.text("url")) {
        ("add" | "addusingpath", _) => Ok(Target::FolderCall(path, segment.clone())),
        ("files" | "getbyurl" | "getbypath", Some(inner)) => Ok(Target::File(joined(&path, inner))),
        _ => Err(SpError::no_resource(&segment.name)),
    }
}

pub(super) fn file_step(site: &Site, path: String, segment: &Segment) -> Target {
    let name = segment.name.to_ascii_lowercase();
    let calls =
        ["checkout", "checkin", "undocheckout", "publish", "unpublish", "recycle", "deletewithparameters"];
    match name.as_str() {
        "listitemallfields" => item_of(site, &path).unwrap_or(Target::File(path)),
        "openbinarystream" => Target::FileValue(path),
        name if calls.contains(&name) => Target::FileCall(path, segment.clone()),
        _ => Target::Property(Box::new(Target::File(path)), segment.name.clone()),
    }
}

/// An inner name may be a whole server-relative path.
fn joined(folder: &str, name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The list item of a file or folder in the library.
fn item_of(site: &Site, path: &str) -> Outcome<Target> {
    let library = site.list(LIBRARY_FOLDER).ok_or_else(|| SpError::no_file(path))?;
    let found = library.items.values().find(|item| item.text("FileRef").eq_ignore_ascii_case(path));
    let item = found.ok_or_else(|| SpError::no_file(path))?;
    Ok(Target::Item(library.id.clone(), item.id))
}
