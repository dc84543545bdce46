//! `/internal/*`: what our own pages ask, with a session instead of a key. Not for programs; it may change with any
//! version.

pub mod account;
pub mod audit;
pub mod oidc;
pub mod session;
pub mod users;
