//! The document library as a list: its items mirror the files of the site's drive.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::directory::{Directory, User};
use crate::files::{self, Files};
use crate::principal::Principal;

use super::changes::ChangeKind;
use super::model::{APP_USER_ID, Item, Site};
use super::{SiteKey, Sites};

/// A file or folder as the library shows it.
#[derive(Debug, Clone)]
pub(crate) struct LibraryFile {
    file: files::Item,
    /// `/sites/x/Shared Documents/a.xlsx`.
    path: String,
    size: u64,
}

/// The signed-in user as drives know their actors; `None` when an app acts as itself.
pub(crate) fn person(directory: &Directory, caller: &Principal) -> Option<files::Actor> {
    let id = caller.user_id.as_deref()?;
    let unknown = || files::Actor { id: id.to_owned(), display_name: id.to_owned(), email: None };
    Some(directory.user(id).map_or_else(unknown, |user| actor(&user)))
}

/// A person of the directory as an actor.
pub(crate) fn actor(user: &User) -> files::Actor {
    let (id, display_name) = (user.id.clone(), user.display_name.clone());
    files::Actor { id, display_name, email: Some(user.upn.clone()) }
}

/// Who changes a file now.
pub(crate) fn file_stamp(caller: Option<&files::Actor>, app_id: &str, now_ms: i64) -> files::Stamp {
    let app =
        || files::Actor { id: app_id.to_owned(), display_name: "SharePoint App".to_owned(), email: None };
    files::Stamp { actor: caller.cloned().unwrap_or_else(app), now_ms }
}

/// The folder under which a site's library stands.
pub(crate) const LIBRARY_FOLDER: &str = "Shared Documents";

/// The drive of a site's document library.
pub(crate) fn site_drive(files: &Files, key: &SiteKey) -> Option<files::Drive> {
    let name = key.path.rsplit('/').next().unwrap_or_default();
    files.site_drive(&key.tenant_id, name)
}

impl Sites {
    /// Brings the library's list items up to date with the drive, noting what changed for delta.
    pub fn sync_library(&self, files: &Files, key: &SiteKey, now_ms: i64) {
        let Some(drive) = site_drive(files, key) else { return };
        let row = |file: files::Item| {
            let path = format!("{}/{LIBRARY_FOLDER}/{}", key.path, files.path(&file).join("/"));
            LibraryFile { size: files.size(&file), path, file }
        };
        let rows: Vec<LibraryFile> = files.all_items(&drive.id).into_iter().map(row).collect();
        if self.read(key, |site| site.mirrors(&rows)) == Some(false) {
            self.change(key, |site| site.mirror(&rows, now_ms));
        }
    }
}

impl Site {
    fn mirrors(&self, rows: &[LibraryFile]) -> bool {
        let Some(list) = self.lists.iter().find(|list| list.is_library()) else { return true };
        let fresh = |row: &LibraryFile| {
            let item = self.file_ids.get(&row.file.id).and_then(|id| list.items.get(id));
            item.is_some_and(|item| is_fresh(item, row))
        };
        list.items.len() == rows.len() && rows.iter().all(fresh)
    }

    fn mirror(&mut self, rows: &[LibraryFile], now_ms: i64) {
        let known: BTreeMap<&str, u32> =
            rows.iter().map(|row| (row.file.id.as_str(), self.file_item_id(&row.file.id))).collect();
        let users: Vec<(String, u32)> = self.users.iter().map(|user| (user.oid.clone(), user.id)).collect();
        let user =
            |oid: &str| users.iter().find(|(found, _)| found == oid).map_or(APP_USER_ID, |(_, id)| *id);
        let Some(list) = self.lists.iter_mut().find(|list| list.is_library()) else { return };
        let gone: Vec<u32> =
            list.items.keys().copied().filter(|id| !known.values().any(|known| known == id)).collect();
        for id in gone {
            if let Some(item) = list.items.remove(&id) {
                list.note(&item, ChangeKind::Deleted, now_ms);
            }
        }
        for row in rows {
            let Some(&id) = known.get(row.file.id.as_str()) else { continue };
            let before = list.items.get(&id);
            if before.is_some_and(|item| is_fresh(item, row)) {
                continue;
            }
            let kind = if before.is_some() { ChangeKind::Updated } else { ChangeKind::Added };
            let mut fields = before.map(|item| item.fields.clone()).unwrap_or_default();
            fields.extend(row.fields());
            let file = &row.file;
            // Edits of list columns count too, so the file's own version may be behind.
            let version = before.map_or(file.version, |item| file.version.max(item.version + 1));
            let item = Item {
                id,
                guid: file.guid.to_lowercase(),
                version,
                author: user(&file.created_by.id),
                editor: user(&file.modified_by.id),
                created_ms: file.created_ms,
                modified_ms: file.modified_ms,
                fields,
            };
            list.note(&item, kind, now_ms);
            list.items.insert(id, item);
            list.next_id = list.next_id.max(id + 1);
        }
    }

    /// The drive item of a library's list item.
    pub fn drive_item_of(&self, item_id: u32) -> Option<&str> {
        self.file_ids.iter().find(|(_, id)| **id == item_id).map(|(drive_item, _)| drive_item.as_str())
    }
}

fn is_fresh(item: &Item, row: &LibraryFile) -> bool {
    // Edits of list columns count up the item's version, edits of the file the file's.
    let stored = item.fields.get("FileVersion").and_then(Value::as_u64);
    stored == Some(u64::from(row.file.version)) && item.text("FileRef") == row.path
}

impl LibraryFile {
    fn fields(&self) -> [(String, Value); 6] {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        [
            ("FileLeafRef", json!(self.file.name)),
            ("FileRef", json!(self.path)),
            ("FileDirRef", json!(folder)),
            ("FSObjType", json!(u32::from(self.file.is_folder()))),
            ("FileSize", json!(self.size)),
            ("FileVersion", json!(self.file.version)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }
}
