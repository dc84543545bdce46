//! Connecting: from a customer's session over the provider's sign-in to a stored connection.

mod account_requests;
pub mod admin_links;
mod attempt;
pub mod authorize;
pub mod callback;
pub mod certificates;
pub mod config;
pub mod direct;
pub mod events;
mod finish;
pub mod form;
pub mod import;
pub(crate) mod install;
pub mod keep;
pub mod mcp;
pub mod oauth1;
pub mod outbound;
mod plugin;
mod redeem;
pub mod remove;
mod scopes;
pub mod sessions;
pub mod signed_forms;
pub mod state;
pub mod trial;
pub mod verify;
