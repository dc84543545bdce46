//! One open workbook: its sheets, cells and names.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use umya_spreadsheet as umya;

use super::address::Area;
use super::calc::Calculator;
use super::value::{Typed, Value};

/// Why something could not be done with a workbook.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BookError {
    #[error("The file is not a workbook that can be opened.")]
    Unreadable,
    #[error("The workbook could not be written: {0}")]
    Unwritable(String),
    #[error("The calculation failed: {0}")]
    Calculation(String),
    #[error("{0}")]
    Invalid(String),
    #[error("The requested resource doesn't exist.")]
    NotFound,
    #[error("The response payload size has exceeded the limit; ask for a smaller range.")]
    TooManyCells,
    #[error("This reference is not valid for the requested operation.")]
    Reference,
    #[error("{0}")]
    Shift(String),
    #[error("A resource with the same name or identifier already exists.")]
    Exists,
}

/// A workbook in memory.
#[derive(Clone)]
pub(crate) struct Book {
    pub(super) doc: umya::Workbook,
    /// Ids that can no longer be derived from a name: `sheet:Name` or `table:Name` to id.
    pub(crate) object_ids: BTreeMap<String, String>,
}

impl Book {
    /// Reads an `.xlsx`. Formulas without a stored result are calculated at once.
    pub fn open(bytes: &[u8]) -> Result<Self, BookError> {
        // The reader panics on some malformed parts; whoever uploads one must only lose the workbook API for it.
        let read =
            catch_unwind(AssertUnwindSafe(|| umya::reader::xlsx::read_reader(Cursor::new(bytes), true)));
        let doc = read.map_err(|_| BookError::Unreadable)?.map_err(|_| BookError::Unreadable)?;
        if doc.sheet_collection().is_empty() {
            return Err(BookError::Unreadable);
        }
        let mut book = Self { doc, object_ids: BTreeMap::new() };
        book.restore_bands();
        let uncalculated = |sheet: &umya::Worksheet| {
            sheet.cells().iter().any(|cell| cell.is_formula() && cell_value(cell) == Value::Empty)
        };
        if book.doc.sheet_collection().iter().any(uncalculated) {
            book.recalculate()?;
        }
        Ok(book)
    }

    /// The `.xlsx` of the present state.
    pub fn save(&self) -> Result<Bytes, BookError> {
        let mut out = Vec::new();
        umya::writer::xlsx::write_writer(&self.doc, &mut out)
            .map_err(|error| BookError::Unwritable(error.to_string()))?;
        Ok(out.into())
    }

    /// Calculates all formulas and stores their results.
    pub fn recalculate(&mut self) -> Result<(), BookError> {
        let has_formula = |sheet: &umya::Worksheet| sheet.cells().iter().any(|cell| cell.is_formula());
        if !self.doc.sheet_collection().iter().any(has_formula) {
            return Ok(());
        }
        let calculator = self.calculator()?;
        for (index, sheet) in self.doc.sheet_collection_mut().iter_mut().enumerate() {
            for cell in sheet.cells_mut() {
                if cell.is_formula() {
                    let place = (index, cell.coordinate().row_num(), cell.coordinate().col_num());
                    store_result(cell, calculator.value(place));
                }
            }
        }
        Ok(())
    }

