//! `items` and `items(n)`.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::sites::{Dialect, Item, ItemQuery, List, Need, Order, Site, TagForm, parse_filter};

use super::Call;
use super::entity::{Answer, Entity, Prop};
use super::error::{Outcome, SpError};
use super::file_entity::{self, Place};
use super::target::Target;
use super::{files, forms, item_entity};

/// Page size without `$top`, and the largest `$top` that counts.
const DEFAULT_TOP: usize = 100;
const MAX_TOP: usize = 5000;

pub(super) fn act(call: &Call<'_>, target: &Target) -> Outcome<Answer> {
    match (call.verb.as_str(), target) {
        ("GET", Target::Items(list)) => list_items(call, list),
        ("POST", Target::Items(list)) => create(call, list),
        ("GET", Target::Item(list, id)) => {
            let mut entity = call.read(Need::Read, |site| {
                let (list, item) = found(site, list, *id)?;
                Ok(item_entity::entity(call, site, list, &item))
            })?;
            expand_file(call, &mut entity);
            call.one(entity)
        }
        ("MERGE" | "PATCH" | "PUT", Target::Item(list, id)) => update(call, list, *id),
        ("DELETE", Target::Item(list, id)) => {
            recycle(call, list, *id).map(|_| Answer::Empty(StatusCode::OK, None))
        }
        ("POST", Target::ItemCall(list, id, segment)) if segment.is("validateupdatelistitem") => {
            forms::update(call, list, *id)
        }
        ("POST" | "DELETE", Target::ItemCall(list, id, segment)) if segment.is("recycle") => {
            let bin = recycle(call, list, *id)?;
            Ok(Answer::Scalar { name: "Recycle".to_owned(), value: bin.into() })
        }
        ("POST", Target::ItemCall(list, id, _)) => {
            recycle(call, list, *id).map(|_| Answer::Empty(StatusCode::OK, None))
        }
        _ => Err(SpError::not_allowed()),
    }
}

pub(super) fn attachments(call: &Call<'_>, list: &str, id: u32) -> Outcome<Answer> {
    call.expect("GET")?;
    call.read(Need::Read, |site| found(site, list, id).and_then(|_| call.many(Vec::new())))
}

pub(super) fn field_values(call: &Call<'_>, list: &str, id: u32) -> Outcome<Answer> {
    call.expect("GET")?;
    call.read(Need::Read, |site| {
        let (list, item) = found(site, list, id)?;
        call.one(item_entity::as_text(site, list, &item))
    })
}

pub(super) fn found<'a>(site: &'a Site, list: &str, id: u32) -> Outcome<(&'a List, Item)> {
    let list = site.list(list).ok_or(crate::sites::EditError::NoList)?;
    let item = list.item(id).ok_or_else(SpError::no_item)?;
    Ok((list, item.into_owned()))
}

fn list_items(call: &Call<'_>, list: &str) -> Outcome<Answer> {
    let query = query_of(call)?;
    let (mut entities, next) = call.read(Need::Read, |site| {
        let list = site.list(list).ok_or(crate::sites::EditError::NoList)?;
        check_fields(list, &query)?;
        let page = list.page(site, &query)?;
        let entities: Vec<Entity> =
            page.items.iter().map(|item| item_entity::entity(call, site, list, item)).collect();
        let base = format!("{}/Web/Lists(guid'{}')/Items", call.api_url(), list.id);
        let next = page.next.map(|after| format!("{base}?{}", call.options.next(after)));
        Ok((entities, next))
    })?;
    let select = call.options.select();
    for entity in &mut entities {
        expand_file(call, entity);
        entity.select(&select)?;
    }
    Ok(Answer::Collection { entities, next })
}

/// `$expand=File` and `$expand=Folder` of library items; done outside the site's lock, which looking at files takes.
fn expand_file(call: &Call<'_>, entity: &mut Entity) {
    for name in ["File", "Folder"] {
        if !call.expands(name) {
            continue;
        }
        let found = match entity.filter_value("FileRef").as_str().map(|path| call.locate(path)) {
            Some(Ok(Place::Item(item))) if item.is_folder() == (name == "Folder") => Some(item),
            _ => None,
        };
        let found = found.map(|item| match name {
            "File" => file_entity::file(call, &item),
            _ => file_entity::folder(call, &item),
        });
        entity.expand(name, found.map_or(Prop::Value(Value::Null), |found| Prop::One(Box::new(found))));
    }
}

