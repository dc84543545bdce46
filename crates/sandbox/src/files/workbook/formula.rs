//! References inside formula text: found, moved when cells move, shown as R1C1.

use super::address::{Area, MAX_COLUMN, MAX_ROW, column_name, column_number, quote_sheet};

/// A piece of a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Anything that is no reference: operators, names, strings, structured references.
    Text(String),
    Reference {
        sheet: Option<String>,
        first: Spot,
        second: Option<Spot>,
    },
}

/// One corner of a reference; `None` where `A:A` or `3:3` says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    row: Option<(u32, bool)>,
    column: Option<(u32, bool)>,
}

impl Spot {
    fn parse(text: &str) -> Option<Self> {
        let (column_fixed, rest) = strip_dollar(text);
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (letters, rest) = rest.split_at(letters);
        if letters.is_empty() {
            let row = rest.parse::<u32>().ok().filter(|row| (1..=MAX_ROW).contains(row))?;
            return Some(Self { row: Some((row, column_fixed)), column: None });
        }
        let column = Some((column_number(letters)?, column_fixed));
        if rest.is_empty() {
            return Some(Self { row: None, column });
        }
        let (row_fixed, digits) = strip_dollar(rest);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let row = digits.parse::<u32>().ok().filter(|row| (1..=MAX_ROW).contains(row))?;
        Some(Self { row: Some((row, row_fixed)), column })
    }

    fn print(&self) -> String {
        let dollar = |fixed: bool| if fixed { "$" } else { "" };
        let column = self.column.map(|(c, fixed)| format!("{}{}", dollar(fixed), column_name(c)));
        let row = self.row.map(|(r, fixed)| format!("{}{r}", dollar(fixed)));
        format!("{}{}", column.unwrap_or_default(), row.unwrap_or_default())
    }

    fn r1c1(&self, row: u32, column: u32) -> String {
        let part = |letter: char, at: Option<(u32, bool)>, base: u32| match at {
            None => String::new(),
            Some((n, true)) => format!("{letter}{n}"),
            Some((n, false)) if n == base => letter.to_string(),
            Some((n, false)) => format!("{letter}[{}]", i64::from(n) - i64::from(base)),
        };
        format!("{}{}", part('R', self.row, row), part('C', self.column, column))
    }
}

fn strip_dollar(text: &str) -> (bool, &str) {
    text.strip_prefix('$').map_or((false, text), |rest| (true, rest))
}

/// Splits formula text (without `=`) into references and the rest.
fn pieces(formula: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut rest = formula;
    while let Some(c) = rest.chars().next() {
        if c == '"' || c == '[' || c == '{' {
            let length = closed(rest, c);
            text.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let starts_word = c == '\'' || c == '$' || c == '_' || c.is_alphanumeric();
        if !starts_word {
            text.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (length, piece) = word(rest);
        match piece {
            Some(piece) => {
                if !text.is_empty() {
                    out.push(Piece::Text(std::mem::take(&mut text)));
                }
                out.push(piece);
            }
            None => text.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    if !text.is_empty() {
        out.push(Piece::Text(text));
    }
    out
}

/// Length of a string, bracket or brace group that begins the text.
fn closed(text: &str, open: char) -> usize {
    if open == '"' {
        return text[1..].find('"').map_or(text.len(), |at| at + 2);
    }
    let close = if open == '[' { ']' } else { '}' };
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return at + c.len_utf8();
            }
        }
    }
    text.len()
}

/// The word that begins the text: its length, and the reference it is, if it is one.
fn word(text: &str) -> (usize, Option<Piece>) {
    let (sheet, start) = match sheet_prefix(text) {
        Some((sheet, length)) => (Some(sheet), length),
        None if text.starts_with('\'') => return (closed_quote(text), None),
        None => (None, 0),
    };
    let body = &text[start..];
    let first_length = atom(body);
    let first_text = &body[..first_length];
    let after = &body[first_length..];
    let Some(first) = Spot::parse(first_text) else { return ((start + first_length).max(1), None) };
    if let Some(second_body) = after.strip_prefix(':') {
        let second_length = atom(second_body);
        let second = Spot::parse(&second_body[..second_length]);
        if let Some(second) = second.filter(|s| {
            s.row.is_some() == first.row.is_some() && s.column.is_some() == first.column.is_some()
        }) {
            let length = start + first_length + 1 + second_length;
            return (length, Some(Piece::Reference { sheet, first, second: Some(second) }));
        }
    }
    // A function (`LOG10(`), a bare column or a bare number is no reference.
    if first.row.is_none() || first.column.is_none() || after.starts_with(['(', '[']) {
        return ((start + first_length).max(1), None);
    }
    (start + first_length, Some(Piece::Reference { sheet, first, second: None }))
}

fn atom(text: &str) -> usize {
    text.char_indices()
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '$' | '_' | '.')))
        .map_or(text.len(), |(at, _)| at)
}

