//! The sandbox's own time: the outside clock plus an offset that `/_control` moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::Clock;

/// Sandbox time in Unix milliseconds.
pub(crate) struct SandboxClock {
    outside: Arc<dyn Clock>,
    offset_ms: AtomicI64,
}

impl SandboxClock {
    pub fn new(outside: Arc<dyn Clock>) -> Self {
        Self { outside, offset_ms: AtomicI64::new(0) }
    }

    pub fn now_ms(&self) -> i64 {
        self.outside.now_ms() + self.offset_ms.load(Ordering::Relaxed)
    }

    /// Moves sandbox time forward (or back, when negative) by `delta_ms`.
    pub fn advance(&self, delta_ms: i64) {
        self.offset_ms.fetch_add(delta_ms, Ordering::Relaxed);
    }
}
