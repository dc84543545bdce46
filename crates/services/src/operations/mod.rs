//! The log: every authorization, refresh and proxied call is an operation with its messages.

pub mod meter;
pub mod recorder;
pub mod redact;
pub mod tail;

pub use recorder::{OperationFacts, Recorder, RecorderTask};
pub use tail::Tail;
