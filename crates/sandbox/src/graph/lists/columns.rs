//! `columnDefinition` and `contentType` resources.

use serde_json::{Value, json};

use crate::sites::{Column, ColumnKind, List, Need, SiteKey, built_in};

use super::Call;
use super::answer::{GraphError, Outcome, created, ok};

pub(super) fn list_columns(call: &Call<'_>, key: &SiteKey, name: &str) -> Outcome {
    call.read(key, Need::Read, |site| {
        let list = site.list(name).ok_or_else(|| GraphError::not_found("list"))?;
        let fragment = format!("sites('{}')/lists('{}')/columns", call.site_id(site), list.id);
        ok(&json!({"@odata.context": call.context(&fragment), "value": all_json(list)}))
    })
}

pub(super) fn site_columns(call: &Call<'_>, key: &SiteKey) -> Outcome {
    call.read(key, Need::Read, |site| {
        let value: Value = built_in().iter().map(column_json).collect();
        ok(&json!({"@odata.context": call.context(&format!("sites('{}')/columns", call.site_id(site))), "value": value}))
    })
}

pub(super) fn content_types(call: &Call<'_>, key: &SiteKey, list: Option<&str>) -> Outcome {
    call.read(key, Need::Read, |site| {
        let value = match list {
            Some(name) => {
                let list = site.list(name).ok_or_else(|| GraphError::not_found("list"))?;
                json!([content_type_json(list.is_library())])
            }
            None => json!([content_type_json(false), content_type_json(true)]),
        };
        let context = call.context(&format!("sites('{}')/contentTypes", call.site_id(site)));
        ok(&json!({"@odata.context": context, "value": value}))
    })
}

pub(super) fn add(call: &Call<'_>, key: &SiteKey, name: &str) -> Outcome {
    let body = call.body()?;
    call.change(key, Need::Manage, |site| {
        let list = site.list_mut(name).ok_or_else(|| GraphError::not_found("list"))?;
        let column = from_json(&list.title, &body)?;
        if list.column(&column.name).is_some() {
            let message = "A column with this name exists already";
            return Err(GraphError::new(http::StatusCode::CONFLICT, "nameAlreadyExists", message));
        }
        let answer = column_json(&column);
        list.columns.push(column);
        created(&answer)
    })
}

/// Reads a column definition given by a caller.
pub(super) fn from_json(list: &str, body: &Value) -> Result<Column, GraphError> {
    let name = body["name"].as_str().unwrap_or_default();
    let legal = |char: char| char.is_alphanumeric() || char == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
        return Err(GraphError::bad_request("A column needs a name of letters, digits and underscores"));
    }
    let kind = if body["choice"].is_object() {
        let choices = body["choice"]["choices"].as_array().into_iter().flatten();
        ColumnKind::Choice(choices.filter_map(Value::as_str).map(str::to_owned).collect())
    } else if body["number"].is_object() {
        ColumnKind::Number
    } else if body["boolean"].is_object() {
        ColumnKind::Boolean
    } else if body["dateTime"].is_object() {
        ColumnKind::DateTime
    } else if body["personOrGroup"].is_object() {
        ColumnKind::Person
    } else if body["text"]["allowMultipleLines"] == json!(true) {
        ColumnKind::Note
    } else if body["text"].is_object() {
        ColumnKind::Text
    } else {
        return Err(GraphError::bad_request("The column type is missing or not supported"));
    };
    let title = body["displayName"].as_str().unwrap_or(name);
    let mut column = Column::new(list, name, title, kind);
    column.indexed = body["indexed"] == json!(true);
    column.required = body["required"] == json!(true);
    column.hidden = body["hidden"] == json!(true);
    Ok(column)
}

pub(super) fn all_json(list: &List) -> Value {
    list.columns.iter().chain(built_in()).map(column_json).collect()
}

fn column_json(column: &Column) -> Value {
    let mut body = json!({
        "columnGroup": "Custom Columns",
        "description": "",
        "displayName": column.title,
        "enforceUniqueValues": false,
        "hidden": column.hidden,
        "id": column.id,
        "indexed": column.indexed,
        "name": column.name,
        "readOnly": column.read_only,
        "required": column.required,
    });
    let (facet, value) = match &column.kind {
        ColumnKind::Note => (
            "text",
            json!({"allowMultipleLines": true, "appendChangesToExistingText": false, "linesForEditing": 6, "textType": "plain"}),
        ),
        ColumnKind::Number => ("number", json!({"decimalPlaces": "automatic", "displayAs": "number"})),
        ColumnKind::DateTime => ("dateTime", json!({"displayAs": "default", "format": "dateTime"})),
        ColumnKind::Choice(choices) => {
            ("choice", json!({"allowTextEntry": false, "choices": choices, "displayAs": "dropDownMenu"}))
        }
        ColumnKind::Boolean => ("boolean", json!({})),
        ColumnKind::Person => (
            "personOrGroup",
            json!({"allowMultipleSelection": false, "chooseFromType": "peopleOnly", "displayAs": "nameWithPresence"}),
        ),
        ColumnKind::Counter => ("number", json!({"decimalPlaces": "none", "displayAs": "number"})),
        _ => ("text", json!({"allowMultipleLines": false, "maxLength": 255})),
    };
    body[facet] = value;
    body
}

/// `Item` or `Document`.
pub(super) fn content_type_json(document: bool) -> Value {
    let (id, name, group, about) = match document {
        false => ("0x01", "Item", "List Content Types", "Create a new list item."),
        true => ("0x0101", "Document", "Document Content Types", "Create a new document."),
    };
    json!({
        "id": id, "name": name, "group": group, "description": about, "hidden": false, "isBuiltIn": true,
        "readOnly": false, "sealed": false,
    })
}
