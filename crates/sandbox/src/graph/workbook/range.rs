//! Ranges: found by address, walked by functions, read and written.

use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::range_json::range_json;
use super::{Wb, error, format, invalid, member, worksheets};
use crate::files::workbook::{
    Area, Book, BookError, Cleared, Direction, MAX_COLUMN, MAX_ROW, SheetInfo, SortOrder, Typed, UsedCells,
    Value as CellValue, typed,
};
use crate::graph::reply::{GraphError, Outcome, empty, ok};
use crate::graph::segments::Function;

/// Excel's words for an argument it cannot use.
pub(super) const BAD: &str = "The argument is invalid or missing or has an incorrect format.";
const BAD_SHAPE: &str =
    "The number of rows or columns in the input array doesn't match the size or dimensions of the range.";

/// Cells on one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RangeRef {
    pub sheet: usize,
    pub sheet_id: String,
    pub sheet_name: String,
    pub area: Area,
}

impl RangeRef {
    pub fn new(sheet: &SheetInfo, area: Area) -> Self {
        Self { sheet: sheet.index, sheet_id: sheet.id.clone(), sheet_name: sheet.name.clone(), area }
    }

    fn with(&self, area: Area) -> Self {
        Self { area, ..self.clone() }
    }
}

/// How to find a range in the workbook as it is at that moment.
pub(super) type Locate<'l> = dyn Fn(&Book) -> Result<RangeRef, BookError> + 'l;

/// The range that an address, a defined name or a table name means.
pub(super) fn resolve(book: &Book, sheet: Option<&SheetInfo>, address: &str) -> Result<RangeRef, BookError> {
    if let Some((named, area)) = Area::parse_with_sheet(address) {
        let info = match (named, sheet) {
            (Some(name), Some(own)) if !name.eq_ignore_ascii_case(&own.name) => {
                return Err(BookError::Reference);
            }
            (Some(name), _) => book.sheet(&name)?,
            (None, Some(own)) => own.clone(),
            (None, None) => book.sheets().into_iter().next().ok_or(BookError::NotFound)?,
        };
        return Ok(RangeRef::new(&info, area));
    }
    if let Some(name) = book.names().into_iter().find(|name| name.name.eq_ignore_ascii_case(address)) {
        return of_formula(book, &name.formula);
    }
    if let Ok(table) = book.table(address) {
        let sheets = book.sheets();
        let info = sheets.get(table.sheet).ok_or(BookError::NotFound)?;
        return Ok(RangeRef::new(info, table.body()));
    }
    Err(invalid(BAD))
}

/// The range that a name's formula is, when it is one.
pub(super) fn of_formula(book: &Book, formula: &str) -> Result<RangeRef, BookError> {
    match Area::parse_with_sheet(formula) {
        Some((Some(name), area)) => Ok(RangeRef::new(&book.sheet(&name)?, area)),
        _ => Err(BookError::NotFound),
    }
}

/// Answers what follows a range in the path.
pub(super) fn handle(wb: &Wb<'_>, locate: &Locate<'_>, path: &[&str]) -> Outcome {
    if let [first, rest @ ..] = path {
        let function = Function::parse(first);
        if is_step(&function.name) {
            let next = |book: &Book| step(book, &locate(book)?, &function);
            return handle(wb, &next, rest);
        }
    }
    let method = &wb.call.request.method;
    match (method, path) {
        (&Method::GET, []) => read(wb, locate),
        (&Method::PATCH, []) => write(wb, locate),
        (&Method::GET, ["worksheet"]) => {
            let range = wb.read(|book| locate(book))?;
            worksheets::of_index(wb, range.sheet)
        }
        (&Method::GET, ["visibleView" | "visibleView()"]) => super::range_json::visible_view(wb, locate),
        (&Method::POST, ["clear"]) => clear(wb, locate),
        (&Method::POST, ["insert"]) => insert(wb, locate),
        (&Method::POST, ["delete"]) => delete(wb, locate),
        (&Method::POST, ["merge"]) => {
            let across = member(&wb.call.body()?, "across").and_then(Value::as_bool).unwrap_or(false);
            change(wb, locate, |book, range| book.merge(range.sheet, range.area, across))
        }
        (&Method::POST, ["unmerge"]) => {
            change(wb, locate, |book, range| book.unmerge(range.sheet, range.area))
        }
        (&Method::POST, ["sort", "apply"]) => {
            let order = sort_order(&wb.call.body()?)?;
            change(wb, locate, |book, range| book.sort(range.sheet, bounded(book, range), &order))
        }
        (_, ["format", rest @ ..]) => format::handle(wb, locate, rest),
        (_, []) => Err(GraphError::method()),
        (_, [first, ..]) => Err(GraphError::segment(first)),
    }
}

