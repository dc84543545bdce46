//! Settings of the client, and what one request may choose for itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::guard::PolicyClass;
use crate::proxies::{OutboundProxies, TrustProxy};
use crate::resolve::{Resolve, SystemResolver};
use crate::target::HostPort;

/// Settings of an [`Egress`](crate::Egress), fixed for its life.
#[derive(Clone)]
pub struct EgressOptions {
    /// PEM files of certificate authorities to trust besides the system's.
    pub extra_ca_files: Vec<PathBuf>,
    /// Whether the operating system's certificate authorities are trusted.
    pub system_roots: SystemRoots,
    /// The outbound proxies, from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
    pub proxies: OutboundProxies,
    /// Whether names go to the proxy unresolved.
    pub trust_proxy: TrustProxy,
    /// Exact destinations that the address guard lets pass; set by the operator, never by API.
    pub exemptions: Vec<HostPort>,
    /// For one connection: name, TCP, proxy tunnel and TLS together.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub pool_idle_timeout: Duration,
    /// Unused connections kept for one origin.
    pub pool_idle_per_host: usize,
    /// Names to addresses.
    pub resolver: Arc<dyn Resolve>,
}

/// Whether the operating system's trust store is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SystemRoots {
    /// Trusted; `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured.
    #[default]
    Trust,
    /// Only the extra files are trusted.
    Ignore,
}

impl Default for EgressOptions {
    fn default() -> Self {
        Self {
            extra_ca_files: Vec::new(),
            system_roots: SystemRoots::default(),
            proxies: OutboundProxies::default(),
            trust_proxy: TrustProxy::default(),
            exemptions: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(60),
            pool_idle_per_host: 128,
            resolver: Arc::new(SystemResolver),
        }
    }
}

impl fmt::Debug for EgressOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EgressOptions")
            .field("extra_ca_files", &self.extra_ca_files)
            .field("system_roots", &self.system_roots)
            .field("proxies", &self.proxies)
            .field("trust_proxy", &self.trust_proxy)
            .field("exemptions", &self.exemptions)
            .field("connect_timeout", &self.connect_timeout)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("pool_idle_per_host", &self.pool_idle_per_host)
            .finish_non_exhaustive()
    }
}

/// What one request may reach and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendPolicy {
    /// The addresses it may reach.
    pub class: PolicyClass,
    /// From the start, or from the last movement of the request body, to the answer's head. Includes
    /// connecting.
    pub first_byte: Duration,
    /// Between two pieces of the answer's body; the reader's own slowness does not count.
    pub idle_body: Duration,
    /// From the start to the end of the body; `None` sets no limit.
    pub total: Option<Duration>,
}

impl Default for SendPolicy {
    /// The proxy's limits: first byte 120 s, idle body 60 s, no total.
    fn default() -> Self {
        Self {
            class: PolicyClass::Public,
            first_byte: Duration::from_secs(120),
            idle_body: Duration::from_secs(60),
            total: None,
        }
    }
}

/// Bounds of a request whose answer is read whole: token calls, key sets, webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchPolicy {
    /// The addresses it may reach.
    pub class: PolicyClass,
    /// The largest body accepted, in bytes.
    pub max_bytes: usize,
    /// From the start to the last byte.
    pub total: Duration,
}

impl Default for FetchPolicy {
    /// A token call's limits: 1 MiB, 20 s (shorter than the refresh lease).
    fn default() -> Self {
        Self { class: PolicyClass::Public, max_bytes: 1 << 20, total: Duration::from_secs(20) }
    }
}
