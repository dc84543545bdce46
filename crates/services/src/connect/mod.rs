//! Connecting: from a customer's session over the provider's sign-in to a stored connection.

pub mod admin_links;
pub mod authorize;
pub mod callback;
pub mod certificates;
pub mod config;
pub mod direct;
pub mod events;
pub mod form;
pub mod import;
pub mod keep;
pub mod sessions;
pub mod signed_forms;
pub mod state;
pub mod trial;
pub mod verify;
