//! Tables.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::range::{self, RangeRef, resolve};
use super::{Wb, columns, error, filter, member, rows, worksheets};
use crate::files::workbook::{Area, Book, BookError, Headers, TableCells, TableInfo, TableLooks};
use crate::graph::reply::{GraphError, Outcome, empty, entity, json_response, ok};
use crate::graph::segments::Function;

/// `tables/…` of the workbook, or of one sheet.
pub(super) fn handle(wb: &Wb<'_>, sheet: Option<&str>, path: &[&str]) -> Outcome {
    match path {
        [] if wb.is(&Method::GET) => list(wb, sheet),
        [] | ["add"] if wb.is(&Method::POST) => add(wb, sheet),
        [] => Err(GraphError::method()),
        ["$count" | "count" | "count()"] => {
            let count = wb.read(|book| of_sheet(book, sheet))?.len();
            Ok(ok(&json!({ "@odata.context": wb.call.context("Edm.Int32"), "value": count })))
        }
        [key, rest @ ..] => {
            let function = Function::parse(key);
            if function.name == "itemAt" {
                let index = function.number("index").unwrap_or(-1);
                let all = wb.read(|book| of_sheet(book, sheet))?;
                let found = usize::try_from(index).ok().and_then(|index| all.into_iter().nth(index));
                let found = found.ok_or_else(|| error::of_book(BookError::NotFound))?;
                return on_table(wb, sheet, &found.id, rest);
            }
            on_table(wb, sheet, key, rest)
        }
    }
}

fn of_sheet(book: &Book, sheet: Option<&str>) -> Result<Vec<TableInfo>, BookError> {
    let own = sheet.map(|key| book.sheet(key)).transpose()?.map(|info| info.index);
    Ok(book.tables().into_iter().filter(|table| own.is_none_or(|own| own == table.sheet)).collect())
}

/// The table by id or name, on the sheet when one is named.
pub(super) fn find(book: &Book, sheet: Option<&str>, key: &str) -> Result<TableInfo, BookError> {
    let table = book.table(key)?;
    match sheet {
        Some(sheet) if book.sheet(sheet)?.index != table.sheet => Err(BookError::NotFound),
        _ => Ok(table),
    }
}

fn list(wb: &Wb<'_>, sheet: Option<&str>) -> Outcome {
    let tables = wb.read(|book| of_sheet(book, sheet))?;
    let (page, next) = wb.call.page(tables, 1000)?;
    let values = page.iter().map(|table| wb.call.select(shown(wb, table))).collect();
    Ok(wb.call.collection("tables", values, next))
}

fn shown(wb: &Wb<'_>, table: &TableInfo) -> Value {
    json!({
        "@odata.id": wb.id(&format!("tables('{}')", table.id)),
        "id": table.id,
        "name": table.name,
        "legacyId": table.legacy_id.to_string(),
        "highlightFirstColumn": table.first_column,
        "highlightLastColumn": table.last_column,
        "showBandedColumns": table.banded_columns,
        "showBandedRows": table.banded_rows,
        "showFilterButton": table.filter_button,
        "showHeaders": true,
        "showTotals": table.totals,
        "style": table.style,
    })
}

fn answer(wb: &Wb<'_>, status: StatusCode, table: &TableInfo) -> Outcome {
    let value = entity(wb.call.context("tables/$entity"), wb.call.select(shown(wb, table)));
    Ok(json_response(status, &value))
}

fn add(wb: &Wb<'_>, sheet: Option<&str>) -> Outcome {
    let body = wb.call.body()?;
    let address = member(&body, "address").and_then(Value::as_str).ok_or_else(error::invalid_argument)?;
    let headers = match member(&body, "hasHeaders").and_then(Value::as_bool) {
        Some(true) => Headers::Present,
        _ => Headers::Missing,
    };
    let table = wb.write(|book| {
        let own = sheet.map(|key| book.sheet(key)).transpose()?;
        let range = resolve(book, own.as_ref(), address)?;
        book.add_table(range.sheet, range.area, headers)
    })?;
    answer(wb, StatusCode::CREATED, &table)
}

