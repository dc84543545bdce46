//! How drives are filled at the first start, and where the user's own workbooks go.

use std::io;
use std::path::Path;

use bytes::Bytes;

use super::model::{Conflict, Drive, FileError, ItemKind};
use super::tree::{NewItem, Stamp};
use super::{ADA, Files, Inner, ListedFile, file_kind, quick_xor, seed, storage};

impl Files {
    /// Files at the top of Ada's drive, for `sheetbend dev` to print.
    pub fn listing(&self) -> Vec<ListedFile> {
        let Some(drive) = self.user_drive(ADA) else { return Vec::new() };
        self.children(&drive.root_id)
            .into_iter()
            .filter(|item| !item.is_folder())
            .map(|item| ListedFile { name: item.name, id: item.id, drive_id: item.drive_id })
            .collect()
    }

    pub(super) fn seed(&self, now_ms: i64) {
        let mut inner = self.lock();
        for user in seed::USERS {
            let drive = inner.tree.new_user_drive(&user.actor(), user.tenant_id, user.tenant_name, now_ms);
            inner.fill(&drive, seed::user_files(), now_ms);
        }
    }

    /// Puts an outside workbook into Ada's drive.
    pub(super) fn adopt(&self, path: &Path, now_ms: i64) -> io::Result<()> {
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

    pub(super) fn fill(&mut self, drive: &Drive, files: Vec<(&'static str, Bytes)>, now_ms: i64) {
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
