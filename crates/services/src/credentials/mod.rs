//! Credentials: how they are obtained, kept fresh and understood when they fail.

pub mod codec;
pub mod entra_codes;
pub mod problem;
pub mod schemes;
pub mod token_answer;
