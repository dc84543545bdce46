//! What can be wrong with a template, and with its values.

/// A placeholder that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.describe())]
pub struct Unresolved {
    /// The dotted path, for example `connectionConfig.tenant`, or the function's name.
    pub path: String,
    /// Why there is no value.
    pub reason: UnresolvedReason,
}

/// Why a placeholder has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnresolvedReason {
    /// Nobody gave one.
    NoValue,
    /// It is a function that nobody computes in this place.
    UnsupportedFunction,
    /// It is a function that cannot take what it was given, for example a text that is no key.
    BadArgument,
}

impl Unresolved {
    pub(super) fn no_value(path: &str) -> Self {
        Self { path: path.to_owned(), reason: UnresolvedReason::NoValue }
    }

    fn describe(&self) -> String {
        match self.reason {
            UnresolvedReason::NoValue => format!("no value for ${{{}}}", self.path),
            UnresolvedReason::UnsupportedFunction => {
                format!("the template function `{}` is not supported here", self.path)
            }
            UnresolvedReason::BadArgument => {
                format!("the template function `{}` cannot take what it was given", self.path)
            }
        }
    }
}

/// A template that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template `{template}`: {problem}")]
pub struct TemplateError {
    /// The template as written.
    pub template: String,
    /// What is wrong.
    pub problem: &'static str,
}
