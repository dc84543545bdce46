//! Defined names, and the rewriting of every formula that a change of place or name asks for.

use umya_spreadsheet as umya;

use super::address::Area;
use super::book::{Book, BookError};

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
