//! What this process has done since its start, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What this process has done since its start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Credentials renewed.
    pub refreshed: Count,
    /// Refreshes after which only a new authorization helps.
    pub refresh_refused: Count,
    /// Refreshes that failed and are tried again, or that wait for a developer.
    pub refresh_failed: Count,
    /// Refreshes taken over from a process that died.
    pub refresh_taken_over: Count,
    /// Webhooks that their receiver took.
    pub webhooks_delivered: Count,
    /// Tries of webhooks that failed and are repeated.
    pub webhooks_failed: Count,
    /// Webhooks given up.
    pub webhooks_given_up: Count,
}