fn query_of(call: &Call<'_>) -> Outcome<ItemQuery> {
    let options = &call.options;
    let filter = match options.get("$filter") {
        Some(text) => Some(parse_filter(text, Dialect::SharePoint).map_err(SpError::bad_query)?),
        None => None,
    };
    let order = options.get("$orderby").map(Order::parse).unwrap_or_default();
    let top = options.number("$top").map_err(SpError::bad_query)?.unwrap_or(DEFAULT_TOP).min(MAX_TOP);
    // `$skip` is ignored on items, as SharePoint does.
    Ok(ItemQuery { filter, order, top, after: options.page_after().map_err(SpError::bad_query)? })
}

fn check_fields(list: &List, query: &ItemQuery) -> Outcome<()> {
    let filtered = query.filter.iter().flat_map(|filter| filter.fields());
    let mut fields = filtered.chain(query.order.iter().map(|order| order.field.as_str()));
    let known = |field: &str| list.queried_column(field).is_some();
    fields.find(|field| !known(field)).map_or(Ok(()), |field| {
        Err(SpError::bad_query(format!(
            "Column '{field}' does not exist. It may have been deleted by another user."
        )))
    })
}

fn create(call: &Call<'_>, list: &str) -> Outcome<Answer> {
    let body = call.body()?;
    check_type(call, list, &body)?;
    call.change(Need::Write, |site| {
        let (author, now) = call.stamp(site);
        let id = site.add_item(list, &body, TagForm::SharePoint, author, now)?;
        let (list, item) = found(site, list, id)?;
        let mut entity = item_entity::entity(call, site, list, &item);
        entity.select(&call.options.select())?;
        Ok(Answer::Created(entity))
    })
}

fn update(call: &Call<'_>, list: &str, id: u32) -> Outcome<Answer> {
    let body = call.body()?;
    check_type(call, list, &body)?;
    call.change(Need::Write, |site| {
        let mut values = body;
        if call.verb == "PUT" {
            blank_the_rest(site, list, &mut values);
        }
        let stamp = call.stamp(site);
        site.edit_item((list, id), &values, TagForm::SharePoint, call.header("if-match"), stamp)?;
        let (_, item) = found(site, list, id)?;
        Ok(Answer::Empty(StatusCode::NO_CONTENT, Some(item.etag())))
    })
}

/// PUT replaces: columns that the body does not name are cleared.
fn blank_the_rest(site: &Site, list: &str, values: &mut Map<String, Value>) {
    for column in site.list(list).into_iter().flat_map(|list| &list.columns) {
        let person = format!("{}Id", column.name);
        let name = if column.kind == crate::sites::ColumnKind::Person { &person } else { &column.name };
        values.entry(name.clone()).or_insert(Value::Null);
    }
}

fn recycle(call: &Call<'_>, list: &str, id: u32) -> Outcome<String> {
    let file = call.read(Need::Write, |site| {
        let library = site.list(list).filter(|list| list.is_library());
        Ok(library.and_then(|_| site.drive_item_of(id)).map(str::to_owned))
    })?;
    if let Some(file) = file {
        return files::recycle(call, &file);
    }
    call.change(Need::Write, |site| {
        let stamp = call.stamp(site);
        Ok(site.recycle_item((list, id), call.header("if-match"), stamp)?)
    })
}

/// A verbose body must name the list's item type; the other flavours need not.
fn check_type(call: &Call<'_>, list: &str, body: &Map<String, Value>) -> Outcome<()> {
    let named = body.get("__metadata").and_then(|about| about["type"].as_str());
    let named = named.or_else(|| body.get("odata.type").and_then(Value::as_str));
    let expected = call.read(Need::Read, |site| Ok(site.list(list).map(List::entity_type)))?;
    match named {
        Some(name)
            if expected.as_deref() == Some(name) || name == "SP.ListItem" || name == "SP.Data.ListItem" =>
        {
            Ok(())
        }
        Some(name) => Err(SpError::bad_query(format!(
            "A type named '{name}' could not be resolved by the model. When a model is available, each type name must \
             resolve to a valid type."
        ))),
        None if call.body_is_verbose() => Err(SpError::bad_query(
            "An entry without a type name was found, but no expected type was specified. To allow entries without type \
             information, the expected type must also be specified when the model is specified.",
        )),
        None => Ok(()),
    }
}
