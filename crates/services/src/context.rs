//! What every use-case stands on; built once in the composition root.

use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use domain::{Clock, Entropy};
use egress::{Egress, FetchPolicy, SendPolicy};
use store::Store;
use tokio_util::task::TaskTracker;
use vault::Vault;

use crate::fault::FaultPoints;
use crate::operations::Recorder;

/// The ports and settings of the use-cases. Cheap to share behind an `Arc`.
pub struct Context {
    /// The database.
    pub store: Store,
    /// Seals and opens.
    pub vault: Vault,
    /// Provider definitions.
    pub catalog: Catalog,
    /// Outbound HTTP.
    pub egress: Egress,
    /// Wall-clock time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The log.
    pub log: Recorder,
    /// Work that outlives the request that started it; joined at shutdown.
    pub background: TaskTracker,
    /// Named points at which a test may stop the process.
    pub faults: FaultPoints,
    /// Settings.
    pub settings: Settings,
}

/// Settings of the use-cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our address with the base path, without a trailing slash.
    pub public_url: String,
    /// The redirect URI given to providers.
    pub callback_url: String,
    /// Names this process among the nodes of one database.
    pub node: String,
    /// Whether integrations on the `sandbox` cloud may be used by this process.
    pub sandbox: SandboxCloud,
    /// Limits of proxied calls.
    pub proxy: SendPolicy,
    /// Limits of token calls; shorter than the refresh lease.
    pub token: FetchPolicy,
    /// Which proxied calls become operations.
    pub log_proxy: LogProxy,
}

/// Whether the simulated tenant runs in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxCloud {
    /// `sheetbend dev` started it.
    Present,
    /// `serve`: such integrations are refused with a reason.
    Absent,
}

/// Which proxied calls become operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogProxy {
    /// All.
    All,
    /// Only those that fail.
    Errors,
}

/// A refresh's lease; longer than a token call may take (DESIGN §5 "Refresh").
pub const REFRESH_LEASE: Duration = Duration::from_secs(30);
/// A token call's whole time.
pub const TOKEN_CALL: Duration = Duration::from_secs(20);

impl Context {
    /// Now, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A random UUID.
    pub fn uuid(&self) -> String {
        domain::entropy::uuid(&*self.entropy)
    }
}
