//! Time as an argument.

/// A source of wall-clock time; the only real one is made in the composition root.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}
