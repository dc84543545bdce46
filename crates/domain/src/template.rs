//! `${a.b}` templates with `A || B` fallbacks (contract §4.4), parsed once when a definition is read.

mod error;
mod parse;
mod resolve;
mod tree;

use std::fmt;

pub use error::{TemplateError, Unresolved, UnresolvedReason};
pub use tree::TemplateTree;

/// Where a template's placeholders get their values.
pub trait Values {
    /// The value of a dotted path such as `connectionConfig.tenant`; `None` when absent or empty.
    fn get(&self, path: &str) -> Option<String>;

    /// The result of `${name(arguments)}`; `None` when the function is unknown or its arguments are of no use to it.
    ///
    /// A literal comma of the template separates arguments; commas inside values do not.
    fn call(&self, _name: &str, _arguments: &[String]) -> Option<String> {
        None
    }
}

impl<F: Fn(&str) -> Option<String>> Values for F {
    fn get(&self, path: &str) -> Option<String> {
        self(path)
    }
}

/// The functions of contract §4.4: name, and fewest and most arguments.
///
/// `awsSigV4` takes access key id, secret, region, service and perhaps a host; the request that it signs is known to
/// whoever implements [`Values::call`].
pub const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("now", 1, usize::MAX),
    ("base64", 1, usize::MAX),
    ("sha256Hex", 1, usize::MAX),
    ("sha256Base64", 1, usize::MAX),
    ("hmacSha1Hex", 2, 2),
    ("ed25519Sign", 2, 2),
    ("awsSigV4", 4, 5),
    ("fingerprint", 1, 1),
];

/// A parsed template: alternatives tried from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    alternatives: Vec<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Path(String),
    /// `${name(argument)}` or, with a format in place of an argument, `${now:FORMAT}`.
    Call {
        name: String,
        argument: Vec<Part>,
    },
}

impl Template {
    /// Parses a template. Unclosed, empty and needlessly nested placeholders are errors.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let error = |problem| TemplateError { template: source.to_owned(), problem };
        let alternatives = parse::alternatives(source).map_err(error)?;
        Ok(Self { source: source.to_owned(), alternatives })
    }

    /// A template that stands for exactly this text, `${` and ` || ` included.
    pub fn literal(text: &str) -> Self {
        Self { source: text.to_owned(), alternatives: vec![vec![Part::Text(text.to_owned())]] }
    }

    /// The first alternative whose placeholders all have values.
    ///
    /// # Errors
    /// The first missing path of the last alternative; a function of any alternative that was reached, because
    /// skipping it could silently choose another host or value than the definition means.
    pub fn resolve(&self, values: &dyn Values) -> Result<String, Unresolved> {
        self.resolve_encoded(values, &|_, value| value)
    }

    /// As [`Self::resolve`], each value passed with its path through `encode` (for example URI-component encoding).
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_encoded(
        &self,
        values: &dyn Values,
        encode: &dyn Fn(&str, String) -> String,
    ) -> Result<String, Unresolved> {
        let mut missing = None;
        for parts in &self.alternatives {
            match resolve::parts(parts, values, encode) {
                Ok(text) => return Ok(text),
                Err(unresolved) if unresolved.reason == UnresolvedReason::UnsupportedFunction => {
                    return Err(unresolved);
                }
                Err(unresolved) => missing = Some(unresolved),
            }
        }
        Err(missing.unwrap_or_else(|| Unresolved::no_value(&self.source)))
    }

    /// Every placeholder's path, in order, those inside function arguments included.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let mut found = Vec::new();
        self.alternatives.iter().for_each(|parts| collect_paths(parts, &mut found));
        found.into_iter()
    }

    /// Every function the template calls, in order.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let mut found = Vec::new();
        self.alternatives.iter().for_each(|parts| collect_functions(parts, &mut found));
        found.into_iter()
    }

    /// The first call of a function outside contract §4.4, or with a wrong number of arguments, described.
    pub fn unknown_function(&self) -> Option<String> {
        self.alternatives.iter().find_map(|parts| unknown_function(parts))
    }

    /// The texts of each alternative with every placeholder's path in place: what stands where, before any value.
    ///
    /// Functions count as placeholders under their names.
    pub fn alternatives(&self) -> impl Iterator<Item = Vec<Piece<'_>>> {
        self.alternatives.iter().map(|parts| parts.iter().map(Piece::of).collect())
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn collect_paths<'a>(parts: &'a [Part], found: &mut Vec<&'a str>) {
    for part in parts {
        match part {
            Part::Path(path) => found.push(path),
            Part::Call { argument, .. } => collect_paths(argument, found),
            Part::Text(_) => {}
        }
    }
}

fn collect_functions<'a>(parts: &'a [Part], found: &mut Vec<&'a str>) {
    for part in parts {
        if let Part::Call { name, argument } = part {
            found.push(name);
            collect_functions(argument, found);
        }
    }
}

fn unknown_function(parts: &[Part]) -> Option<String> {
    parts.iter().find_map(|part| {
        let Part::Call { name, argument } = part else { return None };
        let commas: usize = argument
            .iter()
            .map(|part| if let Part::Text(text) = part { text.matches(',').count() } else { 0 })
            .sum();
        match FUNCTIONS.iter().find(|(known, ..)| known == name) {
            None => Some(format!("`{name}` is not a template function")),
            Some((_, fewest, most)) if !(*fewest..=*most).contains(&(commas + 1)) => {
                Some(format!("`{name}` does not take {} argument(s)", commas + 1))
            }
            Some(_) => unknown_function(argument),
        }
    })
}

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stands there as it is.
    Text(&'a str),
    /// A placeholder: its path, or its function's name.
    Placeholder(&'a str),
}

impl<'a> Piece<'a> {
    fn of(part: &'a Part) -> Self {
        match part {
            Part::Text(text) => Self::Text(text),
            Part::Path(path) => Self::Placeholder(path),
            Part::Call { name, .. } => Self::Placeholder(name),
        }
    }
}

#[cfg(test)]
mod tests;
