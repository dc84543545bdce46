//! How cells look: font, fill, alignment, sizes, hidden rows and columns.

use umya_spreadsheet as umya;

use super::address::{Area, column_name};
use super::book::{Book, BookError};

/// Properties of a format; `None` says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CellLook {
    pub bold: Option<bool>,
    pub italic: Option<bool>,
    pub font_name: Option<String>,
    pub font_size: Option<f64>,
    pub underline: Option<String>,
    /// `#RRGGBB`.
    pub font_color: Option<String>,
    pub fill_color: Option<String>,
    pub horizontal: Option<String>,
    pub vertical: Option<String>,
    pub wrap: Option<bool>,
    /// Points.
    pub row_height: Option<f64>,
    /// Points; a file counts in characters of about 5.25 points.
    pub column_width: Option<f64>,
    /// Takes the fill away.
    pub no_fill: bool,
}

/// Points of one character of column width in Excel's default font.
const POINTS_PER_CHARACTER: f64 = 5.25;

impl Book {
    /// The look of the first cell of an area.
    pub fn look(&self, sheet: usize, area: Area) -> CellLook {
        let mut look = CellLook::default();
        let Ok(doc) = self.doc.sheet(sheet) else { return look };
        let height = doc.row_dimension(area.top).map(umya::Row::height).filter(|height| *height > 0.0);
        look.row_height = Some(height.unwrap_or(15.0));
        let width = doc.column_dimension_by_number(area.left).map(umya::Column::width);
        look.column_width = Some(width.filter(|w| *w > 0.0).unwrap_or(9.14) * POINTS_PER_CHARACTER);
        let Some(cell) = doc.cell((area.left, area.top)) else { return look };
        let style = cell.style();
        if let Some(font) = style.font() {
            look.bold = Some(font.bold());
            look.italic = Some(font.italic());
            look.font_name = Some(font.name().to_owned());
            look.font_size = Some(font.size());
            look.underline = Some(capitalised(font.underline()));
            look.font_color = hex(&font.color().argb_str());
        }
        look.fill_color = style.background_color().and_then(|color| hex(&color.argb_str()));
        if let Some(alignment) = style.alignment() {
            use umya::EnumTrait as _;
            look.horizontal = Some(capitalised(alignment.horizontal().value_string()));
            look.vertical = Some(capitalised(alignment.vertical().value_string()));
            look.wrap = Some(alignment.wrap_text());
        }
        look
    }

    /// Gives the cells of an area the properties that are set.
    pub fn change_look(&mut self, sheet: usize, area: Area, look: &CellLook) -> Result<(), BookError> {
        let area = self.styled_area(sheet, area)?;
        let doc = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        if let Some(height) = look.row_height {
            for row in area.top..=area.bottom {
                doc.row_dimension_mut(row).set_height(height);
            }
        }
        if let Some(width) = look.column_width {
            for column in area.left..=area.right {
                doc.column_dimension_by_number_mut(column).set_width(width / POINTS_PER_CHARACTER);
            }
        }
        let cells_change =
            CellLook { row_height: None, column_width: None, ..look.clone() } != CellLook::default();
        if !cells_change {
            return Ok(());
        }
        for row in area.top..=area.bottom {
            for column in area.left..=area.right {
                restyle(doc.cell_mut((column, row)).style_mut(), look)?;
            }
        }
        Ok(())
    }

    /// Whole rows and columns are styled as far as the sheet is used.
    fn styled_area(&self, sheet: usize, area: Area) -> Result<Area, BookError> {
        if !area.is_unbounded() {
            return if area.cells() > 500_000 { Err(BookError::TooManyCells) } else { Ok(area) };
        }
        let used = self.used_range(sheet, super::UsedCells::WithFormats).unwrap_or(Area::cell(1, 1));
        Ok(area.intersection(&used).unwrap_or(Area::cell(area.top, area.left)))
    }

    /// Hides rows, or shows them.
    pub fn hide_rows(&mut self, sheet: usize, first: u32, last: u32, hidden: bool) -> Result<(), BookError> {
        if last - first > 500_000 {
            return Err(BookError::TooManyCells);
        }
        let doc = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        for row in first..=last {
            if hidden || doc.row_dimension(row).is_some() {
                doc.row_dimension_mut(row).set_hidden(hidden);
            }
        }
        Ok(())
    }

    /// Hides columns, or shows them.
    pub fn hide_columns(
        &mut self,
        sheet: usize,
        first: u32,
        last: u32,
        hidden: bool,
    ) -> Result<(), BookError> {
        let doc = self.doc.sheet_mut(sheet).map_err(|_| BookError::NotFound)?;
        for column in first..=last {
            doc.column_dimension_mut(&column_name(column)).set_hidden(hidden);
        }
        Ok(())
    }
}

fn restyle(style: &mut umya::Style, look: &CellLook) -> Result<(), BookError> {
    let font_changes = look.bold.is_some()
        || look.italic.is_some()
        || look.font_name.is_some()
        || look.font_size.is_some()
        || look.underline.is_some()
        || look.font_color.is_some();
    if font_changes {
        let font = style.font_mut();
        if let Some(bold) = look.bold {
            font.set_bold(bold);
        }
        if let Some(italic) = look.italic {
            font.set_italic(italic);
        }
        if let Some(name) = &look.font_name {
            font.set_name(name.clone());
        }
        if let Some(size) = look.font_size {
            font.set_size(size);
        }
        if let Some(underline) = &look.underline {
            font.set_underline(underline.to_ascii_lowercase());
        }
        if let Some(color) = &look.font_color {
            font.color_mut().set_argb_str(argb(color));
        }
    }
    if look.no_fill {
        style.remove_fill();
    }
    if let Some(color) = &look.fill_color {
        style.set_background_color(argb(color));
    }
    let bad = || BookError::Invalid("The argument is invalid or missing or has an incorrect format.".into());
    if let Some(horizontal) = &look.horizontal {
        style.alignment_mut().set_horizontal(uncapitalised(horizontal).parse().map_err(|_| bad())?);
    }
    if let Some(vertical) = &look.vertical {
        style.alignment_mut().set_vertical(uncapitalised(vertical).parse().map_err(|_| bad())?);
    }
    if let Some(wrap) = look.wrap {
        style.alignment_mut().set_wrap_text(wrap);
    }
    Ok(())
}

fn argb(color: &str) -> String {
    format!("FF{}", color.trim_start_matches('#').to_ascii_uppercase())
}

/// `FFRRGGBB` as `#RRGGBB`.
fn hex(argb: &str) -> Option<String> {
    (argb.len() == 8 && argb.is_ascii()).then(|| format!("#{}", &argb[2..]))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn uncapitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
