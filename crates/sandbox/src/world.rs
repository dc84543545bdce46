//! Everything the sandbox knows, shared by all handlers.

use crate::clock::SandboxClock;
use crate::directory::Directory;
use crate::entra::EntraState;
use crate::faults::Faults;
use crate::files::Files;
use crate::options::{ExcelAppOnly, SandboxError, SandboxOptions};
use crate::seen::SeenRequests;
use crate::sites::Sites;
use crate::throttle::Throttle;

/// The simulated world. Each part guards its own state; no lock is held while another part is called.
pub(crate) struct World {
    pub clock: SandboxClock,
    /// Tenants, users, app registrations, consents.
    pub directory: Directory,
    /// Codes, refresh tokens, signing keys.
    pub entra: EntraState,
    /// Drives, items, workbooks.
    pub files: Files,
    /// Sites, lists, list items.
    pub sites: Sites,
    pub faults: Faults,
    pub throttle: Throttle,
    /// The list of requests that `/_control/requests` shows.
    pub seen: SeenRequests,
    /// Whether the workbook API serves tokens without a user.
    pub excel_app_only: ExcelAppOnly,
    /// What `/_control` wants to see when it is set.
    pub control_token: Option<String>,
}

impl World {
    /// Reads the state directory, or seeds a new world.
    pub fn open(options: SandboxOptions) -> Result<Self, SandboxError> {
        let clock = SandboxClock::new(options.clock);
        let dir = options.state_dir.as_deref();
        Ok(Self {
            directory: Directory::open(dir)
                .map_err(|source| SandboxError::State { part: "directory", source })?,
            entra: EntraState::open(dir).map_err(|source| SandboxError::State { part: "entra", source })?,
            files: Files::open(dir, &options.workbooks, clock.now_ms())
                .map_err(|source| SandboxError::State { part: "files", source })?,
            sites: Sites::open(dir).map_err(|source| SandboxError::State { part: "sites", source })?,
            faults: Faults::default(),
            throttle: Throttle::default(),
            seen: SeenRequests::default(),
            excel_app_only: options.excel_app_only,
            control_token: options.control_token,
            clock,
        })
    }
}
