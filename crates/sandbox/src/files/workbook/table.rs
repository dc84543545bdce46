//! Tables: their cells, rows and columns.

use umya_spreadsheet as umya;

use super::address::Area;
use super::book::{Book, BookError};
use super::shift::Direction;
use super::value::{Typed, Value};
use crate::files::guid;

/// A table as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableInfo {
    pub id: String,
    pub name: String,
    /// Index of its sheet, and of the table on the sheet.
    pub sheet: usize,
    pub slot: usize,
    /// Position among all tables of the workbook, from 1.
    pub legacy_id: usize,
    pub area: Area,
    pub columns: Vec<String>,
    pub totals: bool,
    pub style: String,
    pub first_column: bool,
    pub last_column: bool,
    pub banded_rows: bool,
    pub banded_columns: bool,
    pub filter_button: bool,
}

impl TableInfo {
    pub fn header(&self) -> Area {
        Area { bottom: self.area.top, ..self.area }
    }

    /// Rows between header and totals; an empty table still has one row.
    pub fn body(&self) -> Area {
        Area { top: self.area.top + 1, bottom: self.area.bottom - u32::from(self.totals), ..self.area }
    }

    pub fn total_row(&self) -> Option<Area> {
        self.totals.then_some(Area { top: self.area.bottom, ..self.area })
    }

    /// A row of the body, from 0.
    pub fn row(&self, index: u32) -> Option<Area> {
        let body = self.body();
        (index < body.rows()).then(|| Area { top: body.top + index, bottom: body.top + index, ..body })
    }

    /// A column of the table by id (from 1), name or position text.
    pub fn column(&self, key: &str) -> Option<usize> {
        let by_name = self.columns.iter().position(|name| name.eq_ignore_ascii_case(key));
        by_name.or_else(|| {
            key.parse::<usize>().ok().filter(|id| (1..=self.columns.len()).contains(id)).map(|id| id - 1)
        })
    }
}

impl Book {
    pub fn tables(&self) -> Vec<TableInfo> {
        let mut all = Vec::new();
        for (sheet, worksheet) in self.doc.sheet_collection().iter().enumerate() {
            for (slot, table) in worksheet.tables().iter().enumerate() {
                all.push(self.table_info(sheet, slot, table, all.len() + 1));
            }
        }
        all
    }

    fn table_info(&self, sheet: usize, slot: usize, table: &umya::Table, legacy_id: usize) -> TableInfo {
        let (first, last) = table.area();
        let name = table.display_name().to_owned();
        let stored = self.object_ids.get(&format!("table:{name}")).cloned();
        let style = table.style_info();
        TableInfo {
            id: stored.unwrap_or_else(|| format!("{{{}}}", guid(&format!("table/{}", name.to_lowercase())))),
            sheet,
            slot,
            legacy_id,
            area: Area {
                top: first.row_num(),
                left: first.col_num(),
                bottom: last.row_num(),
                right: last.col_num(),
            },
            columns: table.columns().iter().map(|column| column.name().to_owned()).collect(),
            totals: table.totals_row_count() > 0,
            style: style.map(|s| s.name().to_owned()).unwrap_or_default(),
            first_column: style.is_some_and(umya::TableStyleInfo::is_show_first_col),
            last_column: style.is_some_and(umya::TableStyleInfo::is_show_last_col),
            banded_rows: style.is_some_and(umya::TableStyleInfo::is_show_row_stripes),
            banded_columns: style.is_some_and(umya::TableStyleInfo::is_show_col_stripes),
            filter_button: !table.auto_filter().range().range().is_empty(),
            name,
        }
    }

    /// A table by id or name, ignoring case; also by its number.
    pub fn table(&self, key: &str) -> Result<TableInfo, BookError> {
        let found = |t: &TableInfo| {
            t.name.eq_ignore_ascii_case(key)
                || t.id.eq_ignore_ascii_case(key)
                || t.legacy_id.to_string() == key
        };
        self.tables().into_iter().find(found).ok_or(BookError::NotFound)
    }

