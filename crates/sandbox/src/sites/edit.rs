//! Adding, changing and deleting items.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::changes::ChangeKind;
use super::columns::{ColumnKind, FieldError, coerce};
use super::ids::random_guid;
use super::model::{Item, List, Recycled, Site};

/// Why an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    #[error("The list does not exist.")]
    NoList,
    #[error("Item does not exist. It may have been deleted by another user.")]
    NoItem,
    #[error("The item was changed by someone else.")]
    Changed,
    #[error("To add an item to a document library, use SPFileCollection.Add().")]
    Library,
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// How the two APIs name person columns and treat what cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagForm {
    /// `AssignedToLookupId`; a read-only field is refused.
    Graph,
    /// `AssignedToId`; a read-only field is ignored.
    SharePoint,
}

impl TagForm {
    fn person_suffix(self) -> &'static str {
        match self {
            Self::Graph => "LookupId",
            Self::SharePoint => "Id",
        }
    }
}

impl Site {
    /// Adds an item by the site user `author`; answers its id.
    pub fn add_item(
        &mut self,
        list: &str,
        fields: &Map<String, Value>,
        form: TagForm,
        author: u32,
        now_ms: i64,
    ) -> Result<u32, EditError> {
        let values = self.stored_values(list, fields, form)?;
        let list = self.list_mut(list).ok_or(EditError::NoList)?;
        if list.is_library() {
            return Err(EditError::Library);
        }
        let id = list.next_id;
        list.next_id += 1;
        let fields = values.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let guid = random_guid();
        let item = Item {
            id,
            guid,
            version: 1,
            author,
            editor: author,
            created_ms: now_ms,
            modified_ms: now_ms,
            fields,
        };
        list.note(&item, ChangeKind::Added, now_ms);
        list.items.insert(id, item);
        Ok(id)
    }

    /// Changes the named fields; `if_match` is the raw `If-Match` header.
    pub fn edit_item(
        &mut self,
        (list, id): (&str, u32),
        fields: &Map<String, Value>,
        form: TagForm,
        if_match: Option<&str>,
        (editor, now_ms): (u32, i64),
    ) -> Result<(), EditError> {
        let values = self.stored_values(list, fields, form)?;
        let list = self.list_mut(list).ok_or(EditError::NoList)?;
        let mut item = list.item(id).ok_or(EditError::NoItem)?.into_owned();
        item.check(if_match)?;
        for (name, value) in values {
            if value.is_null() {
                item.fields.remove(&name)
            } else {
                item.fields.insert(name, value)
            };
        }
        item.version += 1;
        item.editor = editor;
        item.modified_ms = now_ms;
        list.note(&item, ChangeKind::Updated, now_ms);
        list.items.insert(id, item);
        Ok(())
    }

    /// Moves an item to the recycle bin; answers the recycle bin id.
    pub fn recycle_item(
        &mut self,
        (list_name, id): (&str, u32),
        if_match: Option<&str>,
        (deleted_by, deleted_ms): (u32, i64),
    ) -> Result<String, EditError> {
        let list = self.list_mut(list_name).ok_or(EditError::NoList)?;
        let item = list.item(id).ok_or(EditError::NoItem)?.into_owned();
        item.check(if_match)?;
        list.items.remove(&id);
        if id <= list.generated {
            list.removed.insert(id);
        }
        list.note(&item, ChangeKind::Deleted, deleted_ms);
        let recycled = Recycled { id: random_guid(), list_id: list.id.clone(), item, deleted_by, deleted_ms };
        let answer = recycled.id.clone();
        self.recycled.push(recycled);
        Ok(answer)
    }

    /// Brings an item back from the recycle bin.
    pub fn restore_item(&mut self, recycled_id: &str, now_ms: i64) -> Result<(), EditError> {
        let place = self.recycled.iter().position(|recycled| recycled.id.eq_ignore_ascii_case(recycled_id));
        let recycled = self.recycled.remove(place.ok_or(EditError::NoItem)?);
        let list = self.list_mut(&recycled.list_id).ok_or(EditError::NoList)?;
        list.removed.remove(&recycled.item.id);
        list.note(&recycled.item, ChangeKind::Added, now_ms);
        list.items.insert(recycled.item.id, recycled.item);
        Ok(())
    }

    fn stored_values(
        &self,
        list: &str,
        fields: &Map<String, Value>,
        form: TagForm,
    ) -> Result<BTreeMap<String, Value>, EditError> {
        let list = self.list(list).ok_or(EditError::NoList)?;
        let mut stored = BTreeMap::new();
        for (name, value) in fields.iter().filter(|(name, _)| !is_annotation(name)) {
            let column = list.written_column(name, form)?;
            if column.read_only {
                match form {
                    TagForm::Graph => return Err(FieldError::ReadOnly(name.clone()).into()),
                    TagForm::SharePoint => continue,
                }
            }
            stored.insert(column.name.clone(), coerce(self, column, value)?);
        }
        Ok(stored)
    }
}

/// `__metadata`, `odata.type`, `@odata.type`, `X@odata.type`: about the value, not part of it.
fn is_annotation(name: &str) -> bool {
    name.starts_with("__") || name.starts_with("odata.") || name.contains('@')
}

impl List {
    /// People are written by `…Id` or `…LookupId`, never by the bare column name.
    fn written_column(&self, name: &str, form: TagForm) -> Result<&super::columns::Column, FieldError> {
        if let Some(bare) = name.strip_suffix(form.person_suffix())
            && let Some(column) = self.column(bare)
            && column.kind == ColumnKind::Person
        {
            return Ok(column);
        }
        let internal = if name == "OData__UIVersionString" { "_UIVersionString" } else { name };
        match self.column(internal) {
            Some(column) if column.kind == ColumnKind::Person && !column.read_only => {
                Err(FieldError::Invalid { field: name.to_owned(), expected: "lookup id" })
            }
            Some(column) => Ok(column),
            None => Err(FieldError::Unknown(name.to_owned())),
        }
    }
}

impl Item {
    /// Checks an `If-Match` header: `*`, this version's tag in either API's form, weak or strong.
    pub fn check(&self, if_match: Option<&str>) -> Result<(), EditError> {
        let Some(tags) = if_match else { return Ok(()) };
        let (short, long) = (self.version.to_string(), format!("{},{}", self.guid, self.version));
        let fits = |tag: &str| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            tag == "*" || tag == short || tag.eq_ignore_ascii_case(&long)
        };
        // The long form has a comma of its own, so the whole header is tried as one tag too.
        if fits(tags) || tags.split("\",").any(fits) { Ok(()) } else { Err(EditError::Changed) }
    }
}
