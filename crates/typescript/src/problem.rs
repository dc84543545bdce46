//! What is wrong with a source, where, and the lines around it.

use std::fmt;

use oxc_diagnostics::OxcDiagnostic;

/// Lines shown above the one that is wrong.
const LINES_BEFORE: usize = 2;
/// A longer line is cut: a file without line breaks is not an answer that anybody reads.
const LONGEST_LINE: usize = 160;

/// One thing wrong with a source. Its `Display` is a code frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name, as given.
    pub file: String,
    /// From 1; 0 when the place is unknown.
    pub line: usize,
    /// In characters, from 1; 0 when the place is unknown.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it, when known.
    pub help: Option<String>,
    /// The lines around it, with a caret under the place.
    pub frame: String,
}

impl Problem {
    pub(crate) fn at(file: &str, source: &str, offset: Option<usize>, message: impl Into<String>) -> Self {
        let place = offset.map(|offset| place(source, offset));
        let (line, column) = place.unwrap_or_default();
        let frame = if place.is_some() { frame(source, line, column) } else { String::new() };
        Self { file: file.to_owned(), line, column, message: message.into(), help: None, frame }
    }

    pub(crate) fn of(file: &str, source: &str, diagnostic: OxcDiagnostic) -> Self {
        let offset = diagnostic.labels.first().map(|label| label.offset() as usize);
        let inner = diagnostic.inner_owned();
        let mut problem = Self::at(file, source, offset, inner.message.into_owned());
        problem.help = inner.help.map(|help| help.into_owned());
        problem
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if !self.frame.is_empty() {
            write!(f, "\n{}", self.frame)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// Line and column of a byte offset, both from 1.
fn place(source: &str, offset: usize) -> (usize, usize) {
    let end = source.floor_char_boundary(offset.min(source.len()));
    let before = &source[..end];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn frame(source: &str, line: usize, column: usize) -> String {
    let first = line.saturating_sub(LINES_BEFORE).max(1);
    let width = line.to_string().len();
    let mut frame = String::new();
    for (number, text) in source.lines().enumerate().skip(first - 1).take(line - first + 1) {
        let text: String = text.chars().take(LONGEST_LINE).collect();
        frame.push_str(&format!("{:>width$} | {text}\n", number + 1));
    }
    let shown = column.min(LONGEST_LINE + 1);
    frame.push_str(&format!("{:>width$} | {:>shown$}", "", "^"));
    frame
}
