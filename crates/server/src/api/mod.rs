//! One file a resource: its wire types and handlers together.

pub mod api_keys;
pub mod connect_sessions;
pub mod connections;
pub mod credentials;
pub mod deliveries;
pub mod environments;
pub mod forms;
pub mod health;
pub mod inbound;
pub mod integration_client;
pub mod integrations;
pub mod internal;
pub mod key_forms;
pub mod legacy;
pub mod metadata;
pub mod oauth;
pub mod operations;
pub mod operator;
pub mod providers;
pub mod proxy;
pub mod shown_resources;
pub mod signed_forms;
pub mod variables;
mod visit_pages;

pub mod end_user;
mod import;
mod submission;
