//! `list` resources.

use serde_json::{Map, Value, json};

use crate::sites::{List, Need, Site, SiteKey, iso};

use super::Call;
use super::answer::{GraphError, Outcome, created, ok};
use super::options::{Options, keep_selected};
use super::{columns, items};

pub(super) fn list(call: &Call<'_>, key: &SiteKey) -> Outcome {
    call.read(key, Need::Read, |site| {
        // Hidden lists carry the `system` facet and show only when it is asked for.
        let with_system =
            call.options.select().is_some_and(|names| names.iter().any(|name| name == "system"));
        let shown = site.lists.iter().filter(|list| with_system || !list.hidden);
        let value: Result<Vec<Value>, GraphError> = shown.map(|list| full_json(call, site, list)).collect();
        let context = call.context(&format!("sites('{}')/lists", call.site_id(site)));
        ok(&json!({"@odata.context": context, "value": value?}))
    })
}

pub(super) fn show(call: &Call<'_>, key: &SiteKey, name: &str) -> Outcome {
    call.read(key, Need::Read, |site| {
        let list = site.list(name).ok_or_else(|| GraphError::not_found("list"))?;
        let mut body = full_json(call, site, list)?;
        body["@odata.context"] =
            call.context(&format!("sites('{}')/lists/$entity", call.site_id(site))).into();
        ok(&body)
    })
}

pub(super) fn create(call: &Call<'_>, key: &SiteKey) -> Outcome {
    let body = call.body()?;
    let title = body["displayName"].as_str().unwrap_or_default().trim().to_owned();
    if title.is_empty() {
        return Err(GraphError::bad_request("displayName is required"));
    }
    let template = match body["list"]["template"].as_str() {
        None => 100,
        Some(name) => {
            template_number(name).ok_or_else(|| GraphError::bad_request("Unknown list template"))?
        }
    };
    let wanted: Result<Vec<_>, _> = body["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|column| columns::from_json(&title, column))
        .collect();
    let wanted = wanted?;
    call.change(key, Need::Manage, |site| {
        let list = site.add_list(&title, template, call.now_ms());
        let Some(list) = list else {
            let message = "Name already exists";
            return Err(GraphError::new(http::StatusCode::CONFLICT, "nameAlreadyExists", message));
        };
        list.columns.extend(wanted);
        if let Some(text) = body["description"].as_str() {
            text.clone_into(&mut list.description);
        }
        let id = list.id.clone();
        let list = site.list(&id).ok_or_else(|| GraphError::not_found("list"))?;
        let mut answer = list_json(call, site, list);
        answer["@odata.context"] =
            call.context(&format!("sites('{}')/lists/$entity", call.site_id(site))).into();
        created(&answer)
    })
}

fn full_json(call: &Call<'_>, site: &Site, list: &List) -> Result<Value, GraphError> {
    let mut body = list_json(call, site, list);
    let select = call.options.select();
    if let Some(entity) = body.as_object_mut() {
        keep_selected(entity, select.as_deref(), &[]);
        expand(call, site, list, entity)?;
    }
    Ok(body)
}

fn expand(
    call: &Call<'_>,
    site: &Site,
    list: &List,
    body: &mut Map<String, Value>,
) -> Result<(), GraphError> {
    for expand in call.options.expands() {
        let value = match expand.name.as_str() {
            "columns" => columns::all_json(list),
            "contentTypes" => json!([columns::content_type_json(list.is_library())]),
            "items" => first_items(call, site, list, &expand.options)?,
            other => {
                return Err(GraphError::bad_request(format!("The property '{other}' cannot be expanded.")));
            }
        };
        body.insert(expand.name, value);
    }
    Ok(())
}

fn first_items(call: &Call<'_>, site: &Site, list: &List, options: &Options) -> Result<Value, GraphError> {
    let top = options.top(200, 5000)?;
    let fields = options.expand("fields");
    let rows = list.items_after(0).take(top);
    Ok(rows.map(|item| items::item_json(call, site, list, &item, fields.as_ref())).collect())
}

pub(super) fn list_json(call: &Call<'_>, site: &Site, list: &List) -> Value {
    let folder = if list.is_library() { "" } else { "Lists/" };
    let etag = format!("\"{},{}\"", list.id, list.version);
    let mut body = json!({
        "@odata.etag": etag,
        "createdDateTime": iso(list.created_ms),
        "description": list.description,
        "eTag": etag,
        "id": list.id,
        "lastModifiedDateTime": iso(list.modified_ms),
        "name": list.name,
        "webUrl": format!("{}/{folder}{}", call.site_url(site), list.name.replace(' ', "%20")),
        "displayName": list.title,
        "createdBy": {"user": {"displayName": "System Account"}},
        "parentReference": {"siteId": call.site_id(site)},
        "list": {"contentTypesEnabled": false, "hidden": list.hidden, "template": template_name(list.template)},
    });
    if list.hidden {
        body["system"] = json!({});
    }
    body
}

const TEMPLATES: [(u32, &str); 7] = [
    (100, "genericList"),
    (101, "documentLibrary"),
    (104, "announcements"),
    (105, "contacts"),
    (106, "events"),
    (107, "tasks"),
    (171, "tasksWithTimelineAndHierarchy"),
];

fn template_name(number: u32) -> &'static str {
    TEMPLATES.iter().find(|(found, _)| *found == number).map_or("genericList", |(_, name)| name)
}

fn template_number(name: &str) -> Option<u32> {
    TEMPLATES.iter().find(|(_, found)| found.eq_ignore_ascii_case(name)).map(|(number, _)| *number)
}
