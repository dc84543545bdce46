//! `${now}` and its formats, in UTC, with the letters of the field's date library (contract §4.4).

use time::{OffsetDateTime, Weekday};

/// A moment relative to now, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    offset_ms: i64,
    format: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    Field(&'static str),
}

/// Longest first, so that `MMM` is not read as `MM` and `M`.
const FIELDS: &[&str] = &[
    "YYYY", "MMMM", "dddd", "SSS", "MMM", "ddd", "YY", "MM", "DD", "HH", "mm", "ss", "ZZ", "M", "D", "H",
    "m", "s", "Z", "X", "x",
];
/// The format of plain `${now}` (ISO 8601).
const ISO: &str = "YYYY-MM-DD[T]HH:mm:ss.SSS[Z]";

impl Stamp {
    /// Parses what follows `now`: nothing, `:FORMAT` or `±N:unit:FORMAT`.
    pub(super) fn parse(after: &str) -> Result<Self, &'static str> {
        if after.is_empty() {
            return Ok(Self { offset_ms: 0, format: tokens(ISO)? });
        }
        if let Some(format) = after.strip_prefix(':') {
            return Ok(Self { offset_ms: 0, format: tokens(format)? });
        }
        let wrong = "a moment is written ${now+7:days:FORMAT}";
        let mut pieces = after.splitn(3, ':');
        let (Some(count), Some(unit), Some(format)) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(wrong);
        };
        let count: i64 = count.parse().map_err(|_| wrong)?;
        let unit_ms: i64 = match unit.trim_end_matches('s') {
            "millisecond" => 1,
            "second" => 1_000,
            "minute" => 60_000,
            "hour" => 3_600_000,
            "day" => 86_400_000,
            "week" => 604_800_000,
            _ => return Err("the unit of a moment is seconds, minutes, hours, days or weeks"),
        };
        let offset_ms = count.checked_mul(unit_ms).ok_or("a moment too far away")?;
        Ok(Self { offset_ms, format: tokens(format)? })
    }

    /// The text at a moment, Unix milliseconds; `None` beyond the calendar.
    pub(super) fn of(&self, now_ms: i64) -> Option<String> {
        let ms = now_ms.checked_add(self.offset_ms)?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()?;
        let mut text = String::new();
        for token in &self.format {
            match token {
                Token::Text(literal) => text.push_str(literal),
                Token::Field(field) => text.push_str(&written(field, at, ms)),
            }
        }
        Some(text)
    }
}

fn tokens(format: &str) -> Result<Vec<Token>, &'static str> {
    if format.is_empty() {
        return Err("an empty date format");
    }
    let mut found = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some(escaped) = rest.strip_prefix('[') {
            let end = escaped.find(']').ok_or("`[` without `]` in a date format")?;
            found.push(Token::Text(escaped[..end].to_owned()));
            rest = &escaped[end + 1..];
        } else if let Some(field) = FIELDS.iter().find(|field| rest.starts_with(**field)) {
            found.push(Token::Field(field));
            rest = &rest[field.len()..];
        } else {
            found.push(Token::Text(first.to_string()));
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(found)
}

fn written(field: &str, at: OffsetDateTime, ms: i64) -> String {
    let month = at.month().to_string();
    match field {
        "YYYY" => format!("{:04}", at.year()),
        "YY" => format!("{:02}", at.year().rem_euclid(100)),
        "MMMM" => month,
        "MMM" => month[..3].to_owned(),
        "MM" => format!("{:02}", u8::from(at.month())),
        "M" => u8::from(at.month()).to_string(),
        "DD" => format!("{:02}", at.day()),
        "D" => at.day().to_string(),
        "dddd" => weekday(at.weekday()).to_owned(),
        "ddd" => weekday(at.weekday())[..3].to_owned(),
        "HH" => format!("{:02}", at.hour()),
        "H" => at.hour().to_string(),
        "mm" => format!("{:02}", at.minute()),
        "m" => at.minute().to_string(),
        "ss" => format!("{:02}", at.second()),
        "s" => at.second().to_string(),
        "SSS" => format!("{:03}", at.millisecond()),
        "Z" => "+00:00".to_owned(),
        "ZZ" => "+0000".to_owned(),
        "X" => ms.div_euclid(1_000).to_string(),
        _ => ms.to_string(),
    }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 09:05:07.042 UTC, a Saturday.
    const NOW: i64 = 1_795_251_907_042;

    #[test]
    fn moments_are_written_as_the_field_writes_them() {
        for (after, expected) in [
            ("", "2026-11-21T09:05:07.042Z"),
            (":YYYY-MM-DDTHH:mm:ss", "2026-11-21T09:05:07"),
            (":YYYYMMDDTHHmmss[Z]", "20261121T090507Z"),
            (":ddd, DD MMM YYYY HH:mm:ss ZZ", "Sat, 21 Nov 2026 09:05:07 +0000"),
            (":X", "1795251907"),
            (":x", "1795251907042"),
            ("+7:days:YYYY-MM-DD", "2026-11-28"),
            ("+1:minutes:X", "1795251967"),
            ("-1:hour:H.m.s", "8.5.7"),
        ] {
            assert_eq!(Stamp::parse(after).unwrap().of(NOW).as_deref(), Some(expected), "{after}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for wrong in [":", "+x:days:X", "+1:fortnights:X", "+1:days", "+9223372036854775807:weeks:X", ":[Z"] {
            assert!(Stamp::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Stamp::parse(":X").unwrap().of(i64::MAX), None);
    }
}
