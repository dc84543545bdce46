//! Folders: reading, making, deleting, and adding files to them.

use http::StatusCode;

use crate::files::{Conflict, FileError, Item};
use crate::sites::Need;

use super::Call;
use super::entity::Answer;
use super::error::{Outcome, SpError};
use super::file_entity::{Place, file, folder, web_folder};
use super::files;
use super::path::Segment;
use super::target::Target;

pub(super) fn act(call: &Call<'_>, target: &Target) -> Outcome<Answer> {
    match (call.verb.as_str(), target) {
        ("GET", Target::Folder(path)) => {
            call.read(Need::Read, |_| Ok(()))?;
            match call.locate(path)? {
                Place::WebRoot => call.one(web_folder(call)),
                Place::Item(item) if item.is_folder() => call.one(folder(call, &item)),
                Place::Item(_) => Err(SpError::no_file(path)),
            }
        }
        ("GET", Target::Folders(path)) => {
            call.read(Need::Read, |_| Ok(()))?;
            let inside = match call.locate(path)? {
                Place::WebRoot => vec![call.world.files.item(&call.drive()?.root_id)?],
                Place::Item(item) => call.world.files.children(&item.id),
            };
            call.many(inside.iter().filter(|item| item.is_folder()).map(|item| folder(call, item)).collect())
        }
        ("POST", Target::Folders(path)) => {
            let body = call.body()?;
            let url = body.get("ServerRelativeUrl").and_then(|url| url.as_str());
            make(
                call,
                path,
                url.ok_or_else(|| SpError::bad_query("The property 'ServerRelativeUrl' is required."))?,
            )
        }
        ("DELETE", Target::Folder(path)) => {
            let item = call.locate_folder(path)?;
            files::recycle(call, &item.id).map(|_| Answer::Empty(StatusCode::OK, None))
        }
        ("POST" | "DELETE", Target::FolderCall(path, segment)) => method(call, path, segment),
        _ => Err(SpError::not_allowed()),
    }
}

fn method(call: &Call<'_>, path: &str, segment: &Segment) -> Outcome<Answer> {
    let name = segment.name.to_ascii_lowercase();
    // `Files/add` and `Folders/add` differ in their arguments: a file's always says whether to overwrite, or has a body.
    match name.as_str() {
        "recycle" | "deletewithparameters" => {
            let item = call.locate_folder(path)?;
            let bin = files::recycle(call, &item.id)?;
            Ok(Answer::Scalar { name: "Recycle".to_owned(), value: bin.into() })
        }
        "addsubfolderusingpath" => {
            let body = call.body()?;
            let in_body = || body.get("leafPath").and_then(|leaf| leaf["DecodedUrl"].as_str());
            let leaf = segment.text("DecodedUrl").or_else(in_body);
            make(call, path, leaf.ok_or_else(|| SpError::bad_query("The parameter leafPath is missing."))?)?;
            Ok(Answer::Empty(StatusCode::OK, None))
        }
        _ => {
            let url = segment.text("decodedurl").or_else(|| segment.text("url"));
            let url = url.ok_or_else(|| SpError::bad_query("The parameter url is missing."))?;
            if segment.args.iter().any(|arg| arg.name.is_some()) && !call.is_folder_call() {
                add_file(call, path, url, segment)
            } else {
                make(call, path, url)
            }
        }
    }
}

impl Call<'_> {
    /// Whether the collection before the last method is `Folders`.
    fn is_folder_call(&self) -> bool {
        let path = self.request.path.to_ascii_lowercase();
        let files = path.rfind("/files/").unwrap_or(0);
        path.rfind("/folders/").is_some_and(|folders| folders > files)
    }
}

/// Makes a folder; `url` is a name or a server-relative path.
fn make(call: &Call<'_>, path: &str, url: &str) -> Outcome<Answer> {
    call.read(Need::Write, |_| Ok(()))?;
    let whole = if url.starts_with('/') {
        url.trim_end_matches('/').to_owned()
    } else {
        match call.locate(path)? {
            // On the web's own folders a relative URL begins at the web.
            Place::WebRoot => format!("{}/{}", call.key.path, url.trim_end_matches('/')),
            Place::Item(_) => format!("{path}/{}", url.trim_end_matches('/')),
        }
    };
    if let Ok(Place::Item(item)) = call.locate(&whole)
        && item.is_folder()
    {
        return Ok(Answer::Created(folder(call, &item)));
    }
    let (parent, name) = whole.rsplit_once('/').ok_or_else(|| SpError::no_file(&whole))?;
    let parent = call.locate_folder(parent)?;
    let made = call.world.files.create_folder(&parent.id, name, Conflict::Fail, &call.file_stamp())?;
    Ok(Answer::Created(folder(call, &made)))
}

/// `Files/add(url='a.txt',overwrite=true)` and `Files/AddUsingPath(decodedurl='a.txt',Overwrite=true)`.
fn add_file(call: &Call<'_>, path: &str, url: &str, segment: &Segment) -> Outcome<Answer> {
    call.read(Need::Write, |_| Ok(()))?;
    let (path, name) = match url.rsplit_once('/') {
        Some((folder, name)) if url.starts_with('/') => (folder.to_owned(), name),
        Some((folder, name)) => (format!("{path}/{folder}"), name),
        None => (path.to_owned(), url),
    };
    let parent = call.locate_folder(&path)?;
    let unique = segment.flag("EnsureUniqueFileName") == Some(true);
    let conflict = match (segment.flag("overwrite"), unique) {
        (_, true) => Conflict::Rename,
        (Some(true), _) => Conflict::Replace,
        _ => Conflict::Fail,
    };
    let existing: Option<Item> = call.world.files.by_path(&parent.id, &[name.to_owned()]).ok();
    if let (Some(item), Conflict::Replace) = (&existing, conflict) {
        files::check_lock(call, item)?;
    }
    let body = call.request.body.clone();
    let stamp = call.file_stamp();
    let (item, _) =
        call.world.files.put(&parent.id, name, body, conflict, &stamp).map_err(|error| match error {
            FileError::NameTaken => {
                let message = format!("A file with the name {path}/{name} already exists.");
                SpError::new(
                    StatusCode::BAD_REQUEST,
                    "-2130575257, Microsoft.SharePoint.SPException",
                    message,
                )
            }
            other => other.into(),
        })?;
    let mut entity = file(call, &item);
    entity.select(&call.options.select())?;
    Ok(Answer::Entity(entity))
}
