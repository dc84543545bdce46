//! The proxy: a call with a connection's credentials, streamed both ways.

pub mod decide;
pub mod headers;
pub mod links;
pub mod target;
