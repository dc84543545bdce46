//! The one error of reading definitions: where, which definition, what.

use std::fmt;

/// Why a definition file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError {
    /// The file as the caller named it.
    pub file: String,
    /// The line, counted from 1; absent when the problem has no single place.
    pub line: Option<u64>,
    /// The definition, when the problem lies in one.
    pub provider: Option<String>,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl CatalogError {
    pub(crate) fn of_file(file: &str, line: Option<u64>, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, provider: None, problem: problem.into() }
    }
}

impl CatalogError {
    /// The same error on the line of the key that it is about, where `text` is the file.
    pub(crate) fn located(mut self, text: &str) -> Self {
        if let (Some(line), Some(key)) = (self.line, crate::locate::key_of(&self.problem)) {
            self.line = Some(crate::locate::line_of(text, line, &key));
        }
        self
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(provider) = &self.provider {
            write!(f, ": {provider}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for CatalogError {}
