//! Items: read, list, search, make, rename, move, delete.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::access::{self, Need};
use super::{json, stamp};
use crate::files::{Conflict, Drive, FileTimes, Item, ItemKind};
use crate::graph::reply::{Call, GraphError, Outcome, empty, entity, json_response, ok};
use crate::graph::segments::Function;

/// Page size of children when the caller names none.
const PAGE: usize = 200;

pub(super) fn get(call: &Call<'_>, drive: &Drive, item: &Item) -> Outcome {
    let known = call.header("if-none-match");
    if known.is_some_and(|tags| item.matches_tag(tags)) {
        return Ok(empty(StatusCode::NOT_MODIFIED));
    }
    let mut value = json::item(call, drive, item);
    if call.option("$expand").is_some_and(|expand| expand.starts_with("children")) {
        let children = call.world.files.children(&item.id);
        value["children"] = children.iter().map(|child| json::item(call, drive, child)).collect();
    }
    let mut value = call.select(value);
    let wants_url = call.option("$select").is_some_and(|select| select.contains("downloadUrl"));
    if wants_url && !item.is_folder() {
        value["@microsoft.graph.downloadUrl"] = json!(json::download_url(call, item));
    }
    let context = format!("drives('{}')/items/$entity", drive.id);
    Ok(ok(&entity(call.context(&context), value)))
}

pub(super) fn children(call: &Call<'_>, drive: &Drive, folder: &Item) -> Outcome {
    if call.option("$filter").is_some() {
        return Err(GraphError::unsupported("$filter on children"));
    }
    let mut all = call.world.files.children(&folder.id);
    if let Some(order) = call.option("$orderby") {
        sort(call, &mut all, order)?;
    }
    let (page, next) = call.page(all, PAGE)?;
    let values = page.iter().map(|item| call.select(json::item(call, drive, item))).collect();
    let context = format!("drives('{}')/items('{}')/children", drive.id, folder.id);
    Ok(call.collection(&context, values, next))
}

fn sort(call: &Call<'_>, items: &mut [Item], order: &str) -> Result<(), GraphError> {
    let mut words = order.split(',').next().unwrap_or_default().split_whitespace();
    let (field, direction) = (words.next().unwrap_or_default(), words.next().unwrap_or("asc"));
    match field {
        "name" => items.sort_by_key(|item| item.name.to_lowercase()),
        "size" => items.sort_by_key(|item| call.world.files.size(item)),
        "lastModifiedDateTime" => items.sort_by_key(|item| item.modified_ms),
        "createdDateTime" => items.sort_by_key(|item| item.created_ms),
        _ => return Err(GraphError::invalid(format!("Ordering by '{field}' is not supported."))),
    }
    match direction.to_ascii_lowercase().as_str() {
        "asc" => {}
        "desc" => items.reverse(),
        _ => return Err(GraphError::invalid("The $orderby expression is invalid.")),
    }
    Ok(())
}

/// Items whose name holds the words; below `from`.
pub(super) fn search(call: &Call<'_>, drive: &Drive, from: &str, function: &Function) -> Outcome {
    access::check(call, drive, Need::Read)?;
    let query = function.arg("q").unwrap_or_default().to_lowercase();
    let files = &call.world.files;
    let start = files.by_id(&drive.id, from)?;
    let above = files.path(&start);
    let hit = |item: &Item| {
        query.split_whitespace().all(|word| item.name.to_lowercase().contains(word))
            && files.path(item).starts_with(&above)
            && item.id != start.id
    };
    let found: Vec<Item> = files.all_items(&drive.id).into_iter().filter(hit).collect();
    let (page, next) = call.page(found, PAGE)?;
    let shown = |item: &Item| {
        let mut value = json::item(call, drive, item);
        value["searchResult"] = json!({});
        call.select(value)
    };
    Ok(call.collection("Collection(driveItem)", page.iter().map(shown).collect(), next))
}

pub(super) fn recent(call: &Call<'_>, drive: &Drive) -> Outcome {
    access::check(call, drive, Need::Read)?;
    let mut items = call.world.files.all_items(&drive.id);
    items.retain(|item| !item.is_folder());
    items.sort_by_key(|item| std::cmp::Reverse((item.modified_ms, item.change)));
    let (page, next) = call.page(items, PAGE)?;
    let values = page.iter().map(|item| call.select(json::item(call, drive, item))).collect();
    Ok(call.collection("Collection(driveItem)", values, next))
}

/// What `@microsoft.graph.conflictBehavior` says, in the body or the query.
pub(super) fn conflict(
    call: &Call<'_>,
    body: &Map<String, Value>,
    default: Conflict,
) -> Result<Conflict, GraphError> {
    const NAME: &str = "@microsoft.graph.conflictBehavior";
    let said = body.get(NAME).and_then(Value::as_str).or_else(|| call.option(NAME));
    match said {
        None => Ok(default),
        Some(text) => {
            Conflict::parse(text).ok_or_else(|| GraphError::invalid("The conflict behavior is invalid."))
        }
    }
}

