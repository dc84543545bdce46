//! Authorization of MCP servers: the server is discovered (RFC 9728, RFC 8414) and our client registered with it
//! (RFC 7591), or known by its metadata document.
//!
//! Source: Model Context Protocol, "Authorization". All of it is hostile: who runs the server answers here.

pub mod discovery;
pub mod metadata;
pub mod registration;
