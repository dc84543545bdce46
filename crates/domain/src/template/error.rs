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
    /// It is a function that cannot be computed here.
    UnsupportedFunction,
}

impl Unresolved {
    pub(super) fn no_value(path: &str) -> Self {
        Self { path: path.to_owned(), reason: UnresolvedReason::NoValue }
    }

    pub(super) fn function(name: &str) -> Self {
        Self { path: name.to_owned(), reason: UnresolvedReason::UnsupportedFunction }
    }

    fn describe(&self) -> String {
        match self.reason {
            UnresolvedReason::NoValue => format!("no value for ${{{}}}", self.path),
            UnresolvedReason::UnsupportedFunction => {
                format!("the template function `{}` has no result here: is its key usable?", self.path)
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
