//! Drives and the files in them.
//!
//! One lock guards names and contents together. Every change is in the index on disk (when there is a state
//! directory) before the call returns. Workbooks that are open live in [`Books`], each behind its own lock.

mod changes;
mod download;
mod ids;
mod model;
mod quick_xor;
mod seed;
mod store;
mod tree;
pub(crate) mod workbook;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::random;

pub(crate) use changes::{ChangePage, DeltaStart};
pub(crate) use download::{content_response, download_response};
pub(crate) use ids::{fresh_seed, guid};
pub(crate) use model::{Actor, Conflict, Drive, DriveKind, FileError, Grant, Item, ItemKind, Permission};
pub(crate) use seed::{ADA, CONSUMERS};
pub(crate) use tree::Stamp;

use store::Blobs;
use tree::{NewItem, Tree};
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

    /// All drives, in the order in which they were made.
    pub fn drives(&self) -> Vec<Drive> {
        self.lock().tree.drives.values().cloned().collect()
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

    /// Writes a file under `parent_id`. The flag says whether a new item came into being.
    pub fn put(
        &self,
        parent_id: &str,
        name: &str,
        bytes: Bytes,
        conflict: Conflict,
        stamp: &Stamp,
    ) -> Result<(Item, bool), FileError> {
        let mut inner = self.lock();
        let parent = inner.tree.item(parent_id)?.clone();
        if !parent.is_folder() {
            return Err(FileError::Invalid("The parent is not a folder.".into()));
        }
        let (name, existing) = inner.tree.settle_name(parent_id, name, conflict)?;
        let created = existing.is_none();
        let id = match existing {
            Some(id) => id,
            None => inner.tree.insert(
                &parent.drive_id,
                Some(parent_id),
                &name,
                NewItem { seed: &fresh_seed(), kind: file_kind(&name, &bytes), stamp },
            ),
        };
        let item = if created { inner.store_new(&id, bytes)? } else { inner.store(&id, bytes, stamp)? };
        drop(inner);
        self.books.forget(&id);
        Ok((item, created))
    }

    /// Replaces the content of a file.
    pub fn replace_content(&self, item_id: &str, bytes: Bytes, stamp: &Stamp) -> Result<Item, FileError> {
        let item = self.lock().store(item_id, bytes, stamp)?;
        self.books.forget(item_id);
        Ok(item)
    }

    /// Replaces the content with what an open workbook holds; the workbook stays open.
    pub(super) fn store_book(
        &self,
        item_id: &str,
        bytes: Bytes,
        stamp: &Stamp,
        object_ids: std::collections::BTreeMap<String, String>,
    ) -> Result<Item, FileError> {
        let mut inner = self.lock();
        if let Some(item) = inner.tree.items.get_mut(item_id) {
            item.object_ids = object_ids;
        }
        inner.store(item_id, bytes, stamp)
    }

    pub fn create_folder(
        &self,
        parent_id: &str,
        name: &str,
        conflict: Conflict,
        stamp: &Stamp,
    ) -> Result<Item, FileError> {
        let mut inner = self.lock();
        let parent = inner.tree.item(parent_id)?.clone();
        if !parent.is_folder() {
            return Err(FileError::Invalid("The parent is not a folder.".into()));
        }
        let (name, existing) = inner.tree.settle_name(parent_id, name, conflict)?;
        let id = match existing {
            Some(id) => id,
            None => inner.tree.insert(
                &parent.drive_id,
                Some(parent_id),
                &name,
                NewItem { seed: &fresh_seed(), kind: ItemKind::Folder, stamp },
            ),
        };
        inner.save()?;
        inner.tree.item(&id).cloned()
    }

    /// Moves the item, and all below it, to the recycle bin.
    pub fn recycle(&self, item_id: &str, stamp: &Stamp) -> Result<(), FileError> {
        let mut inner = self.lock();
        if inner.tree.item(item_id)?.parent_id.is_none() {
            return Err(FileError::Invalid("The root of a drive cannot be deleted.".into()));
        }
        inner.tree.recycle(item_id, stamp);
        inner.save()
    }

    /// Recycles the item and forgets its contents for good.
    pub fn delete(&self, item_id: &str, stamp: &Stamp) -> Result<(), FileError> {
        self.recycle(item_id, stamp)?;
        let mut inner = self.lock();
        let gone: Vec<(String, String)> = inner
            .tree
            .items
            .values()
            .filter(|item| item.recycled_ms.is_some() && inner.tree.is_inside(&item.id, item_id))
            .map(|item| (item.id.clone(), item.name.clone()))
            .collect();
        for (id, name) in gone {
            inner.blobs.forget(&id, &name);
        }
        Ok(())
    }

    /// Changes name, parent or both.
    pub fn relocate(
        &self,
        item_id: &str,
        new_parent: Option<&str>,
        new_name: Option<&str>,
        conflict: Conflict,
        stamp: &Stamp,
    ) -> Result<Item, FileError> {
        let mut inner = self.lock();
        let item = inner.tree.item(item_id)?.clone();
        let old_parent =
            item.parent_id.clone().ok_or(FileError::Invalid("The root cannot be moved.".into()))?;
        let parent = new_parent.unwrap_or(&old_parent).to_owned();
        let target = inner.tree.item(&parent)?;
        if !target.is_folder() || target.drive_id != item.drive_id || inner.tree.is_inside(&parent, item_id) {
            return Err(FileError::Invalid("The item cannot be moved there.".into()));
        }
        let mut name = new_name.unwrap_or(&item.name).to_owned();
        let taken_by_another = inner.tree.child(&parent, &name).is_some_and(|other| other.id != item.id);
        if taken_by_another {
            let (settled, replaced) = inner.tree.settle_name(&parent, &name, conflict)?;
            name = settled;
            if let Some(replaced) = replaced {
                inner.tree.recycle(&replaced, stamp);
            }
        } else {
            // Nothing is in the way; asked only for the rules that a name must keep.
            inner.tree.settle_name(&parent, &name, Conflict::Replace)?;
        }
        inner.blobs.renamed(item_id, &item.name, &name).map_err(storage)?;
        if let Some(entry) = inner.tree.items.get_mut(item_id) {
            entry.name = name;
            entry.parent_id = Some(parent);
        }
        inner.tree.touch(item_id, stamp);
        inner.save()?;
        inner.tree.item(item_id).cloned()
    }

    /// Adds a permission, or returns the equal one that is there.
    pub fn grant(&self, item_id: &str, role: &str, grant: Grant) -> Result<(Permission, bool), FileError> {
        let mut inner = self.lock();
        inner.tree.item(item_id)?;
        let Some(item) = inner.tree.items.get_mut(item_id) else { return Err(FileError::NotFound) };
        if let Some(found) = item.permissions.iter().find(|p| p.role == role && p.grant == grant) {
            return Ok((found.clone(), false));
        }
        let permission = Permission { id: fresh_seed(), role: role.to_owned(), grant };
        item.permissions.push(permission.clone());
        inner.save()?;
        Ok((permission, true))
    }

    pub fn revoke(&self, item_id: &str, permission_id: &str) -> Result<(), FileError> {
        let mut inner = self.lock();
        inner.tree.item(item_id)?;
        let Some(item) = inner.tree.items.get_mut(item_id) else { return Err(FileError::NotFound) };
        let before = item.permissions.len();
        item.permissions.retain(|permission| permission.id != permission_id);
        if item.permissions.len() == before {
            return Err(FileError::NotFound);
        }
        inner.save()
    }

    /// Files at the top of Ada's drive, for `sheetbend dev` to print.
    pub fn listing(&self) -> Vec<ListedFile> {
        let Some(drive) = self.user_drive(ADA) else { return Vec::new() };
        self.children(&drive.root_id)
            .into_iter()
            .filter(|item| !item.is_folder())
            .map(|item| ListedFile { name: item.name, id: item.id, drive_id: item.drive_id })
            .collect()
    }

    fn seed(&self, now_ms: i64) {
        let mut inner = self.lock();
        for user in seed::USERS {
            let drive = inner.tree.new_user_drive(&user.actor(), user.tenant_id, user.tenant_name, now_ms);
            inner.fill(&drive, seed::user_files(), now_ms);
        }
    }

    /// Puts an outside workbook into Ada's drive.
    fn adopt(&self, path: &Path, now_ms: i64) -> io::Result<()> {
        let bytes = Bytes::from(std::fs::read(path)?);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let from = std::fs::canonicalize(path)?.to_string_lossy().into_owned();
        let hash = quick_xor::quick_xor_hash(&bytes);
        let drive = self.user_drive(ADA).ok_or_else(|| io::Error::other("the first user has no drive"))?;
        let stamp = Stamp { actor: drive.owner.clone(), now_ms };
        let known = self
            .all_items(&drive.id)
            .into_iter()
            .find(|item| item.source.as_ref().is_some_and(|(source, _)| *source == from));
        let id = match known {
            Some(item) if item.source.as_ref().is_some_and(|(_, seen)| *seen == hash) => return Ok(()),
            Some(item) => self.replace_content(&item.id, bytes, &stamp).map_err(io::Error::other)?.id,
            None => {
                let mut inner = self.lock();
                let (name, _) = inner
                    .tree
                    .settle_name(&drive.root_id, &name, Conflict::Rename)
                    .map_err(io::Error::other)?;
                inner
                    .add(&drive, &name, bytes, &stamp, &format!("adopted/{from}"))
                    .map_err(io::Error::other)?
            }
        };
        if let Some(item) = self.lock().tree.items.get_mut(&id) {
            item.source = Some((from, hash));
        }
        Ok(())
    }
}

