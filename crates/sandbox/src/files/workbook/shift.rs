//! Cells that move: insert and delete, with every reference to them.

use umya_spreadsheet as umya;

use super::address::{Area, MAX_COLUMN, MAX_ROW};
use super::book::{Book, BookError};
use super::formula;

/// Where cells go when others come or leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Down,
    Right,
    Up,
    Left,
}

/// A formula as it reads when copied some rows down: relative rows move, fixed ones stay.
pub(super) fn copied(formula: &str, rows: i64) -> String {
    let mut out = String::new();
    // `rewrite` keeps the `$` marks but moves all alike, so fixed rows are put back by moving relative ones only.
    for part in formula::split_relative(formula) {
        match part {
            formula::Part::Text(text) => out.push_str(&text),
            formula::Part::Row(row) => {
                let moved = (i64::from(row) + rows).clamp(1, i64::from(MAX_ROW));
                out.push_str(&moved.to_string());
            }
        }
    }
    out
}

impl Book {
    /// Makes room at `area`: cells there and beyond move down or right.
    pub fn insert(&mut self, sheet: usize, area: Area, direction: Direction) -> Result<(), BookError> {
        self.refuse_cut_tables(sheet, area, direction)?;
        let band = band(area, direction);
        let (rows, columns) = match direction {
            Direction::Down | Direction::Up => (i64::from(area.rows()), 0),
            Direction::Right | Direction::Left => (0, i64::from(area.columns())),
        };
        let pushed_off = self.doc.sheet(sheet).map_err(|_| BookError::NotFound)?.cells().iter().any(|cell| {
            let (row, column) = (cell.coordinate().row_num(), cell.coordinate().col_num());
            band.contains(row, column)
                && (i64::from(row) + rows > i64::from(MAX_ROW)
                    || i64::from(column) + columns > i64::from(MAX_COLUMN))
        });
        if pushed_off {
            return Err(BookError::Shift("Non-blank cells cannot be shifted off of the worksheet.".into()));
        }
        self.move_cells(sheet, band, rows, columns)?;
        let moved = move |other: Area| Some(grown(other, area, direction));
        self.follow(sheet, &moved);
        Ok(())
    }

    /// Takes the cells of `area` away; those beyond move up or left.
    pub fn delete(&mut self, sheet: usize, area: Area, direction: Direction) -> Result<(), BookError> {
        self.refuse_cut_tables(sheet, area, direction)?;
        let sheet_doc = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        for (column, row) in places(sheet_doc, area) {
            sheet_doc.remove_cell((column, row));
        }
        let beyond = band(area, direction);
        let (rows, columns) = match direction {
            Direction::Down | Direction::Up => (-i64::from(area.rows()), 0),
            Direction::Right | Direction::Left => (0, -i64::from(area.columns())),
        };
        self.move_cells(sheet, beyond, rows, columns)?;
        let moved = move |other: Area| shrunk(other, area, direction);
        self.follow(sheet, &moved);
        Ok(())
    }

    fn move_cells(&mut self, sheet: usize, band: Area, rows: i64, columns: i64) -> Result<(), BookError> {
        let sheet = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        let mut moving = Vec::new();
        for (column, row) in places(sheet, band) {
            if let Some(cell) = sheet.cell((column, row)).cloned() {
                moving.push(cell);
                sheet.remove_cell((column, row));
            }
        }
        for mut cell in moving {
            let row = i64::from(cell.coordinate().row_num()) + rows;
            let column = i64::from(cell.coordinate().col_num()) + columns;
            let (Ok(row), Ok(column)) = (u32::try_from(row), u32::try_from(column)) else { continue };
            if row >= 1 && column >= 1 {
                place(&mut cell, row, column);
                sheet.set_cell(cell);
            }
        }
        Ok(())
    }

    /// Lets formulas, names, tables and merged cells follow what moved on `sheet`.
    fn follow(&mut self, sheet: usize, moved: &dyn Fn(Area) -> Option<Area>) {
        let Some(name) = self.sheets().get(sheet).map(|info| info.name.clone()) else { return };
        self.rewrite_formulas(&|text, own| {
            formula::rewrite(text, own, &|target, area| {
                if target.eq_ignore_ascii_case(&name) { moved(area) } else { Some(area) }
            })
        });
        let Ok(sheet) = self.doc.sheet_mut(sheet) else { return };
        let left_over = |table: &umya::Table| {
            let (first, last) = table.area();
            let area = Area {
                top: first.row_num(),
                left: first.col_num(),
                bottom: last.row_num(),
                right: last.col_num(),
            };
            moved(area).is_some_and(|area| area.rows() > 1)
        };
        sheet.tables_mut().retain(left_over);
        for table in sheet.tables_mut() {
            let (first, last) = table.area();
            let area = Area {
                top: first.row_num(),
                left: first.col_num(),
                bottom: last.row_num(),
                right: last.col_num(),
            };
            if let Some(area) = moved(area) {
                table.set_area(((area.left, area.top), (area.right, area.bottom)));
            }
            let filtered = Area::parse(&table.auto_filter().range().range()).and_then(moved);
            if let Some(filtered) = filtered {
                table.auto_filter_mut().set_range(filtered.a1());
            }
        }
        let merged: Vec<Area> =
            sheet.merge_cells().iter().filter_map(|range| Area::parse(&range.range())).collect();
        sheet.merge_cells_mut().clear();
        for area in merged.into_iter().filter_map(moved) {
            if area.cells() > 1 {
                sheet.add_merge_cells(area.a1());
            }
        }
    }

