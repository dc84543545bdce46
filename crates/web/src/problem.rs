//! What is wrong with the sources of a face. None of it can happen in a release: a test builds every face.

use std::fmt;

/// Why a face cannot be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Sources that do not compile, as code frames.
    Source(String),
    /// A file that imports itself on some way.
    Cycle(String),
    /// A name that is neither relative nor vendored.
    UnknownName {
        /// Who names it.
        file: String,
        /// The name.
        name: String,
    },
    /// A file that is not there.
    Missing {
        /// Who names it.
        file: String,
        /// The name.
        names: String,
    },
    /// The face has no entry or no page.
    NoEntry(String),
    /// A file that is not UTF-8.
    NotText(String),
    /// A page's placeholder that means nothing.
    UnknownSlot {
        /// The page.
        file: String,
        /// The placeholder.
        slot: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(frames) => f.write_str(frames),
            Self::Cycle(way) => write!(f, "modules import each other: {way}"),
            Self::UnknownName { file, name } => {
                write!(f, "{file} imports \"{name}\", which is not vendored: see web/vendor/README.md")
            }
            Self::Missing { file, names } => write!(f, "{file} names {names}, which is not there"),
            Self::NoEntry(path) => write!(f, "{path} is not there"),
            Self::NotText(path) => write!(f, "{path} is not UTF-8"),
            Self::UnknownSlot { file, slot } => write!(f, "{file} has a placeholder {{{{{slot}}}}}"),
        }
    }
}

impl std::error::Error for Problem {}
