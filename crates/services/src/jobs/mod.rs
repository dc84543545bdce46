//! Work that nobody waits for: webhooks, credentials kept alive, and what is kept no longer.

pub mod alive;
pub mod expiry;
pub mod house;
pub mod installation;
mod key_test;
mod workers;

pub use workers::{JobSettings, schedules, workers};
