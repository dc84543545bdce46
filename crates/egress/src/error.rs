//! What can go wrong on the way out, said so that the reader knows who must act.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::guard::Rule;

/// Whether the other side may have seen the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestSent {
    /// Nothing of the request left this machine: repeating it is always safe.
    No,
    /// It may have been received, wholly or in part.
    Maybe,
}

/// Who can mend the failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Whoever wrote the request: the caller, the function, the provider definition.
    Developer,
    /// Whoever runs this server: network, proxy, certificates, exemptions.
    Operator,
    /// The called system.
    Upstream,
}

/// The step of connecting that was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Resolving the name.
    Dns,
    /// The TCP handshake.
    Tcp,
    /// Asking the outbound proxy for a tunnel.
    Proxy,
    /// The TLS handshake.
    Tls,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "resolving the name",
            Self::Tcp => "opening the connection",
            Self::Proxy => "asking the outbound proxy for a tunnel",
            Self::Tls => "the TLS handshake",
        }
    }
}

/// What a TLS handshake failed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// The chain ends at an authority that is not trusted here.
    UnknownIssuer,
    /// The certificate is past its end.
    Expired,
    /// The certificate's time has not begun.
    NotYetValid,
    /// The certificate is for another name.
    WrongName,
    /// Any other refusal of the certificate.
    BadCertificate,
    /// The server closed the connection during the handshake.
    Closed,
    /// Versions, ciphers or the protocol itself.
    Protocol,
}

/// Whom an unfinished upload waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingFor {
    /// The caller sends no more of its body.
    Caller,
    /// The called system accepts no more of it.
    Upstream,
}

/// When the other side closed the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedWhen {
    /// Before the request could be written.
    BeforeRequest,
    /// After the request, before an answer.
    BeforeAnswer,
    /// Inside the answer's body.
    InBody,
}

/// A failed outbound request. [`EgressError::code`] is stable; messages are for people and hold no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what its fields are")]
pub enum EgressError {
    /// A setting cannot be used.
    #[error("outbound HTTP is misconfigured: {reason}")]
    Config { reason: String },
    /// The URL or method cannot be sent.
    #[error("the request cannot be sent: {reason}")]
    InvalidTarget { reason: String },
    /// The address guard refused the destination.
    #[error(
        "{authority} leads to {address}, which is refused ({rule}); the operator can exempt exactly {authority}"
    )]
    Refused { authority: String, address: IpAddr, rule: Rule },
    /// The name has no address, or the resolver did not answer.
    #[error("{host} could not be resolved: {reason}{hint}")]
    Dns { host: String, reason: String, temporary: Temporary, hint: &'static str },
    /// Nothing listens there.
    #[error("{authority} ({address}) refused the connection")]
    ConnectRefused { authority: String, address: SocketAddr },
    /// No route.
    #[error("{authority} ({address}) cannot be reached: {reason}")]
    Unreachable { authority: String, address: SocketAddr, reason: String },
    /// The connection failed otherwise before the request.
    #[error("connecting to {authority} failed: {reason}")]
    ConnectFailed { authority: String, reason: String },
    /// No connection in time.
    #[error("no connection to {authority} within {after:?}: time ran out while {}", stage.as_str())]
    ConnectTimeout { authority: String, stage: Stage, after: Duration },
    /// The TLS handshake failed.
    #[error("TLS with {authority} failed: {reason}{hint}")]
    Tls { authority: String, fault: TlsFault, reason: String, hint: &'static str },
    /// The called system wants another client certificate than ours, or wants one at all (RFC 8446 §6.2).
    #[error("the called system turned our client certificate away, or wants one: {reason}")]
    ClientCertificate { reason: String },
    /// https was asked for and no certificate authority is known.
    #[error(
        "https to {authority} is impossible: this machine has no CA certificates \
         (install ca-certificates or give the server an extra CA file)"
    )]
    NoTrustRoots { authority: String },
    /// The outbound proxy did not open a tunnel.
    #[error("outbound proxy {proxy} gave no tunnel to {authority}: {reason}")]
    ProxyRefused { proxy: String, authority: String, status: Option<u16>, reason: String },
    /// The outbound proxy itself cannot be reached.
    #[error("outbound proxy {proxy}: {cause}")]
    ProxyUnreachable { proxy: String, cause: Box<EgressError> },
    /// No answer began in time.
    #[error("no answer began within {after:?}")]
    FirstByteTimeout { after: Duration },
    /// An upload stopped moving.
    #[error("the request body stood still for {after:?}, waiting for the {}", match waiting_for {
        WaitingFor::Caller => "caller to send more", WaitingFor::Upstream => "called system to take more" })]
    UploadStalled { after: Duration, waiting_for: WaitingFor },
    /// The caller's body failed while it was being sent.
    #[error("the request body broke off: {reason}")]
    RequestBody { reason: String },
    /// The answer's body stopped moving.
    #[error("the answer's body stood still for {after:?}")]
    IdleBodyTimeout { after: Duration },
    /// The whole call took too long.
    #[error("the call took longer than {after:?}")]
    TotalTimeout { after: Duration },
    /// The other side closed the connection too soon.
    #[error("the connection was closed {}", match when {
        ClosedWhen::BeforeRequest => "before the request could be sent",
        ClosedWhen::BeforeAnswer => "before an answer came",
        ClosedWhen::InBody => "in the middle of the answer" })]
    Closed { when: ClosedWhen },
    /// The connection broke.
    #[error("the connection broke: {reason}")]
    Broken { reason: String },
    /// The answer's head is larger than accepted.
    #[error("the answer's headers are larger than {limit} bytes or more than 100")]
    HeadTooLarge { limit: usize },
    /// The answer is not HTTP.
    #[error("the answer is not valid HTTP: {reason}")]
    BadAnswer { reason: String },
    /// A bounded read met a larger body.
    #[error("the answer (status {status}) is larger than {limit} bytes")]
    AnswerTooLarge { status: u16, limit: usize },
    /// Redirects did not end.
    #[error("more than {limit} redirects")]
    TooManyRedirects { limit: usize },
    /// A redirect that must not be followed.
    #[error("a redirect from https to http ({host}) was not followed")]
    RedirectDowngrade { host: String },
}

