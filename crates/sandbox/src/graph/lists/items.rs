//! `listItem` routes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::sites::{Dialect, Item, ItemQuery, List, Need, Order, Site, SiteKey, TagForm, parse_filter};

use super::Call;
use super::answer::{GraphError, Outcome, created, no_content, ok};
use super::item_json::fields_json;
pub(super) use super::item_json::item_json;
use super::options::{Options, keep_selected};

/// Page size without `$top`, and the largest `$top` that counts.
const DEFAULT_TOP: usize = 200;
const MAX_TOP: usize = 5000;

pub(super) fn list(call: &Call<'_>, key: &SiteKey, name: &str) -> Outcome {
    if call.options.get("skip").is_some() {
        return Err(GraphError::bad_request(
            "$skip is not supported on this API. Only URLs returned by the API can be used to page.",
        ));
    }
    let query = query_of(call)?;
    call.read(key, Need::Read, |site| {
        let list = site.list(name).ok_or_else(|| GraphError::not_found("list"))?;
        check_fields(call, list, &query)?;
        let too_many = |_| {
            let message = "The request is unprocessable because it uses too many resources";
            GraphError::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessableEntity", message)
        };
        let page = list.page(site, &query).map_err(too_many)?;
        let fields = call.options.expand("fields");
        let select = call.options.select();
        let value: Vec<Value> = page
            .items
            .iter()
            .map(|item| selected(item_json(call, site, list, item, fields.as_ref()), select.as_deref()))
            .collect();
        let fragment = format!("sites('{}')/lists('{}')/items", call.site_id(site), list.id);
        let mut body = json!({"@odata.context": call.context(&fragment), "value": value});
        if let Some(after) = page.next {
            let token = URL_SAFE_NO_PAD.encode(format!("Paged=TRUE&p_ID={after}"));
            body["@odata.nextLink"] =
                format!("{}?{}", call.url(), call.options.continued("$skiptoken", &token)).into();
        }
        ok(&body)
    })
}

pub(super) fn show(call: &Call<'_>, key: &SiteKey, list: &str, id: &str) -> Outcome {
    call.read(key, Need::Read, |site| {
        let (list, item) = found(site, list, id)?;
        // One item comes with its fields even when nobody asks.
        let fields = call.options.expand("fields").unwrap_or_default();
        let select = call.options.select();
        let expanded = select.is_none() || call.options.expand("fields").is_some();
        let body = item_json(call, site, list, &item, expanded.then_some(&fields));
        let mut body = selected(body, select.as_deref());
        body["@odata.context"] = item_context(call, site, list).into();
        ok(&body)
    })
}

pub(super) fn show_fields(call: &Call<'_>, key: &SiteKey, list: &str, id: &str) -> Outcome {
    call.read(key, Need::Read, |site| {
        let (list, item) = found(site, list, id)?;
        ok(&fields_answer(call, site, list, &item))
    })
}

pub(super) fn create(call: &Call<'_>, key: &SiteKey, list: &str) -> Outcome {
    let fields = fields_of(call.body()?)?;
    call.change(key, Need::Write, |site| {
        let author = call.author(site);
        let id = site.add_item(list, &fields, TagForm::Graph, author, call.now_ms())?;
        let (list, item) = found(site, list, &id.to_string())?;
        let mut body = item_json(call, site, list, &item, Some(&Options::default()));
        body["@odata.context"] = item_context(call, site, list).into();
        created(&body)
    })
}

/// PATCH of the item: only its `fields` can be changed.
pub(super) fn update(call: &Call<'_>, key: &SiteKey, list: &str, id: &str) -> Outcome {
    let fields = fields_of(call.body()?)?;
    edit(call, key, list, id, &fields, |call, site, list, item| {
        let mut body = item_json(call, site, list, item, Some(&Options::default()));
        body["@odata.context"] = item_context(call, site, list).into();
        body
    })
}

pub(super) fn update_fields(call: &Call<'_>, key: &SiteKey, list: &str, id: &str) -> Outcome {
    let body = call.body()?;
    let fields = body.as_object().ok_or_else(|| GraphError::bad_request("Invalid request"))?;
    edit(call, key, list, id, fields, fields_answer)
}

