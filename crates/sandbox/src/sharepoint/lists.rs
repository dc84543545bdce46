//! `lists` and the recycle bin.

use http::StatusCode;
use serde_json::{Value, json};

use crate::sites::{List, Need, Recycled, Site, iso};

use super::Call;
use super::entity::{Answer, Entity, Prop};
use super::error::{Outcome, SpError};
use super::file_path::root_folder_id;
use super::target::Target;
use super::{caml, changes, fields, forms, list_data};

const NO_GUID: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn act(call: &Call<'_>, target: &Target) -> Outcome<Answer> {
    match (call.verb.as_str(), target) {
        ("GET", Target::Lists) => call.read(Need::Read, |site| {
            call.many(site.lists.iter().map(|list| entity(call, site, list)).collect())
        }),
        ("POST", Target::Lists) => create(call),
        ("GET", Target::List(id)) => {
            call.read(Need::Read, |site| call.one(entity(call, site, found(site, id)?)))
        }
        ("MERGE" | "PATCH", Target::List(id)) => update(call, id),
        ("DELETE", Target::List(id)) => delete(call, id),
        ("POST", Target::ListCall(id, segment)) => match segment.name.to_ascii_lowercase().as_str() {
            "getitems" => caml::get_items(call, id),
            "renderlistdataasstream" => list_data::render(call, id),
            "renderlistdata" => list_data::render_text(call, id, segment.text("viewXml")),
            "addvalidateupdateitemusingpath" => forms::add(call, id),
            "recycle" => delete(call, id),
            "getchanges" => changes::list_changes(call, id),
            _ => Err(SpError::no_resource(&segment.name)),
        },
        _ => Err(SpError::not_allowed()),
    }
}

pub(super) fn found<'a>(site: &'a Site, id: &str) -> Outcome<&'a List> {
    site.list(id).ok_or_else(|| SpError::no_list(id, &site.path))
}

pub(super) fn entity(call: &Call<'_>, site: &Site, list: &List) -> Entity {
    let mut entity = Entity::new("SP.List", format!("Web/Lists(guid'{}')", list.id));
    entity.etag = Some(format!("\"{}\"", list.version));
    entity.deferred(&[
        "FirstUniqueAncestorSecurableObject",
        "RoleAssignments",
        "Author",
        "ContentTypes",
        "CreatablesInfo",
        "DefaultView",
        "DescriptionResource",
        "EventReceivers",
        "Fields",
        "Forms",
        "InformationRightsManagementSettings",
        "Items",
        "ParentWeb",
        "RootFolder",
        "Subscriptions",
        "TitleResource",
        "UserCustomActions",
        "Views",
        "WorkflowAssociations",
    ]);
    let (created, modified) = (iso(list.created_ms), iso(list.modified_ms));
    let view = format!("{}/AllItems.aspx", folder_url(site, list));
    entity.values([
        ("AllowContentTypes", json!(true)),
        ("BaseTemplate", json!(list.template)),
        ("BaseType", json!(u32::from(list.is_library()))),
        ("ContentTypesEnabled", json!(false)),
        ("CrawlNonDefaultViews", json!(false)),
        ("Created", json!(created)),
        ("DefaultContentApprovalWorkflowId", json!(NO_GUID)),
        ("DefaultItemOpenUseListSetting", json!(false)),
        ("DefaultViewUrl", json!(view)),
        ("Description", json!(list.description)),
        ("Direction", json!("none")),
        ("DisableGridEditing", json!(false)),
        ("DraftVersionVisibility", json!(0)),
        ("EnableAttachments", json!(!list.is_library())),
        ("EnableFolderCreation", json!(list.is_library())),
        ("EnableMinorVersions", json!(false)),
        ("EnableModeration", json!(false)),
        ("EnableVersioning", json!(true)),
        ("EntityTypeName", json!(entity_name(list))),
        ("ForceCheckout", json!(false)),
        ("Hidden", json!(list.hidden)),
        ("Id", json!(list.id)),
        ("ImageUrl", json!("/_layouts/15/images/itgen.png?rev=47")),
        ("IrmEnabled", json!(false)),
        ("IsApplicationList", json!(false)),
        ("IsCatalog", json!(false)),
        ("IsPrivate", json!(false)),
        ("ItemCount", json!(item_count(call, list))),
        ("LastItemDeletedDate", json!(created)),
        ("LastItemModifiedDate", json!(modified)),
        ("LastItemUserModifiedDate", json!(modified)),
        ("ListItemEntityTypeFullName", json!(list.entity_type())),
        ("MajorVersionLimit", json!(50)),
        ("NoCrawl", json!(false)),
        ("ParentWebUrl", json!(site.server_relative_url())),
        ("Title", json!(list.title)),
    ]);
    entity.path_value("ParentWebPath", site.server_relative_url());
    let token = json!(changes::token(list, list.modified_ms, list.next_change()));
    entity.props.push((
        "CurrentChangeToken".to_owned(),
        Prop::Complex("SP.ChangeToken", vec![("StringValue", token)]),
    ));
    expand(call, site, list, &mut entity);
    entity
}

