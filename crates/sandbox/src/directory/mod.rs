//! Tenants, users, app registrations and consents.

/// Tenants, users, app registrations and consents.
#[derive(Default)]
pub(crate) struct Directory {}
