//! Worksheets.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::range::{self, RangeRef};
use super::{Wb, error, member, names, tables};
use crate::files::workbook::{Area, Book, BookError, SheetInfo, UsedCells};
use crate::graph::reply::{GraphError, Outcome, empty, entity, json_response, ok};
use crate::graph::segments::Function;

pub(super) fn handle(wb: &Wb<'_>, path: &[&str]) -> Outcome {
    match path {
        [] if wb.is(&Method::GET) => list(wb),
        [] | ["add"] if wb.is(&Method::POST) => add(wb),
        [] => Err(GraphError::method()),
        [key] => one(wb, key),
        [key, "tables", rest @ ..] => tables::handle(wb, Some(key), rest),
        [key, "names", rest @ ..] => names::handle(wb, Some(key), rest),
        [key, "charts"] if wb.is(&Method::GET) => none(wb, key, "Collection(workbookChart)"),
        [key, "pivotTables"] if wb.is(&Method::GET) => none(wb, key, "Collection(workbookPivotTable)"),
        [_, "charts" | "pivotTables" | "protection", ..] => {
            Err(GraphError::unsupported("this part of a worksheet"))
        }
        [key, function, rest @ ..] => on_cells(wb, key, &Function::parse(function), rest),
    }
}

fn none(wb: &Wb<'_>, key: &str, kind: &str) -> Outcome {
    wb.read(|book| book.sheet(key))?;
    Ok(wb.call.collection(kind, Vec::new(), None))
}

fn list(wb: &Wb<'_>) -> Outcome {
    let sheets = wb.read(|book| Ok(book.sheets()))?;
    let (page, next) = wb.call.page(sheets, 1000)?;
    let values = page.iter().map(|sheet| wb.call.select(shown(wb, sheet))).collect();
    Ok(wb.call.collection("worksheets", values, next))
}

/// A worksheet.
pub(super) fn shown(wb: &Wb<'_>, sheet: &SheetInfo) -> Value {
    json!({
        "@odata.id": wb.id(&format!("worksheets('{}')", sheet.id)),
        "id": sheet.id,
        "name": sheet.name,
        "position": sheet.index,
        "visibility": sheet.visibility,
    })
}

fn answer(wb: &Wb<'_>, status: StatusCode, sheet: &SheetInfo) -> Outcome {
    let value = entity(wb.call.context("worksheets/$entity"), wb.call.select(shown(wb, sheet)));
    Ok(json_response(status, &value))
}

fn add(wb: &Wb<'_>) -> Outcome {
    let body = wb.call.body()?;
    let name = member(&body, "name").and_then(Value::as_str);
    let sheet = wb.write(|book| book.add_sheet(name))?;
    answer(wb, StatusCode::CREATED, &sheet)
}

fn one(wb: &Wb<'_>, key: &str) -> Outcome {
    match wb.call.request.method {
        Method::GET => {
            let sheet = wb.read(|book| book.sheet(key))?;
            answer(wb, StatusCode::OK, &sheet)
        }
        Method::PATCH => update(wb, key),
        Method::DELETE => {
            wb.write(|book| {
                let sheet = book.sheet(key)?;
                book.remove_sheet(sheet.index)
            })?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        _ => Err(GraphError::method()),
    }
}

fn update(wb: &Wb<'_>, key: &str) -> Outcome {
    let body = wb.call.body()?;
    let text = |name: &str| member(&body, name).and_then(Value::as_str);
    let position = match member(&body, "position") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_u64().ok_or_else(error::invalid_argument)? as usize),
    };
    let sheet = wb.write(|book| {
        let sheet = book.sheet(key)?;
        if let Some(name) = text("name") {
            book.rename_sheet(sheet.index, name)?;
        }
        if let Some(visibility) = text("visibility") {
            book.set_visibility(sheet.index, visibility)?;
        }
        if let Some(position) = position {
            book.move_sheet(sheet.index, position)?;
        }
        book.sheet(&sheet.id)
    })?;
    answer(wb, StatusCode::OK, &sheet)
}

fn on_cells(wb: &Wb<'_>, key: &str, function: &Function, rest: &[&str]) -> Outcome {
    match function.name.as_str() {
        "range" | "cell" | "usedRange" => {
            let locate = |book: &Book| of_function(book, key, function);
            range::handle(wb, &locate, rest)
        }
        other => Err(GraphError::segment(other)),
    }
}

fn of_function(book: &Book, key: &str, function: &Function) -> Result<RangeRef, BookError> {
    let sheet = book.sheet(key)?;
    match function.name.as_str() {
        "cell" => {
            let at = |name: &str| function.number(name).ok_or_else(|| super::invalid(super::range::BAD));
            let (row, column) = (at("row")? + 1, at("column")? + 1);
            let area =
                Area::checked(row, column, row, column).ok_or_else(|| super::invalid(super::range::BAD))?;
            Ok(RangeRef::new(&sheet, area))
        }
        "usedRange" => {
            let cells =
                if function.flag("valuesOnly") { UsedCells::ValuesOnly } else { UsedCells::WithFormats };
            Ok(RangeRef::new(&sheet, book.used_range(sheet.index, cells).unwrap_or(Area::cell(1, 1))))
        }
        _ => match function.arg("address").filter(|address| !address.trim().is_empty()) {
            None => Ok(RangeRef::new(&sheet, Area::SHEET)),
            Some(address) => range::resolve(book, Some(&sheet), address),
        },
    }
}

/// 200 with the worksheet of a range or table.
pub(super) fn of_index(wb: &Wb<'_>, index: usize) -> Outcome {
    let sheet = wb.read(|book| book.sheets().into_iter().nth(index).ok_or(BookError::NotFound))?;
    Ok(ok(&entity(wb.call.context("worksheets/$entity"), shown(wb, &sheet))))
}