/// Whether a DNS failure may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporary {
    /// The resolver gave no answer.
    Yes,
    /// The resolver says there is no such name.
    No,
}

impl EgressError {
    /// A stable name for the failure, for logs, metrics and API answers.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config { .. } => "egress_config",
            Self::InvalidTarget { .. } => "invalid_target",
            Self::Refused { .. } => "address_refused",
            Self::Dns { .. } => "dns_failure",
            Self::ConnectRefused { .. } => "connect_refused",
            Self::Unreachable { .. } => "host_unreachable",
            Self::ConnectFailed { .. } => "connect_failed",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::Tls { .. } => "tls_failure",
            Self::ClientCertificate { .. } => "client_certificate_refused",
            Self::NoTrustRoots { .. } => "no_trust_roots",
            Self::ProxyRefused { .. } => "proxy_refused",
            Self::ProxyUnreachable { .. } => "proxy_unreachable",
            Self::FirstByteTimeout { .. } => "first_byte_timeout",
            Self::UploadStalled { .. } => "upload_stalled",
            Self::RequestBody { .. } => "request_body_failed",
            Self::IdleBodyTimeout { .. } => "idle_body_timeout",
            Self::TotalTimeout { .. } => "total_timeout",
            Self::Closed { .. } => "closed_early",
            Self::Broken { .. } => "connection_broken",
            Self::HeadTooLarge { .. } => "answer_head_too_large",
            Self::BadAnswer { .. } => "bad_answer",
            Self::AnswerTooLarge { .. } => "answer_too_large",
            Self::TooManyRedirects { .. } => "too_many_redirects",
            Self::RedirectDowngrade { .. } => "redirect_downgrade",
        }
    }

    /// The error name that Node's HTTP clients give this failure (contract §3.5, §3.6).
    #[must_use]
    pub fn node_code(&self) -> &'static str {
        match self {
            Self::Config { .. } | Self::InvalidTarget { .. } => "ERR_INVALID_URL",
            Self::Refused { .. } => "EACCES",
            Self::Dns { temporary: Temporary::Yes, .. } => "EAI_AGAIN",
            Self::Dns { .. } => "ENOTFOUND",
            Self::ConnectRefused { .. } => "ECONNREFUSED",
            Self::Unreachable { .. } => "EHOSTUNREACH",
            Self::ConnectFailed { .. } => "ECONNABORTED",
            Self::ConnectTimeout { .. }
            | Self::FirstByteTimeout { .. }
            | Self::UploadStalled { .. }
            | Self::IdleBodyTimeout { .. }
            | Self::TotalTimeout { .. } => "ETIMEDOUT",
            Self::Tls { fault, .. } => fault.node_code(),
            Self::ClientCertificate { .. } => "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
            Self::NoTrustRoots { .. } => "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            Self::ProxyRefused { .. } => "ERR_PROXY_TUNNEL",
            Self::ProxyUnreachable { cause, .. } => cause.node_code(),
            Self::RequestBody { .. } => "ECONNABORTED",
            Self::Closed { .. } | Self::Broken { .. } => "ECONNRESET",
            Self::HeadTooLarge { .. } => "HPE_HEADER_OVERFLOW",
            Self::BadAnswer { .. } => "EPROTO",
            Self::AnswerTooLarge { .. } => "ERR_BAD_RESPONSE",
            Self::TooManyRedirects { .. } => "ERR_FR_TOO_MANY_REDIRECTS",
            Self::RedirectDowngrade { .. } => "ERR_FR_REDIRECTION_FAILURE",
        }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    ///
    /// Says nothing about safety: see [`EgressError::request_was_sent`].
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::ProxyRefused { status, .. } => status.is_none_or(|s| s >= 500),
            Self::ProxyUnreachable { cause, .. } => cause.is_retryable(),
            Self::RequestBody { .. } | Self::UploadStalled { waiting_for: WaitingFor::Caller, .. } => false,
            other => matches!(
                other.node_code(),
                "EAI_AGAIN" | "ECONNREFUSED" | "EHOSTUNREACH" | "ECONNABORTED" | "ETIMEDOUT" | "ECONNRESET"
            ),
        }
    }

    /// Whether anything of the request may have reached the called system.
    #[must_use]
    pub fn request_was_sent(&self) -> RequestSent {
        match self {
            Self::Config { .. }
            | Self::InvalidTarget { .. }
            | Self::Refused { .. }
            | Self::Dns { .. }
            | Self::ConnectRefused { .. }
            | Self::Unreachable { .. }
            | Self::ConnectFailed { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::NoTrustRoots { .. }
            | Self::ProxyRefused { .. }
            | Self::ProxyUnreachable { .. }
            | Self::Closed { when: ClosedWhen::BeforeRequest } => RequestSent::No,
            _ => RequestSent::Maybe,
        }
    }

    /// Who can mend it.
    #[must_use]
    pub fn who_must_act(&self) -> Actor {
        match self {
            Self::InvalidTarget { .. } | Self::RequestBody { .. } | Self::ClientCertificate { .. } => {
                Actor::Developer
            }
            Self::UploadStalled { waiting_for: WaitingFor::Caller, .. } => Actor::Developer,
            Self::Dns { temporary: Temporary::No, .. } => Actor::Developer,
            Self::Config { .. }
            | Self::Refused { .. }
            | Self::Dns { .. }
            | Self::NoTrustRoots { .. }
            | Self::ProxyRefused { .. }
            | Self::ProxyUnreachable { .. }
            | Self::Tls { fault: TlsFault::UnknownIssuer, .. } => Actor::Operator,
            _ => Actor::Upstream,
        }
    }

    /// The error of an attempt to connect to `address`.
    pub(crate) fn of_connect(authority: String, address: SocketAddr, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Self::ConnectRefused { authority, address },
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::TimedOut | Kind::NetworkDown => {
                Self::Unreachable { authority, address, reason: error.to_string() }
            }
            _ => Self::ConnectFailed { authority, reason: error.to_string() },
        }
    }

    /// The error of a failed name resolution.
    ///
    /// `getaddrinfo`'s code does not survive in `io::Error`, only its text does: glibc's and musl's wording
    /// for `EAI_AGAIN` is what tells the two kinds apart.
    pub(crate) fn of_dns(host: &str, error: &io::Error, hint: &'static str) -> Self {
        let reason = error.to_string();
        let again = ["Temporary failure", "Try again", "System error"];
        let temporary = match error.kind() {
            io::ErrorKind::TimedOut => Temporary::Yes,
            _ if again.iter().any(|text| reason.contains(text)) => Temporary::Yes,
            _ => Temporary::No,
        };
        Self::Dns { host: host.to_owned(), reason, temporary, hint }
    }
}

impl TlsFault {
    fn node_code(self) -> &'static str {
        match self {
            Self::UnknownIssuer => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            Self::Expired => "CERT_HAS_EXPIRED",
            Self::NotYetValid => "CERT_NOT_YET_VALID",
            Self::WrongName => "ERR_TLS_CERT_ALTNAME_INVALID",
            Self::BadCertificate => "CERT_REJECTED",
            Self::Closed => "ECONNRESET",
            Self::Protocol => "EPROTO",
        }
    }
}
