//! Drives and the files in them.
//!
//! One lock guards names and contents together. Every change is in the index on disk (when there is a state
//! directory) before the call returns. Workbooks that are open live in [`Books`], each behind its own lock.

mod changes;
mod download;
mod edit;
mod ids;
mod model;
mod quick_xor;
mod seed;
mod seeding;
mod store;
mod tree;
pub(crate) mod workbook;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::random;

pub(crate) use changes::DeltaStart;
pub(crate) use download::{content_response, download_response};
pub(crate) use ids::{fresh_seed, guid};
pub(crate) use model::{
    Actor, Conflict, Drive, DriveKind, FileError, FileTimes, Grant, Item, ItemKind, Permission,
};
pub(crate) use seed::{ADA, CONSUMERS};
pub(crate) use tree::Stamp;

use store::Blobs;
use tree::Tree;
use workbook::Books;

/// Drives, items, contents and open workbooks.
pub(crate) struct Files {
    inner: Mutex<Inner>,
    pub books: Books,
    /// Signs download addresses; a new process makes old addresses worthless, as the real ones die within minutes.
    link_key: [u8; 32],
}

struct Inner {
    tree: Tree,
    blobs: Blobs,
}

/// One line of what a developer is shown at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// File name.
    pub name: String,
    /// Drive item id.
    pub id: String,
    /// Drive id.
    pub drive_id: String,
}

impl Files {
    /// Opens the state of an earlier process, or seeds new drives. Each of `user_workbooks` is in Ada's root
    /// afterwards: a file changed outside since it was last read becomes a new version, else edits made here stay.
    pub fn open(state_dir: Option<&Path>, user_workbooks: &[PathBuf], now_ms: i64) -> io::Result<Self> {
        let blobs = Blobs::open(state_dir)?;
        let earlier = blobs.load_index()?;
        let fresh = earlier.is_none();
        let inner = Inner { tree: earlier.unwrap_or_default(), blobs };
        let files = Self { inner: Mutex::new(inner), books: Books::default(), link_key: random::bytes() };
        if fresh {
            files.seed(now_ms);
        }
        for path in user_workbooks {
            files.adopt(path, now_ms)?;
        }
        let inner = files.lock();
        inner.blobs.save_index(&inner.tree)?;
        drop(inner);
        Ok(files)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The drive of a user who had one from the start or got one by [`Files::ensure_user_drive`].
    pub fn user_drive(&self, user_id: &str) -> Option<Drive> {
        self.lock().tree.drives.values().find(|drive| drive.belongs_to(user_id)).cloned()
    }

    /// The user's drive, made now if there is none; `tenant_name` is the SharePoint name (`contoso`).
    pub fn ensure_user_drive(
        &self,
        user: &Actor,
        tenant_id: &str,
        tenant_name: &str,
        now_ms: i64,
    ) -> Result<Drive, FileError> {
        if let Some(drive) = self.user_drive(&user.id) {
            return Ok(drive);
        }
        let mut inner = self.lock();
        let drive = inner.tree.new_user_drive(user, tenant_id, tenant_name, now_ms);
        inner.save()?;
        Ok(drive)
    }

    /// The document library of a site, made and filled at its first use. `site` is the name in its address, empty
    /// for the root site. `None` for a tenant without SharePoint.
    pub fn site_drive(&self, tenant_id: &str, site: &str) -> Option<Drive> {
        let found = self.lock().tree.drives.values().find(|drive| drive.is_library(tenant_id, site)).cloned();
        if found.is_some() {
            return found;
        }
        let tenant_name = seed::tenant_name(tenant_id)?;
        let mut inner = self.lock();
        let now_ms = inner.tree.drives.values().map(|drive| drive.created_ms).min().unwrap_or_default();
        let drive = inner.tree.new_library(tenant_id, tenant_name, site, now_ms);
        inner.fill(&drive, seed::library_files(), now_ms);
        inner.save().ok()?;
        Some(drive)
    }

    pub fn drive(&self, drive_id: &str) -> Option<Drive> {
        self.lock().tree.drives.get(drive_id).cloned()
    }

    /// A living item of that drive.
    pub fn by_id(&self, drive_id: &str, item_id: &str) -> Result<Item, FileError> {
        let inner = self.lock();
        inner
            .tree
            .item(item_id)
            .ok()
            .filter(|item| item.drive_id == drive_id)
            .cloned()
            .ok_or(FileError::NotFound)
    }

    /// A living item by its id alone.
    pub fn item(&self, item_id: &str) -> Result<Item, FileError> {
        self.lock().tree.item(item_id).cloned()
    }

    /// The item reached from `from` (an item id) by these names, already percent-decoded.
    pub fn by_path(&self, from: &str, names: &[String]) -> Result<Item, FileError> {
        let inner = self.lock();
        let mut at = inner.tree.item(from)?;
        for name in names.iter().filter(|name| !name.is_empty()) {
            at = inner.tree.child(&at.id, name).ok_or(FileError::NotFound)?;
        }
        Ok(at.clone())
    }

    /// Children of a folder, by name.
    pub fn children(&self, folder_id: &str) -> Vec<Item> {
        let inner = self.lock();
        let mut found: Vec<Item> = inner.tree.children(folder_id).cloned().collect();
        found.sort_by_key(|item| item.name.to_lowercase());
        found
    }

    /// All living items of a drive but its root.
    pub fn all_items(&self, drive_id: &str) -> Vec<Item> {
        let inner = self.lock();
        let of_drive = |item: &&Item| {
            item.drive_id == drive_id && item.recycled_ms.is_none() && item.parent_id.is_some()
        };
        inner.tree.items.values().filter(of_drive).cloned().collect()
    }

    /// Names from the drive's root to the item.
    pub fn path(&self, item: &Item) -> Vec<String> {
        self.lock().tree.path(item)
    }

    /// Bytes in a file, or in all files below a folder.
    pub fn size(&self, item: &Item) -> u64 {
        self.lock().tree.size(item)
    }

    pub fn child_count(&self, item: &Item) -> usize {
        self.lock().tree.children(&item.id).count()
    }

    pub fn content(&self, item_id: &str) -> Result<Bytes, FileError> {
        let inner = self.lock();
        let item = inner.tree.item(item_id)?;
        if item.is_folder() {
            return Err(FileError::Invalid("The item is a folder.".into()));
        }
        inner.blobs.get(item_id, &item.name).map_err(storage)
    }
}

impl Inner {
    fn save(&self) -> Result<(), FileError> {
        self.blobs.save_index(&self.tree).map_err(storage)
    }
}

fn storage(error: io::Error) -> FileError {
    FileError::Storage(error.to_string())
}

fn file_kind(name: &str, bytes: &Bytes) -> ItemKind {
    ItemKind::File {
        size: bytes.len() as u64,
        mime: mime(name).to_owned(),
        quick_xor: quick_xor::quick_xor_hash(bytes),
    }
}

/// Media type by extension, for the kinds that drives commonly hold.
pub(crate) fn mime(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("pptx") => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Some("txt") => "text/plain",
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}
