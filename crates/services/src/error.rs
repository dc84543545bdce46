//! Why a use-case failed; `server::error` is the only place that turns this into HTTP.

use domain::connection::AuthProblem;

pub use egress::EgressError;
pub use store::StoreError;

use crate::credentials::problem::TokenProblem;
use crate::credentials::schemes::SettingProblem;

/// One invalid field (the items of contract §1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldIssue {
    /// A stable code: `invalid_type`, `unrecognized_keys`, `custom`, …
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// Where.
    pub path: Vec<String>,
}

impl FieldIssue {
    /// A rule of ours that a field breaks.
    pub fn custom(message: impl Into<String>, path: &[&str]) -> Self {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        Self { code: "custom", message: message.into(), path }
    }
}

/// Why a use-case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such provider.
    #[error("Unknown provider {0}")]
    UnknownProvider(String),
    /// No such integration in this environment.
    #[error("Integration \"{0}\" does not exist")]
    UnknownIntegration(String),
    /// No such connection on this integration.
    #[error("No connection \"{connection}\" on the integration \"{integration}\"")]
    UnknownConnection {
        /// The integration's key.
        integration: String,
        /// The connection's id.
        connection: String,
    },
    /// The request's body breaks rules.
    #[error("the request is not valid")]
    Invalid(Vec<FieldIssue>),
    /// Something else that was named does not exist here.
    #[error("{0}")]
    NotFound(String),
    /// The same, with a code of the contract.
    #[error("{message}")]
    Unknown {
        /// The contract's code.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// It exists already.
    #[error("{0}")]
    Conflict(String),
    /// A request that is refused, with a code of the contract.
    #[error("{message}")]
    Refused {
        /// The contract's code.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Who calls is not known, or did not prove who they are.
    #[error("{message}")]
    NotSignedIn {
        /// A stable code.
        code: &'static str,
        /// For people.
        message: &'static str,
    },
    /// Too many guesses; the next one may come after a while.
    #[error("There were too many tries. Wait {seconds} seconds and try again.")]
    TooManyTries {
        /// How long to wait.
        seconds: u32,
    },
    /// There is no room for it now; the same call may succeed soon.
    #[error("{0}")]
    NoRoom(String),
    /// The provider's definition needs something that nobody gave.
    #[error(transparent)]
    Setting(#[from] SettingProblem),
    /// The token endpoint said no, or nothing.
    #[error("{}", .0.cause)]
    Token(Box<TokenProblem>),
    /// The credentials that a person gave bought no token.
    #[error("{}", .problem.cause)]
    NoToken {
        /// The contract's code for the mode (§5.6).
        code: &'static str,
        /// What was answered, and who must act.
        problem: Box<TokenProblem>,
    },
    /// The connection's credentials do not work and are not tried again (now).
    #[error("{}", .problem.cause)]
    Credentials {
        /// What is wrong and who must act.
        problem: Box<AuthProblem>,
        /// Whether it is tried again later.
        retry: RetryLater,
    },
    /// A failure that several callers of one refresh share.
    #[error(transparent)]
    Shared(std::sync::Arc<Error>),
    /// The outbound call failed.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something sealed does not open.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    /// What is stored is not what this version wrote.
    #[error("{0}")]
    Corrupt(&'static str),
}

/// Whether failed credentials are tried again by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryLater {
    /// After a pause.
    Yes,
    /// Only a new authorization or a change of configuration helps.
    No,
}

impl Error {
    /// A refusal with a code of the contract.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    /// One invalid field.
    pub fn field(message: impl Into<String>, path: &[&str]) -> Self {
        Self::Invalid(vec![FieldIssue::custom(message, path)])
    }
}

impl From<TokenProblem> for Error {
    fn from(problem: TokenProblem) -> Self {
        Self::Token(Box::new(problem))
    }
}
