//! `${a.b}` templates with `A || B` fallbacks and functions (contract §4.4), parsed once when a definition is read.

mod clock;
mod error;
mod parse;
mod resolve;
mod tree;

use std::fmt;

pub use error::{TemplateError, Unresolved, UnresolvedReason};
pub use tree::TemplateTree;

/// Where a template's placeholders get their values.
///
/// Invariant: one object stands for one request. `random` and the clock give the same answer however often a
/// request's templates ask, because a signature and the header that it signs must agree (contract §4.4).
pub trait Values {
    /// The value of a dotted path such as `connectionConfig.tenant`; `None` when absent or empty.
    fn get(&self, path: &str) -> Option<String>;

    /// Now, Unix milliseconds, for `${now}` and its formats; `None` where templates have no clock.
    fn now_ms(&self) -> Option<i64> {
        None
    }

    /// Computes a function other than `base64`, which needs nobody.
    ///
    /// # Errors
    /// [`UnresolvedReason::UnsupportedFunction`] for one that nobody computes here, [`UnresolvedReason::BadArgument`]
    /// for an argument that it cannot take, such as a text that is no key.
    fn call(&self, name: &str, arguments: &[String]) -> Result<String, UnresolvedReason> {
        let _ = (name, arguments);
        Err(UnresolvedReason::UnsupportedFunction)
    }
}

impl<F: Fn(&str) -> Option<String>> Values for F {
    fn get(&self, path: &str) -> Option<String> {
        self(path)
    }
}

/// The functions of contract §4.4 besides `base64`: name, and fewest and most arguments.
///
/// `awsSigV4` takes access key id, secret, region, service and perhaps a host; the request that it signs is known to
/// whoever implements [`Values::call`].
pub const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("base64", 1, 1),
    ("sha256Hex", 1, 1),
    ("sha256Base64", 1, 1),
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
    /// `${name(argument, argument)}`.
    Call {
        name: String,
        arguments: Vec<Vec<Part>>,
    },
    /// `${now}`, `${now:FORMAT}`, `${now+7:days:FORMAT}`.
    Now(clock::Stamp),
}

impl Template {
    /// Parses a template. Unclosed, empty and needlessly nested placeholders are errors.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let error = |problem| TemplateError { template: source.to_owned(), problem };
        let alternatives = parse::alternatives(source).map_err(error)?;
        Ok(Self { source: source.to_owned(), alternatives })
    }

    /// A template that is its text: nothing in it is a placeholder.
    pub fn literal(text: &str) -> Self {
        Self { source: text.to_owned(), alternatives: vec![vec![Part::Text(text.to_owned())]] }
    }

    /// Fills the placeholders of the first alternative that has a value for each.
    ///
    /// # Errors
    /// The first missing path of the last alternative; a function of any alternative that was reached, because
    /// skipping it could silently choose another host or value than the definition means.
    pub fn resolve(&self, values: &dyn Values) -> Result<String, Unresolved> {
        self.resolve_encoded(values, &|_, value| value)
    }

    /// As [`Self::resolve`], each value passed with its path through `encode` (for example URI-component encoding);
    /// what a function computed is passed with the function's name.
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
                Err(unresolved) if unresolved.reason == UnresolvedReason::NoValue => {
                    missing = Some(unresolved);
                }
                outcome => return outcome,
            }
        }
        Err(missing.unwrap_or_else(|| Unresolved::no_value(&self.source)))
    }

    /// Every placeholder's path, in order, those inside function arguments included.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let mut found = Vec::new();
        self.each_part(&mut |part| {
            if let Part::Path(path) = part {
                found.push(path.as_str());
            }
        });
        found.into_iter()
    }

    /// Every function the template calls, in order; the clock counts as `now`.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let mut found = Vec::new();
        self.each_part(&mut |part| match part {
            Part::Call { name, .. } => found.push(name.as_str()),
            Part::Now(_) => found.push("now"),
            Part::Text(_) | Part::Path(_) => {}
        });
        found.into_iter()
    }

    /// The first call of a function outside contract §4.4, or with a wrong number of arguments, described.
    pub fn unknown_function(&self) -> Option<String> {
        let mut problem = None;
        self.each_part(&mut |part| {
            let Part::Call { name, arguments } = part else { return };
            let Some((_, fewest, most)) = FUNCTIONS.iter().find(|(known, ..)| known == name) else {
                problem.get_or_insert_with(|| format!("`{name}` is not a template function"));
                return;
            };
            if *most > 1 && !(*fewest..=*most).contains(&arguments.len()) {
                problem
                    .get_or_insert_with(|| format!("`{name}` does not take {} arguments", arguments.len()));
            }
        });
        problem
    }

    /// The texts of each alternative with every placeholder's path in place: what stands where, before any value.
    ///
    /// Functions and the clock count as placeholders under their names.
    pub fn alternatives(&self) -> impl Iterator<Item = Vec<Piece<'_>>> {
        self.alternatives.iter().map(|parts| parts.iter().map(Piece::of).collect())
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn each_part<'a>(&'a self, visit: &mut dyn FnMut(&'a Part)) {
        fn walk<'a>(parts: &'a [Part], visit: &mut dyn FnMut(&'a Part)) {
            for part in parts {
                visit(part);
                if let Part::Call { arguments, .. } = part {
                    arguments.iter().for_each(|argument| walk(argument, visit));
                }
            }
        }
        self.alternatives.iter().for_each(|parts| walk(parts, visit));
    }
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
            Part::Now(_) => Self::Placeholder("now"),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests;
