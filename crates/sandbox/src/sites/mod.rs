//! Sites, lists and list items.

/// Sites, lists and list items.
#[derive(Default)]
pub(crate) struct Sites {}
