//! `RenderListDataAsStream`: rows as texts, the way the list view reads them.

use serde_json::{Map, Value, json};

use crate::sites::{ColumnKind, Item, List, Need, Site, iso};

use super::Call;
use super::entity::Answer;
use super::error::{Outcome, SpError};
use super::{caml, item_entity, lists};

pub(super) fn render(call: &Call<'_>, list: &str) -> Outcome<Answer> {
    let body = call.body()?;
    let parameters = body.get("parameters").unwrap_or(&Value::Null);
    let xml = parameters["ViewXml"].as_str().unwrap_or("<View><RowLimit Paged=\"TRUE\">30</RowLimit></View>");
    let value = rows(call, list, xml, parameters["Paging"].as_str().unwrap_or_default())?;
    Ok(Answer::Result { name: "RenderListDataAsStream", value })
}

/// `RenderListData(viewXml)`: the same as a text.
pub(super) fn render_text(call: &Call<'_>, list: &str, xml: Option<&str>) -> Outcome<Answer> {
    let body = call.body()?;
    let xml = xml.or_else(|| body.get("viewXml").and_then(Value::as_str));
    let xml = xml.ok_or_else(|| SpError::bad_query("The parameter viewXml is missing."))?;
    let value = rows(call, list, xml, "")?;
    Ok(Answer::Scalar { name: "RenderListData".to_owned(), value: value.to_string().into() })
}

fn rows(call: &Call<'_>, list: &str, xml: &str, paging: &str) -> Outcome<Value> {
    let mut view = caml::parse(xml).map_err(SpError::bad_query)?;
    view.query.after = paging_id(paging);
    call.read(Need::Read, |site| {
        let list = lists::found(site, list)?;
        caml::check_fields(list, &view)?;
        let page = list.page(site, &view.query)?;
        let rows: Vec<Value> = page.items.iter().map(|item| row(site, list, item, &view.fields)).collect();
        let mut value = json!({
            "Row": rows,
            "FirstRow": 1,
            "FolderPermissions": "0x7fffffffffffffff",
            "LastRow": rows.len(),
            "RowLimit": view.row_limit,
        });
        if let Some(after) = page.next {
            value["NextHref"] = format!("?Paged=TRUE&p_ID={after}&PageFirstRow={}", rows.len() + 1).into();
        }
        Ok(value)
    })
}

/// `Paged=TRUE&p_ID=30&PageFirstRow=31`, with or without the question mark.
pub(super) fn paging_id(paging: &str) -> Option<u32> {
    paging.trim_start_matches('?').split('&').find_map(|part| part.strip_prefix("p_ID="))?.parse().ok()
}

fn row(site: &Site, list: &List, item: &Item, wanted: &[String]) -> Value {
    let mut row = Map::new();
    row.insert("ID".to_owned(), item.id.to_string().into());
    row.insert("UniqueId".to_owned(), format!("{{{}}}", item.guid.to_uppercase()).into());
    row.insert("FSObjType".to_owned(), "0".into());
    let names = list.columns.iter().filter(|column| wanted.is_empty() || wanted.contains(&column.name));
    for column in names {
        let value = match column.kind {
            ColumnKind::Person => people(site, item.fields.get(&column.name)),
            ColumnKind::Number => caml::plain(item.fields.get(&column.name).unwrap_or(&Value::Null)).into(),
            ref kind => item_entity::text_of(site, item, &column.name, kind).into(),
        };
        row.insert(column.name.clone(), value);
    }
    let listed = |name: &str| wanted.iter().any(|found| found == name);
    for (name, value) in [("Modified", iso(item.modified_ms)), ("Created", iso(item.created_ms))] {
        if wanted.is_empty() || listed(name) {
            row.insert(name.to_owned(), value.into());
        }
    }
    for (name, id) in [("Author", item.author), ("Editor", item.editor)] {
        if wanted.is_empty() || listed(name) {
            row.insert(name.to_owned(), people(site, Some(&json!(id))));
        }
    }
    Value::Object(row)
}

fn people(site: &Site, id: Option<&Value>) -> Value {
    let user = id.and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok()).and_then(|id| site.user(id));
    match user {
        Some(user) => {
            json!([{"id": user.id.to_string(), "title": user.title, "email": user.email, "sip": user.email}])
        }
        None => json!(""),
    }
}