/// Refuses when `If-Match` names another version.
pub(super) fn check_match(call: &Call<'_>, item: &Item) -> Result<(), GraphError> {
    match call.header("if-match") {
        Some(tags) if !item.matches_tag(tags) => Err(GraphError::precondition()),
        _ => Ok(()),
    }
}

pub(super) fn create_folder(call: &Call<'_>, drive: &Drive, parent: &Item) -> Outcome {
    let body = call.body()?;
    let name =
        body.get("name").and_then(Value::as_str).ok_or_else(|| GraphError::invalid("A name is required."))?;
    let conflict = conflict(call, &body, Conflict::Fail)?;
    if body.contains_key("file") {
        let (item, _) =
            call.world.files.put(&parent.id, name, bytes::Bytes::new(), conflict, &stamp(call))?;
        return Ok(created(call, drive, &item));
    }
    if !body.contains_key("folder") {
        return Err(GraphError::invalid("The request must have a folder facet."));
    }
    let item = call.world.files.create_folder(&parent.id, name, conflict, &stamp(call))?;
    Ok(created(call, drive, &item))
}

fn created(call: &Call<'_>, drive: &Drive, item: &Item) -> crate::api::ApiResponse {
    let context = call.context(&format!("drives('{}')/items/$entity", drive.id));
    json_response(StatusCode::CREATED, &entity(context, json::item(call, drive, item)))
}

pub(super) fn update(call: &Call<'_>, drive: &Drive, item: &Item) -> Outcome {
    check_match(call, item)?;
    let body = call.body()?;
    let parent = match body.get("parentReference") {
        None => None,
        Some(reference) => Some(new_parent(call, drive, reference)?),
    };
    let name = body.get("name").and_then(Value::as_str);
    let conflict = conflict(call, &body, Conflict::Fail)?;
    let item = if parent.is_some() || name.is_some() {
        call.world.files.relocate(&item.id, parent.as_deref(), name, conflict, &stamp(call))?
    } else {
        item.clone()
    };
    let item = match body.get("fileSystemInfo") {
        None => item,
        Some(info) => {
            let at = |name: &str| info.get(name).and_then(Value::as_str).map(read_time).transpose();
            let times =
                FileTimes { created_ms: at("createdDateTime")?, modified_ms: at("lastModifiedDateTime")? };
            call.world.files.set_file_times(&item.id, times, &stamp(call))?
        }
    };
    get_plain(call, drive, &item)
}

/// RFC 3339 as Unix milliseconds.
fn read_time(text: &str) -> Result<i64, GraphError> {
    let moment = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
    let moment = moment.map_err(|_| GraphError::invalid("A time in fileSystemInfo is invalid."))?;
    Ok((moment.unix_timestamp_nanos() / 1_000_000) as i64)
}

fn get_plain(call: &Call<'_>, drive: &Drive, item: &Item) -> Outcome {
    let context = call.context(&format!("drives('{}')/items/$entity", drive.id));
    Ok(ok(&entity(context, call.select(json::item(call, drive, item)))))
}

/// The folder that `parentReference` names by id or path.
fn new_parent(call: &Call<'_>, drive: &Drive, reference: &Value) -> Result<String, GraphError> {
    if let Some(id) = reference.get("id").and_then(Value::as_str) {
        let id = if id == "root" { &drive.root_id } else { id };
        return Ok(call.world.files.by_id(&drive.id, id)?.id);
    }
    if let Some(path) = reference.get("path").and_then(Value::as_str) {
        let below = path.split_once("root:").map_or("", |(_, below)| below);
        let names = crate::graph::segments::segments(below);
        return Ok(call.world.files.by_path(&drive.root_id, &names)?.id);
    }
    Err(GraphError::invalid("The parentReference must have an id or a path."))
}

pub(super) fn delete(call: &Call<'_>, item: &Item) -> Outcome {
    check_match(call, item)?;
    call.world.files.recycle(&item.id, &stamp(call))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) fn delete_for_good(call: &Call<'_>, item: &Item) -> Outcome {
    call.world.files.delete(&item.id, &stamp(call))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// The present version; the sandbox keeps no older ones.
pub(super) fn versions(call: &Call<'_>, item: &Item) -> Outcome {
    let ItemKind::File { size, .. } = &item.kind else {
        return Err(GraphError::invalid("Folders have no versions."));
    };
    let value = json!({
        "id": format!("{}.0", item.content_version),
        "lastModifiedDateTime": json::time(item.modified_ms),
        "lastModifiedBy": json::identity(&item.modified_by),
        "size": size,
    });
    Ok(call.collection("Collection(driveItemVersion)", vec![value], None))
}