impl Inner {
    fn save(&self) -> Result<(), FileError> {
        self.blobs.save_index(&self.tree).map_err(storage)
    }

    fn store_new(&mut self, id: &str, bytes: Bytes) -> Result<Item, FileError> {
        let item = self.tree.item(id)?.clone();
        self.blobs.put(id, &item.name, bytes).map_err(storage)?;
        self.save()?;
        Ok(item)
    }

    fn store(&mut self, id: &str, bytes: Bytes, stamp: &Stamp) -> Result<Item, FileError> {
        let item = self.tree.item(id)?;
        if item.is_folder() {
            return Err(FileError::NameTaken);
        }
        let (name, kind) = (item.name.clone(), file_kind(&item.name, &bytes));
        self.blobs.put(id, &name, bytes).map_err(storage)?;
        if let Some(item) = self.tree.items.get_mut(id) {
            item.kind = kind;
            item.content_version += 1;
        }
        self.tree.touch(id, stamp);
        self.save()?;
        self.tree.item(id).cloned()
    }

    /// Adds a seeded file at the root of a drive; the index is saved by the caller.
    fn add(
        &mut self,
        drive: &Drive,
        name: &str,
        bytes: Bytes,
        stamp: &Stamp,
        seed: &str,
    ) -> Result<String, FileError> {
        self.add_under(drive, &drive.root_id, name, bytes, stamp, seed)
    }

