//! Entra ID: sign-in pages, tokens, keys.

/// Entra ID: sign-in pages, tokens, keys.
#[derive(Default)]
pub(crate) struct EntraState {}
