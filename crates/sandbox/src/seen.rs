//! The requests seen so far.

/// The requests seen so far.
#[derive(Default)]
pub(crate) struct SeenRequests {}