    pub(super) fn table_mut(&mut self, info: &TableInfo) -> Result<&mut umya::Table, BookError> {
        let sheet = self.doc.sheet_mut(info.sheet).map_err(|_| BookError::NotFound)?;
        sheet.tables_mut().get_mut(info.slot).ok_or(BookError::NotFound)
    }

    /// Makes a table over an area. Without headers a row of `Column1`, `Column2`… is put above.
    pub fn add_table(&mut self, sheet: usize, area: Area, headers: Headers) -> Result<TableInfo, BookError> {
        let area = self.header_row(sheet, area, headers)?;
        let overlaps = |t: &TableInfo| t.sheet == sheet && t.area.intersection(&area).is_some();
        if self.tables().iter().any(overlaps) {
            return Err(BookError::Invalid("A table can't overlap another table.".into()));
        }
        let name = (1..)
            .map(|n| format!("Table{n}"))
            .find(|candidate| self.table(candidate).is_err())
            .ok_or(BookError::Exists)?;
        let mut table = umya::Table::new(&name, ((area.left, area.top), (area.right, area.bottom)));
        let mut seen: Vec<String> = Vec::new();
        for column in area.left..=area.right {
            let shown = self.value(sheet, area.top, column).display("General");
            let title = free_title(&seen, &shown, column - area.left + 1);
            let text = Typed::Plain(Value::Text(title.clone()), None);
            self.set(sheet, area.top, column, &text)?;
            table.add_column(umya::TableColumn::new(&title));
            seen.push(title);
        }
        table.set_style_info(Some(banded("TableStyleMedium2")));
        self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?.add_table(table);
        self.table(&name)
    }

    fn header_row(&mut self, sheet: usize, area: Area, headers: Headers) -> Result<Area, BookError> {
        if area.is_unbounded() {
            return Err(BookError::Invalid(
                "The argument is invalid or missing or has an incorrect format.".into(),
            ));
        }
        if headers == Headers::Missing {
            let row = Area { bottom: area.top, ..area };
            self.insert(sheet, row, Direction::Down)?;
            return Ok(Area { bottom: area.bottom + 1, ..area });
        }
        // A table has at least one row under its header.
        let bottom = if area.rows() == 1 { area.bottom + 1 } else { area.bottom };
        Ok(Area { bottom, ..area })
    }

    /// Takes the table away: its cells too, or only the table around them.
    pub fn remove_table(&mut self, info: &TableInfo, cells: TableCells) -> Result<(), BookError> {
        let sheet = self.doc.sheet_mut(info.sheet).map_err(|_| BookError::NotFound)?;
        if info.slot >= sheet.tables().len() {
            return Err(BookError::NotFound);
        }
        sheet.tables_mut().remove(info.slot);
        self.object_ids.remove(&format!("table:{}", info.name));
        if cells == TableCells::Clear {
            self.clear(info.sheet, info.area, super::Cleared::All)?;
        }
        Ok(())
    }

