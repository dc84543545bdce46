//! The workbook engine: umya keeps the document, IronCalc calculates, nothing else writes the `.xlsx`.
//!
//! IronCalc's own save drops tables, so it is never asked to save: values go in, results come out.

pub(crate) mod address;
mod book;
mod calc;
mod formula;
mod look;
mod names;
mod newer;
mod open;
mod sheets;
mod shift;
mod table;
mod table_edit;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use address::{Area, MAX_COLUMN, MAX_ROW};
pub(crate) use book::{Book, BookError, Cleared, UsedCells};
pub(crate) use formula::to_r1c1;
pub(crate) use look::CellLook;
pub(crate) use names::Name;
pub(crate) use newer::shown as shown_formula;
pub(crate) use open::{Books, Session, SessionError};
pub(crate) use sheets::SheetInfo;
pub(crate) use shift::{Direction, SortOrder};
pub(crate) use table::{Headers, TableCells, TableInfo, TableLooks};
pub(crate) use value::{Typed, Value, number_json, typed};
