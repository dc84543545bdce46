//! Drives and items without their contents: names, parents, versions, the change log.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::ids;
use super::model::{Actor, Conflict, Drive, DriveKind, FileError, Item, ItemKind};

/// Everything about files that the index holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Tree {
    pub drives: IndexMap<String, Drive>,
    pub items: IndexMap<String, Item>,
    /// Position of the newest change.
    pub change: u64,
    /// Raised to make every delta token given so far unknown.
    pub delta_epoch: u32,
}

/// Who changes something, and when.
pub(crate) struct Stamp {
    pub actor: Actor,
    pub now_ms: i64,
}

impl Tree {
    /// A living item.
    pub fn item(&self, id: &str) -> Result<&Item, FileError> {
        self.items.get(id).filter(|item| item.recycled_ms.is_none()).ok_or(FileError::NotFound)
    }

    pub fn children<'a, 'p>(&'a self, parent: &'p str) -> impl Iterator<Item = &'a Item> + use<'a, 'p> {
        self.items
            .values()
            .filter(move |item| item.recycled_ms.is_none() && item.parent_id.as_deref() == Some(parent))
    }

    /// The child of that name; OneDrive ignores case.
    pub fn child(&self, parent: &str, name: &str) -> Option<&Item> {
        let wanted = name.to_lowercase();
        self.children(parent).find(|item| item.name.to_lowercase() == wanted)
    }

    /// Names from the root down to the item, without the root.
    pub fn path(&self, item: &Item) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = Some(item);
        while let Some(item) = at {
            let Some(parent) = &item.parent_id else { break };
            names.push(item.name.clone());
            at = self.items.get(parent);
        }
        names.reverse();
        names
    }

    /// Bytes in a file, or in all files below a folder.
    pub fn size(&self, item: &Item) -> u64 {
        match &item.kind {
            ItemKind::File { size, .. } => *size,
            ItemKind::Folder => self.children(&item.id).map(|child| self.size(child)).sum(),
        }
    }

    pub fn is_inside(&self, id: &str, folder: &str) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            if id == folder {
                return true;
            }
            at = self.items.get(id).and_then(|item| item.parent_id.as_deref());
        }
        false
    }

    /// Adds an item that does not exist yet; the caller has settled the name.
    pub fn insert(&mut self, drive_id: &str, parent: Option<&str>, name: &str, new: NewItem<'_>) -> String {
        let personal =
            matches!(self.drives.get(drive_id), Some(d) if matches!(d.kind, DriveKind::Personal { .. }));
        let id = if personal { ids::personal_item_id(drive_id, new.seed) } else { ids::item_id(new.seed) };
        self.change += 1;
        let item = Item {
            id: id.clone(),
            drive_id: drive_id.to_owned(),
            parent_id: parent.map(str::to_owned),
            name: name.to_owned(),
            kind: new.kind,
            guid: ids::guid(new.seed),
            version: 1,
            content_version: 1,
            created_ms: new.stamp.now_ms,
            modified_ms: new.stamp.now_ms,
            file_times: Default::default(),
            created_by: new.stamp.actor.clone(),
            modified_by: new.stamp.actor.clone(),
            recycled_ms: None,
            change: self.change,
            permissions: Vec::new(),
            source: None,
            object_ids: Default::default(),
        };
        self.items.insert(id.clone(), item);
        id
    }

    /// Marks the item and its parents as changed.
    pub fn touch(&mut self, id: &str, stamp: &Stamp) {
        self.change += 1;
        let change = self.change;
        if let Some(item) = self.items.get_mut(id) {
            item.version += 1;
            item.modified_ms = stamp.now_ms;
            item.modified_by = stamp.actor.clone();
            item.change = change;
        }
    }

    /// The name to use under `parent`, given what is there already. `Ok((name, Some(id)))` means: replace that one.
    pub fn settle_name(
        &self,
        parent: &str,
        name: &str,
        conflict: Conflict,
    ) -> Result<(String, Option<String>), FileError> {
        check_name(name)?;
        let Some(existing) = self.child(parent, name) else { return Ok((name.to_owned(), None)) };
        match conflict {
            Conflict::Fail => Err(FileError::NameTaken),
            Conflict::Replace => Ok((name.to_owned(), Some(existing.id.clone()))),
            Conflict::Rename => {
                let (stem, extension) = match name.rsplit_once('.') {
                    Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
                    _ => (name, String::new()),
                };
                let free = (1..)
                    .map(|n| format!("{stem} {n}{extension}"))
                    .find(|candidate| self.child(parent, candidate).is_none())
                    .ok_or(FileError::NameTaken)?;
                Ok((free, None))
            }
        }
    }

    /// Moves the item and all below it to the recycle bin.
    pub fn recycle(&mut self, id: &str, stamp: &Stamp) {
        let below: Vec<String> = self.children(id).map(|item| item.id.clone()).collect();
        for child in below {
            self.recycle(&child, stamp);
        }
        self.touch(id, stamp);
        if let Some(item) = self.items.get_mut(id) {
            item.recycled_ms = Some(stamp.now_ms);
        }
    }
}

