//! Changes to drives: contents, folders, names, places, permissions.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::model::{Conflict, FileError, FileTimes, Grant, Item, ItemKind, Permission};
use super::tree::{NewItem, Stamp};
use super::{Files, Inner, file_kind, fresh_seed, storage};

impl Files {
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
        object_ids: BTreeMap<String, String>,
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
        inner.save()?;
        drop(inner);
        self.books.forget(item_id);
        Ok(())
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

    /// Keeps the times of a client's file system; a time not given stays.
    pub fn set_file_times(&self, item_id: &str, times: FileTimes, stamp: &Stamp) -> Result<Item, FileError> {
        let mut inner = self.lock();
        inner.tree.item(item_id)?;
        if let Some(item) = inner.tree.items.get_mut(item_id) {
            item.file_times.created_ms = times.created_ms.or(item.file_times.created_ms);
            item.file_times.modified_ms = times.modified_ms.or(item.file_times.modified_ms);
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
}

impl Inner {
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
            item.file_times.modified_ms = None;
            item.content_version += 1;
        }
        self.tree.touch(id, stamp);
        self.save()?;
        self.tree.item(id).cloned()
    }
}
