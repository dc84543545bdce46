//! What a sandbox is started with, and why starting one may fail.

use std::path::PathBuf;
use std::sync::Arc;

use domain::Clock;

/// What a sandbox is started with.
#[derive(Clone)]
pub struct SandboxOptions {
    /// The outside time; `/_control/clock` adds to it.
    pub clock: Arc<dyn Clock>,
    /// Where state outlives the process; `None` keeps everything in memory.
    pub state_dir: Option<PathBuf>,
    /// The user's own `.xlsx` files, put into the drive of `ada@contoso.example`.
    pub workbooks: Vec<PathBuf>,
    /// When set, `/_control` wants it as a bearer token and then answers any peer; else loopback peers only.
    pub control_token: Option<String>,
    /// Whether the workbook API serves app-only tokens.
    pub excel_app_only: ExcelAppOnly,
}

impl SandboxOptions {
    /// A sandbox in memory, with the bundled workbooks.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state_dir: None,
            workbooks: vec![],
            control_token: None,
            excel_app_only: ExcelAppOnly::default(),
        }
    }
}

impl std::fmt::Debug for SandboxOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SandboxOptions")
            .field("state_dir", &self.state_dir)
            .field("workbooks", &self.workbooks)
            .field("control_token", &self.control_token.as_ref().map(|_| "set"))
            .field("excel_app_only", &self.excel_app_only)
            .finish_non_exhaustive()
    }
}

/// Whether the workbook API serves tokens without a user. Microsoft documents it as unsupported, yet it is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExcelAppOnly {
    /// As observed in the field.
    #[default]
    Allow,
    /// As documented: 403.
    Deny,
}

/// Why a sandbox could not be opened, or refused a request made in process.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A part's state cannot be read or written.
    #[error("the sandbox's state ({part}) cannot be used: {source}")]
    State {
        /// Which part: `directory`, `entra`, `files`, `sites`, `tls`.
        part: &'static str,
        /// What the operating system or the decoder said.
        source: std::io::Error,
    },
    /// Entra ID would refuse, with this number.
    #[error("AADSTS{code}: {message}")]
    Refused {
        /// The number after `AADSTS`.
        code: u32,
        /// Why, in words.
        message: String,
    },
    /// The certificate cannot be registered.
    #[error("the certificate cannot be registered: {0}")]
    Certificate(String),
    /// No app registration has this client id.
    #[error("the sandbox has no app registration '{0}'")]
    UnknownApp(String),
}
