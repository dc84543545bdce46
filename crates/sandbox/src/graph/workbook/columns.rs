//! Columns of a table.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::range::{self, write_cells};
use super::range_json::values;
use super::tables::{find, on_sheet};
use super::{Wb, error, filter, member};
use crate::files::workbook::{Area, Book, BookError, TableInfo};
use crate::graph::reply::{GraphError, Outcome, empty, entity, json_response, ok};
use crate::graph::segments::Function;

pub(super) fn handle(wb: &Wb<'_>, sheet: Option<&str>, table: &str, path: &[&str]) -> Outcome {
    match path {
        [] if wb.is(&Method::GET) => {
            let columns = wb.read(|book| {
                let table = find(book, sheet, table)?;
                Ok((0..table.columns.len()).map(|at| shown(wb, book, &table, at)).collect::<Vec<_>>())
            })?;
            let (page, _) = wb.call.page(columns, 1000)?;
            let values = page.into_iter().map(|column| wb.call.select(column)).collect();
            Ok(wb.call.collection("columns", values, None))
        }
        [] | ["add"] if wb.is(&Method::POST) => add(wb, sheet, table),
        [] => Err(GraphError::method()),
        ["$count" | "count" | "count()"] => {
            let count = wb.read(|book| Ok(find(book, sheet, table)?.columns.len()))?;
            Ok(ok(&json!({ "@odata.context": wb.call.context("Edm.Int32"), "value": count })))
        }
        [key, rest @ ..] => {
            let function = Function::parse(key);
            // `itemAt` counts from 0, ids from 1.
            let id = (function.name == "itemAt")
                .then(|| function.number("index").map(|index| index + 1))
                .flatten();
            let key = id.map_or_else(|| (*key).to_owned(), |id| id.to_string());
            one(wb, &ColumnOf { sheet, table, key: &key }, rest)
        }
    }
}

/// Which column of which table.
pub(super) struct ColumnOf<'k> {
    sheet: Option<&'k str>,
    table: &'k str,
    key: &'k str,
}

impl ColumnOf<'_> {
    /// The table and the column's position.
    pub fn locate(&self, book: &Book) -> Result<(TableInfo, usize), BookError> {
        let table = find(book, self.sheet, self.table)?;
        let at = table.column(self.key).ok_or(BookError::NotFound)?;
        Ok((table, at))
    }
}

fn narrow(table: &TableInfo, area: Area, at: usize) -> Area {
    let column = table.area.left + at as u32;
    Area { left: column, right: column, ..area }
}

fn shown(wb: &Wb<'_>, book: &Book, table: &TableInfo, at: usize) -> Value {
    let id = (at + 1).to_string();
    json!({
        "@odata.id": wb.id(&format!("tables('{}')/columns('{id}')", table.id)),
        "id": id,
        "index": at,
        "name": table.columns.get(at),
        "values": values(book, table.sheet, narrow(table, table.area, at)),
    })
}

/// `{name?, index?, values?: [["Header"], [1], …]}`.
fn add(wb: &Wb<'_>, sheet: Option<&str>, table: &str) -> Outcome {
    let body = wb.call.body()?;
    let index = match member(&body, "index") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_u64().ok_or_else(error::invalid_argument)? as usize),
    };
    let name = member(&body, "name").and_then(Value::as_str);
    let cells: Vec<Value> = match member(&body, "values") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(rows)) => rows
            .iter()
            .map(|row| match row {
                Value::Array(cells) => cells.first().cloned().unwrap_or(Value::Null),
                scalar => scalar.clone(),
            })
            .collect(),
        Some(_) => return Err(error::invalid_argument()),
    };
    let value = wb.write_then(
        |book| {
            let info = find(book, sheet, table)?;
            Ok((book.add_column(&info, index, name, &cells)?, info.id))
        },
        |book, (at, id)| Ok(shown(wb, book, &book.table(&id)?, at)),
    )?;
    Ok(json_response(StatusCode::CREATED, &entity(wb.call.context("columns/$entity"), value)))
}

fn one(wb: &Wb<'_>, column: &ColumnOf<'_>, path: &[&str]) -> Outcome {
    match (&wb.call.request.method, path) {
        (&Method::GET, []) => {
            let value = wb.read(|book| {
                let (table, at) = column.locate(book)?;
                Ok(shown(wb, book, &table, at))
            })?;
            Ok(ok(&entity(wb.call.context("columns/$entity"), wb.call.select(value))))
        }
        (&Method::PATCH, []) => update(wb, column),
        (&Method::DELETE, []) => {
            wb.write(|book| {
                let (table, at) = column.locate(book)?;
                book.remove_column(&table, at)
            })?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (_, ["filter", rest @ ..]) => filter::handle(wb, column, rest),
        (_, [function, rest @ ..]) => part(wb, column, function, rest),
        (_, []) => Err(GraphError::method()),
    }
}

fn update(wb: &Wb<'_>, column: &ColumnOf<'_>) -> Outcome {
    let body = wb.call.body()?;
    let value = wb.write_then(
        |book| {
            let (table, at) = column.locate(book)?;
            if member(&body, "values").is_some() {
                let range = on_sheet(book, &table, narrow(&table, table.area, at))?;
                write_cells(book, &range, &body)?;
                book.sync_headers();
            }
            if let Some(name) = member(&body, "name").and_then(Value::as_str) {
                book.rename_column(&book.table(&table.id)?, at, name)?;
            }
            Ok((at, table.id))
        },
        |book, (at, id)| Ok(shown(wb, book, &book.table(&id)?, at)),
    )?;
    Ok(ok(&entity(wb.call.context("columns/$entity"), value)))
}

fn part(wb: &Wb<'_>, column: &ColumnOf<'_>, function: &str, rest: &[&str]) -> Outcome {
    let name = Function::parse(function).name;
    let area: fn(&TableInfo) -> Option<Area> = match name.as_str() {
        "range" => |table| Some(table.area),
        "headerRowRange" => |table| Some(table.header()),
        "dataBodyRange" => |table| Some(table.body()),
        "totalRowRange" => TableInfo::total_row,
        _ => return Err(GraphError::segment(&name)),
    };
    let locate = |book: &Book| {
        let (table, at) = column.locate(book)?;
        let area = area(&table).ok_or(BookError::NotFound)?;
        on_sheet(book, &table, narrow(&table, area, at))
    };
    range::handle(wb, &locate, rest)
}
