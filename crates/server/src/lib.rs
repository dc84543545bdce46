//! The HTTP edge: the public API, the connect page, the proxy's door.

pub mod app;
pub mod door;
pub mod listen;
pub mod metrics;
pub mod openapi;
pub mod operator;
pub mod rate_limit;
pub mod tls;

mod api;
mod audit;
mod auth;
mod connect;
mod dashboard;
mod error;
mod gate;
mod middleware;
mod person;
mod router;
mod strict;
mod time;

pub use app::{App, EdgeSettings, SharedApp};
pub use router::metrics_router;
