//! Cell addresses: `A1`, `B2:C9`, `A:C`, `3:7`, with or without `$` and a sheet name.

/// Columns of a sheet (`XFD`) and rows; Microsoft, "Excel specifications and limits".
pub(crate) const MAX_COLUMN: u32 = 16_384;
/// Rows of a sheet.
pub(crate) const MAX_ROW: u32 = 1_048_576;

/// A rectangle of cells; rows and columns count from 1 and both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub top: u32,
    pub left: u32,
    pub bottom: u32,
    pub right: u32,
}

impl Area {
    pub const SHEET: Self = Self { top: 1, left: 1, bottom: MAX_ROW, right: MAX_COLUMN };

    pub fn cell(row: u32, column: u32) -> Self {
        Self { top: row, left: column, bottom: row, right: column }
    }

    /// The rectangle from signed corners, if it lies on the sheet.
    pub fn checked(top: i64, left: i64, bottom: i64, right: i64) -> Option<Self> {
        let fits = |value: i64, max: u32| u32::try_from(value).ok().filter(|v| (1..=max).contains(v));
        let area = Self {
            top: fits(top, MAX_ROW)?,
            left: fits(left, MAX_COLUMN)?,
            bottom: fits(bottom, MAX_ROW)?,
            right: fits(right, MAX_COLUMN)?,
        };
        (area.top <= area.bottom && area.left <= area.right).then_some(area)
    }

    pub fn rows(&self) -> u32 {
        self.bottom - self.top + 1
    }

    pub fn columns(&self) -> u32 {
        self.right - self.left + 1
    }

    pub fn cells(&self) -> u64 {
        u64::from(self.rows()) * u64::from(self.columns())
    }

    /// Whole rows or whole columns: Graph gives no cell values for these and refuses to write them.
    pub fn is_unbounded(&self) -> bool {
        self.all_rows() || self.all_columns()
    }

    fn all_rows(&self) -> bool {
        self.top == 1 && self.bottom == MAX_ROW
    }

    fn all_columns(&self) -> bool {
        self.left == 1 && self.right == MAX_COLUMN
    }

    pub fn contains(&self, row: u32, column: u32) -> bool {
        (self.top..=self.bottom).contains(&row) && (self.left..=self.right).contains(&column)
    }

    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let area = Self {
            top: self.top.max(other.top),
            left: self.left.max(other.left),
            bottom: self.bottom.min(other.bottom),
            right: self.right.min(other.right),
        };
        (area.top <= area.bottom && area.left <= area.right).then_some(area)
    }

    /// The smallest rectangle around both.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            top: self.top.min(other.top),
            left: self.left.min(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.max(other.right),
        }
    }

    /// The address without a sheet: `A1`, `A1:B2`, `A:C`, `3:7`.
    pub fn a1(&self) -> String {
        if self.all_rows() && self.all_columns() {
            return format!("A1:{}{MAX_ROW}", column_name(MAX_COLUMN));
        }
        if self.all_rows() {
            return format!("{}:{}", column_name(self.left), column_name(self.right));
        }
        if self.all_columns() {
            return format!("{}:{}", self.top, self.bottom);
        }
        let first = format!("{}{}", column_name(self.left), self.top);
        if self.cells() == 1 { first } else { format!("{first}:{}{}", column_name(self.right), self.bottom) }
    }

    /// The address with its sheet: `Sheet1!A1:B2`.
    pub fn on(&self, sheet: &str) -> String {
        format!("{}!{}", quote_sheet(sheet), self.a1())
    }

    /// The address with its sheet and `$`, as defined names hold it.
    pub fn absolute(&self, sheet: &str) -> String {
        let mut text = format!("{}!${}${}", quote_sheet(sheet), column_name(self.left), self.top);
        if self.cells() > 1 {
            text.push_str(&format!(":${}${}", column_name(self.right), self.bottom));
        }
        text
    }

    /// Reads an address without a sheet.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (first, second) = match text.split_once(':') {
            Some((first, second)) => (Corner::parse(first)?, Corner::parse(second)?),
            None => {
                let corner = Corner::parse(text)?;
                return match (corner.row, corner.column) {
                    (Some(row), Some(column)) => Some(Self::cell(row, column)),
                    _ => None,
                };
            }
        };
        let (top, bottom) = span(first.row, second.row, MAX_ROW)?;
        let (left, right) = span(first.column, second.column, MAX_COLUMN)?;
        Some(Self { top, left, bottom, right })
    }

    /// Reads an address with or without a sheet name.
    pub fn parse_with_sheet(text: &str) -> Option<(Option<String>, Self)> {
        let text = text.trim().trim_start_matches('=');
        match text.rsplit_once('!') {
            None => Some((None, Self::parse(text)?)),
            Some((sheet, area)) => Some((Some(unquote_sheet(sheet)?), Self::parse(area)?)),
        }
    }
}

