//! What a site is made of. These types are the snapshot's format, not the wire's.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files::Actor;

use super::SiteKey;
use super::changes::Change;
use super::columns::Column;
use super::seed;

/// The account that SharePoint shows as the author of what an app-only caller writes.
pub(crate) const APP_USER_ID: u32 = 1_073_741_822;

/// One site collection with its only web.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Site {
    pub tenant_id: String,
    /// Server-relative path: empty for the root site, else `/sites/projects`.
    pub path: String,
    pub title: String,
    pub description: String,
    pub site_id: String,
    pub web_id: String,
    pub created_ms: i64,
    pub modified_ms: i64,
    pub users: Vec<SiteUser>,
    pub lists: Vec<List>,
    pub recycled: Vec<Recycled>,
    pub grants: Vec<Grant>,
    /// List item ids of files in the document library, by drive item id.
    pub file_ids: BTreeMap<String, u32>,
    /// Who has checked out a file, by drive item id.
    pub checked_out: BTreeMap<String, u32>,
}

/// A row of the site's user information list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct SiteUser {
    pub id: u32,
    /// Directory object id; empty for the app account.
    pub oid: String,
    pub title: String,
    pub email: String,
    pub admin: bool,
}

/// A list or the document library.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct List {
    pub id: String,
    pub title: String,
    /// Last segment of the list's URL.
    pub name: String,
    pub description: String,
    /// SharePoint's number of the list template: 100 generic, 101 document library, 105 contacts, 171 tasks.
    pub template: u32,
    pub hidden: bool,
    pub created_ms: i64,
    pub modified_ms: i64,
    pub version: u32,
    pub columns: Vec<Column>,
    /// Stored items; a generated item enters here with its first edit.
    pub items: BTreeMap<u32, Item>,
    /// Items `1..=generated` exist without being stored until someone edits them.
    pub generated: u32,
    /// Generated items that were deleted.
    pub removed: BTreeSet<u32>,
    pub next_id: u32,
    pub changes: Vec<Change>,
    pub next_change: u64,
    /// Tokens of changes before this one are too old.
    pub oldest_token: u64,
}

/// One list item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub id: u32,
    pub guid: String,
    pub version: u32,
    pub author: u32,
    pub editor: u32,
    pub created_ms: i64,
    pub modified_ms: i64,
    /// Values by internal column name; people as site user ids, times as ISO 8601 in UTC.
    pub fields: BTreeMap<String, Value>,
}

/// A deleted item in the recycle bin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recycled {
    pub id: String,
    pub list_id: String,
    pub item: Item,
    pub deleted_by: u32,
    pub deleted_ms: i64,
}

/// A `Sites.Selected` grant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub id: String,
    pub app_id: String,
    pub app_name: String,
    /// `read`, `write`, `manage`, `fullcontrol` or `owner`.
    pub roles: Vec<String>,
}

impl Site {
    pub fn key(&self) -> SiteKey {
        SiteKey { tenant_id: self.tenant_id.clone(), path: self.path.clone() }
    }

    pub(super) fn is(&self, key: &SiteKey) -> bool {
        self.tenant_id == key.tenant_id && self.path.eq_ignore_ascii_case(&key.path)
    }

    /// The path as a URL: `/` for the root site.
    pub fn server_relative_url(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    pub fn user(&self, id: u32) -> Option<&SiteUser> {
        self.users.iter().find(|user| user.id == id)
    }

    /// Finds a list by id (with or without braces), title or URL name; case counts for none of them.
    pub fn list(&self, wanted: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.answers_to(wanted))
    }

    pub fn list_mut(&mut self, wanted: &str) -> Option<&mut List> {
        self.lists.iter_mut().find(|list| list.answers_to(wanted))
    }

