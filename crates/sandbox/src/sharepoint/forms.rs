//! `AddValidateUpdateItemUsingPath` and `ValidateUpdateListItem`: values as texts, an error a field.

use serde_json::{Map, Value, json};

use crate::sites::{ColumnKind, List, Need, Site, TagForm, coerce};

use super::Call;
use super::entity::Answer;
use super::error::{Outcome, SpError};

pub(super) fn add(call: &Call<'_>, list: &str) -> Outcome<Answer> {
    let given = form_values(call)?;
    call.change(Need::Write, |site| {
        let Checked { mut rows, values } = checked(site, list, &given)?;
        let Some(values) = values else { return Ok(answer("AddValidateUpdateItemUsingPath", rows)) };
        let (author, now) = call.stamp(site);
        let id = site.add_item(list, &values, TagForm::SharePoint, author, now)?;
        rows.push(row("Id", &json!(id.to_string()), None, id));
        Ok(answer("AddValidateUpdateItemUsingPath", rows))
    })
}

pub(super) fn update(call: &Call<'_>, list: &str, id: u32) -> Outcome<Answer> {
    let given = form_values(call)?;
    call.change(Need::Write, |site| {
        let Checked { rows, values } = checked(site, list, &given)?;
        if let Some(values) = values {
            let stamp = call.stamp(site);
            site.edit_item((list, id), &values, TagForm::SharePoint, None, stamp)?;
        }
        Ok(answer("ValidateUpdateListItem", rows))
    })
}

fn answer(name: &'static str, rows: Vec<Value>) -> Answer {
    Answer::Result { name, value: rows.into() }
}

fn form_values(call: &Call<'_>) -> Outcome<Vec<(String, Value)>> {
    let body = call.body()?;
    let given =
        body.get("formValues").ok_or_else(|| SpError::bad_query("The parameter formValues is missing."))?;
    let rows = given.get("results").unwrap_or(given).as_array();
    let rows = rows.ok_or_else(|| SpError::bad_query("The parameter formValues is not a collection."))?;
    let pair = |row: &Value| Some((row["FieldName"].as_str()?.to_owned(), row["FieldValue"].clone()));
    rows.iter()
        .map(|row| pair(row).ok_or_else(|| SpError::bad_query("A form value needs a FieldName.")))
        .collect()
}

/// One answer row a value, and the values to write when none of them is wrong.
struct Checked {
    rows: Vec<Value>,
    values: Option<Map<String, Value>>,
}

fn checked(site: &Site, list: &str, given: &[(String, Value)]) -> Outcome<Checked> {
    let list = site.list(list).ok_or(crate::sites::EditError::NoList)?;
    let (mut rows, mut values, mut failed) = (Vec::new(), Map::new(), false);
    for (name, value) in given {
        // Every list has one content type; naming it changes nothing.
        if matches!(name.as_str(), "ContentType" | "ContentTypeId") {
            rows.push(row(name, value, None, 0));
            continue;
        }
        let fault = match converted(site, list, name, value) {
            Ok((name, value)) => {
                values.insert(name, value);
                None
            }
            Err(message) => {
                failed = true;
                Some(message)
            }
        };
        rows.push(row(name, value, fault.as_deref(), 0));
    }
    Ok(Checked { rows, values: (!failed).then_some(values) })
}

fn converted(site: &Site, list: &List, name: &str, value: &Value) -> Result<(String, Value), String> {
    let column = list.column(name).ok_or_else(|| format!("Column '{name}' does not exist."))?;
    match &column.kind {
        ColumnKind::Person => {
            let id = picked_person(site, value).ok_or("The user does not exist or is not unique.")?;
            Ok((format!("{}Id", column.name), id))
        }
        ColumnKind::Choice(choices) => {
            let known = value
                .as_str()
                .is_some_and(|text| text.is_empty() || choices.iter().any(|choice| choice == text));
            if known {
                Ok((column.name.clone(), value.clone()))
            } else {
                Err("The value is not one of the choices.".to_owned())
            }
        }
        _ => coerce(site, column, value)
            .map(|value| (column.name.clone(), value))
            .map_err(|error| error.to_string()),
    }
}

/// `[{'Key':'i:0#.f|membership|ada@…'}]` as JSON text.
fn picked_person(site: &Site, value: &Value) -> Option<Value> {
    let picked: Value = serde_json::from_str(value.as_str()?).ok()?;
    let login = picked[0]["Key"].as_str()?;
    let user = site.users.iter().find(|user| {
        crate::sites::login_name(user).eq_ignore_ascii_case(login) || user.email.eq_ignore_ascii_case(login)
    })?;
    Some(json!(user.id))
}

fn row(name: &str, value: &Value, fault: Option<&str>, item_id: u32) -> Value {
    json!({
        "ErrorCode": if fault.is_some() { -2_130_575_155_i64 } else { 0 },
        "ErrorMessage": fault,
        "FieldName": name,
        "FieldValue": value,
        "HasException": fault.is_some(),
        "ItemId": item_id,
    })
}
