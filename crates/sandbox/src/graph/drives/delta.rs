//! What changed in a drive.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::access::{self, Need};
use super::json;
use crate::files::{DeltaStart, Drive};
use crate::graph::reply::{Call, GraphError, Outcome, ok};
use crate::graph::segments::Function;

/// Items on a page when the caller names no `$top`.
const PAGE: usize = 200;

/// `delta`, `delta(token='…')`, `?token=…`; 410 with a link to start again when the token is no longer good.
pub(super) fn delta(call: &Call<'_>, drive: &Drive, function: &Function) -> Outcome {
    access::check(call, drive, Need::Read)?;
    let said = function.arg("token").or_else(|| call.option("token"));
    let start = match said {
        None | Some("") => DeltaStart::All,
        Some("latest") => DeltaStart::Latest,
        Some(token) => DeltaStart::Token(token.to_owned()),
    };
    let top = call.top(PAGE, 1000)?;
    let Some(page) = call.world.files.changes(&drive.id, &start, top, call.now_ms()) else {
        return Err(GraphError {
            status: StatusCode::GONE,
            code: "resyncRequired",
            message: "Resync required. Replace any local items with the server's version (including deletes) if you're sure that the service was up to date with your local changes when you last sync'd.".into(),
            inner: Some(("resyncChangesApplyDifferences", "Resync required.".into())),
            location: Some(link(call, drive, None)),
        });
    };
    let values = page
        .items
        .iter()
        .map(|item| match item.recycled_ms {
            Some(_) => json::deleted(drive, item),
            None => call.select(json::item(call, drive, item)),
        })
        .collect();
    let mut body = Map::new();
    body.insert("@odata.context".into(), json!(call.context("Collection(driveItem)")));
    let name = if page.more { "@odata.nextLink" } else { "@odata.deltaLink" };
    body.insert(name.into(), json!(link(call, drive, Some(&page.token))));
    body.insert("value".into(), Value::Array(values));
    Ok(ok(&Value::Object(body)))
}

fn link(call: &Call<'_>, drive: &Drive, token: Option<&str>) -> String {
    let mut query: Vec<String> = ["$top", "$select"]
        .iter()
        .filter_map(|name| call.option(name).map(|value| format!("{name}={}", encoded(value))))
        .collect();
    if let Some(token) = token {
        query.push(format!("token={token}"));
    }
    let base = call.url(&format!("/drives/{}/root/delta", encoded(&drive.id)));
    if query.is_empty() { base } else { format!("{base}?{}", query.join("&")) }
}

fn encoded(text: &str) -> String {
    const KEEP: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'!')
        .remove(b',')
        .remove(b'$');
    percent_encoding::utf8_percent_encode(text, KEEP).to_string()
}
