//! Moments in the format language of the field's templates (Day.js tokens, UTC).

use time::{Duration, OffsetDateTime};

/// Longest tokens first: a prefix must not win over the whole.
const TOKENS: [&str; 24] = [
    "YYYY", "YY", "MMMM", "MMM", "MM", "M", "DD", "D", "dddd", "ddd", "dd", "d", "HH", "H", "hh", "h", "mm",
    "m", "ss", "s", "SSS", "ZZ", "Z", "A",
];

/// A moment (Unix milliseconds) by a format; `[text]` stands for itself.
pub(super) fn format(at_ms: i64, format: &str) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000).ok()?;
    let mut out = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some((text, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            out.push_str(text);
            rest = after;
        } else if let Some(token) = TOKENS.iter().find(|token| rest.starts_with(**token)) {
            out.push_str(&value(at, token));
            rest = &rest[token.len()..];
        } else {
            match first {
                'X' => out.push_str(&at.unix_timestamp().to_string()),
                'x' => out.push_str(&at_ms.to_string()),
                'a' => out.push_str(half(at, "am", "pm")),
                other => out.push(other),
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    Some(out)
}

/// What follows `now` in a template: `:FORMAT` or `±N:unit:FORMAT`.
pub(super) fn shifted(now_ms: i64, what: &str) -> Option<String> {
    let (shift, layout) = match what.strip_prefix(':') {
        Some(layout) => (Duration::ZERO, layout),
        None => {
            let mut parts = what.splitn(3, ':');
            let count: i64 = parts.next()?.parse().ok().filter(|count: &i64| count.abs() < 1_000_000)?;
            (unit(parts.next()?, count)?, parts.next()?)
        }
    };
    let at_ms = i128::from(now_ms) + shift.whole_milliseconds();
    format(i64::try_from(at_ms).ok()?, layout)
}

/// Months and years have no fixed length and are counted as 30 and 365 days.
fn unit(name: &str, count: i64) -> Option<Duration> {
    Some(match name.strip_suffix('s').unwrap_or(name) {
        "second" => Duration::seconds(count),
        "minute" => Duration::minutes(count),
        "hour" => Duration::hours(count),
        "day" => Duration::days(count),
        "week" => Duration::weeks(count),
        "month" => Duration::days(30 * count),
        "year" => Duration::days(365 * count),
        _ => return None,
    })
}

fn value(at: OffsetDateTime, token: &str) -> String {
    let (year, month) = (at.year(), u8::from(at.month()));
    let (name, weekday) = (at.month().to_string(), at.weekday().to_string());
    let hour12 = (at.hour() + 11) % 12 + 1;
    match token {
        "YYYY" => format!("{year:04}"),
        "YY" => format!("{:02}", year.rem_euclid(100)),
        "MMMM" => name,
        "MMM" => name[..3].to_owned(),
        "MM" => format!("{month:02}"),
        "M" => month.to_string(),
        "DD" => format!("{:02}", at.day()),
        "D" => at.day().to_string(),
        "dddd" => weekday,
        "ddd" => weekday[..3].to_owned(),
        "dd" => weekday[..2].to_owned(),
        "d" => at.weekday().number_days_from_sunday().to_string(),
        "HH" => format!("{:02}", at.hour()),
        "H" => at.hour().to_string(),
        "hh" => format!("{hour12:02}"),
        "h" => hour12.to_string(),
        "mm" => format!("{:02}", at.minute()),
        "m" => at.minute().to_string(),
        "ss" => format!("{:02}", at.second()),
        "s" => at.second().to_string(),
        "SSS" => format!("{:03}", at.millisecond()),
        "ZZ" => "+0000".to_owned(),
        "Z" => "+00:00".to_owned(),
        _ => half(at, "AM", "PM").to_owned(),
    }
}

fn half(at: OffsetDateTime, before: &'static str, after: &'static str) -> &'static str {
    if at.hour() < 12 { before } else { after }
}
