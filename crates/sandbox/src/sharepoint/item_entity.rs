//! A list item as an entity.

use serde_json::{Value, json};

use crate::sites::{ColumnKind, Item, List, Site, SiteUser, iso, login_name, title_of_user, version_label};

use super::Call;
use super::entity::{Entity, Prop};
use super::{fields, lists};

/// The item with what `$expand` asks for; `$select` is left to the caller.
pub(super) fn entity(call: &Call<'_>, site: &Site, list: &List, item: &Item) -> Entity {
    let mut entity = bare(list, item);
    if !list.is_library() {
        let folder = lists::folder_url(site, list);
        let leaf = format!("{}_.000", item.id);
        entity.value_on_request("FileRef", format!("{folder}/{leaf}"));
        entity.value_on_request("FileLeafRef", leaf);
        entity.value_on_request("FileDirRef", folder);
    }
    entity.value_on_request("FSObjType", item.fields.get("FSObjType").cloned().unwrap_or(json!(0)));
    entity.value_on_request("UniqueId", item.guid.as_str());
    for column in list.columns.iter().filter(|column| column.kind == ColumnKind::Person) {
        let user = item.fields.get(&column.name).and_then(Value::as_u64);
        expand_person(call, site, &mut entity, &column.name, user);
    }
    expand_person(call, site, &mut entity, "Author", Some(item.author.into()));
    expand_person(call, site, &mut entity, "Editor", Some(item.editor.into()));
    if call.expands("AttachmentFiles") {
        entity.expand("AttachmentFiles", Prop::Many(Vec::new()));
    }
    if call.expands("ContentType") {
        entity.expand("ContentType", Prop::One(Box::new(fields::content_type(false))));
    }
    if call.expands("ParentList") {
        entity.expand("ParentList", Prop::One(Box::new(lists::entity(call, site, list))));
    }
    for name in ["FieldValuesAsText", "FieldValuesAsHtml", "FieldValuesForEdit"] {
        if call.expands(name) {
            entity.expand(name, Prop::One(Box::new(as_text(site, list, item))));
        }
    }
    entity
}

fn bare(list: &List, item: &Item) -> Entity {
    let mut entity =
        Entity::new(list.entity_type(), format!("Web/Lists(guid'{}')/Items({})", list.id, item.id));
    entity.etag = Some(item.etag());
    entity.deferred(&[
        "FirstUniqueAncestorSecurableObject",
        "RoleAssignments",
        "AttachmentFiles",
        "ContentType",
        "GetDlpPolicyTip",
        "FieldValuesAsHtml",
        "FieldValuesAsText",
        "FieldValuesForEdit",
        "File",
        "Folder",
        "LikedByInformation",
        "ParentList",
        "Properties",
        "Versions",
        "Author",
        "Editor",
    ]);
    entity.values([
        ("FileSystemObjectType", item.fields.get("FSObjType").cloned().unwrap_or(json!(0))),
        ("Id", json!(item.id)),
        ("ServerRedirectedEmbedUri", Value::Null),
        ("ServerRedirectedEmbedUrl", json!("")),
        ("ContentTypeId", json!("0x0100")),
    ]);
    for column in &list.columns {
        let value = item.fields.get(&column.name).cloned();
        match column.kind {
            ColumnKind::Person => {
                entity.deferred(&[&column.name]);
                entity.value(&format!("{}Id", column.name), value.unwrap_or(Value::Null));
            }
            ColumnKind::Boolean => entity.value(&column.name, value.unwrap_or(json!(false))),
            _ => entity.value(&column.name, value.unwrap_or(Value::Null)),
        }
    }
    entity.values([
        ("ID", json!(item.id)),
        ("Modified", json!(iso(item.modified_ms))),
        ("Created", json!(iso(item.created_ms))),
        ("AuthorId", json!(item.author)),
        ("EditorId", json!(item.editor)),
        ("OData__UIVersionString", json!(version_label(item))),
        ("Attachments", json!(false)),
        ("GUID", json!(item.guid)),
    ]);
    entity
}

fn expand_person(call: &Call<'_>, site: &Site, entity: &mut Entity, name: &str, id: Option<u64>) {
    if !call.expands(name) {
        return;
    }
    let user = id.and_then(|id| u32::try_from(id).ok()).and_then(|id| site.user(id));
    entity.expand(name, user.map_or(Prop::Value(Value::Null), |user| Prop::One(Box::new(person(user)))));
}

fn person(user: &SiteUser) -> Entity {
    let mut person = Entity::new("SP.Data.UserInfoItem", format!("Web/SiteUserInfoList/Items({})", user.id));
    person.values([
        ("Id", json!(user.id)),
        ("ID", json!(user.id)),
        ("Title", json!(user.title)),
        ("Name", json!(login_name(user))),
        ("EMail", json!(user.email)),
        ("UserName", json!(user.email)),
    ]);
    person
}

/// All values as texts: `FieldValuesAsText` and its sisters.
pub(super) fn as_text(site: &Site, list: &List, item: &Item) -> Entity {
    let path = format!("Web/Lists(guid'{}')/Items({})/FieldValuesAsText", list.id, item.id);
    let mut entity = Entity::new("SP.FieldStringValues", path);
    for column in &list.columns {
        entity.value(&column.name, text_of(site, item, &column.name, &column.kind));
    }
    entity.values([
        ("ID", json!(item.id.to_string())),
        ("ContentType", json!("Item")),
        ("Modified", json!(iso(item.modified_ms))),
        ("Created", json!(iso(item.created_ms))),
        ("Author", json!(title_of_user(site, item.author))),
        ("Editor", json!(title_of_user(site, item.editor))),
        ("Attachments", json!("No")),
    ]);
    entity
}

/// A value as people read it.
pub(super) fn text_of(site: &Site, item: &Item, name: &str, kind: &ColumnKind) -> String {
    match (item.fields.get(name), kind) {
        (Some(Value::Bool(flag)), _) => if *flag { "Yes" } else { "No" }.to_owned(),
        (None | Some(Value::Null), ColumnKind::Boolean) => "No".to_owned(),
        (None | Some(Value::Null), _) => String::new(),
        (Some(id), ColumnKind::Person) => {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
            title_of_user(site, id).to_owned()
        }
        (Some(Value::String(text)), _) => text.clone(),
        (Some(other), _) => other.to_string(),
    }
}
