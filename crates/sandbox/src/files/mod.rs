//! Drives and the files in them.

/// Drives and the files in them.
#[derive(Default)]
pub(crate) struct Files {}
