//! Outgoing webhooks: who is told what, signed how, and delivered at least once (contract §8).

pub mod auth_events;
pub mod breaker;
pub mod deliver;
pub mod settings;
pub mod signing;
pub mod stable;
