//! Drives and items as Graph writes them.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::files::{Actor, Drive, DriveKind, Item, ItemKind};
use crate::graph::reply::Call;
use crate::hosts::Hosts;

/// Characters that `parentReference.path` and web addresses encode.
const PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'%').add(b'#').add(b'?').add(b'"').add(b'<').add(b'>').add(b'\\');

/// RFC 3339 in UTC, whole seconds, as Graph writes times of files.
pub(crate) fn time(ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000))
        .ok()
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// `{"user": {…}}` or `{"application": {…}}`.
pub(crate) fn identity(actor: &Actor) -> Value {
    let mut who = json!({ "id": actor.id, "displayName": actor.display_name });
    match &actor.email {
        Some(email) => {
            who["email"] = json!(email);
            json!({ "user": who })
        }
        None => json!({ "application": who }),
    }
}

fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// Where an item is seen in a browser.
pub(crate) fn web_url(call: &Call<'_>, drive: &Drive, names: &[String]) -> String {
    if matches!(drive.kind, DriveKind::Personal { .. }) {
        let below: String = names.iter().map(|name| format!("/{}", encoded(name))).collect();
        return format!("https://onedrive.live.com/?cid={}&path={below}", drive.id);
    }
    let (host, place) = drive.web_place();
    let origin = Hosts::of_origin(&call.request.origin).sharepoint(&host);
    let below: String = names.iter().map(|name| format!("/{}", encoded(name))).collect();
    format!("{origin}{}{below}", encoded(&place))
}

/// A drive.
pub(crate) fn drive(call: &Call<'_>, drive: &Drive) -> Value {
    let root = call.world.files.item(&drive.root_id).ok();
    let used = root.as_ref().map_or(0, |root| call.world.files.size(root));
    let total: u64 = 1_099_511_627_776;
    let owner = match drive.kind {
        DriveKind::Library { .. } => {
            json!({ "group": { "id": drive.owner.id, "displayName": drive.owner.display_name } })
        }
        _ => identity(&drive.owner),
    };
    json!({
        "createdDateTime": time(drive.created_ms),
        "description": "",
        "id": drive.id,
        "lastModifiedDateTime": time(root.map_or(drive.created_ms, |root| root.modified_ms)),
        "name": drive.name,
        "webUrl": web_url(call, drive, &[]),
        "driveType": drive.drive_type(),
        "createdBy": identity(&Actor::system()),
        "owner": owner,
        "quota": {
            "deleted": 0, "remaining": total.saturating_sub(used), "state": "normal", "total": total, "used": used,
        },
    })
}

/// An item.
pub(crate) fn item(call: &Call<'_>, drive: &Drive, item: &Item) -> Value {
    let files = &call.world.files;
    let names = files.path(item);
    let mut value = json!({
        "createdDateTime": time(item.created_ms),
        "eTag": item.e_tag(),
        "id": item.id,
        "lastModifiedDateTime": time(item.modified_ms),
        "name": item.name,
        "webUrl": web_url(call, drive, &names),
        "cTag": item.c_tag(),
        "size": files.size(item),
        "createdBy": identity(&item.created_by),
        "lastModifiedBy": identity(&item.modified_by),
        "parentReference": parent(drive, item, &names),
        "fileSystemInfo": {
            "createdDateTime": time(item.file_times.created_ms.unwrap_or(item.created_ms)),
            "lastModifiedDateTime": time(item.file_times.modified_ms.unwrap_or(item.modified_ms)),
        },
    });
    match &item.kind {
        ItemKind::Folder => value["folder"] = json!({ "childCount": files.child_count(item) }),
        ItemKind::File { mime, quick_xor, .. } => {
            value["file"] = json!({ "mimeType": mime, "hashes": { "quickXorHash": quick_xor } });
            if item.recycled_ms.is_none() {
                value["@microsoft.graph.downloadUrl"] = json!(download_url(call, item));
            }
        }
    }
    if item.parent_id.is_none() {
        value["root"] = json!({});
    }
    if item.permissions.iter().any(|permission| permission.role != "owner") {
        value["shared"] = json!({ "scope": "users" });
    }
    value
}

/// An item that is gone, as delta tells of it.
pub(super) fn deleted(drive: &Drive, item: &Item) -> Value {
    let kind = if item.is_folder() { "folder" } else { "file" };
    let mut value = json!({
        "id": item.id,
        "deleted": { "state": "deleted" },
        "parentReference": { "driveId": drive.id, "driveType": drive.drive_type(), "id": item.parent_id },
        "size": 0,
        "fileSystemInfo": {
            "createdDateTime": time(item.created_ms), "lastModifiedDateTime": time(item.modified_ms),
        },
        "cTag": item.c_tag(),
        "eTag": item.e_tag(),
    });
    value[kind] = json!({});
    value
}

fn parent(drive: &Drive, item: &Item, names: &[String]) -> Value {
    let mut value = json!({ "driveType": drive.drive_type(), "driveId": drive.id });
    let Some(parent_id) = &item.parent_id else { return value };
    value["id"] = json!(parent_id);
    let above = &names[..names.len().saturating_sub(1)];
    let name = above.last().cloned().unwrap_or_else(|| "root".into());
    value["name"] = json!(name);
    let below: String = above.iter().map(|name| format!("/{}", encoded(name))).collect();
    value["path"] = json!(format!("/drives/{}/root:{below}", drive.id));
    value
}

/// The short-lived address of the content, on another host than Graph.
pub(super) fn download_url(call: &Call<'_>, item: &Item) -> String {
    let token = call.world.files.download_token(item, call.now_ms());
    format!("{}/_files/{token}", Hosts::of_origin(&call.request.origin).files())
}
