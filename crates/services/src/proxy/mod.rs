//! The proxy: a call with a connection's credentials, streamed both ways.

pub mod again;
pub mod answer;
pub mod call;
pub mod decide;
pub mod destination;
pub mod each_attempt;
pub mod headers;
pub mod held;
pub mod links;
pub mod plan;
pub mod room;
pub mod service;
pub mod target;
pub mod values;

mod attempt;
mod gunzip;
mod kept;
mod record;
mod whole;

pub use call::{Links, Packing, ProxyCall, Redirects};
pub use egress::Body as OutboundBody;
pub use kept::Kept;
pub use service::Proxy;
pub use whole::WholeAnswer;
