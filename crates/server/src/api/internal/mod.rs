//! `/internal/*`: what our own pages ask, with a session instead of a key. Not for programs; it may change with any
//! version.

pub mod account;
pub mod audit;
pub mod connections;
pub mod health;
pub mod integrations;
pub mod logs;
pub mod oidc;
pub mod playground;
pub mod session;
pub mod tail;
pub mod users;