    fn calculator(&self) -> Result<Calculator, BookError> {
        let run = || {
            let mut calculator = Calculator::load(&self.doc)?;
            calculator.evaluate();
            Ok(calculator)
        };
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(BookError::Calculation("the calculator gave up".into())))
    }

    /// The value of a formula that stands in no cell.
    pub fn evaluate(&self, formula: &str) -> Result<Value, BookError> {
        let run = || Calculator::load(&self.doc)?.formula_value(formula);
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(BookError::Calculation("the calculator gave up".into())))
    }

    /// The smallest rectangle that holds all values (and, unless `values_only`, all formatted cells).
    pub fn used_range(&self, sheet: usize, values_only: UsedCells) -> Option<Area> {
        let sheet = self.doc.sheet(sheet).ok()?;
        let counts = |cell: &&umya::Cell| {
            cell.is_formula()
                || !matches!(cell.raw_value(), umya::CellRawValue::Empty)
                || (values_only == UsedCells::WithFormats && number_format(cell) != "General")
        };
        sheet.cells().into_iter().filter(counts).fold(None, |area: Option<Area>, cell| {
            let one = Area::cell(cell.coordinate().row_num(), cell.coordinate().col_num());
            Some(area.map_or(one, |area| area.union(&one)))
        })
    }

    pub fn cell(&self, sheet: usize, row: u32, column: u32) -> Option<&umya::Cell> {
        self.doc.sheet(sheet).ok()?.cell((column, row))
    }

    pub fn value(&self, sheet: usize, row: u32, column: u32) -> Value {
        self.cell(sheet, row, column).map_or(Value::Empty, cell_value)
    }

    /// Formula text without `=`.
    pub fn formula(&self, sheet: usize, row: u32, column: u32) -> Option<&str> {
        self.cell(sheet, row, column).filter(|cell| cell.is_formula()).map(umya::Cell::formula)
    }

    pub fn number_format(&self, sheet: usize, row: u32, column: u32) -> String {
        self.cell(sheet, row, column).map_or_else(|| "General".to_owned(), number_format)
    }

    pub fn row_hidden(&self, sheet: usize, row: u32) -> bool {
        self.doc.sheet(sheet).ok().and_then(|s| s.row_dimension(row)).is_some_and(umya::Row::hidden)
    }

    pub fn column_hidden(&self, sheet: usize, column: u32) -> bool {
        let dimension = self.doc.sheet(sheet).ok().and_then(|s| s.column_dimension_by_number(column));
        dimension.is_some_and(umya::Column::hidden)
    }

    /// Writes one cell; formulas keep their old result until [`Book::recalculate`].
    pub fn set(&mut self, sheet: usize, row: u32, column: u32, typed: &Typed) -> Result<(), BookError> {
        let sheet = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        match typed {
            Typed::Keep => {}
            Typed::Clear => {
                if sheet.cell((column, row)).is_some() {
                    sheet.cell_mut((column, row)).set_blank();
                }
            }
            Typed::Formula(formula) => {
                let cell = sheet.cell_mut((column, row));
                cell.set_blank();
                cell.set_formula(super::newer::stored(formula));
            }
            Typed::Plain(value, format) => {
                let cell = sheet.cell_mut((column, row));
                match value {
                    Value::Empty => cell.set_blank(),
                    Value::Number(number) => cell.set_value_number(*number),
                    Value::Text(text) => cell.set_value_string(text.clone()),
                    Value::Bool(flag) => cell.set_value_bool(*flag),
                    Value::Error(error) => cell.set_value(error.clone()),
                };
                if let Some(format) = format.filter(|_| number_format(cell) == "General") {
                    cell.style_mut().number_format_mut().set_format_code(format);
                }
            }
        }
        Ok(())
    }

    pub fn set_number_format(
        &mut self,
        sheet: usize,
        row: u32,
        column: u32,
        code: &str,
    ) -> Result<(), BookError> {
        let sheet = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        sheet.cell_mut((column, row)).style_mut().number_format_mut().set_format_code(code);
        Ok(())
    }

    /// Clears contents, formats or both.
    pub fn clear(&mut self, sheet: usize, area: Area, what: Cleared) -> Result<(), BookError> {
        let sheet = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        let places: Vec<(u32, u32)> = sheet
            .cells()
            .iter()
            .map(|cell| (cell.coordinate().col_num(), cell.coordinate().row_num()))
            .filter(|(column, row)| area.contains(*row, *column))
            .collect();
        for place in places {
            let cell = sheet.cell_mut(place);
            if what != Cleared::Formats {
                cell.set_blank();
            }
            if what != Cleared::Contents {
                cell.set_style(umya::Style::default());
            }
        }
        Ok(())
    }
}

/// Which cells count as used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsedCells {
    ValuesOnly,
    WithFormats,
}

/// What `clear` takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cleared {
    All,
    Contents,
    Formats,
}

/// The stored value of a cell.
pub(super) fn cell_value(cell: &umya::Cell) -> Value {
    match cell.raw_value() {
        umya::CellRawValue::Empty => Value::Empty,
        umya::CellRawValue::Numeric(number) => Value::Number(*number),
        umya::CellRawValue::Bool(flag) => Value::Bool(*flag),
        umya::CellRawValue::Error(error) => Value::Error(error.to_string()),
        umya::CellRawValue::String(text) => Value::Text(text.to_string()),
        umya::CellRawValue::RichText(text) => Value::Text(text.text().to_string()),
        umya::CellRawValue::Lazy(text) => Value::Text(text.to_string()),
    }
}

fn number_format(cell: &umya::Cell) -> String {
    let code = cell.style().number_format().map(|format| format.format_code()).unwrap_or_default();
    if code.is_empty() { "General".to_owned() } else { code.to_owned() }
}

/// Stores what the calculator found. A function that it does not know must not destroy the value that Excel stored.
fn store_result(cell: &mut umya::Cell, value: Value) {
    let unknown = matches!(&value, Value::Error(error) if UNKNOWN.contains(&error.as_str()));
    let has_value = !matches!(cell_value(cell), Value::Empty | Value::Error(_));
    if unknown && has_value {
        return;
    }
    match value {
        Value::Empty => cell.set_formula_result_number(0.0),
        Value::Number(number) => cell.set_formula_result_number(number),
        Value::Text(text) => cell.set_formula_result_string(text),
        Value::Bool(flag) => cell.set_formula_result_bool(flag),
        // Excel shows 0 for a formula that depends on itself.
        Value::Error(error) if error == "#CIRC!" => cell.set_formula_result_number(0.0),
        Value::Error(error) => {
            let kind = error.parse().unwrap_or(umya::CellErrorType::Name);
            cell.set_formula_result_error(kind)
        }
    };
}

/// IronCalc's answers to a function that it lacks, or to a formula that it cannot read.
const UNKNOWN: [&str; 3] = ["#NAME?", "#N/IMPL!", "#ERROR!"];
