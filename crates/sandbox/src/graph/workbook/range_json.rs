//! A range as Graph writes it.

use serde_json::{Value, json};

use super::Wb;
use super::range::{Locate, RangeRef};
use crate::files::workbook::{Area, Book, BookError, UsedCells, Value as CellValue, shown_formula, to_r1c1};
use crate::graph::reply::{Outcome, entity, ok};

/// Most cells that one call reads or writes (Microsoft: 5 million in JavaScript, less over REST within 30 seconds).
pub(super) const MOST_CELLS: u64 = 500_000;

/// The properties that hold one entry a cell.
const FACES: [&str; 7] =
    ["values", "formulas", "formulasLocal", "formulasR1C1", "numberFormat", "text", "valueTypes"];

/// The faces of the cells of an area.
#[derive(Default)]
struct Faces {
    values: Vec<Value>,
    formulas: Vec<Value>,
    r1c1: Vec<Value>,
    formats: Vec<Value>,
    text: Vec<Value>,
    types: Vec<Value>,
}

impl Faces {
    fn of(book: &Book, sheet: usize, area: Area, row_shown: impl Fn(u32) -> bool) -> Self {
        let mut all = Self::default();
        for row in (area.top..=area.bottom).filter(|row| row_shown(*row)) {
            let mut line = Self::default();
            for column in area.left..=area.right {
                line.add(book, sheet, row, column);
            }
            all.values.push(Value::Array(line.values));
            all.formulas.push(Value::Array(line.formulas));
            all.r1c1.push(Value::Array(line.r1c1));
            all.formats.push(Value::Array(line.formats));
            all.text.push(Value::Array(line.text));
            all.types.push(Value::Array(line.types));
        }
        all
    }

    fn add(&mut self, book: &Book, sheet: usize, row: u32, column: u32) {
        let value = book.value(sheet, row, column);
        let format = book.number_format(sheet, row, column);
        let plain = value.json();
        match book.formula(sheet, row, column) {
            Some(formula) => {
                let formula = shown_formula(formula);
                self.formulas.push(json!(format!("={formula}")));
                self.r1c1.push(json!(format!("={}", to_r1c1(&formula, row, column))));
            }
            None => {
                self.formulas.push(plain.clone());
                self.r1c1.push(plain.clone());
            }
        }
        self.text.push(json!(value.display(&format)));
        self.types.push(json!(value.type_name()));
        self.values.push(plain);
        self.formats.push(json!(format));
    }
}

/// The full object. Whole rows and columns have `null` for their cells.
pub(super) fn range_json(wb: &Wb<'_>, book: &Book, range: &RangeRef) -> Result<Value, BookError> {
    let area = range.area;
    if !area.is_unbounded() && area.cells() > MOST_CELLS {
        return Err(BookError::TooManyCells);
    }
    let address = area.on(&range.sheet_name);
    let count = i32::try_from(area.cells()).unwrap_or(-1);
    let rows_hidden = all_or_some(bounded_rows(book, range), |row| book.row_hidden(range.sheet, row));
    let columns_hidden =
        all_or_some(area.left..=area.right, |column| book.column_hidden(range.sheet, column));
    let mut value = json!({
        "@odata.context": wb.call.context("workbookRange"),
        "@odata.type": "#microsoft.graph.workbookRange",
        "@odata.id": wb.id(&format!("worksheets('{}')/range(address='{}')", range.sheet_id, area.a1())),
        "address": address,
        "addressLocal": address,
        "cellCount": count,
        "columnCount": area.columns(),
        "columnHidden": columns_hidden,
        "columnIndex": area.left - 1,
        "hidden": if rows_hidden == Some(true) || columns_hidden == Some(true) { Some(true) } else { rows_hidden.and(columns_hidden) },
        "rowCount": area.rows(),
        "rowHidden": rows_hidden,
        "rowIndex": area.top - 1,
    });
    if area.is_unbounded() {
        for name in
            ["values", "formulas", "formulasLocal", "formulasR1C1", "numberFormat", "text", "valueTypes"]
        {
            value[name] = Value::Null;
        }
        return Ok(value);
    }
    if !wants_cells(wb) {
        return Ok(value);
    }
    let faces = Faces::of(book, range.sheet, area, |_| true);
    value["formulasLocal"] = Value::Array(faces.formulas.clone());
    value["formulas"] = Value::Array(faces.formulas);
    value["formulasR1C1"] = Value::Array(faces.r1c1);
    value["numberFormat"] = Value::Array(faces.formats);
    value["text"] = Value::Array(faces.text);
    value["values"] = Value::Array(faces.values);
    value["valueTypes"] = Value::Array(faces.types);
    Ok(value)
}

/// Whether the caller's `$select`, if any, names something of the cells.
fn wants_cells(wb: &Wb<'_>) -> bool {
    wb.call.option("$select").is_none_or(|select| {
        select.contains('*')
            || select.split(',').any(|name| FACES.iter().any(|f| f.eq_ignore_ascii_case(name.trim())))
    })
}

/// `Some(true)` when all are, `Some(false)` when none is, `None` when some are.
fn all_or_some(mut all: impl Iterator<Item = u32>, is: impl Fn(u32) -> bool) -> Option<bool> {
    let first = all.next().is_some_and(&is);
    all.all(|other| is(other) == first).then_some(first)
}

/// Rows to look at: no sheet hides rows beyond its last cell.
fn bounded_rows(book: &Book, range: &RangeRef) -> std::ops::RangeInclusive<u32> {
    if !range.area.is_unbounded() {
        return range.area.top..=range.area.bottom;
    }
    let used = book.used_range(range.sheet, UsedCells::WithFormats);
    let last = used.map_or(1, |used| used.bottom).max(range.area.top);
    range.area.top..=range.area.bottom.min(last)
}

/// Only the rows that no filter hides.
pub(super) fn visible_view(wb: &Wb<'_>, locate: &Locate<'_>) -> Outcome {
    let value = wb.read(|book| {
        let range = locate(book)?;
        let area = range.area;
        if area.is_unbounded() || area.cells() > MOST_CELLS {
            return Err(BookError::TooManyCells);
        }
        let shown = |row: u32| !book.row_hidden(range.sheet, row);
        let faces = Faces::of(book, range.sheet, area, shown);
        let addresses: Vec<Value> = (area.top..=area.bottom)
            .filter(|row| shown(*row))
            .map(|row| (area.left..=area.right).map(|column| json!(Area::cell(row, column).a1())).collect())
            .collect();
        Ok(json!({
            "cellAddresses": addresses,
            "columnCount": area.columns(),
            "rowCount": faces.values.len(),
            "index": 0,
            "formulas": faces.formulas,
            "formulasLocal": faces.formulas,
            "formulasR1C1": faces.r1c1,
            "numberFormat": faces.formats,
            "text": faces.text,
            "values": faces.values,
            "valueTypes": faces.types,
        }))
    })?;
    Ok(ok(&entity(wb.call.context("workbookRangeView"), value)))
}

/// The values alone, as rows and columns of tables have them.
pub(super) fn values(book: &Book, sheet: usize, area: Area) -> Value {
    let row = |row: u32| -> Value {
        (area.left..=area.right)
            .map(|column| book.value(sheet, row, column))
            .map(|v: CellValue| v.json())
            .collect()
    };
    (area.top..=area.bottom).map(row).collect()
}