fn span(a: Option<u32>, b: Option<u32>, max: u32) -> Option<(u32, u32)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.min(b), a.max(b))),
        (None, None) => Some((1, max)),
        _ => None,
    }
}

struct Corner {
    row: Option<u32>,
    column: Option<u32>,
}

impl Corner {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('$').unwrap_or(text);
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (column, rest) = text.split_at(letters);
        let rest = if column.is_empty() { rest } else { rest.strip_prefix('$').unwrap_or(rest) };
        let column = if column.is_empty() { None } else { Some(column_number(column)?) };
        let row = if rest.is_empty() {
            None
        } else if rest.bytes().all(|b| b.is_ascii_digit()) {
            Some(rest.parse().ok().filter(|row| (1..=MAX_ROW).contains(row))?)
        } else {
            return None;
        };
        (row.is_some() || column.is_some()).then_some(Self { row, column })
    }
}

/// `1` is `A`, `27` is `AA`.
pub(crate) fn column_name(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        column -= 1;
        letters.push(b'A' + (column % 26) as u8);
        column /= 26;
    }
    letters.reverse();
    String::from_utf8(letters).unwrap_or_default()
}

/// The number of a column's letters, if a sheet has it.
pub(crate) fn column_number(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let mut number = 0;
    for byte in letters.bytes() {
        if !byte.is_ascii_alphabetic() {
            return None;
        }
        number = number * 26 + u32::from(byte.to_ascii_uppercase() - b'A') + 1;
    }
    (number <= MAX_COLUMN).then_some(number)
}

/// A sheet name as it stands before `!`: quoted unless plain, quotes inside doubled.
pub(crate) fn quote_sheet(name: &str) -> String {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && Area::parse(name).is_none();
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "''")) }
}

fn unquote_sheet(text: &str) -> Option<String> {
    match text.strip_prefix('\'') {
        None => Some(text.to_owned()),
        Some(rest) => Some(rest.strip_suffix('\'')?.replace("''", "'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(top: u32, left: u32, bottom: u32, right: u32) -> Area {
        Area { top, left, bottom, right }
    }

    #[test]
    fn parses_and_prints() {
        assert_eq!(Area::parse("A1"), Some(area(1, 1, 1, 1)));
        assert_eq!(Area::parse("$b$2:d9"), Some(area(2, 2, 9, 4)));
        assert_eq!(Area::parse("D9:B2"), Some(area(2, 2, 9, 4)));
        assert_eq!(Area::parse("A:C"), Some(area(1, 1, MAX_ROW, 3)));
        assert_eq!(Area::parse("3:7"), Some(area(3, 1, 7, MAX_COLUMN)));
        assert_eq!(Area::parse("XFD1048576"), Some(Area::cell(MAX_ROW, MAX_COLUMN)));
        for text in ["A:C", "3:7", "A1", "B2:D9", "A1:XFD1048576"] {
            assert_eq!(Area::parse(text).map(|a| a.a1()).as_deref(), Some(text));
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in
            ["", "A", "1", "A0", "XFE1", "A1048577", "A1:B", "A1:", "1A", "A1:B2:C3", "A-1", "Orders[Qty]"]
        {
            assert_eq!(Area::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sheets() {
        let parsed = Area::parse_with_sheet("'It''s here'!A1:B2");
        assert_eq!(parsed, Some((Some("It's here".to_owned()), area(1, 1, 2, 2))));
        assert_eq!(area(1, 1, 2, 2).on("It's here"), "'It''s here'!A1:B2");
        assert_eq!(area(1, 1, 2, 2).on("Sheet1"), "Sheet1!A1:B2");
        assert_eq!(area(1, 1, 2, 2).absolute("Sheet1"), "Sheet1!$A$1:$B$2");
        assert_eq!(quote_sheet("AB12"), "'AB12'");
    }
}
