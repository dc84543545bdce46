//! The words of a filter.

use std::fmt;

/// One word of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A field name, operator, function or unquoted time.
    Word(String),
    /// A quoted text; `datetime'…'` and `guid'…'` become texts too.
    Text(String),
    Number(f64),
    Open,
    Close,
    Comma,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "'{word}'"),
            Self::Text(text) => write!(f, "the text '{text}'"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Open => f.write_str("'('"),
            Self::Close => f.write_str("')'"),
            Self::Comma => f.write_str("','"),
        }
    }
}

/// Splits a filter into tokens. The error is a sentence for the caller.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            ',' => (Token::Comma, &rest[1..]),
            '\'' => quoted(rest)?,
            _ => word(rest)?,
        };
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

fn word(rest: &str) -> Result<(Token, &str), String> {
    let end = rest.find([' ', '\t', '(', ')', ',', '\'']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let typed = ["datetime", "datetimeoffset", "guid"].iter().any(|kind| word.eq_ignore_ascii_case(kind));
    if typed && after.starts_with('\'') {
        return quoted(after);
    }
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), after)),
        _ => Ok((Token::Word(word.to_owned()), after)),
    }
}

/// A quoted text with doubled quotes inside.
fn quoted(rest: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char != '\'' {
            text.push(char);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return Ok((Token::Text(text), &rest[at + 1..]));
        }
    }
    Err("A text in the filter is not closed.".to_owned())
}
