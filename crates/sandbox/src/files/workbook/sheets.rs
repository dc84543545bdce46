//! Worksheets: found, added, renamed, moved, removed.

use umya_spreadsheet as umya;

use super::book::{Book, BookError};
use super::formula::rename_sheet;
use crate::files::guid;

/// A worksheet as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetInfo {
    pub index: usize,
    pub id: String,
    pub name: String,
    pub visibility: &'static str,
}

impl Book {
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
}
