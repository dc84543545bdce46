//! One open workbook: its sheets, cells and names.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use umya_spreadsheet as umya;

use super::address::Area;
use super::calc::Calculator;
use super::formula::rename_sheet;
use super::value::{Typed, Value};
use crate::files::guid;

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

/// A worksheet as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetInfo {
    pub index: usize,
    pub id: String,
    pub name: String,
    pub visibility: &'static str,
}

/// A defined name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub name: String,
    /// Without `=`.
    pub formula: String,
    pub visible: bool,
    /// Index of the sheet for a name of one sheet only.
    pub sheet: Option<usize>,
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

    pub fn sheets(&self) -> Vec<SheetInfo> {
        let sheets = self.doc.sheet_collection().iter().enumerate();
        sheets.map(|(index, sheet)| self.sheet_info(index, sheet)).collect()
    }

    fn sheet_info(&self, index: usize, sheet: &umya::Worksheet) -> SheetInfo {
        let visibility = match sheet.state() {
            umya::SheetStateValues::Visible => "Visible",
            umya::SheetStateValues::Hidden => "Hidden",
            umya::SheetStateValues::VeryHidden => "VeryHidden",
        };
        let stored = self.object_ids.get(&format!("sheet:{}", sheet.name()));
        let derived = || {
            format!(
                "{{00000000-0001-0000-{:04X}-000000000000}}",
                sheet.sheet_id().parse::<u32>().unwrap_or(index as u32 + 1) - 1
            )
        };
        SheetInfo {
            index,
            id: stored.cloned().unwrap_or_else(derived),
            name: sheet.name().to_owned(),
            visibility,
        }
    }

    /// A sheet by id or by name, ignoring case.
    pub fn sheet(&self, key: &str) -> Result<SheetInfo, BookError> {
        let wanted = key.to_lowercase();
        let found = |info: &SheetInfo| info.id.to_lowercase() == wanted || info.name.to_lowercase() == wanted;
        self.sheets().into_iter().find(found).ok_or(BookError::NotFound)
    }

    /// Writes down all present ids, because a change of order or name is about to break their derivation.
    fn pin_sheet_ids(&mut self) {
        for info in self.sheets() {
            self.object_ids.insert(format!("sheet:{}", info.name), info.id);
        }
    }

    /// Adds a sheet at the end; without a name Excel's next free one.
    pub fn add_sheet(&mut self, name: Option<&str>) -> Result<SheetInfo, BookError> {
        self.pin_sheet_ids();
        let name = match name.filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => (1..)
                .map(|n| format!("Sheet{n}"))
                .find(|candidate| self.sheet(candidate).is_err())
                .ok_or(BookError::Exists)?,
        };
        self.check_sheet_name(&name, None)?;
        self.doc.new_sheet(name.clone()).map_err(|_| BookError::Exists)?;
        let id = format!("{{{}}}", guid(&crate::files::fresh_seed()));
        self.object_ids.insert(format!("sheet:{name}"), id);
        self.sheet(&name)
    }

    /// Rules of Excel for sheet names: 1 to 31 characters, none of `\ / * ? : [ ]`, no quote at the ends.
    fn check_sheet_name(&self, name: &str, own: Option<usize>) -> Result<(), BookError> {
        let bad = name.is_empty()
            || name.chars().count() > 31
            || name.chars().any(|c| "\\/*?:[]".contains(c) || c.is_control())
            || name.starts_with('\'')
            || name.ends_with('\'')
            || name.eq_ignore_ascii_case("History");
        if bad {
            return Err(BookError::Invalid("The worksheet name is invalid.".into()));
        }
        match self.sheet(name) {
            Ok(other) if Some(other.index) != own => Err(BookError::Exists),
            _ => Ok(()),
        }
    }

    /// Removes a sheet; the last visible one must stay.
    pub fn remove_sheet(&mut self, index: usize) -> Result<(), BookError> {
        let sheets = self.sheets();
        let others_visible = sheets.iter().any(|s| s.index != index && s.visibility == "Visible");
        if !others_visible {
            return Err(BookError::Invalid("A workbook must contain at least one visible worksheet.".into()));
        }
        self.pin_sheet_ids();
        let name = sheets.get(index).ok_or(BookError::NotFound)?.name.clone();
        self.object_ids.remove(&format!("sheet:{name}"));
        self.rewrite_formulas(&|formula, own| {
            super::formula::rewrite(formula, own, &|sheet, area| {
                (!sheet.eq_ignore_ascii_case(&name)).then_some(area)
            })
        });
        self.doc.remove_sheet(index).map_err(|_| BookError::NotFound)
    }

    pub fn rename_sheet(&mut self, index: usize, name: &str) -> Result<(), BookError> {
        self.check_sheet_name(name, Some(index))?;
        let old = self.sheets().get(index).ok_or(BookError::NotFound)?.clone();
        if old.name == name {
            return Ok(());
        }
        self.pin_sheet_ids();
        self.object_ids.remove(&format!("sheet:{}", old.name));
        self.object_ids.insert(format!("sheet:{name}"), old.id);
        self.rewrite_formulas(&|formula, _| rename_sheet(formula, &old.name, name));
        let sheet = self.doc.sheet_mut(index).map_err(|_| BookError::NotFound)?;
        sheet.set_name(name);
        Ok(())
    }

    pub fn set_visibility(&mut self, index: usize, visibility: &str) -> Result<(), BookError> {
        let state = match visibility.to_ascii_lowercase().as_str() {
            "visible" => umya::SheetStateValues::Visible,
            "hidden" => umya::SheetStateValues::Hidden,
            "veryhidden" => umya::SheetStateValues::VeryHidden,
            _ => {
                return Err(BookError::Invalid(
                    "The argument is invalid or missing or has an incorrect format.".into(),
                ));
            }
        };
        let hides = !matches!(state, umya::SheetStateValues::Visible);
        if hides && !self.sheets().iter().any(|s| s.index != index && s.visibility == "Visible") {
            return Err(BookError::Invalid("A workbook must contain at least one visible worksheet.".into()));
        }
        self.doc.sheet_mut(index).map_err(|_| BookError::NotFound)?.set_state(state);
        Ok(())
    }

    /// Moves a sheet to another position, counted from 0.
    pub fn move_sheet(&mut self, index: usize, position: usize) -> Result<(), BookError> {
        let count = self.doc.sheet_count();
        if position >= count || index >= count {
            return Err(BookError::Invalid(
                "The argument is invalid or missing or has an incorrect format.".into(),
            ));
        }
        self.pin_sheet_ids();
        let sheets = self.doc.sheet_collection_mut();
        if index < position {
            sheets[index..=position].rotate_left(1);
        } else {
            sheets[position..=index].rotate_right(1);
        }
        Ok(())
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
                cell.set_formula(formula.clone());
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

    /// Defined names, those of the workbook first.
    pub fn names(&self) -> Vec<Name> {
        let shown = |name: &umya::DefinedName, sheet: Option<usize>| Name {
            name: name.name().to_owned(),
            formula: name.address(),
            visible: !name.hidden(),
            sheet,
        };
        let global = self.doc.defined_names().iter().map(|name| {
            let sheet = name.has_local_sheet_id().then(|| name.local_sheet_id() as usize);
            shown(name, sheet)
        });
        let local = self.doc.sheet_collection().iter().enumerate().flat_map(|(index, sheet)| {
            sheet.defined_names().iter().map(move |name| shown(name, Some(index)))
        });
        global.chain(local).filter(|name| !name.name.starts_with("_xlnm.")).collect()
    }

    /// Adds a name; `sheet` makes it one sheet's own. `formula` is without `=`.
    pub fn add_name(&mut self, name: &str, formula: &str, sheet: Option<usize>) -> Result<(), BookError> {
        let starts_well = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '\\');
        let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '\\'));
        if !starts_well || !plain || name.len() > 255 || Area::parse(name).is_some() {
            return Err(BookError::Invalid("The name is invalid.".into()));
        }
        let taken = self.names().iter().any(|n| n.name.eq_ignore_ascii_case(name) && n.sheet == sheet);
        if taken {
            return Err(BookError::Exists);
        }
        let mut entry = umya::DefinedName::default();
        entry.set_name(name);
        entry.set_address(formula);
        match sheet {
            None => self.doc.add_defined_names(entry),
            Some(index) => {
                entry.set_local_sheet_id(index as u32);
                self.doc.sheet_mut(index).map_err(|_| BookError::NotFound)?.add_defined_names(entry);
            }
        }
        Ok(())
    }

    /// Changes every formula of cells and names; the second argument is the sheet on which it stands.
    pub(super) fn rewrite_formulas(&mut self, change: &dyn Fn(&str, &str) -> String) {
        for sheet in self.doc.sheet_collection_mut() {
            let own = sheet.name().to_owned();
            for cell in sheet.cells_mut() {
                if cell.is_formula() {
                    let new = change(cell.formula(), &own);
                    if new != cell.formula() {
                        cell.set_formula(new);
                    }
                }
            }
            for name in sheet.defined_names_mut() {
                rewrite_name(name, &own, change);
            }
        }
        for name in self.doc.defined_names_mut() {
            rewrite_name(name, "", change);
        }
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

fn rewrite_name(name: &mut umya::DefinedName, own: &str, change: &dyn Fn(&str, &str) -> String) {
    let old = name.address();
    let new = change(&old, own);
    if new == old {
        return;
    }
    let mut fresh = umya::DefinedName::default();
    fresh.set_name(name.name());
    fresh.set_address(new);
    if name.has_local_sheet_id() {
        fresh.set_local_sheet_id(name.local_sheet_id());
    }
    if name.hidden() {
        fresh.set_hidden(true);
    }
    *name = fresh;
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

fn store_result(cell: &mut umya::Cell, value: Value) {
    match value {
        Value::Empty => cell.set_formula_result_number(0.0),
        Value::Number(number) => cell.set_formula_result_number(number),
        Value::Text(text) => cell.set_formula_result_string(text),
        Value::Bool(flag) => cell.set_formula_result_bool(flag),
        Value::Error(error) => match error.parse() {
            Ok(kind) => cell.set_formula_result_error(kind),
            Err(_) => cell.set_formula_result_string(error),
        },
    };
}