    /// Excel refuses a shift that would tear a table in two.
    fn refuse_cut_tables(&self, sheet: usize, area: Area, direction: Direction) -> Result<(), BookError> {
        let band = band(area, direction);
        let torn = |table: Area| {
            let Some(hit) = band.intersection(&table) else { return false };
            match direction {
                Direction::Down | Direction::Up => hit.left != table.left || hit.right != table.right,
                Direction::Right | Direction::Left => hit.top != table.top || hit.bottom != table.bottom,
            }
        };
        if self.tables().iter().any(|table| table.sheet == sheet && torn(table.area)) {
            return Err(BookError::Shift("This operation is not allowed. The operation is attempting to shift cells in a table on your worksheet.".into()));
        }
        Ok(())
    }

    /// Joins the cells of an area, or of each of its rows; only the first keeps its content.
    pub fn merge(&mut self, sheet: usize, area: Area, across: bool) -> Result<(), BookError> {
        let parts: Vec<Area> = if across {
            (area.top..=area.bottom).map(|row| Area { top: row, bottom: row, ..area }).collect()
        } else {
            vec![area]
        };
        self.unmerge(sheet, area)?;
        for part in parts.into_iter().filter(|part| part.cells() > 1) {
            let sheet = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
            for (column, row) in places(sheet, part) {
                if (row, column) != (part.top, part.left) {
                    sheet.cell_mut((column, row)).set_blank();
                }
            }
            sheet.add_merge_cells(part.a1());
        }
        Ok(())
    }

    pub fn unmerge(&mut self, sheet: usize, area: Area) -> Result<(), BookError> {
        let sheet = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        let apart = |range: &umya::Range| {
            Area::parse(&range.range()).is_none_or(|merged| merged.intersection(&area).is_none())
        };
        sheet.merge_cells_mut().retain(apart);
        Ok(())
    }

