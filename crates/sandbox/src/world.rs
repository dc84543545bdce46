//! Everything the sandbox knows, shared by all handlers.

use std::path::PathBuf;

use crate::clock::SandboxClock;
use crate::directory::Directory;
use crate::entra::EntraState;
use crate::faults::Faults;
use crate::files::Files;
use crate::seen::SeenRequests;
use crate::sites::Sites;

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
    /// The list of requests that `/_control/requests` shows.
    pub seen: SeenRequests,
    /// Where state outlives the process; `None` keeps everything in memory.
    pub state_dir: Option<PathBuf>,
}
