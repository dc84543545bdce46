//! `GetChanges` of a list: what happened since a change token.

use http::StatusCode;
use serde_json::{Value, json};

use crate::sites::{Change, ChangeKind, List, Need, Site, iso};

use super::Call;
use super::entity::{Answer, Entity, Prop};
use super::error::{Outcome, SpError};
use super::lists::found;

/// .NET ticks of the Unix epoch, and ticks a millisecond.
const EPOCH_TICKS: i64 = 621_355_968_000_000_000;
const TICKS_A_MS: i64 = 10_000;

/// `1;3;{list id};{ticks};{number}`.
pub(super) fn token(list: &List, at_ms: i64, seq: u64) -> String {
    format!("1;3;{};{};{seq}", list.id, EPOCH_TICKS + at_ms * TICKS_A_MS)
}

pub(super) fn list_changes(call: &Call<'_>, id: &str) -> Outcome<Answer> {
    let body = call.body()?;
    let query = body.get("query").cloned().unwrap_or(Value::Null);
    let wants = |name: &str| query[name] == json!(true);
    call.read(Need::Read, |site| {
        let list = found(site, id)?;
        let start = match query["ChangeTokenStart"]["StringValue"].as_str() {
            Some(text) => list.check_token(read_token(text, list)?).ok_or_else(too_old)?,
            None => 0,
        };
        let kinds = [
            (ChangeKind::Added, wants("Add")),
            (ChangeKind::Updated, wants("Update")),
            (ChangeKind::Deleted, wants("DeleteObject")),
        ];
        let wanted = |change: &&Change| {
            wants("Item")
                && change.seq >= start
                && kinds.iter().any(|(kind, wanted)| *wanted && *kind == change.kind)
        };
        call.many(list.changes.iter().filter(wanted).map(|change| entity(site, list, change)).collect())
    })
}

fn read_token(text: &str, list: &List) -> Outcome<u64> {
    let parts: Vec<&str> = text.split(';').collect();
    let seq = match parts.as_slice() {
        [_, "3", id, _, seq] if id.eq_ignore_ascii_case(&list.id) => seq.parse().ok(),
        _ => None,
    };
    seq.ok_or_else(|| SpError::bad_query("The change token is not valid for this list."))
}

fn too_old() -> SpError {
    let message = "The changeToken refers to a time before the start of the current change log.";
    SpError::new(StatusCode::BAD_REQUEST, "-2130575172, Microsoft.SharePoint.SPException", message)
}

fn entity(site: &Site, list: &List, change: &Change) -> Entity {
    let mut entity =
        Entity::new("SP.ChangeItem", format!("Web/Lists(guid'{}')/Changes({})", list.id, change.seq));
    // The token after a change, so that a caller who hands it back gets what is newer.
    let token = json!(token(list, change.at_ms, change.seq + 1));
    entity
        .props
        .push(("ChangeToken".to_owned(), Prop::Complex("SP.ChangeToken", vec![("StringValue", token)])));
    entity.values([
        (
            "ChangeType",
            json!(match change.kind {
                ChangeKind::Added => 1,
                ChangeKind::Updated => 2,
                ChangeKind::Deleted => 3,
            }),
        ),
        ("SiteId", json!(site.site_id)),
        ("Time", json!(iso(change.at_ms))),
        ("ItemId", json!(change.item_id)),
        ("ListId", json!(list.id)),
        ("UniqueId", json!(change.guid)),
        ("WebId", json!(site.web_id)),
    ]);
    entity
}