fn read(wb: &Wb<'_>, locate: &Locate<'_>) -> Outcome {
    let value = wb.read(|book| range_json(wb, book, &locate(book)?))?;
    Ok(ok(&wb.call.select(value)))
}

/// 204 after a change that gives nothing back.
fn change(
    wb: &Wb<'_>,
    locate: &Locate<'_>,
    act: impl FnOnce(&mut Book, &RangeRef) -> Result<(), BookError>,
) -> Outcome {
    wb.write(|book| {
        let range = locate(book)?;
        act(book, &range)
    })?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// What of a range can hold cells: whole columns end where the sheet's cells do.
fn bounded(book: &Book, range: &RangeRef) -> Area {
    let used = book.used_range(range.sheet, UsedCells::WithFormats).unwrap_or(Area::cell(1, 1));
    if range.area.is_unbounded() {
        range.area.intersection(&used).unwrap_or(Area::cell(1, 1))
    } else {
        range.area
    }
}

fn is_step(name: &str) -> bool {
    matches!(
        name,
        "range"
            | "cell"
            | "lastRow"
            | "lastColumn"
            | "lastCell"
            | "row"
            | "column"
            | "offsetRange"
            | "resizedRange"
            | "boundingRect"
            | "intersection"
            | "entireRow"
            | "entireColumn"
            | "rowsAbove"
            | "rowsBelow"
            | "columnsBefore"
            | "columnsAfter"
            | "usedRange"
    )
}

/// One function that leads from a range to another.
fn step(book: &Book, range: &RangeRef, function: &Function) -> Result<RangeRef, BookError> {
    let a = range.area;
    let n = |name: &str, default: i64| function.number(name).unwrap_or(default);
    let (top, left) = (i64::from(a.top), i64::from(a.left));
    let (bottom, right) = (i64::from(a.bottom), i64::from(a.right));
    let area = match function.name.as_str() {
        "lastRow" => Some(Area { top: a.bottom, ..a }),
        "lastColumn" => Some(Area { left: a.right, ..a }),
        "lastCell" => Some(Area::cell(a.bottom, a.right)),
        "entireRow" => Some(Area { left: 1, right: MAX_COLUMN, ..a }),
        "entireColumn" => Some(Area { top: 1, bottom: MAX_ROW, ..a }),
        "row" => Area::checked(top + n("row", 0), left, top + n("row", 0), right),
        "column" => Area::checked(top, left + n("column", 0), bottom, left + n("column", 0)),
        "cell" => {
            let (row, column) = (top + n("row", 0), left + n("column", 0));
            Area::checked(row, column, row, column)
        }
        "offsetRange" => {
            let (rows, columns) = (n("rowOffset", 0), n("columnOffset", 0));
            Area::checked(top + rows, left + columns, bottom + rows, right + columns)
        }
        "resizedRange" => Area::checked(top, left, bottom + n("deltaRows", 0), right + n("deltaColumns", 0)),
        "rowsAbove" => beside(n("count", 1), |c| Area::checked(top - c, left, top - 1, right)),
        "rowsBelow" => beside(n("count", 1), |c| Area::checked(bottom + 1, left, bottom + c, right)),
        "columnsBefore" => beside(n("count", 1), |c| Area::checked(top, left - c, bottom, left - 1)),
        "columnsAfter" => beside(n("count", 1), |c| Area::checked(top, right + 1, bottom, right + c)),
        "boundingRect" | "intersection" => {
            let other = function.arg("anotherRange").unwrap_or_default();
            let sheet = book.sheets().into_iter().nth(range.sheet).ok_or(BookError::NotFound)?;
            let other = resolve(book, Some(&sheet), other)?.area;
            if function.name == "boundingRect" {
                Some(a.union(&other))
            } else {
                return a.intersection(&other).map(|area| range.with(area)).ok_or(BookError::NotFound);
            }
        }
        "usedRange" => {
            let cells =
                if function.flag("valuesOnly") { UsedCells::ValuesOnly } else { UsedCells::WithFormats };
            let used = book.used_range(range.sheet, cells);
            Some(used.and_then(|used| used.intersection(&a)).unwrap_or(Area::cell(a.top, a.left)))
        }
        // `range` of a row, column or name is itself.
        _ => Some(a),
    };
    area.map(|area| range.with(area)).ok_or_else(|| invalid(BAD))
}

fn beside(count: i64, area: impl FnOnce(i64) -> Option<Area>) -> Option<Area> {
    (1..=i64::from(MAX_ROW)).contains(&count).then(|| area(count)).flatten()
}

fn clear(wb: &Wb<'_>, locate: &Locate<'_>) -> Outcome {
    let body = wb.call.body()?;
    let what =
        match member(&body, "applyTo").and_then(Value::as_str).unwrap_or("All").to_ascii_lowercase().as_str()
        {
            "all" => Cleared::All,
            "contents" => Cleared::Contents,
            "formats" => Cleared::Formats,
            _ => return Err(error::invalid_argument()),
        };
    change(wb, locate, |book, range| book.clear(range.sheet, range.area, what))
}

fn insert(wb: &Wb<'_>, locate: &Locate<'_>) -> Outcome {
    let direction = direction(wb, &[("down", Direction::Down), ("right", Direction::Right)])?;
    let value = wb.write_then(
        |book| {
            let range = locate(book)?;
            book.insert(range.sheet, range.area, direction)?;
            Ok(range)
        },
        |book, range| range_json(wb, book, &range),
    )?;
    Ok(ok(&wb.call.select(value)))
}

fn delete(wb: &Wb<'_>, locate: &Locate<'_>) -> Outcome {
    let direction = direction(wb, &[("up", Direction::Up), ("left", Direction::Left)])?;
    change(wb, locate, |book, range| book.delete(range.sheet, range.area, direction))
}

fn direction(wb: &Wb<'_>, known: &[(&str, Direction)]) -> Result<Direction, GraphError> {
    let body = wb.call.body()?;
    let said = member(&body, "shift").and_then(Value::as_str).unwrap_or_default();
    let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(said));
    found.map(|(_, direction)| *direction).ok_or_else(error::invalid_argument)
}

