//! What a cell holds, and how text that a person types becomes a value.

use ironcalc_base::formatter::format::format_number;
use ironcalc_base::locale::{Locale, get_default_locale};
use serde_json::{Number, Value as Json, json};

/// The value of a cell or of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Empty,
    Number(f64),
    Text(String),
    Bool(bool),
    /// `#DIV/0!` and its like.
    Error(String),
}

impl Value {
    /// As Graph's `values` shows it; an empty cell is `""`.
    pub fn json(&self) -> Json {
        match self {
            Self::Empty => json!(""),
            Self::Number(number) => number_json(*number),
            Self::Text(text) | Self::Error(text) => json!(text),
            Self::Bool(flag) => json!(flag),
        }
    }

    /// Graph's `valueTypes`. Excel Online says `Double` for every number.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Number(_) => "Double",
            Self::Text(_) => "String",
            Self::Bool(_) => "Boolean",
            Self::Error(_) => "Error",
        }
    }

    /// As the cell shows it under its number format.
    pub fn display(&self, format: &str) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Number(number) => format_number(*number, format, locale()).text,
            Self::Text(text) | Self::Error(text) => text.clone(),
            Self::Bool(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
        }
    }
}

fn locale() -> &'static Locale {
    get_default_locale()
}

/// Whole numbers without a fraction, as Graph writes them.
pub(crate) fn number_json(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return json!(number as i64);
    }
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}

/// What a written value means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Typed {
    /// JSON `null`: the cell stays as it is.
    Keep,
    Clear,
    /// Without the `=`.
    Formula(String),
    /// The value, and the number format that typing it would give.
    Plain(Value, Option<&'static str>),
}

const ERRORS: [&str; 7] = ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];

/// Reads a JSON value as if it were typed into the cell: `"49"` is a number, `"=A1"` a formula. `None` for arrays
/// and objects.
pub(crate) fn typed(value: &Json) -> Option<Typed> {
    Some(match value {
        Json::Null => Typed::Keep,
        Json::Bool(flag) => Typed::Plain(Value::Bool(*flag), None),
        Json::Number(number) => Typed::Plain(Value::Number(number.as_f64()?), None),
        Json::String(text) => typed_text(text),
        Json::Array(_) | Json::Object(_) => return None,
    })
}

fn typed_text(text: &str) -> Typed {
    if text.is_empty() {
        return Typed::Clear;
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        return Typed::Plain(Value::Text(quoted.to_owned()), None);
    }
    if let Some(formula) = text.strip_prefix('=').filter(|formula| !formula.trim().is_empty()) {
        return Typed::Formula(formula.to_owned());
    }
    let upper = text.trim().to_ascii_uppercase();
    if upper == "TRUE" || upper == "FALSE" {
        return Typed::Plain(Value::Bool(upper == "TRUE"), None);
    }
    if ERRORS.contains(&upper.as_str()) {
        return Typed::Plain(Value::Error(upper), None);
    }
    match number_from(text.trim()) {
        Some((number, format)) => Typed::Plain(Value::Number(number), format),
        None => Typed::Plain(Value::Text(text.to_owned()), None),
    }
}

/// `1,234.5`, `-3`, `12%`, `$4.50`, `2026-11-21`, `11/21/2026`, `21-Nov-2026`.
fn number_from(text: &str) -> Option<(f64, Option<&'static str>)> {
    if let Some(percent) = text.strip_suffix('%') {
        let format = if percent.contains('.') { "0.00%" } else { "0%" };
        return Some((plain_number(percent.trim())? / 100.0, Some(format)));
    }
    if let Some(amount) = text.strip_prefix('$') {
        return Some((plain_number(amount)?, Some("\"$\"#,##0.00")));
    }
    if let Some(number) = plain_number(text) {
        return Some((number, text.contains(',').then_some("#,##0")));
    }
    date_serial(text).map(|serial| (serial, Some("m/d/yyyy")))
}

fn plain_number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['-', '+']);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || text.ends_with(',') {
        return None;
    }
    let joined = if digits.contains(',') { grouped(text)? } else { text.to_owned() };
    let allowed = joined.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    if allowed { joined.parse::<f64>().ok().filter(|number| number.is_finite()) } else { None }
}

/// Thousands separators must stand before groups of three.
fn grouped(text: &str) -> Option<String> {
    let whole = text.split('.').next().unwrap_or(text);
    let mut groups = whole.split(',');
    let first = groups.next()?.trim_start_matches(['-', '+']);
    let right = (1..=3).contains(&first.len()) && groups.all(|g| g.len() == 3);
    right.then(|| text.replace(',', ""))
}

/// Days since 1899-12-30, Excel's serial for dates from March 1900 on.
fn date_serial(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(['-', '/', ' ']).map(|p| p.trim_end_matches(',')).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let (year, month, day) = if a.len() == 4 {
        (a.parse().ok()?, b.parse().ok()?, c.parse().ok()?)
    } else if let Some(month) = month_number(a) {
        (c.parse().ok()?, month, b.parse().ok()?)
    } else if let Some(month) = month_number(b) {
        (c.parse().ok()?, month, a.parse().ok()?)
    } else if text.contains('/') {
        (c.parse().ok()?, a.parse().ok()?, b.parse().ok()?)
    } else {
        return None;
    };
    let date = time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, day).ok()?;
    let epoch = time::macros::date!(1899 - 12 - 30);
    (year >= 1901).then(|| (date - epoch).whole_days() as f64)
}

fn month_number(text: &str) -> Option<u8> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = text.get(..3)?.to_ascii_lowercase();
    let all_letters = text.bytes().all(|b| b.is_ascii_alphabetic());
    all_letters.then(|| MONTHS.iter().position(|m| *m == start)).flatten().map(|index| index as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<f64> {
        match typed(&json!(text)) {
            Some(Typed::Plain(Value::Number(number), _)) => Some(number),
            _ => None,
        }
    }

    #[test]
    fn text_becomes_what_typing_it_gives() {
        assert_eq!(number("49"), Some(49.0));
        assert_eq!(number("1,234.5"), Some(1234.5));
        assert_eq!(number("12%"), Some(0.12));
        assert_eq!(number("$4.50"), Some(4.5));
        assert_eq!(number("Jan-15-2016"), Some(42384.0));
        assert_eq!(number("2016-01-15"), Some(42384.0));
        assert_eq!(number("1/15/2016"), Some(42384.0));
        assert_eq!(number("12,34"), None);
        assert_eq!(number("abc"), None);
        assert_eq!(number("nan"), None);
        assert_eq!(typed(&json!("")), Some(Typed::Clear));
        assert_eq!(typed(&json!(null)), Some(Typed::Keep));
        assert_eq!(typed(&json!("=A1+1")), Some(Typed::Formula("A1+1".into())));
        assert_eq!(typed(&json!("'49")), Some(Typed::Plain(Value::Text("49".into()), None)));
        assert_eq!(typed(&json!("true")), Some(Typed::Plain(Value::Bool(true), None)));
        assert_eq!(typed(&json!([1])), None);
    }

    #[test]
    fn shows_numbers_under_their_format() {
        assert_eq!(Value::Number(1234.5).display("#,##0.00"), "1,234.50");
        assert_eq!(Value::Number(0.25).display("0.0%"), "25.0%");
        assert_eq!(Value::Number(46027.0).display("yyyy-mm-dd"), "2026-01-05");
        assert_eq!(Value::Number(49.0).display("General"), "49");
        assert_eq!(Value::Number(49.0).json(), json!(49));
        assert_eq!(Value::Number(0.5).json(), json!(0.5));
    }
}
