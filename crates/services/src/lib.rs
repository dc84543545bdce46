//! The use-cases: credentials, connect, proxy, and the log of what happened.

pub mod credentials;
pub mod proxy;
