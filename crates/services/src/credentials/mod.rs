//! Credentials: how they are obtained, kept fresh and understood when they fail.

pub mod account;
pub mod accounts;
pub mod aws_session;
pub mod certificate_end;
pub mod chain;
pub mod claims;
pub mod client_identity;
pub mod codec;
pub mod entra_codes;
pub mod fetches;
mod installed;
pub mod keeper;
pub mod lookup;
pub mod mcp;
pub mod problem;
pub mod renewal;
pub mod resources;
pub mod schemes;
pub mod template_functions;
pub mod token_answer;
pub mod token_endpoint;

mod refresh;
