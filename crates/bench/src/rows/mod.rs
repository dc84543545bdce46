//! The rows of DESIGN §9 by command.

pub mod connections;
pub mod logs;
mod memory;
pub mod proxy;
mod rotation;
