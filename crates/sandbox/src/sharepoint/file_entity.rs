//! `SP.File` and `SP.Folder` entities, and finding what a path names.

use serde_json::{Value, json};

use crate::files::{Drive, Item};
use crate::sites::{LIBRARY_FOLDER, iso, site_drive, stable_guid};

use super::Call;
use super::entity::{Entity, Prop};
use super::error::{Outcome, SpError};
use super::file_path::root_folder_id;
use super::users;

/// What a server-relative path names.
pub(super) enum Place {
    /// The web's own folder, which holds the library.
    WebRoot,
    /// A folder or file; the library's root folder is the drive's root.
    Item(Box<Item>),
}

impl Call<'_> {
    pub(super) fn drive(&self) -> Outcome<Drive> {
        site_drive(&self.world.files, &self.key).ok_or_else(|| SpError::no_resource("drive"))
    }

    /// Finds a folder or file by its server-relative path.
    pub(super) fn locate(&self, path: &str) -> Outcome<Place> {
        let site = &self.key.path;
        let inside = path.get(site.len()..).filter(|_| path.to_lowercase().starts_with(&site.to_lowercase()));
        let inside = inside.ok_or_else(|| SpError::no_file(path))?.trim_matches('/');
        if inside.is_empty() {
            return Ok(Place::WebRoot);
        }
        let mut names = inside.split('/').filter(|name| !name.is_empty());
        if !names.next().is_some_and(|first| first.eq_ignore_ascii_case(LIBRARY_FOLDER)) {
            return Err(SpError::no_file(path));
        }
        let names: Vec<String> = names.map(str::to_owned).collect();
        let found = self.world.files.by_path(&self.drive()?.root_id, &names);
        found.map(|item| Place::Item(Box::new(item))).map_err(|_| SpError::no_file(path))
    }

    /// A file, not a folder.
    pub(super) fn locate_file(&self, path: &str) -> Outcome<Item> {
        match self.locate(path)? {
            Place::Item(item) if !item.is_folder() => Ok(*item),
            _ => Err(SpError::no_file(path)),
        }
    }

    /// A folder of the library, not the web's own.
    pub(super) fn locate_folder(&self, path: &str) -> Outcome<Item> {
        match self.locate(path)? {
            Place::Item(item) if item.is_folder() => Ok(*item),
            _ => Err(SpError::no_file(path)),
        }
    }

    /// `/sites/x/Shared Documents/a.xlsx`.
    pub(super) fn path_of(&self, item: &Item) -> String {
        let names: String = self.world.files.path(item).iter().map(|name| format!("/{name}")).collect();
        format!("{}/{LIBRARY_FOLDER}{names}", self.key.path)
    }
}

/// A path in a URL: quotes doubled, spaces encoded.
fn quoted(path: &str) -> String {
    path.replace('\'', "''").replace(' ', "%20")
}

pub(super) fn file(call: &Call<'_>, item: &Item) -> Entity {
    let path = call.path_of(item);
    let mut file =
        Entity::new("SP.File", format!("Web/GetFileByServerRelativePath(decodedurl='{}')", quoted(&path)));
    file.deferred(&[
        "Author",
        "CheckedOutByUser",
        "EffectiveInformationRightsManagementSettings",
        "InformationRightsManagementSettings",
        "ListItemAllFields",
        "LockedByUser",
        "ModifiedBy",
        "Properties",
        "VersionEvents",
        "Versions",
    ]);
    let holder =
        call.world.sites.read(&call.key, |site| site.checked_out.contains_key(&item.id)).unwrap_or(false);
    let major = item.content_version.max(1);
    let url = format!("{}{}", call.request.origin, path.replace(' ', "%20"));
    file.values([
        ("CheckInComment", json!("")),
        ("CheckOutType", json!(if holder { 0 } else { 2 })),
        ("ContentTag", json!(format!("{},{major},{major}", item.guid))),
        ("CustomizedPageStatus", json!(0)),
        ("ETag", json!(item.e_tag())),
        ("Exists", json!(true)),
        ("IrmEnabled", json!(false)),
        // 64-bit numbers are texts in OData 3.
        ("Length", json!(call.world.files.size(item).to_string())),
        ("Level", json!(if holder { 255 } else { 1 })),
        ("LinkingUri", json!(url)),
        ("LinkingUrl", json!(url)),
        ("MajorVersion", json!(major)),
        ("MinorVersion", json!(0)),
        ("Name", json!(item.name)),
        ("ServerRelativeUrl", json!(path)),
        ("TimeCreated", json!(iso(item.created_ms))),
        ("TimeLastModified", json!(iso(item.modified_ms))),
        ("Title", Value::Null),
        ("UIVersion", json!(major * 512)),
        ("UIVersionLabel", json!(format!("{major}.0"))),
        ("UniqueId", json!(item.guid.to_lowercase())),
    ]);
    file.path_on_request("ServerRelativePath", &path);
    file.etag = Some(item.e_tag());
    for (name, by) in [("Author", &item.created_by), ("ModifiedBy", &item.modified_by)] {
        if call.expands(name) {
            let user = call
                .world
                .sites
                .read(&call.key, |site| site.users.iter().find(|user| user.oid == by.id).map(users::entity));
            file.expand(
                name,
                user.flatten().map_or(Prop::Value(Value::Null), |user| Prop::One(Box::new(user))),
            );
        }
    }
    expand_item(call, &path, &mut file);
    file
}

