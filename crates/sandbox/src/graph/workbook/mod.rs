//! The workbook API (Excel): sessions, worksheets, ranges, tables, names, functions.

mod columns;
mod error;
mod filter;
mod format;
mod functions;
mod names;
mod range;
mod range_json;
mod rows;
mod sessions;
mod tables;
#[cfg(test)]
mod tests;
mod worksheets;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::drives::Need;
use super::drives::stamp;
use super::reply::{Call, GraphError, Outcome, entity, ok};
use super::segments::Function;
use crate::files::workbook::{Book, BookError, Session};
use crate::files::{Drive, Item};
use crate::options::ExcelAppOnly;

/// Largest request body in bytes; Microsoft gives 5 MB.
const LARGEST_BODY: usize = 5 * 1024 * 1024;

/// One call on one workbook.
pub(super) struct Wb<'a> {
    call: &'a Call<'a>,
    drive: &'a Drive,
    item: &'a Item,
    session: Option<Session>,
}

/// What a workbook call needs: reading is `GET`, all else may write.
pub(super) fn need(method: &Method, path: &[&str]) -> Need {
    match (method, path) {
        (&Method::GET, _) | (_, ["functions", ..]) => Need::Read,
        _ => Need::Write,
    }
}

/// Answers `…/workbook/…`; the drive's permissions are checked already.
pub(super) fn handle(call: &Call<'_>, drive: &Drive, item: &Item, path: &[&str]) -> Outcome {
    if call.world.excel_app_only == ExcelAppOnly::Deny && call.request.principal.is_app_only() {
        return Err(error::no_wac_token());
    }
    if item.is_folder() || !item.name.to_ascii_lowercase().ends_with(".xlsx") {
        return Err(error::unsupported_workbook());
    }
    if call.request.body.len() > LARGEST_BODY {
        return Err(error::too_large());
    }
    let mut wb = Wb { call, drive, item, session: None };
    if path
        .first()
        .is_some_and(|first| matches!(Function::parse(first).name.as_str(), "createSession" | "closeSession"))
    {
        return sessions::handle(&wb, path);
    }
    wb.session = sessions::current(&wb)?;
    route(&wb, path)
}

fn route(wb: &Wb<'_>, path: &[&str]) -> Outcome {
    let method = &wb.call.request.method;
    match path {
        [] if *method == Method::GET => {
            let value = json!({ "id": wb.item.id });
            Ok(ok(&entity(wb.call.context("workbook/$entity"), value)))
        }
        ["worksheets", rest @ ..] => worksheets::handle(wb, rest),
        ["tables", rest @ ..] => tables::handle(wb, None, rest),
        ["names", rest @ ..] => names::handle(wb, None, rest),
        ["functions", name] if *method == Method::POST => functions::call(wb, name),
        ["application"] if *method == Method::GET => {
            let value = json!({ "calculationMode": "Automatic" });
            Ok(ok(&entity(wb.call.context("workbookApplication/$entity"), value)))
        }
        ["application", "calculate"] if *method == Method::POST => calculate(wb),
        ["comments"] if *method == Method::GET => {
            Ok(wb.call.collection("Collection(workbookComment)", Vec::new(), None))
        }
        ["refreshSession" | "operations", ..] => sessions::handle(wb, path),
        [first] if Function::parse(first).name == "sessionInfoResource" => sessions::handle(wb, path),
        [first, ..] => Err(GraphError::segment(first)),
        [] => Err(GraphError::method()),
    }
}

fn calculate(wb: &Wb<'_>) -> Outcome {
    let body = wb.call.body()?;
    let kind = body.get("calculationType").and_then(Value::as_str).unwrap_or("Recalculate");
    if !["Recalculate", "Full", "FullRebuild"].iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Err(error::invalid_argument());
    }
    // Every write calculates at once; here only the answer of volatile functions may change.
    wb.write(|_| Ok(()))?;
    Ok(super::reply::empty(StatusCode::NO_CONTENT))
}

impl Wb<'_> {
    fn read<T>(&self, read: impl FnOnce(&Book) -> Result<T, BookError>) -> Result<T, GraphError> {
        let files = &self.call.world.files;
        files.read_book(&self.item.id, self.session.as_ref(), read).map_err(error::of_book)
    }

    fn write<T>(&self, write: impl FnOnce(&mut Book) -> Result<T, BookError>) -> Result<T, GraphError> {
        let files = &self.call.world.files;
        files
            .write_book(&self.item.id, self.session.as_ref(), &stamp(self.call), write)
            .map_err(error::of_book)
    }

    fn is(&self, method: &Method) -> bool {
        self.call.request.method == *method
    }

    /// `@odata.id` of something below this workbook.
    fn id(&self, below: &str) -> String {
        let place = format!("/drives('{}')/items('{}')/workbook/{below}", self.drive.id, self.item.id);
        self.call.url(&place.replace('\'', "%27").replace('{', "%7B").replace('}', "%7D").replace(' ', "%20"))
    }
}

/// An argument that is wrong.
fn invalid(message: &str) -> BookError {
    BookError::Invalid(message.to_owned())
}

/// The body's member of that name, whatever its case.
fn member<'v>(body: &'v serde_json::Map<String, Value>, name: &str) -> Option<&'v Value> {
    body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