fn edit(
    call: &Call<'_>,
    key: &SiteKey,
    list: &str,
    id: &str,
    fields: &Map<String, Value>,
    answer: impl FnOnce(&Call<'_>, &Site, &List, &Item) -> Value,
) -> Outcome {
    let number = number(id)?;
    call.change(key, Need::Write, |site| {
        let by = (call.author(site), call.now_ms());
        site.edit_item((list, number), fields, TagForm::Graph, call.header("if-match"), by)?;
        let (list, item) = found(site, list, id)?;
        ok(&answer(call, site, list, &item))
    })
}

pub(super) fn delete(call: &Call<'_>, key: &SiteKey, list: &str, id: &str) -> Outcome {
    let number = number(id)?;
    if let Some(file) = call.file_of(key, list, number)? {
        let stamp = call.file_stamp();
        call.world.files.recycle(&file, &stamp).map_err(|_| GraphError::not_found("item"))?;
        return no_content();
    }
    call.change(key, Need::Write, |site| {
        let by = (call.author(site), call.now_ms());
        site.recycle_item((list, number), call.header("if-match"), by)?;
        no_content()
    })
}

fn query_of(call: &Call<'_>) -> Result<ItemQuery, GraphError> {
    let filter = match call.options.get("filter") {
        Some(text) => Some(parse_filter(text, Dialect::Graph).map_err(GraphError::bad_request)?),
        None => None,
    };
    let order = call.options.get("orderby").map(Order::parse).unwrap_or_default();
    let after = match call.options.get("skiptoken") {
        Some(token) => Some(after_of(token).ok_or_else(|| GraphError::bad_request("Invalid page token"))?),
        None => None,
    };
    Ok(ItemQuery { filter, order, top: call.options.top(DEFAULT_TOP, MAX_TOP)?, after })
}

fn after_of(token: &str) -> Option<u32> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?).ok()?;
    text.strip_prefix("Paged=TRUE&p_ID=")?.parse().ok()
}

/// Unknown fields are refused, and unindexed ones unless the caller says that the query may fail.
fn check_fields(call: &Call<'_>, list: &List, query: &ItemQuery) -> Result<(), GraphError> {
    let filtered = query.filter.iter().flat_map(|filter| filter.fields());
    let known = |field: &str| {
        list.queried_column(field).is_some() || matches!(field, "createdDateTime" | "lastModifiedDateTime")
    };
    if let Some(field) =
        filtered.chain(query.order.iter().map(|order| order.field.as_str())).find(|field| !known(field))
    {
        return Err(GraphError::bad_request(format!("Field '{field}' is not recognized")));
    }
    let prefer = call.header("prefer").unwrap_or_default().to_ascii_lowercase();
    let honoured = prefer.contains("honornonindexedquerieswarningmayfailrandomly");
    match list.unindexed(query) {
        Some(field) if !honoured => Err(GraphError::bad_request(format!(
            "Field '{field}' cannot be referenced in filter or orderby as it is not indexed. Provide the \
             'Prefer: HonorNonIndexedQueriesWarningMayFailRandomly' header to allow this, but be warned that such \
             queries may fail on large lists."
        ))),
        _ => Ok(()),
    }
}

fn selected(mut body: Value, select: Option<&[String]>) -> Value {
    if let Some(entity) = body.as_object_mut() {
        keep_selected(entity, select, &["fields"]);
    }
    body
}

fn fields_of(body: Value) -> Result<Map<String, Value>, GraphError> {
    match body {
        Value::Object(mut body) => match body.remove("fields") {
            Some(Value::Object(fields)) => Ok(fields),
            None => Ok(Map::new()),
            Some(_) => Err(GraphError::bad_request("fields must be an object")),
        },
        _ => Err(GraphError::bad_request("Invalid request")),
    }
}

fn fields_answer(call: &Call<'_>, site: &Site, list: &List, item: &Item) -> Value {
    let mut body = fields_json(list, item, &call.options);
    let fragment =
        format!("sites('{}')/lists('{}')/items('{}')/fields/$entity", call.site_id(site), list.id, item.id);
    body["@odata.context"] = call.context(&fragment).into();
    body
}

fn item_context(call: &Call<'_>, site: &Site, list: &List) -> String {
    call.context(&format!("sites('{}')/lists('{}')/items/$entity", call.site_id(site), list.id))
}

fn number(id: &str) -> Result<u32, GraphError> {
    id.parse().map_err(|_| GraphError::bad_request("The list item id is not a number"))
}

fn found<'a>(site: &'a Site, list: &str, id: &str) -> Result<(&'a List, Item), GraphError> {
    let list = site.list(list).ok_or_else(|| GraphError::not_found("list"))?;
    let item = list.item(number(id)?).ok_or(crate::sites::EditError::NoItem)?;
    Ok((list, item.into_owned()))
}