    /// The site user id of a caller (`None`: an app as itself), who is added to the site's users when unknown.
    pub fn ensure_user(&mut self, caller: Option<&Actor>) -> u32 {
        if let Some(known) = self.user_id_of(caller) {
            return known;
        }
        let people = self.users.iter().filter(|user| user.id < APP_USER_ID);
        let id = people.map(|user| user.id).max().unwrap_or(5) + 1;
        let user = caller.map_or_else(SiteUser::default, SiteUser::new);
        self.users.push(SiteUser { id, ..user });
        id
    }

    /// The site user id of a caller who has been here before.
    pub fn user_id_of(&self, caller: Option<&Actor>) -> Option<u32> {
        let Some(caller) = caller else { return Some(APP_USER_ID) };
        self.users.iter().find(|user| user.oid == caller.id).map(|user| user.id)
    }

    /// Adds an empty list; `None` when its name is taken.
    pub fn add_list(&mut self, title: &str, template: u32, now_ms: i64) -> Option<&mut List> {
        if self.list(title).is_some() {
            return None;
        }
        let name: String =
            title.chars().filter(|char| char.is_alphanumeric() || " _-".contains(*char)).collect();
        let mut list = seed::empty_list(&self.web_id, title, name.trim(), template, now_ms);
        list.id = super::ids::random_guid();
        self.lists.push(list);
        self.modified_ms = now_ms;
        self.lists.last_mut()
    }

    /// The list item id of a file, given out at first sight and kept.
    pub fn file_item_id(&mut self, drive_item: &str) -> u32 {
        let next = self.file_ids.values().max().copied().unwrap_or(0) + 1;
        *self.file_ids.entry(drive_item.to_owned()).or_insert(next)
    }
}

impl SiteUser {
    /// A user without a number yet.
    pub fn new(person: &Actor) -> Self {
        let email = person.email.clone().unwrap_or_default();
        Self { id: 0, oid: person.id.clone(), title: person.display_name.clone(), email, admin: false }
    }
}

impl List {
    pub fn answers_to(&self, wanted: &str) -> bool {
        let bare = wanted.trim_matches(['{', '}']);
        self.id.eq_ignore_ascii_case(bare)
            || self.title.eq_ignore_ascii_case(wanted)
            || self.name.eq_ignore_ascii_case(wanted)
    }

    pub fn is_library(&self) -> bool {
        self.template == 101
    }

    /// `Tasks` for entity type names: `SP.Data.TasksListItem`.
    pub fn entity_type(&self) -> String {
        let encoded = self.name.replace(' ', "_x0020_");
        let suffix = if self.is_library() { "Item" } else { "ListItem" };
        format!("SP.Data.{encoded}{suffix}")
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        let wanted = |column: &&Column| column.name.eq_ignore_ascii_case(name);
        self.columns.iter().chain(super::columns::built_in()).find(wanted)
    }

    /// One item, stored or generated.
    pub fn item(&self, id: u32) -> Option<Cow<'_, Item>> {
        if let Some(item) = self.items.get(&id) {
            return Some(Cow::Borrowed(item));
        }
        let exists = id >= 1 && id <= self.generated && !self.removed.contains(&id);
        exists.then(|| Cow::Owned(seed::generated_item(self, id)))
    }

    /// All items by ascending id, from the one after `after`.
    pub fn items_after(&self, after: u32) -> impl Iterator<Item = Cow<'_, Item>> {
        let generated = (after.saturating_add(1)..=self.generated).filter_map(|id| self.item(id));
        let first_stored = after.max(self.generated).saturating_add(1);
        generated.chain(self.items.range(first_stored..).map(|(_, item)| Cow::Borrowed(item)))
    }

    pub fn count(&self) -> usize {
        let stored = self.items.range(self.generated.saturating_add(1)..).count();
        self.generated as usize - self.removed.len() + stored
    }
}

impl Item {
    /// The entity tag's number form, as `_api` writes it: `"3"`, quotes included.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    /// The form Graph writes: `"8f0e…,3"`, quotes included.
    pub fn graph_etag(&self) -> String {
        format!("\"{},{}\"", self.guid, self.version)
    }

    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}
