//! Moments as the wire writes them.

use serde_json::Value;
use time::format_description::FormatItem;
use time::format_description::well_known::Iso8601;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

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

/// Reads an ISO 8601 moment; without an offset it is UTC, without a time midnight.
pub fn parse(text: &str) -> Option<i64> {
    let form = &Iso8601::DEFAULT;
    let moment = OffsetDateTime::parse(text, form)
        .or_else(|_| PrimitiveDateTime::parse(text, form).map(PrimitiveDateTime::assume_utc))
        .or_else(|_| Date::parse(text, form).map(|date| date.midnight().assume_utc()))
        .ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Reads a moment as a JSON value: ISO 8601, or a number of milliseconds, or of seconds when as milliseconds it would
/// lie before 1971 (contract §7.3).
pub fn from_json(value: &Value) -> Option<i64> {
    const YEAR_1971_MS: i64 = 31_536_000_000;
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => {
            let number = number.as_i64().or_else(|| number.as_f64().map(|number| number as i64))?;
            Some(if number > YEAR_1971_MS { number } else { number.checked_mul(1000)? })
        }
        _ => None,
    }
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
        assert_eq!(parse("2026-01-02T03:04:05.678"), Some(1_767_323_045_678));
        assert_eq!(parse("2026-01-02"), Some(1_767_312_000_000));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(from_json(&1_767_323_045_678_i64.into()), Some(1_767_323_045_678));
        assert_eq!(from_json(&1_767_323_045.into()), Some(1_767_323_045_000));
        assert_eq!(from_json(&true.into()), None);
    }
}
