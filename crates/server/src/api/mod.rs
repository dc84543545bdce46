//! One file a resource: its wire types and handlers together.

pub mod connect_sessions;
pub mod connections;
pub mod credentials;
pub mod deliveries;
pub mod forms;
pub mod health;
pub mod integration_client;
pub mod integrations;
pub mod metadata;
pub mod oauth;
pub mod operations;
pub mod providers;
pub mod proxy;
pub mod shown_resources;
pub mod signed_forms;

mod end_user;
mod import;