fn closed_quote(text: &str) -> usize {
    text[1..].find('\'').map_or(text.len(), |at| at + 2)
}

/// `Sheet1!` or `'My sheet'!` at the beginning, with its length.
fn sheet_prefix(text: &str) -> Option<(String, usize)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let mut name = String::new();
        let mut chars = quoted.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c != '\'' {
                name.push(c);
            } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                name.push('\'');
                chars.next();
            } else {
                return quoted[at + 1..].starts_with('!').then_some((name, at + 3));
            }
        }
        return None;
    }
    let length = atom(text);
    (length > 0 && text[length..].starts_with('!')).then(|| (text[..length].to_owned(), length + 1))
}

/// Rewrites every reference. `change` gets the sheet it points to (the formula's own when unnamed) and the rectangle;
/// `None` from it means that the cells are gone and leaves `#REF!`.
pub(super) fn rewrite(formula: &str, own_sheet: &str, change: &dyn Fn(&str, Area) -> Option<Area>) -> String {
    let mut out = String::with_capacity(formula.len());
    for piece in pieces(formula) {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Reference { sheet, first, second } => {
                let target = sheet.as_deref().unwrap_or(own_sheet);
                if let Some(sheet) = &sheet {
                    out.push_str(&quote_sheet(sheet));
                    out.push('!');
                }
                match change(target, area_of(first, second)) {
                    None => out.push_str("#REF!"),
                    Some(area) => out.push_str(&reprint(first, second, area)),
                }
            }
        }
    }
    out
}

/// Puts another name for a sheet into every reference to it.
pub(super) fn rename_sheet(formula: &str, old: &str, new: &str) -> String {
    let mut out = String::with_capacity(formula.len());
    for piece in pieces(formula) {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Reference { sheet, first, second } => {
                if let Some(sheet) = sheet {
                    let name = if sheet.eq_ignore_ascii_case(old) { new } else { &sheet };
                    out.push_str(&quote_sheet(name));
                    out.push('!');
                }
                out.push_str(&first.print());
                if let Some(second) = second {
                    out.push(':');
                    out.push_str(&second.print());
                }
            }
        }
    }
    out
}

fn area_of(first: Spot, second: Option<Spot>) -> Area {
    let second = second.unwrap_or(first);
    let rows = (first.row.map_or(1, |r| r.0), second.row.map_or(MAX_ROW, |r| r.0));
    let columns = (first.column.map_or(1, |c| c.0), second.column.map_or(MAX_COLUMN, |c| c.0));
    Area {
        top: rows.0.min(rows.1),
        bottom: rows.0.max(rows.1),
        left: columns.0.min(columns.1),
        right: columns.0.max(columns.1),
    }
}

