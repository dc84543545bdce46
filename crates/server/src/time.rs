//! Moments as the wire writes them.

use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

const MILLIS: &[FormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]");

fn text(unix_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_ms) * 1_000_000)
        .ok()
        .and_then(|moment| moment.format(MILLIS).ok())
        .unwrap_or_default()
}

/// `2026-01-02T03:04:05.678Z`.
pub fn zulu(unix_ms: i64) -> String {
    format!("{}Z", text(unix_ms))
}

/// `2026-01-02T03:04:05.678+00:00`: the row timestamps of `GET /connections/{id}` (contract §2.4).
pub fn offset(unix_ms: i64) -> String {
    format!("{}+00:00", text(unix_ms))
}

/// Reads an ISO 8601 moment.
pub fn parse(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &time::format_description::well_known::Iso8601::DEFAULT).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_one_moment() {
        assert_eq!(zulu(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
        assert_eq!(offset(1_767_323_045_678), "2026-01-02T03:04:05.678+00:00");
        assert_eq!(parse("2026-01-02T03:04:05.678Z"), Some(1_767_323_045_678));
        assert_eq!(parse("2026-01-02T04:04:05.678+01:00"), Some(1_767_323_045_678));
        assert_eq!(parse("yesterday"), None);
    }
}
