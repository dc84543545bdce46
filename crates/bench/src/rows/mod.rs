//! The rows of DESIGN §9 by command.

pub mod connections;
mod memory;
pub mod proxy;
mod rotation;