/// Reads `sort/apply`'s body; rows are sorted, `orientation: Columns` is not supported.
pub(super) fn sort_order(body: &Map<String, Value>) -> Result<SortOrder, GraphError> {
    let fields = member(body, "fields").and_then(Value::as_array).ok_or_else(error::invalid_argument)?;
    let key = |field: &Value| {
        let key = field.get("key").and_then(Value::as_u64).ok_or_else(error::invalid_argument)?;
        Ok((key as u32, field.get("ascending").and_then(Value::as_bool).unwrap_or(true)))
    };
    let flag = |name: &str| member(body, name).and_then(Value::as_bool).unwrap_or(false);
    if member(body, "orientation")
        .and_then(Value::as_str)
        .is_some_and(|way| way.eq_ignore_ascii_case("columns"))
    {
        return Err(GraphError::unsupported("sorting columns"));
    }
    Ok(SortOrder {
        keys: fields.iter().map(key).collect::<Result<_, GraphError>>()?,
        match_case: flag("matchCase"),
        has_headers: flag("hasHeaders"),
    })
}

fn write(wb: &Wb<'_>, locate: &Locate<'_>) -> Outcome {
    let body = wb.call.body()?;
    let value = wb.write_then(
        |book| {
            let range = locate(book)?;
            write_cells(book, &range, &body)?;
            book.sync_headers();
            Ok(range)
        },
        |book, range| range_json(wb, book, &range),
    )?;
    Ok(ok(&wb.call.select(value)))
}

