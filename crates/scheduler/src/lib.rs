//! Background work: tasks under leases, schedules that make them, retries, and an end.
//!
//! A task is data, enqueued in the transaction that caused it; its handler may run twice and must not mind. Nothing here
//! knows what a task is about.

mod handler;
mod service;

pub use domain::retry::RetryPolicy;
pub use handler::{Handler, Kind, Outcome, after_failure};
pub use service::{Counts, Handle, Options, Ran, Service};
pub use store::{NewTask, Schedule, Task, TaskEnd, TaskLease};
