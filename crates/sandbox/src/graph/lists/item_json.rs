//! The JSON of a list item and its fields.

use serde_json::{Map, Value, json};

use crate::sites::{ColumnKind, Item, List, Site, iso, version_label};

use super::Call;
use super::options::Options;

/// A `listItem`; `fields` are in it when they are expanded.
pub(in crate::graph) fn item_json(
    call: &Call<'_>,
    site: &Site,
    list: &List,
    item: &Item,
    fields: Option<&Options>,
) -> Value {
    let mut body = json!({
        "@odata.etag": item.graph_etag(),
        "createdDateTime": iso(item.created_ms),
        "eTag": item.graph_etag(),
        "id": item.id.to_string(),
        "lastModifiedDateTime": iso(item.modified_ms),
        "webUrl": format!("{}/Lists/{}/{}_.000", call.site_url(site), list.name.replace(' ', "%20"), item.id),
        "createdBy": person_json(site, item.author),
        "lastModifiedBy": person_json(site, item.editor),
        "parentReference": {"id": list.id, "siteId": call.site_id(site)},
        "contentType": {"id": "0x0100", "name": "Item"},
    });
    if list.is_library() {
        let path = item.text("FileRef").replace(' ', "%20");
        body["webUrl"] = format!("{}{path}", call.host.origin).into();
        let is_folder = item.fields.get("FSObjType") == Some(&json!(1));
        let (id, name) = if is_folder { ("0x0120", "Folder") } else { ("0x0101", "Document") };
        body["contentType"] = json!({"id": id, "name": name});
    }
    if let Some(options) = fields {
        body["fields"] = fields_json(list, item, options);
    }
    body
}

fn person_json(site: &Site, id: u32) -> Value {
    let Some(user) = site.user(id) else { return json!({"user": {"displayName": "System Account"}}) };
    if user.oid.is_empty() {
        return json!({"application": {"displayName": user.title}});
    }
    json!({"user": {"email": user.email, "id": user.oid, "displayName": user.title}})
}

/// A `fieldValueSet`: people as `…LookupId` in text form, absent values left out.
pub(super) fn fields_json(list: &List, item: &Item, options: &Options) -> Value {
    let mut fields = Map::new();
    for column in &list.columns {
        let Some(value) = item.fields.get(&column.name) else { continue };
        match column.kind {
            ColumnKind::Person => fields.insert(format!("{}LookupId", column.name), json!(value.to_string())),
            _ => fields.insert(column.name.clone(), value.clone()),
        };
    }
    let built_in = [
        ("ContentType", json!("Item")),
        ("Modified", json!(iso(item.modified_ms))),
        ("Created", json!(iso(item.created_ms))),
        ("AuthorLookupId", json!(item.author.to_string())),
        ("EditorLookupId", json!(item.editor.to_string())),
        ("_UIVersionString", json!(version_label(item))),
        ("Attachments", json!(false)),
        ("ItemChildCount", json!("0")),
        ("FolderChildCount", json!("0")),
    ];
    fields.extend(built_in.map(|(name, value)| (name.to_owned(), value)));
    if let Some(select) = options.select() {
        fields.retain(|name, _| select.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
    } else {
        fields.insert("id".to_owned(), json!(item.id.to_string()));
    }
    fields.insert("@odata.etag".to_owned(), json!(item.graph_etag()));
    Value::Object(fields)
}
