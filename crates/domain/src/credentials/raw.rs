//! An answer kept as it came.

use serde_json::{Map, Value};

/// A token endpoint's JSON answer: holds tokens, so it prints as nothing.
#[derive(Clone, Default, PartialEq)]
pub struct RawAnswer(pub Map<String, Value>);

impl std::fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawAnswer([redacted])")
    }
}
