//! Rows of a table.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::range::{self, RangeRef, write_cells};
use super::range_json::values;
use super::tables::{find, on_sheet};
use super::{Wb, error, member};
use crate::files::workbook::{Area, Book, BookError, TableInfo};
use crate::graph::reply::{GraphError, Outcome, empty, entity, json_response, ok};
use crate::graph::segments::Function;

pub(super) fn handle(wb: &Wb<'_>, sheet: Option<&str>, table: &str, path: &[&str]) -> Outcome {
    match path {
        [] if wb.is(&Method::GET) => list(wb, sheet, table),
        [] | ["add"] if wb.is(&Method::POST) => add(wb, sheet, table),
        [] | ["$"] => Err(GraphError::method()),
        ["$count" | "count" | "count()"] => {
            let count = wb.read(|book| Ok(find(book, sheet, table)?.body().rows()))?;
            Ok(ok(&json!({ "@odata.context": wb.call.context("Edm.Int32"), "value": count })))
        }
        ["$", rest @ ..] => handle(wb, sheet, table, rest),
        [key, rest @ ..] => {
            let function = Function::parse(key);
            let index = match function.name.as_str() {
                "itemAt" => function.number("index"),
                plain => plain.parse().ok(),
            };
            let index =
                index.and_then(|index| u32::try_from(index).ok()).ok_or_else(error::invalid_argument)?;
            one(wb, &RowOf { sheet, table, index }, rest)
        }
    }
}

/// Which row of which table.
struct RowOf<'k> {
    sheet: Option<&'k str>,
    table: &'k str,
    index: u32,
}

impl RowOf<'_> {
    fn locate(&self, book: &Book) -> Result<(TableInfo, RangeRef), BookError> {
        let table = find(book, self.sheet, self.table)?;
        let area = table.row(self.index).ok_or(BookError::NotFound)?;
        let range = on_sheet(book, &table, area)?;
        Ok((table, range))
    }
}

fn shown(wb: &Wb<'_>, book: &Book, table: &TableInfo, index: u32, area: Area) -> Value {
    json!({
        "@odata.id": wb.id(&format!("tables('{}')/rows/itemAt(index={index})", table.id)),
        "index": index,
        "values": values(book, table.sheet, area),
    })
}

fn list(wb: &Wb<'_>, sheet: Option<&str>, table: &str) -> Outcome {
    let number = |name: &str| wb.call.option(name).map(str::parse::<usize>).transpose();
    let (top, skip) = match (number("$top"), number("$skip")) {
        (Ok(top), Ok(skip)) => (top.unwrap_or(usize::MAX), skip.unwrap_or(0)),
        _ => return Err(error::invalid_argument()),
    };
    let rows = wb.read(|book| {
        let table = find(book, sheet, table)?;
        let body = table.body();
        let indices = (0..body.rows()).skip(skip).take(top);
        Ok(indices
            .filter_map(|index| {
                table.row(index).map(|area| wb.call.select(shown(wb, book, &table, index, area)))
            })
            .collect())
    })?;
    Ok(wb.call.collection("rows", rows, None))
}

/// `{"index": null, "values": [[…], …]}`; the answer is the first new row, with the values of all.
fn add(wb: &Wb<'_>, sheet: Option<&str>, table: &str) -> Outcome {
    let body = wb.call.body()?;
    let index = match member(&body, "index") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_u64().ok_or_else(error::invalid_argument)? as u32),
    };
    let rows: Vec<Vec<Value>> = member(&body, "values")
        .and_then(|values| serde_json::from_value(values.clone()).ok())
        .ok_or_else(error::invalid_argument)?;
    let value = wb.write_then(
        |book| {
            let info = find(book, sheet, table)?;
            Ok((book.add_rows(&info, index, &rows)?, info.id))
        },
        |book, (first, id)| {
            let info = book.table(&id)?;
            let start = info.row(first).ok_or(BookError::NotFound)?;
            let area = Area { bottom: start.top + rows.len() as u32 - 1, ..start };
            Ok(shown(wb, book, &info, first, area))
        },
    )?;
    Ok(json_response(StatusCode::CREATED, &entity(wb.call.context("rows/$entity"), value)))
}

fn one(wb: &Wb<'_>, row: &RowOf<'_>, path: &[&str]) -> Outcome {
    let method = &wb.call.request.method;
    match (method, path) {
        (&Method::GET, []) => {
            let value = wb.read(|book| {
                let (table, range) = row.locate(book)?;
                Ok(shown(wb, book, &table, row.index, range.area))
            })?;
            Ok(ok(&entity(wb.call.context("rows/$entity"), wb.call.select(value))))
        }
        (&Method::PATCH, []) => {
            let body = wb.call.body()?;
            if member(&body, "values").is_none() {
                return Err(error::invalid_argument());
            }
            let value = wb.write_then(
                |book| {
                    let (table, range) = row.locate(book)?;
                    write_cells(book, &range, &body)?;
                    Ok((table, range))
                },
                |book, (table, range)| Ok(shown(wb, book, &table, row.index, range.area)),
            )?;
            Ok(ok(&entity(wb.call.context("rows/$entity"), value)))
        }
        (&Method::DELETE, []) => {
            wb.write(|book| {
                let table = find(book, row.sheet, row.table)?;
                book.remove_row(&table, row.index)
            })?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (_, [function, rest @ ..]) if Function::parse(function).name == "range" => {
            let locate = |book: &Book| row.locate(book).map(|(_, range)| range);
            range::handle(wb, &locate, rest)
        }
        (_, []) => Err(GraphError::method()),
        (_, [other, ..]) => Err(GraphError::segment(other)),
    }
}