    pub fn rename_table(&mut self, info: &TableInfo, name: &str) -> Result<(), BookError> {
        let valid = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '\\')
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
            && Area::parse(name).is_none();
        if !valid {
            return Err(BookError::Invalid("The table name is invalid.".into()));
        }
        if self.table(name).is_ok_and(|other| other.id != info.id) {
            return Err(BookError::Exists);
        }
        self.object_ids.remove(&format!("table:{}", info.name));
        self.object_ids.insert(format!("table:{name}"), info.id.clone());
        let old = format!("{}[", info.name);
        let new = format!("{name}[");
        self.rewrite_formulas(&|formula, _| formula.replace(&old, &new));
        let table = self.table_mut(info)?;
        table.set_name(name);
        table.set_display_name(name);
        Ok(())
    }

    pub fn set_table_style(&mut self, info: &TableInfo, looks: &TableLooks) -> Result<(), BookError> {
        let column = |show| if show { umya::ShowColumn::Show } else { umya::ShowColumn::Hide };
        let stripes = |show| if show { umya::ShowStripes::Show } else { umya::ShowStripes::Hide };
        let style = umya::TableStyleInfo::new(
            looks.style.as_deref().unwrap_or(&info.style),
            column(looks.first_column.unwrap_or(info.first_column)),
            column(looks.last_column.unwrap_or(info.last_column)),
            stripes(looks.banded_rows.unwrap_or(info.banded_rows)),
            stripes(looks.banded_columns.unwrap_or(info.banded_columns)),
        );
        self.table_mut(info)?.set_style_info(Some(style));
        Ok(())
    }

    /// Shows or hides the row of totals; a new one sums the last column, as Excel does.
    pub fn set_totals(&mut self, info: &TableInfo, show: bool) -> Result<(), BookError> {
        if show == info.totals {
            return Ok(());
        }
        if !show {
            let row = Area { top: info.area.bottom, ..info.area };
            self.resize_table(info, Area { bottom: info.area.bottom - 1, ..info.area })?;
            let table = self.table_mut(info)?;
            table.set_totals_row_count(0);
            table.set_totals_row_shown(false);
            return self.clear(info.sheet, row, super::Cleared::All);
        }
        let row = info.area.bottom + 1;
        self.insert(info.sheet, Area { top: row, bottom: row, ..info.area }, Direction::Down)?;
        self.resize_table(info, Area { bottom: row, ..info.area })?;
        self.table_mut(info)?.set_totals_row_count(1);
        self.set(info.sheet, row, info.area.left, &Typed::Plain(Value::Text("Total".into()), None))?;
        let title = info.columns.last().cloned().unwrap_or_default();
        let formula = Typed::Formula(format!("SUBTOTAL(109,{}[{title}])", info.name));
        self.set(info.sheet, row, info.area.right, &formula)
    }

    pub(super) fn resize_table(&mut self, info: &TableInfo, area: Area) -> Result<(), BookError> {
        let table = self.table_mut(info)?;
        table.set_area(((area.left, area.top), (area.right, area.bottom)));
        if !table.auto_filter().range().range().is_empty() {
            let filtered = Area { bottom: area.bottom - u32::from(info.totals), ..area };
            table.auto_filter_mut().set_range(filtered.a1());
        }
        Ok(())
    }

    /// The reader of umya 3.1 forgets which rows are banded; Excel's own default is that they are.
    pub(super) fn restore_bands(&mut self) {
        for sheet in self.doc.sheet_collection_mut() {
            for table in sheet.tables_mut() {
                let name = table.style_info().map(|style| style.name().to_owned());
                if let Some(name) = name.filter(|name| !name.is_empty()) {
                    table.set_style_info(Some(banded(&name)));
                }
            }
        }
    }
}

/// Whether the area of a new table begins with titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Headers {
    Present,
    Missing,
}

/// What happens to the cells of a table that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableCells {
    Clear,
    Keep,
}

/// Changes of a table's looks; `None` keeps.
#[derive(Debug, Default)]
pub(crate) struct TableLooks {
    pub style: Option<String>,
    pub first_column: Option<bool>,
    pub last_column: Option<bool>,
    pub banded_rows: Option<bool>,
    pub banded_columns: Option<bool>,
}

fn banded(style: &str) -> umya::TableStyleInfo {
    umya::TableStyleInfo::new(
        style,
        umya::ShowColumn::Hide,
        umya::ShowColumn::Hide,
        umya::ShowStripes::Show,
        umya::ShowStripes::Hide,
    )
}

/// A column title that no other column has.
pub(super) fn free_title(taken: &[String], wanted: &str, position: u32) -> String {
    let base = if wanted.is_empty() { format!("Column{position}") } else { wanted.to_owned() };
    let is_free = |title: &str| !taken.iter().any(|other| other.eq_ignore_ascii_case(title));
    if is_free(&base) {
        return base;
    }
    (2..).map(|n| format!("{base}{n}")).find(|title| is_free(title)).unwrap_or(base)
}
