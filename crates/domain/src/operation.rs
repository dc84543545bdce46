//! The log's nouns: operations and their messages (contract §10).

use serde_json::Value;
use serde_json::value::RawValue;

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// A proxied call.
    ProxyCall,
    /// An end user connects.
    CreateConnection,
    /// A token refresh.
    RefreshToken,
    /// A token minted for another resource.
    MintToken,
    /// What follows a new connection.
    PostConnection,
    /// Stored credentials tried against the provider.
    ConnectionTest,
    /// A client secret or a certificate that ends soon.
    ExpiryWarning,
}

impl OperationKind {
    /// The wire's `type`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::ProxyCall => "proxy",
            _ => "auth",
        }
    }

    /// The wire's `action`.
    pub fn action(self) -> &'static str {
        match self {
            Self::ProxyCall => "call",
            Self::CreateConnection => "create_connection",
            Self::RefreshToken => "refresh_token",
            Self::MintToken => "mint_token",
            Self::PostConnection => "post_connection",
            Self::ConnectionTest => "connection_test",
            Self::ExpiryWarning => "expiry_warning",
        }
    }

    /// The fixed sentence of contract §10.4.
    pub fn title(self) -> &'static str {
        match self {
            Self::ProxyCall => "Proxy",
            Self::CreateConnection => "Connection created",
            Self::RefreshToken => "Token refreshed",
            Self::MintToken => "Token minted for a resource",
            Self::PostConnection => "post connection execution",
            Self::ConnectionTest => "Connection tested",
            Self::ExpiryWarning => "Credentials come to their end",
        }
    }
}

/// How an operation ended, or that it did not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationState {
    /// Begun.
    Running,
    /// Ended well.
    Success,
    /// Ended badly.
    Failed,
    /// Never ended within its time.
    Timeout,
    /// Stopped on purpose.
    Cancelled,
}

impl OperationState {
    /// The wire's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the wire's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Success, Self::Failed, Self::Timeout, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// One unit of work that the log shows.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `<created ms, 13 digits>_<8 characters>`: sorts by time.
    pub id: String,
    /// `proxy`, `auth`.
    pub kind: String,
    /// `call`, `create_connection`, …
    pub action: String,
    /// How it ended.
    pub state: OperationState,
    /// The integration's key.
    pub integration: Option<String>,
    /// The connection's id as the customer knows it.
    pub connection: Option<String>,
    /// The provider's name.
    pub provider: Option<String>,
    /// HTTP status of a proxied call.
    pub status: Option<i64>,
    /// One line for people: method and redacted URL, or the fixed sentence.
    pub summary: String,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub ended_at_ms: Option<i64>,
    /// Wall time in microseconds.
    pub duration_us: Option<i64>,
    /// The only message of a proxied call, or more facts; redacted JSON, kept as text because it is written often
    /// and read seldom.
    pub detail: Option<Box<RawValue>>,
}

/// One step of an operation.
#[derive(Debug, Clone)]
pub struct Message {
    /// Unique within the operation, sorts by time.
    pub sequence: i64,
    /// `debug`, `info`, `warn`, `error`.
    pub level: String,
    /// `http` or `log`.
    pub kind: String,
    /// One line for people.
    pub text: String,
    /// Request, response, retry, decoded error; redacted JSON.
    pub detail: Option<Value>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Wall time in microseconds.
    pub duration_us: Option<i64>,
}

/// HTTP statuses to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    /// This one.
    Exactly(i64),
    /// All that begin with this digit.
    Class(i64),
}

impl StatusFilter {
    /// Reads `404` or `4xx`.
    pub fn parse(text: &str) -> Option<Self> {
        let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
        let number = class.unwrap_or(text).parse::<i64>().ok()?;
        match class {
            Some(_) => (1..=5).contains(&number).then_some(Self::Class(number)),
            None => (100..=599).contains(&number).then_some(Self::Exactly(number)),
        }
    }

    /// Whether a status is among them.
    pub fn holds(self, status: i64) -> bool {
        match self {
            Self::Exactly(one) => status == one,
            Self::Class(class) => status / 100 == class,
        }
    }
}

/// How many operations began between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistogramBucket {
    /// From here on, Unix milliseconds.
    pub at_ms: i64,
    /// All.
    pub total: i64,
    /// Those that failed or timed out.
    pub failed: i64,
}

/// Which operations to list.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// The integration's key.
    pub integration: Option<String>,
    /// The connection's id.
    pub connection: Option<String>,
    /// `proxy`, `auth` or `auth:refresh_token`.
    pub kinds: Vec<String>,
    /// States.
    pub states: Vec<OperationState>,
    /// From this moment on, Unix milliseconds.
    pub from_ms: Option<i64>,
    /// Before this moment, Unix milliseconds.
    pub to_ms: Option<i64>,
    /// HTTP statuses and classes of them, any of which will do.
    pub statuses: Vec<StatusFilter>,
    /// Full text.
    pub text: Option<String>,
    /// Only operations older than this id (keyset paging).
    pub before: Option<String>,
    /// Only operations newer than this id, oldest first (following).
    pub after: Option<String>,
    /// At most this many.
    pub limit: u32,
}