fn expand(call: &Call<'_>, site: &Site, list: &List, entity: &mut Entity) {
    if call.expands("Fields") {
        entity.expand("Fields", Prop::Many(fields::list_fields(list)));
    }
    if call.expands("DefaultView") {
        entity.expand("DefaultView", Prop::One(Box::new(fields::view(site, list))));
    }
    if call.expands("Views") {
        entity.expand("Views", Prop::Many(vec![fields::view(site, list)]));
    }
    if call.expands("ContentTypes") {
        entity.expand("ContentTypes", Prop::Many(vec![fields::content_type(list.is_library())]));
    }
    if call.expands("RootFolder") {
        let url = folder_url(site, list);
        let mut folder = Entity::new("SP.Folder", format!("Web/Lists(guid'{}')/RootFolder", list.id));
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
            ("ItemCount", json!(item_count(call, list))),
            ("Name", json!(list.name)),
            ("ServerRelativeUrl", json!(url)),
            ("TimeCreated", json!(iso(list.created_ms))),
            ("TimeLastModified", json!(iso(list.modified_ms))),
            ("UniqueId", json!(root_folder_id(list))),
            ("WelcomePage", json!("")),
        ]);
        folder.path_on_request("ServerRelativePath", &url);
        entity.expand("RootFolder", Prop::One(Box::new(folder)));
    }
}

fn item_count(_call: &Call<'_>, list: &List) -> usize {
    list.count()
}

/// `/sites/x/Lists/Tasks`, or `/sites/x/Shared Documents` for the library.
pub(super) fn folder_url(site: &Site, list: &List) -> String {
    let folder = if list.is_library() { "" } else { "Lists/" };
    format!("{}/{folder}{}", site.path, list.name)
}

/// `TasksList`, `Shared_x0020_Documents`.
fn entity_name(list: &List) -> String {
    let encoded = list.name.replace(' ', "_x0020_");
    if list.is_library() { encoded } else { format!("{encoded}List") }
}

fn create(call: &Call<'_>) -> Outcome<Answer> {
    let body = call.body()?;
    let title = body.get("Title").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if title.is_empty() {
        return Err(SpError::bad_query("The property 'Title' is required."));
    }
    let template =
        body.get("BaseTemplate").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    call.change(Need::Manage, |site| {
        let Some(list) = site.add_list(&title, template.unwrap_or(100), call.now_ms()) else {
            let message = "A list, survey, discussion board, or document library with the specified title already \
                           exists in this Web site. Please choose another title.";
            return Err(SpError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "-2130575342, Microsoft.SharePoint.SPException",
                message,
            ));
        };
        if let Some(text) = body.get("Description").and_then(Value::as_str) {
            text.clone_into(&mut list.description);
        }
        let id = list.id.clone();
        let mut answer = entity(call, site, found(site, &id)?);
        answer.select(&call.options.select())?;
        Ok(Answer::Created(answer))
    })
}

fn update(call: &Call<'_>, id: &str) -> Outcome<Answer> {
    let body = call.body()?;
    call.change(Need::Manage, |site| {
        let list = site.list_mut(id).ok_or(crate::sites::EditError::NoList)?;
        if let Some(title) = body.get("Title").and_then(Value::as_str).filter(|title| !title.is_empty()) {
            title.clone_into(&mut list.title);
        }
        if let Some(text) = body.get("Description").and_then(Value::as_str) {
            text.clone_into(&mut list.description);
        }
        list.version += 1;
        list.modified_ms = call.now_ms();
        Ok(Answer::Empty(StatusCode::NO_CONTENT, Some(format!("\"{}\"", list.version))))
    })
}

fn delete(call: &Call<'_>, id: &str) -> Outcome<Answer> {
    call.change(Need::Manage, |site| {
        if found(site, id)?.is_library() {
            return Err(SpError::access_denied());
        }
        site.lists.retain(|list| list.id != id);
        Ok(Answer::Empty(StatusCode::OK, None))
    })
}

pub(super) fn recycle_bin(call: &Call<'_>) -> Outcome<Answer> {
    call.expect("GET")?;
    call.read(Need::Read, |site| {
        call.many(site.recycled.iter().map(|recycled| recycled_entity(site, recycled)).collect())
    })
}

pub(super) fn recycled(call: &Call<'_>, id: &str, restore: bool) -> Outcome<Answer> {
    if restore {
        call.expect("POST")?;
        return call.change(Need::Write, |site| {
            site.restore_item(id, call.now_ms())?;
            Ok(Answer::Empty(StatusCode::OK, None))
        });
    }
    call.expect("GET")?;
    call.read(Need::Read, |site| {
        let found = site.recycled.iter().find(|recycled| recycled.id.eq_ignore_ascii_case(id));
        call.one(recycled_entity(site, found.ok_or_else(SpError::no_item)?))
    })
}

fn recycled_entity(site: &Site, recycled: &Recycled) -> Entity {
    let place = site.list(&recycled.list_id).map(|list| folder_url(site, list)).unwrap_or_default();
    let mut entity = Entity::new("SP.RecycleBinItem", format!("Web/RecycleBin(guid'{}')", recycled.id));
    entity.deferred(&["Author", "DeletedBy"]);
    let by = site.user(recycled.deleted_by);
    entity.values([
        ("DeletedByEmail", json!(by.map_or("", |user| user.email.as_str()))),
        ("DeletedByName", json!(by.map_or("", |user| user.title.as_str()))),
        ("DeletedDate", json!(iso(recycled.deleted_ms))),
        ("DirName", json!(place.trim_start_matches('/'))),
        ("Id", json!(recycled.id)),
        ("ItemState", json!(1)),
        ("ItemType", json!(3)),
        ("LeafName", json!(format!("{}_.000", recycled.item.id))),
        ("Size", json!(0)),
        ("Title", json!(recycled.item.text("Title"))),
    ]);
    entity
}
