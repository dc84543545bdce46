//! Identifiers and the text form of times.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::random;
pub(crate) use crate::random::guid as random_guid;

/// A GUID derived from a name, the same in every run.
pub(crate) fn stable_guid(name: &str) -> String {
    random::guid_from(&format!("sites:{name}"))
}

/// `2026-11-21T17:00:00Z`; milliseconds are cut off, as SharePoint does.
pub(crate) fn iso(ms: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

/// Reads an ISO 8601 time or date; without an offset it is UTC. Answers Unix milliseconds.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        _ if text.ends_with(['Z', 'z']) || has_offset(text) => text.to_owned(),
        _ => format!("{text}Z"),
    };
    let time = OffsetDateTime::parse(&full, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

fn has_offset(text: &str) -> bool {
    text.get(10..).is_some_and(|clock| clock.contains(['+', '-']))
}
