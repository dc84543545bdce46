//! The outbound HTTP client of everything the server sends: proxied calls, token calls, webhooks, key sets.
//!
//! Bodies stream both ways untouched; paths and queries go out byte for byte. The address guard is always on:
//! every address is judged after the name was resolved, and the judged address is the one dialled.

mod body;
mod client;
mod connect;
mod connection;
mod dial;
mod error;
mod failure;
mod fetch;
mod guard;
mod hop_by_hop;
mod identity;
#[cfg(unix)]
mod local;
mod location;
mod options;
mod proxies;
mod redirect;
mod resolve;
mod response_body;
mod target;
mod tls;
mod tunnel;
mod uri;

pub use body::{Body, BoxError};
pub use client::Egress;
pub use connection::Peer;
pub use error::{Actor, ClosedWhen, EgressError, RequestSent, Stage, Temporary, TlsFault, WaitingFor};
pub use guard::{PolicyClass, Rule, check as check_address};
pub use hop_by_hop::{HOP_BY_HOP, strip_hop_by_hop};
pub use identity::ClientIdentity;
#[cfg(unix)]
pub use local::{LocalError, LocalLimits, over_socket};
pub use options::{EgressOptions, FetchPolicy, SendPolicy, SystemRoots};
pub use proxies::{OutboundProxies, OutboundProxy, TrustProxy};
pub use redirect::{AcrossOrigins, Arrival, AtHop, Followed, Hop, HopOrigin, RedirectPolicy};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use response_body::ResponseBody;
pub use target::HostPort;
pub use uri::{MAX_URI, absolute};