fn reprint(first: Spot, second: Option<Spot>, area: Area) -> String {
    let with = |spot: Spot, row: u32, column: u32| Spot {
        row: spot.row.map(|(_, fixed)| (row, fixed)),
        column: spot.column.map(|(_, fixed)| (column, fixed)),
    };
    let start = with(first, area.top, area.left).print();
    match second {
        None => start,
        Some(second) => format!("{start}:{}", with(second, area.bottom, area.right).print()),
    }
}

/// The formula with references in R1C1, seen from a cell.
pub(crate) fn to_r1c1(formula: &str, row: u32, column: u32) -> String {
    let mut out = String::with_capacity(formula.len());
    for piece in pieces(formula) {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Reference { sheet, first, second } => {
                if let Some(sheet) = sheet {
                    out.push_str(&quote_sheet(&sheet));
                    out.push('!');
                }
                out.push_str(&first.r1c1(row, column));
                if let Some(second) = second {
                    out.push(':');
                    out.push_str(&second.r1c1(row, column));
                }
            }
        }
    }
    out
}

/// A formula cut at its relative row numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Row(u32),
}

/// Cuts a formula so that relative rows can be replaced and all else stays.
pub(super) fn split_relative(formula: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for piece in pieces(formula) {
        match piece {
            Piece::Text(text) => parts.push(Part::Text(text)),
            Piece::Reference { sheet, first, second } => {
                let mut text = sheet.map(|name| format!("{}!", quote_sheet(&name))).unwrap_or_default();
                for (index, spot) in [Some(first), second].into_iter().flatten().enumerate() {
                    if index == 1 {
                        text.push(':');
                    }
                    match spot.row {
                        Some((row, false)) => {
                            text.push_str(&Spot { row: None, ..spot }.print());
                            parts.push(Part::Text(std::mem::take(&mut text)));
                            parts.push(Part::Row(row));
                        }
                        _ => text.push_str(&spot.print()),
                    }
                }
                parts.push(Part::Text(text));
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_r1c1() {
        assert_eq!(to_r1c1("E2*$F$2", 2, 7), "RC[-2]*R2C6");
        assert_eq!(to_r1c1("SUM(Orders!E2:E61)", 3, 2), "SUM(Orders!R[-1]C[3]:R[58]C[3])");
        assert_eq!(to_r1c1("LOG10(A1)&\"A1\"", 1, 1), "LOG10(RC)&\"A1\"");
        assert_eq!(to_r1c1("SUM(A:A)+TotalAmount", 1, 1), "SUM(C:C)+TotalAmount");
        assert_eq!(to_r1c1("SUM(Orders[Qty])", 1, 1), "SUM(Orders[Qty])");
    }

    #[test]
    fn moves_references_of_one_sheet_only() {
        let down = |sheet: &str, area: Area| {
            let by = u32::from(sheet == "Orders");
            Some(Area { top: area.top + by, bottom: area.bottom + by, ..area })
        };
        assert_eq!(rewrite("A1+Orders!$B$2+'Orders'!C3:D4", "Sheet1", &down), "A1+Orders!$B$3+Orders!C4:D5");
        assert_eq!(rewrite("A1&\"A1\"", "Orders", &down), "A2&\"A1\"");
        assert_eq!(rewrite("A1", "Orders", &|_, _| None), "#REF!");
    }

    #[test]
    fn renames_a_sheet() {
        assert_eq!(rename_sheet("SUM(Orders!A1:B2)+A1", "orders", "My Orders"), "SUM('My Orders'!A1:B2)+A1");
        assert_eq!(rename_sheet("'It''s'!A1", "x", "y"), "'It''s'!A1");
    }

    #[test]
    fn odd_text_does_not_panic() {
        for text in ["", "'", "\"", "[", "{1,2", "$", "'a", "A1:", "é!A1", "1:1", "A1:B", "'x'!", "!A1"] {
            let same = rewrite(text, "S", &|_, area| Some(area));
            assert_eq!(same.is_empty(), text.is_empty(), "{text}");
        }
    }
}