/// What an item begins with.
pub(super) struct NewItem<'a> {
    /// Ids are derived from it.
    pub seed: &'a str,
    pub kind: ItemKind,
    pub stamp: &'a Stamp,
}

/// Characters and lengths that OneDrive refuses (Microsoft support, "Restrictions and limitations in OneDrive").
fn check_name(name: &str) -> Result<(), FileError> {
    let bad = name.is_empty()
        || name == "."
        || name == ".."
        || name.chars().count() > 255
        || name.chars().any(|c| c.is_control() || "\"*:<>?/\\|".contains(c))
        || name.ends_with('.')
        || name.trim() != name;
    if bad {
        return Err(FileError::Invalid("The provided name cannot contain any of the following characters: \" * : < > ? / \\ |, and must not be empty or end with a period or space.".into()));
    }
    Ok(())
}

impl Drive {
    pub(super) fn belongs_to(&self, user_id: &str) -> bool {
        match &self.kind {
            DriveKind::Business { user_id: owner } | DriveKind::Personal { user_id: owner } => {
                owner == user_id
            }
            DriveKind::Library { .. } => false,
        }
    }

    pub(super) fn is_library(&self, tenant_id: &str, wanted: &str) -> bool {
        self.tenant_id == tenant_id
            && matches!(&self.kind, DriveKind::Library { site } if site.eq_ignore_ascii_case(wanted))
    }
}

impl Tree {
    pub fn new_user_drive(&mut self, user: &Actor, tenant_id: &str, tenant_name: &str, now_ms: i64) -> Drive {
        let seed = format!("drive/{}", user.id);
        let user_id = user.id.clone();
        let (id, kind) = if tenant_id == super::CONSUMERS {
            (ids::personal_drive_id(&seed), DriveKind::Personal { user_id })
        } else {
            (ids::business_drive_id(&seed), DriveKind::Business { user_id })
        };
        let name = "OneDrive".to_owned();
        let place = (tenant_id.to_owned(), tenant_name.to_owned());
        self.new_drive(id, name, kind, place, user.clone(), now_ms)
    }

    pub fn new_library(&mut self, tenant_id: &str, tenant_name: &str, site: &str, now_ms: i64) -> Drive {
        let id = ids::business_drive_id(&format!("library/{tenant_id}/{}", site.to_lowercase()));
        let owner = Actor {
            id: ids::guid(&format!("site-owner/{tenant_id}/{site}")).to_lowercase(),
            display_name: if site.is_empty() { tenant_name.to_owned() } else { format!("{site} Owners") },
            email: None,
        };
        let kind = DriveKind::Library { site: site.to_owned() };
        let place = (tenant_id.to_owned(), tenant_name.to_owned());
        self.new_drive(id, "Documents".to_owned(), kind, place, owner, now_ms)
    }

    fn new_drive(
        &mut self,
        id: String,
        name: String,
        kind: DriveKind,
        (tenant_id, tenant_name): (String, String),
        owner: Actor,
        now_ms: i64,
    ) -> Drive {
        let mut drive = Drive {
            id: id.clone(),
            name,
            kind,
            tenant_id,
            tenant_name,
            owner,
            root_id: String::new(),
            created_ms: now_ms,
        };
        self.drives.insert(id.clone(), drive.clone());
        let stamp = Stamp { actor: Actor::system(), now_ms };
        let seed = format!("{id}/root");
        let root =
            self.insert(&id, None, "root", NewItem { seed: &seed, kind: ItemKind::Folder, stamp: &stamp });
        drive.root_id = root;
        self.drives.insert(id, drive.clone());
        drive
    }
}
