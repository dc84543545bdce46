//! The use-cases: credentials, connect, proxy, and the log of what happened.

pub mod connect;
pub mod context;
pub mod credentials;
pub mod error;
pub mod fault;
pub mod operations;
pub mod proxy;
