//! The calculator: IronCalc is fed all cells and formulas, and gives back the formulas' values.

use std::collections::HashMap;

use ironcalc_base::Model;
use ironcalc_base::cell::CellValue;
use ironcalc_base::types::{CellType, DefinedName, Table, TableColumn, TableStyleInfo};
use umya_spreadsheet as umya;

use super::address::Area;
use super::book::{BookError, cell_value};
use super::value::Value;

/// The sheet on which a lone formula is evaluated; no person can name a sheet so.
const SCRATCH: &str = "\u{1}calc";

/// A calculator filled with a document.
pub(super) struct Calculator {
    model: Model<'static>,
}

/// Where a formula stands: sheet index, row, column.
pub(super) type Place = (usize, u32, u32);

impl Calculator {
    /// Feeds the document's values and formulas. A formula that IronCalc cannot read keeps its stored value.
    pub fn load(doc: &umya::Workbook) -> Result<Self, BookError> {
        let mut model = Model::new_empty("book", "en", "UTC", "en").map_err(BookError::Calculation)?;
        let sheets = doc.sheet_collection();
        for sheet in sheets {
            if !sheet.name().eq_ignore_ascii_case("Sheet1") {
                model.add_sheet(sheet.name()).map_err(BookError::Calculation)?;
            }
        }
        order_sheets(&mut model, sheets)?;
        let mut workbook = model.workbook;
        workbook.tables = tables(sheets);
        workbook.defined_names = names(doc);
        let mut calculator =
            Self { model: Model::from_workbook(workbook, "en").map_err(BookError::Calculation)? };
        for (index, sheet) in sheets.iter().enumerate() {
            for cell in sheet.cells() {
                let coordinate = cell.coordinate();
                let place = (index, coordinate.row_num(), coordinate.col_num());
                if cell.is_formula() && calculator.set_formula(place, cell.formula()) {
                    continue;
                }
                calculator.set_value(place, &cell_value(cell));
            }
        }
        Ok(calculator)
    }

    fn set_formula(&mut self, (sheet, row, column): Place, formula: &str) -> bool {
        let text = format!("={}", super::newer::shown(formula));
        self.model.update_cell_with_formula(sheet as u32, row as i32, column as i32, text).is_ok()
    }

    fn set_value(&mut self, (sheet, row, column): Place, value: &Value) {
        let (sheet, row, column) = (sheet as u32, row as i32, column as i32);
        // A cell that cannot be set (part of a spill) keeps what the calculator has there.
        let _ = match value {
            Value::Empty => Ok(()),
            Value::Number(number) => self.model.update_cell_with_number(sheet, row, column, *number),
            Value::Text(text) => self.model.update_cell_with_text(sheet, row, column, text),
            Value::Bool(flag) => self.model.update_cell_with_bool(sheet, row, column, *flag),
            Value::Error(error) => self.model.set_user_input(sheet, row, column, error.clone()),
        };
    }

    pub fn evaluate(&mut self) {
        self.model.evaluate();
    }

    pub fn value(&self, (sheet, row, column): Place) -> Value {
        let (sheet, row, column) = (sheet as u32, row as i32, column as i32);
        let is_error = matches!(self.model.get_cell_type(sheet, row, column), Ok(CellType::ErrorValue));
        match self.model.get_cell_value_by_index(sheet, row, column) {
            Ok(CellValue::Number(number)) => Value::Number(number),
            Ok(CellValue::Boolean(flag)) => Value::Bool(flag),
            Ok(CellValue::String(text)) if is_error => Value::Error(text),
            Ok(CellValue::String(text)) => Value::Text(text),
            Ok(CellValue::None) | Err(_) => Value::Empty,
        }
    }

    /// The value of one formula (without `=`), seen from a sheet of its own.
    pub fn formula_value(&mut self, formula: &str) -> Result<Value, BookError> {
        self.model.add_sheet(SCRATCH).map_err(BookError::Calculation)?;
        let sheet = self.model.workbook.worksheets.len() - 1;
        let place = (sheet, 1, 1);
        let readable = self.set_formula(place, formula);
        if readable {
            self.evaluate();
        }
        let value = self.value(place);
        let _ = self.model.delete_sheet(sheet as u32);
        if readable { Ok(value) } else { Err(BookError::Invalid("The formula cannot be read.".into())) }
    }
}

/// `new_empty` begins with `Sheet1`; it is renamed, dropped or moved so that indices equal the document's.
fn order_sheets(model: &mut Model<'static>, sheets: &[umya::Worksheet]) -> Result<(), BookError> {
    let wanted = sheets.iter().position(|sheet| sheet.name().eq_ignore_ascii_case("Sheet1"));
    match wanted {
        None => model.delete_sheet(0).map_err(BookError::Calculation),
        Some(0) => Ok(()),
        Some(index) => model.move_sheet(0, index as u32).map_err(BookError::Calculation),
    }
}

fn names(doc: &umya::Workbook) -> Vec<DefinedName> {
    let global = doc.defined_names().iter().map(|name| DefinedName {
        name: name.name().to_owned(),
        formula: name.address(),
        sheet_id: None,
    });
    let local = doc.sheet_collection().iter().enumerate().flat_map(|(index, sheet)| {
        sheet.defined_names().iter().map(move |name| DefinedName {
            name: name.name().to_owned(),
            formula: name.address(),
            sheet_id: name.has_local_sheet_id().then_some(index as u32 + 1),
        })
    });
    global.chain(local).filter(|name| !name.name.starts_with("_xlnm.")).collect()
}

fn tables(sheets: &[umya::Worksheet]) -> HashMap<String, Table> {
    let mut all = HashMap::new();
    for sheet in sheets {
        for table in sheet.tables() {
            let (first, last) = table.area();
            let area = Area {
                top: first.row_num(),
                left: first.col_num(),
                bottom: last.row_num(),
                right: last.col_num(),
            };
            let columns = table.columns().iter().enumerate();
            let entry = Table {
                name: table.name().to_owned(),
                display_name: table.display_name().to_owned(),
                sheet_name: sheet.name().to_owned(),
                reference: area.a1(),
                totals_row_count: table.totals_row_count(),
                header_row_count: 1,
                header_row_dxf_id: None,
                data_dxf_id: None,
                totals_row_dxf_id: None,
                columns: columns
                    .map(|(index, column)| TableColumn {
                        id: index as u32 + 1,
                        name: column.name().to_owned(),
                        ..TableColumn::default()
                    })
                    .collect(),
                style_info: TableStyleInfo::default(),
                has_filters: true,
            };
            all.insert(entry.name.clone(), entry);
        }
    }
    all
}
