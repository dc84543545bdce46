//! The log: every authorization, refresh and proxied call is an operation with its messages.

pub mod recorder;
pub mod redact;

pub use recorder::{OperationFacts, Recorder, RecorderTask};
