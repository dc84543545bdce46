//! What every use-case stands on; built once in the composition root.

use std::sync::Arc;
use std::time::Duration;

use catalog::LiveCatalog;
use domain::{Clock, Entropy};
use egress::{Egress, FetchPolicy, SendPolicy};
use store::Store;
use tokio_util::task::TaskTracker;
use vault::Vault;

use crate::counts::Counts;
use crate::fault::FaultPoints;
use crate::operations::Recorder;
use crate::people::OidcSettings;
use crate::proxy::room::Room;
use crate::webhooks::deliver::DeliverySettings;

/// The ports and settings of the use-cases. Cheap to share behind an `Arc`.
pub struct Context {
    /// The database.
    pub store: Store,
    /// Seals and opens.
    pub vault: Vault,
    /// Provider definitions; an operator's files may replace them while the server runs.
    pub catalog: LiveCatalog,
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
    /// One key pair is made at a time: each takes up to a second of CPU, and an end user's page asks for it.
    pub key_making: tokio::sync::Semaphore,
    /// What request bodies that must be held take together.
    pub held: Room,
    /// What this process has done.
    pub counts: Counts,
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
    /// Names this process among those that use the database.
    pub node: NodeName,
    /// Whether integrations on the `sandbox` cloud may be used by this process.
    pub sandbox: SandboxCloud,
    /// Limits of proxied calls.
    pub proxy: SendPolicy,
    /// Limits of token calls; shorter than the refresh lease.
    pub token: FetchPolicy,
    /// Which proxied calls become operations.
    pub log_proxy: LogProxy,
    /// How webhooks are delivered.
    pub webhooks: DeliverySettings,
    /// The company's own sign-in.
    pub oidc: Option<OidcSettings>,
}

/// A process among those that use one database: its data directory, and which of its starts.
///
/// One process at a time works in a data directory (it holds the directory's lock), so a lease of the same directory
/// and another start belongs to the dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeName {
    /// Of the data directory; no other directory has it.
    pub home: String,
    /// Of this start.
    pub start: String,
}

impl NodeName {
    /// Whether `owner` (a [`NodeName`] as text) was this node before its last restart.
    pub fn replaces(&self, owner: &str) -> bool {
        owner.split_once('/').is_some_and(|(home, start)| home == self.home && start != self.start)
    }
}

impl std::fmt::Display for NodeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.home, self.start)
    }
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
