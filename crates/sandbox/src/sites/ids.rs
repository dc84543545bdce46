//! Identifiers and the text form of times.

use aws_lc_rs::{digest, rand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Builder;

/// A GUID derived from a name, the same in every run.
pub(crate) fn stable_guid(name: &str) -> String {
    let hash = digest::digest(&digest::SHA256, format!("sheetbend-sandbox:{name}").as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// A fresh version 4 GUID.
pub(crate) fn random_guid() -> String {
    let mut bytes = [0_u8; 16];
    if rand::fill(&mut bytes).is_err() {
        tracing::error!("the system's random source failed");
    }
    Builder::from_random_bytes(bytes).into_uuid().to_string()
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
