//! Which item a path means: by id, by path from the root or from an item, or one that is yet to be made.

use crate::files::{Drive, FileError, Item};
use crate::graph::reply::{Call, GraphError};

/// What a path points to.
pub(super) struct Target {
    found: Result<Item, FileError>,
    /// Where the path began.
    pub from: String,
    /// Names from there on; empty for an item named by its id.
    pub names: Vec<String>,
}

impl Target {
    /// The item, if there is one.
    pub fn item(&self) -> Result<&Item, GraphError> {
        self.found.as_ref().map_err(|_| GraphError::not_found())
    }

    pub fn exists(&self) -> bool {
        self.found.is_ok()
    }
}

/// The item below `item` with these names.
pub(super) fn below(call: &Call<'_>, item: &Item, names: Vec<String>) -> Target {
    Target { found: call.world.files.by_path(&item.id, &names), from: item.id.clone(), names }
}

/// Reads the address at the beginning of `path` (after the drive) and gives what follows it.
///
/// `root`, `items/{id}`, `root:/a/b:`, `items/{id}:/a/b:`, `special/documents`; the colon at the end of a path may
/// be left out where nothing follows.
pub(super) fn resolve<'p>(
    call: &Call<'_>,
    drive: &Drive,
    path: &'p [&'p str],
) -> Result<(Target, &'p [&'p str]), GraphError> {
    match path {
        ["root", rest @ ..] => Ok((by_id(call, drive, &drive.root_id), rest)),
        ["root:", rest @ ..] => Ok(by_path(call, &drive.root_id, rest)),
        ["items", id, rest @ ..] => match id.strip_suffix(':') {
            Some(id) => {
                let from = call.world.files.by_id(&drive.id, real_id(drive, id))?;
                Ok(by_path(call, &from.id, rest))
            }
            None => Ok((by_id(call, drive, real_id(drive, id)), rest)),
        },
        ["special", "documents" | "approot", rest @ ..] => Ok((by_id(call, drive, &drive.root_id), rest)),
        [first, ..] => Err(GraphError::segment(first)),
        [] => Err(GraphError::segment("")),
    }
}

/// `root` may stand for the root's id.
fn real_id<'i>(drive: &'i Drive, id: &'i str) -> &'i str {
    if id == "root" { &drive.root_id } else { id }
}

fn by_id(call: &Call<'_>, drive: &Drive, id: &str) -> Target {
    Target { found: call.world.files.by_id(&drive.id, id), from: id.to_owned(), names: Vec::new() }
}

fn by_path<'p>(call: &Call<'_>, from: &str, rest: &'p [&'p str]) -> (Target, &'p [&'p str]) {
    let end = rest.iter().position(|segment| segment.ends_with(':')).map_or(rest.len(), |at| at + 1);
    let names: Vec<String> = rest[..end]
        .iter()
        .map(|segment| segment.strip_suffix(':').unwrap_or(segment).to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let found = call.world.files.by_path(from, &names);
    (Target { found, from: from.to_owned(), names }, &rest[end..])
}
