//! Rows and columns of a table that come, go and change their names.

use serde_json::Value as Json;
use umya_spreadsheet as umya;

use super::address::Area;
use super::book::{Book, BookError};
use super::shift::Direction;
use super::table::{TableCells, TableInfo, free_title};
use super::value::{Typed, Value, typed};

impl Book {
    /// Puts rows in at `index` (the end when absent) and gives the index of the first.
    pub fn add_rows(
        &mut self,
        info: &TableInfo,
        index: Option<u32>,
        rows: &[Vec<Json>],
    ) -> Result<u32, BookError> {
        let width = info.columns.len();
        if rows.is_empty() || rows.iter().any(|row| row.len() != width) {
            return Err(BookError::Invalid(
                "The number of rows or columns in the input array doesn't match the size or dimensions of the range.".into(),
            ));
        }
        let body = info.body();
        let count = rows.len() as u32;
        let at = index.unwrap_or(body.rows());
        if at > body.rows() {
            return Err(BookError::Invalid(
                "The argument is invalid or missing or has an incorrect format.".into(),
            ));
        }
        let first = body.top + at;
        let gap = Area { top: first, bottom: first + count - 1, ..info.area };
        self.insert(info.sheet, gap, Direction::Down)?;
        // Rows put in at the end lie outside the old rectangle, which therefore did not grow by itself.
        let grown = Area { bottom: info.area.bottom + count, ..info.area };
        self.resize_table(info, grown)?;
        self.grow_references(info, at, count);
        let pattern = if at > 0 { first - 1 } else { first + count };
        for (offset, row) in rows.iter().enumerate() {
            let target = first + offset as u32;
            self.write_row(info, target, row, pattern)?;
        }
        Ok(at)
    }

    fn write_row(
        &mut self,
        info: &TableInfo,
        row: u32,
        values: &[Json],
        pattern: u32,
    ) -> Result<(), BookError> {
        for (offset, value) in values.iter().enumerate() {
            let column = info.area.left + offset as u32;
            let format = self.number_format(info.sheet, pattern, column);
            if format != "General" {
                self.set_number_format(info.sheet, row, column, &format)?;
            }
            let mut input = typed(value).ok_or_else(not_scalar)?;
            if input == Typed::Keep {
                // A column of formulas fills itself, as Excel's calculated columns do.
                if let Some(formula) = self.formula(info.sheet, pattern, column) {
                    input =
                        Typed::Formula(super::shift::copied(formula, i64::from(row) - i64::from(pattern)));
                }
            }
            self.set(info.sheet, row, column, &input)?;
        }
        Ok(())
    }

    /// Ranges that covered whole columns of the body cover the added rows too, as Excel extends them.
    fn grow_references(&mut self, info: &TableInfo, at: u32, count: u32) {
        let body = info.body();
        if at != body.rows() {
            return;
        }
        let Some(name) = self.sheets().get(info.sheet).map(|sheet| sheet.name.clone()) else { return };
        self.rewrite_formulas(&|formula, own| {
            super::formula::rewrite(formula, own, &|sheet, area| {
                let covers = sheet.eq_ignore_ascii_case(&name)
                    && area.top <= body.top
                    && area.bottom == body.bottom
                    && area.left >= body.left
                    && area.right <= body.right
                    && area.rows() > 1;
                Some(if covers { Area { bottom: area.bottom + count, ..area } } else { area })
            })
        });
    }

    pub fn remove_row(&mut self, info: &TableInfo, index: u32) -> Result<(), BookError> {
        let row = info.row(index).ok_or(BookError::NotFound)?;
        if info.body().rows() == 1 {
            return self.clear(info.sheet, row, super::Cleared::Contents);
        }
        self.delete(info.sheet, row, Direction::Up)
    }