fn on_table(wb: &Wb<'_>, sheet: Option<&str>, key: &str, path: &[&str]) -> Outcome {
    let method = &wb.call.request.method;
    match (method, path) {
        (&Method::GET, []) => {
            let table = wb.read(|book| find(book, sheet, key))?;
            answer(wb, StatusCode::OK, &table)
        }
        (&Method::PATCH, []) => update(wb, sheet, key),
        (&Method::DELETE, []) => {
            wb.write(|book| {
                let table = find(book, sheet, key)?;
                book.remove_table(&table, TableCells::Clear)
            })?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (&Method::POST, ["convertToRange"]) => convert(wb, sheet, key),
        (&Method::POST, ["clearFilters"]) => filter::clear_all(wb, sheet, key),
        (&Method::POST, ["reapplyFilters"]) => {
            wb.read(|book| find(book, sheet, key))?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (&Method::GET, ["worksheet"]) => {
            let table = wb.read(|book| find(book, sheet, key))?;
            worksheets::of_index(wb, table.sheet)
        }
        (&Method::POST, ["sort", "apply"]) => {
            let order = range::sort_order(&wb.call.body()?)?;
            wb.write(|book| {
                let table = find(book, sheet, key)?;
                book.sort(table.sheet, table.body(), &order)
            })?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (_, ["rows", rest @ ..]) => rows::handle(wb, sheet, key, rest),
        (_, ["columns", rest @ ..]) => columns::handle(wb, sheet, key, rest),
        (_, [function, rest @ ..]) => part(wb, sheet, key, function, rest),
        (_, []) => Err(GraphError::method()),
    }
}

/// `range`, `headerRowRange`, `dataBodyRange`, `totalRowRange` and what follows them.
fn part(wb: &Wb<'_>, sheet: Option<&str>, key: &str, function: &str, rest: &[&str]) -> Outcome {
    let name = Function::parse(function).name;
    let area: fn(&TableInfo) -> Option<Area> = match name.as_str() {
        "range" => |table| Some(table.area),
        "headerRowRange" => |table| Some(table.header()),
        "dataBodyRange" => |table| Some(table.body()),
        "totalRowRange" => TableInfo::total_row,
        _ => return Err(GraphError::segment(&name)),
    };
    let locate = |book: &Book| {
        let table = find(book, sheet, key)?;
        area(&table).ok_or(BookError::NotFound).and_then(|area| on_sheet(book, &table, area))
    };
    range::handle(wb, &locate, rest)
}

/// An area of a table's sheet.
pub(super) fn on_sheet(book: &Book, table: &TableInfo, area: Area) -> Result<RangeRef, BookError> {
    let sheets = book.sheets();
    Ok(RangeRef::new(sheets.get(table.sheet).ok_or(BookError::NotFound)?, area))
}

fn update(wb: &Wb<'_>, sheet: Option<&str>, key: &str) -> Outcome {
    let body = wb.call.body()?;
    let text = |name: &str| member(&body, name).and_then(Value::as_str);
    let flag = |name: &str| member(&body, name).and_then(Value::as_bool);
    let looks = TableLooks {
        style: text("style").map(str::to_owned),
        first_column: flag("highlightFirstColumn"),
        last_column: flag("highlightLastColumn"),
        banded_rows: flag("showBandedRows"),
        banded_columns: flag("showBandedColumns"),
    };
    let table = wb.write(|book| {
        let table = find(book, sheet, key)?;
        book.set_table_style(&table, &looks)?;
        if let Some(name) = text("name") {
            book.rename_table(&table, name)?;
        }
        if let Some(show) = flag("showTotals") {
            let table = book.table(&table.id)?;
            book.set_totals(&table, show)?;
        }
        book.table(&table.id)
    })?;
    answer(wb, StatusCode::OK, &table)
}

fn convert(wb: &Wb<'_>, sheet: Option<&str>, key: &str) -> Outcome {
    let value = wb.write(|book| {
        let table = find(book, sheet, key)?;
        book.remove_table(&table, TableCells::Keep)?;
        let range = on_sheet(book, &table, table.area)?;
        super::range_json::range_json(wb, book, &range)
    })?;
    Ok(ok(&wb.call.select(value)))
}