    /// Sorts the rows of an area by some of its columns (counted from 0); the first row stays when it is a header.
    pub fn sort(&mut self, sheet: usize, area: Area, order: &SortOrder) -> Result<(), BookError> {
        let top = area.top + u32::from(order.has_headers);
        if top > area.bottom {
            return Ok(());
        }
        if order.keys.iter().any(|(key, _)| *key >= area.columns()) {
            return Err(BookError::Invalid(
                "The argument is invalid or missing or has an incorrect format.".into(),
            ));
        }
        let mut rows: Vec<u32> = (top..=area.bottom).collect();
        rows.sort_by(|a, b| {
            let by_key = |(key, ascending): &(u32, bool)| {
                let column = area.left + key;
                let (x, y) = (self.value(sheet, *a, column), self.value(sheet, *b, column));
                compare(&x, &y, *ascending, order.match_case)
            };
            order.keys.iter().map(by_key).find(|found| found.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        let doc = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        let mut sorted = Vec::new();
        for (target, source) in (top..=area.bottom).zip(&rows) {
            for column in area.left..=area.right {
                let Some(mut cell) = doc.cell((column, *source)).cloned() else { continue };
                if cell.is_formula() {
                    cell.set_formula(copied(cell.formula(), i64::from(target) - i64::from(*source)));
                }
                place(&mut cell, target, column);
                sorted.push(cell);
            }
        }
        for (column, row) in places(doc, Area { top, ..area }) {
            doc.remove_cell((column, row));
        }
        for cell in sorted {
            doc.set_cell(cell);
        }
        Ok(())
    }
}

/// How to sort.
#[derive(Debug, Default)]
pub(crate) struct SortOrder {
    /// Column within the area, and whether it ascends; the strongest first.
    pub keys: Vec<(u32, bool)>,
    pub match_case: bool,
    pub has_headers: bool,
}

/// Excel's order: numbers, text, booleans, errors; empty cells last whichever way it goes.
fn compare(a: &super::Value, b: &super::Value, ascending: bool, match_case: bool) -> std::cmp::Ordering {
    use super::Value::{Bool, Empty, Error, Number, Text};
    let rank = |value: &super::Value| match value {
        Number(_) => 0,
        Text(_) => 1,
        Bool(_) => 2,
        Error(_) => 3,
        Empty => 4,
    };
    if matches!(a, Empty) || matches!(b, Empty) {
        return rank(a).cmp(&rank(b));
    }
    let order = match (a, b) {
        (Number(x), Number(y)) => x.total_cmp(y),
        (Text(x), Text(y)) if match_case => x.cmp(y),
        (Text(x), Text(y)) => x.to_lowercase().cmp(&y.to_lowercase()),
        (Bool(x), Bool(y)) => x.cmp(y),
        _ => rank(a).cmp(&rank(b)),
    };
    if ascending { order } else { order.reverse() }
}

/// The cells that move: from the area to the sheet's end, as wide (or high) as the area.
fn band(area: Area, direction: Direction) -> Area {
    match direction {
        Direction::Down | Direction::Up => Area { bottom: MAX_ROW, ..area },
        Direction::Right | Direction::Left => Area { right: MAX_COLUMN, ..area },
    }
}

/// Gives a cell another place. umya's own `set_coordinate` would also change its formula.
fn place(cell: &mut umya::Cell, row: u32, column: u32) {
    let coordinate = cell.coordinate_mut();
    coordinate.set_row_num(row);
    coordinate.set_col_num(column);
}

fn places(sheet: &umya::Worksheet, area: Area) -> Vec<(u32, u32)> {
    sheet
        .cells()
        .iter()
        .map(|cell| (cell.coordinate().col_num(), cell.coordinate().row_num()))
        .filter(|(column, row)| area.contains(*row, *column))
        .collect()
}

/// A reference after cells came in at `area`. One that is only partly in the band stays as it is.
fn grown(other: Area, area: Area, direction: Direction) -> Area {
    if direction == Direction::Down {
        if other.left < area.left
            || other.right > area.right
            || other.bottom < area.top
            || other.is_unbounded()
        {
            return other;
        }
        let by = area.rows();
        let top = if other.top >= area.top { other.top + by } else { other.top };
        return Area { top: top.min(MAX_ROW), bottom: (other.bottom + by).min(MAX_ROW), ..other };
    }
    if other.top < area.top || other.bottom > area.bottom || other.right < area.left || other.is_unbounded() {
        return other;
    }
    let by = area.columns();
    let left = if other.left >= area.left { other.left + by } else { other.left };
    Area { left: left.min(MAX_COLUMN), right: (other.right + by).min(MAX_COLUMN), ..other }
}

/// A reference after the cells of `area` went; `None` when nothing of it is left.
fn shrunk(other: Area, area: Area, direction: Direction) -> Option<Area> {
    if direction == Direction::Up {
        if other.left < area.left || other.right > area.right || other.is_unbounded() {
            return Some(other);
        }
        let (top, bottom) = shrunk_span((other.top, other.bottom), (area.top, area.bottom))?;
        return Some(Area { top, bottom, ..other });
    }
    if other.top < area.top || other.bottom > area.bottom || other.is_unbounded() {
        return Some(other);
    }
    let (left, right) = shrunk_span((other.left, other.right), (area.left, area.right))?;
    Some(Area { left, right, ..other })
}

fn shrunk_span((first, last): (u32, u32), (gone_first, gone_last): (u32, u32)) -> Option<(u32, u32)> {
    let by = gone_last - gone_first + 1;
    if first >= gone_first && last <= gone_last {
        return None;
    }
    let moved_first = match first {
        f if f > gone_last => f - by,
        f if f >= gone_first => gone_first,
        f => f,
    };
    let moved_last = match last {
        l if l > gone_last => l - by,
        l if l >= gone_first => gone_first - 1,
        l => l,
    };
    Some((moved_first, moved_last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(text: &str) -> Area {
        Area::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn references_grow_and_shrink() {
        assert_eq!(grown(area("B2:B5"), area("B3"), Direction::Down), area("B2:B6"));
        assert_eq!(grown(area("B2:B5"), area("B2"), Direction::Down), area("B3:B6"));
        assert_eq!(grown(area("C2:C5"), area("B3"), Direction::Down), area("C2:C5"));
        assert_eq!(grown(area("B2:B5"), area("B6"), Direction::Down), area("B2:B5"));
        assert_eq!(shrunk(area("B2:B5"), area("B3"), Direction::Up), Some(area("B2:B4")));
        assert_eq!(shrunk(area("B2:B5"), area("B2:B5"), Direction::Up), None);
        assert_eq!(shrunk(area("B4:B5"), area("B2:B4"), Direction::Up), Some(area("B2")));
        assert_eq!(shrunk(area("D2"), area("B2:C2"), Direction::Left), Some(area("B2")));
    }

    #[test]
    fn copied_formulas_move_relative_rows() {
        assert_eq!(copied("E2*$F$2+Orders!A2", 3), "E5*$F$2+Orders!A5");
        assert_eq!(copied("SUM(A2:A3)&\"A2\"", 1), "SUM(A3:A4)&\"A2\"");
    }
}
