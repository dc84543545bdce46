//! Where contents and the index of items live: files under the state directory, or memory.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::tree::Tree;
use crate::snapshot;

const INDEX: &str = "index.json";
const CONTENT: &str = "content";

/// The place of contents, one per item, and of the index.
pub(super) enum Blobs {
    Memory(HashMap<String, Bytes>),
    /// `files/` under the state directory; contents keep their extension so that other programs open them.
    Directory(PathBuf),
}

impl Blobs {
    pub fn open(state_dir: Option<&Path>) -> io::Result<Self> {
        let Some(dir) = state_dir else { return Ok(Self::Memory(HashMap::new())) };
        let dir = dir.join("files");
        std::fs::create_dir_all(dir.join(CONTENT))?;
        Ok(Self::Directory(dir))
    }

    pub fn get(&self, item_id: &str, name: &str) -> io::Result<Bytes> {
        match self {
            Self::Memory(map) => map.get(item_id).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()),
            Self::Directory(dir) => Ok(std::fs::read(content_path(dir, item_id, name))?.into()),
        }
    }

    pub fn put(&mut self, item_id: &str, name: &str, bytes: Bytes) -> io::Result<()> {
        match self {
            Self::Memory(map) => {
                map.insert(item_id.to_owned(), bytes);
                Ok(())
            }
            Self::Directory(dir) => {
                snapshot::write_bytes(&dir.join(CONTENT), &content_name(item_id, name), &bytes)
            }
        }
    }

    /// Follows a change of name, since the extension is part of the path.
    pub fn renamed(&self, item_id: &str, old: &str, new: &str) -> io::Result<()> {
        let Self::Directory(dir) = self else { return Ok(()) };
        let (from, to) = (content_path(dir, item_id, old), content_path(dir, item_id, new));
        if from == to || !from.exists() { Ok(()) } else { std::fs::rename(from, to) }
    }

    pub fn forget(&mut self, item_id: &str, name: &str) {
        match self {
            Self::Memory(map) => drop(map.remove(item_id)),
            // A content without an item is never read again; failing to remove it costs only room.
            Self::Directory(dir) => drop(std::fs::remove_file(content_path(dir, item_id, name))),
        }
    }

    /// The index of an earlier process, if there is one.
    pub fn load_index(&self) -> io::Result<Option<Tree>> {
        let Self::Directory(dir) = self else { return Ok(None) };
        snapshot::read(dir, INDEX)
    }

    pub fn save_index(&self, tree: &Tree) -> io::Result<()> {
        let Self::Directory(dir) = self else { return Ok(()) };
        snapshot::write(dir, INDEX, tree)
    }
}

fn content_path(dir: &Path, item_id: &str, name: &str) -> PathBuf {
    dir.join(CONTENT).join(content_name(item_id, name))
}

fn content_name(item_id: &str, name: &str) -> String {
    let extension: String = name
        .rsplit_once('.')
        .map(|(_, extension)| extension)
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    format!("{item_id}.{extension}")
}