fn expand_item(call: &Call<'_>, path: &str, entity: &mut Entity) {
    if !call.expands("ListItemAllFields") {
        return;
    }
    let found = call.world.sites.read(&call.key, |site| {
        let library = site.list(LIBRARY_FOLDER)?;
        let item = library.items.values().find(|item| item.text("FileRef").eq_ignore_ascii_case(path))?;
        Some(super::item_entity::entity(call, site, library, item))
    });
    entity.expand(
        "ListItemAllFields",
        found.flatten().map_or(Prop::Value(Value::Null), |item| Prop::One(Box::new(item))),
    );
}

pub(super) fn folder(call: &Call<'_>, item: &Item) -> Entity {
    let path = call.path_of(item);
    let facts = FolderFacts::of(call, item);
    let mut folder = folder_entity(&path, &facts);
    let children = || call.world.files.children(&item.id).into_iter();
    if call.expands("Files") {
        let files = children().filter(|child| !child.is_folder()).map(|child| file(call, &child)).collect();
        folder.expand("Files", Prop::Many(files));
    }
    if call.expands("Folders") {
        let bare = |child: Item| folder_entity(&call.path_of(&child), &FolderFacts::of(call, &child));
        folder.expand("Folders", Prop::Many(children().filter(Item::is_folder).map(bare).collect()));
    }
    expand_item(call, &path, &mut folder);
    folder
}

/// The web's own folder.
pub(super) fn web_folder(call: &Call<'_>) -> Entity {
    let (name, created) = call
        .world
        .sites
        .read(&call.key, |site| {
            (site.path.rsplit('/').next().unwrap_or_default().to_owned(), site.created_ms)
        })
        .unwrap_or_default();
    let guid = stable_guid(&format!("root-folder:{}:{}", call.key.tenant_id, call.key.path));
    let path = if call.key.path.is_empty() { "/" } else { &call.key.path };
    folder_entity(path, &FolderFacts { name, count: 1, guid, created, modified: created })
}

struct FolderFacts {
    name: String,
    count: usize,
    guid: String,
    created: i64,
    modified: i64,
}

impl FolderFacts {
    fn of(call: &Call<'_>, item: &Item) -> Self {
        // The drive's root is the library's root folder, which has the list's name and id.
        let library =
            || call.world.sites.read(&call.key, |site| site.list(LIBRARY_FOLDER).map(root_folder_id));
        let (name, guid) = match item.parent_id {
            Some(_) => (item.name.clone(), item.guid.to_lowercase()),
            None => (LIBRARY_FOLDER.to_owned(), library().flatten().unwrap_or_default()),
        };
        let count = call.world.files.child_count(item);
        Self { name, count, guid, created: item.created_ms, modified: item.modified_ms }
    }
}

fn folder_entity(path: &str, facts: &FolderFacts) -> Entity {
    let place = format!("Web/GetFolderByServerRelativePath(decodedurl='{}')", quoted(path));
    let mut folder = Entity::new("SP.Folder", place);
    folder.deferred(&[
        "Files",
        "ListItemAllFields",
        "ParentFolder",
        "Properties",
        "StorageMetrics",
        "Folders",
    ]);
    folder.values([
        ("Exists", json!(true)),
        ("IsWOPIEnabled", json!(false)),
        ("ItemCount", json!(facts.count)),
        ("Name", json!(facts.name)),
        ("ProgID", Value::Null),
        ("ServerRelativeUrl", json!(path)),
        ("TimeCreated", json!(iso(facts.created))),
        ("TimeLastModified", json!(iso(facts.modified))),
        ("UniqueId", json!(facts.guid)),
        ("WelcomePage", json!("")),
    ]);
    folder.path_on_request("ServerRelativePath", path);
    folder
}
