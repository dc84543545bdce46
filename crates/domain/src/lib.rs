//! The nouns of Sheetbend and their pure rules: no I/O, no clock, no database.

pub mod clock;
pub mod connect;
pub mod connection;
pub mod credentials;
pub mod entropy;
pub mod ids;
pub mod integration;
pub mod operation;
pub mod permission;
pub mod person;
pub mod provider;
pub mod retry;
pub mod secret;
pub mod template;
pub mod webhook;

pub use clock::Clock;
pub use entropy::Entropy;
pub use ids::{
    ConnectionId, ConnectionRow, EnvironmentId, EnvironmentName, IntegrationKey, ProviderName, Scope,
};
pub use secret::{Sealed, Secret};
