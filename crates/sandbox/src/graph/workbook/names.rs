//! Defined names, of the workbook or of one sheet.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::range::{self, of_formula};
use super::{Wb, error, member};
use crate::files::workbook::{Area, Book, BookError, Name};
use crate::graph::reply::{GraphError, Outcome, entity, json_response, ok};
use crate::graph::segments::Function;

pub(super) fn handle(wb: &Wb<'_>, sheet: Option<&str>, path: &[&str]) -> Outcome {
    match path {
        [] if wb.is(&Method::GET) => {
            let names = wb.read(|book| of_scope(book, sheet))?;
            let values = names.iter().map(|name| wb.call.select(shown(wb, name))).collect();
            Ok(wb.call.collection("names", values, None))
        }
        ["add" | "addFormulaLocal"] if wb.is(&Method::POST) => add(wb, sheet),
        [name] if wb.is(&Method::GET) => {
            let found = wb.read(|book| find(book, sheet, name))?;
            Ok(ok(&entity(wb.call.context("names/$entity"), wb.call.select(shown(wb, &found)))))
        }
        [name, "worksheet"] if wb.is(&Method::GET) => {
            let found = wb.read(|book| of_formula(book, &find(book, sheet, name)?.formula))?;
            super::worksheets::of_index(wb, found.sheet)
        }
        [name, function, rest @ ..] if Function::parse(function).name == "range" => {
            let locate = |book: &Book| of_formula(book, &find(book, sheet, name)?.formula);
            range::handle(wb, &locate, rest)
        }
        [] | [_] => Err(GraphError::method()),
        [_, other, ..] => Err(GraphError::segment(other)),
    }
}

fn of_scope(book: &Book, sheet: Option<&str>) -> Result<Vec<Name>, BookError> {
    let own = sheet.map(|key| book.sheet(key)).transpose()?.map(|info| info.index);
    Ok(book.names().into_iter().filter(|name| own.is_none() || name.sheet == own).collect())
}

fn find(book: &Book, sheet: Option<&str>, name: &str) -> Result<Name, BookError> {
    let all = of_scope(book, sheet)?;
    all.into_iter().find(|known| known.name.eq_ignore_ascii_case(name)).ok_or(BookError::NotFound)
}

fn shown(wb: &Wb<'_>, name: &Name) -> Value {
    let is_range = matches!(Area::parse_with_sheet(&name.formula), Some((Some(_), _)));
    let (kind, value) = match (is_range, name.formula.parse::<f64>()) {
        (true, _) => ("Range", json!(name.formula)),
        (false, Ok(number)) => ("Double", crate::files::workbook::number_json(number)),
        (false, Err(_)) => ("String", json!(format!("={}", name.formula))),
    };
    json!({
        "@odata.id": wb.id(&format!("names('{}')", name.name)),
        "comment": "",
        "name": name.name,
        "scope": if name.sheet.is_some() { "Worksheet" } else { "Workbook" },
        "type": kind,
        "value": value,
        "visible": name.visible,
    })
}

/// `{name, reference}` (text, or an object with an address) or `{name, formula}`. The comment has no place in the
/// file as umya writes it.
fn add(wb: &Wb<'_>, sheet: Option<&str>) -> Outcome {
    let body = wb.call.body()?;
    let name = member(&body, "name").and_then(Value::as_str).ok_or_else(error::invalid_argument)?.to_owned();
    let reference = member(&body, "reference").or_else(|| member(&body, "formula"));
    let formula = match reference {
        Some(Value::String(text)) => text.trim().trim_start_matches('=').to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Object(object)) => {
            member(object, "address").and_then(Value::as_str).ok_or_else(error::invalid_argument)?.to_owned()
        }
        _ => return Err(error::invalid_argument()),
    };
    let added = wb.write(|book| {
        let own = sheet.map(|key| book.sheet(key)).transpose()?;
        let formula = match Area::parse_with_sheet(&formula) {
            Some((Some(on), area)) => area.absolute(&book.sheet(&on)?.name),
            Some((None, _)) | None if formula.is_empty() => return Err(super::invalid(range::BAD)),
            Some((None, area)) => match &own {
                Some(own) => area.absolute(&own.name),
                None => {
                    range::resolve(book, None, &area.a1()).map(|found| area.absolute(&found.sheet_name))?
                }
            },
            None => formula,
        };
        book.add_name(&name, &formula, own.as_ref().map(|own| own.index))?;
        find(book, sheet, &name)
    })?;
    let value = entity(wb.call.context("names/$entity"), shown(wb, &added));
    Ok(json_response(StatusCode::CREATED, &value))
}
