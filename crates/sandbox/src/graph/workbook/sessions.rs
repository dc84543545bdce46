//! Workbook sessions, and the operations that create them in the background.

use http::header::LOCATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Wb, error};
use crate::files::workbook::Session;
use crate::graph::reply::{GraphError, Outcome, empty, entity, json_response, ok};
use crate::graph::segments::Function;
use crate::stamps;

/// The session that the request's header names.
pub(super) fn current(wb: &Wb<'_>) -> Result<Option<Session>, GraphError> {
    let Some(id) = wb.call.header("workbook-session-id").filter(|id| !id.trim().is_empty()) else {
        return Ok(None);
    };
    let books = &wb.call.world.files.books;
    books.session(id.trim(), &wb.item.id, wb.call.now_ms()).map(Some).map_err(error::of_session)
}

pub(super) fn handle(wb: &Wb<'_>, path: &[&str]) -> Outcome {
    let post = wb.is(&Method::POST);
    match path {
        ["createSession"] if post => create(wb),
        ["refreshSession"] if post => match wb.session {
            Some(_) => Ok(empty(StatusCode::NO_CONTENT)),
            None => Err(error::invalid_argument()),
        },
        ["closeSession"] if post => close(wb),
        ["operations", id] if !post => operation(wb, id),
        [function] if !post && Function::parse(function).name == "sessionInfoResource" => {
            let function = Function::parse(function);
            let id = function.arg("key").unwrap_or_default().to_owned();
            let session = wb.call.world.files.books.session(&id, &wb.item.id, wb.call.now_ms());
            let session = session.map_err(error::of_session)?;
            Ok(ok(&info(wb, &id, session.persists)))
        }
        _ => Err(GraphError::method()),
    }
}

fn create(wb: &Wb<'_>) -> Outcome {
    let body = wb.call.body()?;
    let persists = match super::member(&body, "persistChanges") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(flag)) => *flag,
        Some(_) => return Err(error::invalid_argument()),
    };
    let files = &wb.call.world.files;
    // Opening it now tells the caller at once when the file is no workbook.
    let scratch = files.scratch_book(&wb.item.id).map_err(error::of_book)?;
    let id = files
        .books
        .create_session(&wb.item.id, (!persists).then_some(scratch), wb.call.now_ms())
        .map_err(error::of_session)?;
    let prefers_async = wb.call.header("prefer").is_some_and(|prefer| prefer.contains("respond-async"));
    if !prefers_async {
        return Ok(json_response(StatusCode::CREATED, &info(wb, &id, persists)));
    }
    let operation = files.books.begin_operation(&id);
    let mut response = empty(StatusCode::ACCEPTED);
    let place =
        wb.call.url(&format!("/drives/{}/items/{}/workbook/operations/{operation}", wb.drive.id, wb.item.id));
    stamps::put(&mut response.headers, LOCATION, &place);
    Ok(response)
}

fn close(wb: &Wb<'_>) -> Outcome {
    let id = wb.call.header("workbook-session-id").unwrap_or_default().trim().to_owned();
    if id.is_empty() {
        return Err(error::invalid_argument());
    }
    current(wb)?;
    wb.call.world.files.books.close_session(&id);
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Says `running` once and `succeeded` from then on, so that a client's polling is really used.
fn operation(wb: &Wb<'_>, id: &str) -> Outcome {
    let Some((session, polls)) = wb.call.world.files.books.poll_operation(id) else {
        return Err(GraphError::not_found());
    };
    let context = wb.call.context("workbookOperation");
    if polls == 0 {
        return Ok(ok(&entity(context, json!({ "id": id, "status": "running" }))));
    }
    let key = percent_encoding::utf8_percent_encode(&session, percent_encoding::NON_ALPHANUMERIC);
    let place =
        format!("/drives/{}/items/{}/workbook/sessionInfoResource(key='{key}')", wb.drive.id, wb.item.id);
    let value = json!({ "id": id, "status": "succeeded", "resourceLocation": wb.call.url(&place) });
    Ok(ok(&entity(context, value)))
}

fn info(wb: &Wb<'_>, id: &str, persists: bool) -> Value {
    let context = wb.call.context("microsoft.graph.workbookSessionInfo");
    entity(context, json!({ "id": id, "persistChanges": persists }))
}