    fn add_under(
        &mut self,
        drive: &Drive,
        parent: &str,
        name: &str,
        bytes: Bytes,
        stamp: &Stamp,
        seed: &str,
    ) -> Result<String, FileError> {
        let kind = file_kind(name, &bytes);
        let id = self.tree.insert(&drive.id, Some(parent), name, NewItem { seed, kind, stamp });
        self.blobs.put(&id, name, bytes).map_err(storage)?;
        Ok(id)
    }

    fn fill(&mut self, drive: &Drive, files: Vec<(&'static str, Bytes)>, now_ms: i64) {
        let stamp = Stamp { actor: drive.owner.clone(), now_ms };
        for (path, bytes) in files {
            let seed = format!("{}/{path}", drive.id);
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let parent = match self.tree.child(&drive.root_id, folder).map(|item| item.id.clone()) {
                _ if folder.is_empty() => drive.root_id.clone(),
                Some(id) => id,
                None => {
                    let seed = format!("{}/{folder}/", drive.id);
                    let new = NewItem { seed: &seed, kind: ItemKind::Folder, stamp: &stamp };
                    self.tree.insert(&drive.id, Some(&drive.root_id), folder, new)
                }
            };
            if let Err(error) = self.add_under(drive, &parent, name, bytes, &stamp, &seed) {
                tracing::error!(%error, path, "a seeded file could not be stored");
            }
        }
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