    /// Puts a column in at `index` (the end when absent); `values` are the header and the body, or nothing.
    pub fn add_column(
        &mut self,
        info: &TableInfo,
        index: Option<usize>,
        name: Option<&str>,
        values: &[Json],
    ) -> Result<usize, BookError> {
        let at = index.unwrap_or(info.columns.len());
        let rows = info.area.rows() as usize;
        if at > info.columns.len() || !(values.is_empty() || values.len() == rows) {
            return Err(BookError::Invalid(
                "The argument is invalid or missing or has an incorrect format.".into(),
            ));
        }
        let left = info.area.left + at as u32;
        let gap = Area { left, right: left, ..info.area };
        self.insert(info.sheet, gap, Direction::Right)?;
        self.resize_table(info, Area { right: info.area.right + 1, ..info.area })?;
        let shown = values.first().and_then(Json::as_str).or(name).unwrap_or_default();
        let title = free_title(&info.columns, shown, at as u32 + 1);
        self.set(info.sheet, info.area.top, left, &Typed::Plain(Value::Text(title.clone()), None))?;
        for (offset, value) in values.iter().enumerate().skip(1) {
            let input = typed(value).ok_or_else(not_scalar)?;
            self.set(info.sheet, info.area.top + offset as u32, left, &input)?;
        }
        let table = self.table_mut(info)?;
        table.add_column(umya::TableColumn::new(&title));
        table.columns_mut()[at..].rotate_right(1);
        Ok(at)
    }

    pub fn remove_column(&mut self, info: &TableInfo, at: usize) -> Result<(), BookError> {
        if info.columns.len() == 1 {
            return self.remove_table(info, TableCells::Clear);
        }
        let left = info.area.left + at as u32;
        let gone = Area { left, right: left, ..info.area };
        let table = self.table_mut(info)?;
        let mut fresh = table.clone();
        let mut kept = umya::Table::new(table.name(), ((1u32, 1u32), (1u32, 1u32)));
        for (index, column) in fresh.columns_mut().iter().enumerate() {
            if index != at {
                kept.add_column(column.clone());
            }
        }
        kept.set_display_name(fresh.display_name());
        kept.set_style_info(fresh.style_info().cloned());
        kept.set_totals_row_count(fresh.totals_row_count());
        let (first, last) = fresh.area();
        kept.set_area(((first.col_num(), first.row_num()), (last.col_num(), last.row_num())));
        kept.set_auto_filter(fresh.auto_filter().range().range());
        *table = kept;
        self.delete(info.sheet, gone, Direction::Left)
    }

    pub fn rename_column(&mut self, info: &TableInfo, at: usize, name: &str) -> Result<(), BookError> {
        if info.columns.iter().enumerate().any(|(i, other)| i != at && other.eq_ignore_ascii_case(name)) {
            return Err(BookError::Exists);
        }
        let column = info.area.left + at as u32;
        self.set(info.sheet, info.area.top, column, &Typed::Plain(Value::Text(name.to_owned()), None))?;
        let old = info.columns.get(at).cloned().unwrap_or_default();
        let table = self.table_mut(info)?;
        if let Some(entry) = table.columns_mut().get_mut(at) {
            entry.set_name(name.to_owned());
        }
        self.rewrite_formulas(&|formula, _| {
            formula.replace(&format!("{}[{old}]", info.name), &format!("{}[{name}]", info.name))
        });
        Ok(())
    }

    /// After cells of a header were written: the columns are called what the cells say.
    pub fn sync_headers(&mut self) {
        for info in self.tables() {
            let titles: Vec<String> = (info.area.left..=info.area.right)
                .map(|column| self.value(info.sheet, info.area.top, column).display("General"))
                .collect();
            let Ok(table) = self.table_mut(&info) else { continue };
            for (entry, title) in table.columns_mut().iter_mut().zip(titles) {
                if !title.is_empty() {
                    entry.set_name(title);
                }
            }
        }
    }
}

fn not_scalar() -> BookError {
    BookError::Invalid("The argument is invalid or missing or has an incorrect format.".into())
}