/// Writes `values`, `formulas` and `numberFormat`; a scalar fills the range.
pub(super) fn write_cells(
    book: &mut Book,
    range: &RangeRef,
    body: &Map<String, Value>,
) -> Result<(), BookError> {
    let hides = ["rowHidden", "columnHidden"];
    let content = ["values", "formulas", "formulasLocal", "numberFormat"];
    if !content.iter().chain(&hides).any(|name| member(body, name).is_some()) {
        return Err(invalid(BAD));
    }
    if let Some(hidden) = member(body, "rowHidden").and_then(Value::as_bool) {
        book.hide_rows(range.sheet, range.area.top, range.area.bottom, hidden)?;
    }
    if let Some(hidden) = member(body, "columnHidden").and_then(Value::as_bool) {
        book.hide_columns(range.sheet, range.area.left, range.area.right, hidden)?;
    }
    if let Some(formats) = member(body, "numberFormat") {
        each(range, formats, |row, column, value| match value {
            Value::Null => Ok(()),
            Value::String(code) => {
                let code = if code.is_empty() { "General" } else { code };
                book.set_number_format(range.sheet, row, column, code)
            }
            _ => Err(invalid(BAD)),
        })?;
    }
    for name in ["values", "formulas", "formulasLocal"] {
        let Some(values) = member(body, name) else { continue };
        each(range, values, |row, column, value| {
            let is_text = book.number_format(range.sheet, row, column) == "@";
            let input = match (value, is_text) {
                // A cell formatted as text takes what is typed as text.
                (Value::String(text), true) if !text.is_empty() => {
                    Typed::Plain(CellValue::Text(text.clone()), None)
                }
                _ => typed(value).ok_or_else(|| invalid(BAD))?,
            };
            book.set(range.sheet, row, column, &input)
        })?;
    }
    Ok(())
}

/// Hands each cell its value: from a 2-D array of the range's shape, or one scalar for all.
fn each(
    range: &RangeRef,
    values: &Value,
    mut put: impl FnMut(u32, u32, &Value) -> Result<(), BookError>,
) -> Result<(), BookError> {
    if values.is_null() {
        return Ok(());
    }
    let area = range.area;
    if area.is_unbounded() || area.cells() > super::range_json::MOST_CELLS {
        return Err(if area.is_unbounded() { invalid(BAD) } else { BookError::TooManyCells });
    }
    let rows = match values {
        Value::Array(rows) => {
            let width = area.columns() as usize;
            let fits = |row: &Value| row.as_array().is_some_and(|row| row.len() == width);
            if rows.len() != area.rows() as usize || !rows.iter().all(fits) {
                return Err(invalid(BAD_SHAPE));
            }
            rows
        }
        Value::Object(_) => return Err(invalid(BAD)),
        scalar => {
            for row in area.top..=area.bottom {
                for column in area.left..=area.right {
                    put(row, column, scalar)?;
                }
            }
            return Ok(());
        }
    };
    for (row, cells) in (area.top..).zip(rows) {
        for (column, cell) in (area.left..).zip(cells.as_array().into_iter().flatten()) {
            put(row, column, cell)?;
        }
    }
    Ok(())
}
