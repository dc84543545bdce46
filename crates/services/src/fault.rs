//! Named points at which a test may kill the process, exactly between two writes.

use std::sync::Arc;

/// What happens at a named point; nothing unless the composition root was told to stop there.
#[derive(Clone, Default)]
pub struct FaultPoints(Option<Arc<dyn Fn(&'static str) + Send + Sync>>);

impl FaultPoints {
    /// Calls `hook` with the name of every point that is passed.
    pub fn with_hook(hook: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Passes a named point.
    pub fn pass(&self, name: &'static str) {
        if let Some(hook) = &self.0 {
            hook(name);
        }
    }
}
