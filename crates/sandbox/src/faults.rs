//! Injected failures and throttling.

/// Injected failures and throttling.
#[derive(Default)]
pub(crate) struct Faults {}
