//! Outgoing webhooks: who is told what, signed how (contract §8).

pub mod settings;
pub mod signing;
