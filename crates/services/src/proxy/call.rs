//! A forwarded call as the edge hands it over.

use std::sync::Arc;

use domain::provider::RedirectHeaders;
use domain::{ConnectionId, IntegrationKey, Scope};
use http::{HeaderMap, Method};

use super::decide::RetryPolicy;
use super::target::Target;

/// A forwarded call, but for its body.
pub struct ProxyCall {
    /// The environment.
    pub scope: Scope,
    /// Whose configuration.
    pub integration: IntegrationKey,
    /// Whose account.
    pub connection: ConnectionId,
    /// The verb.
    pub method: Method,
    /// Where to.
    pub target: Target,
    /// The caller's headers as received.
    pub headers: HeaderMap,
    /// How often and on what to repeat.
    pub retry: RetryPolicy,
    /// Another base than the connection's own; must be allowed.
    pub base_override: Option<url::Url>,
    /// Whether redirects of GET and HEAD are followed here.
    pub redirects: Redirects,
    /// Whether a packed answer is unpacked here.
    pub packing: Packing,
    /// Whether next links come back to us.
    pub links: Links,
    /// Where rewritten links lead; the public URL when absent.
    pub links_to: Option<Arc<str>>,
    /// An operation to attach to instead of one of its own.
    pub attach_to: Option<String>,
    /// The id of its own operation, when somebody wants to know it beforehand.
    pub operation_id: Option<String>,
}

impl ProxyCall {
    /// Whether the caller brought credentials of their own: then a 401 says nothing about ours.
    pub fn authorizes_itself(&self) -> bool {
        self.headers.contains_key("nango-proxy-authorization")
    }
}

/// What happens at a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// As the definition says: `Follow`, or `FollowWithHeaders` where the vendor's own redirects need them.
    AsDefined,
    /// GET and HEAD are followed; at a change of origin the caller's and our headers go.
    Follow,
    /// As `Follow`, but headers stay (`Forward-Headers-On-Redirect`); ours with secrets only at an allowed origin.
    FollowWithHeaders,
    /// Passed through (`Sheetbend-Follow-Redirects: false`).
    Pass,
}

impl Redirects {
    /// What it comes to with a definition's word.
    pub fn settled(self, defined: RedirectHeaders) -> Self {
        match (self, defined) {
            (Self::AsDefined, RedirectHeaders::Dropped) => Self::Follow,
            (Self::AsDefined, RedirectHeaders::Kept) => Self::FollowWithHeaders,
            (chosen, _) => chosen,
        }
    }
}

/// What happens to next links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// As the integration says.
    ByIntegration,
    /// Rewritten.
    Rewrite,
    /// Left alone.
    Keep,
}

/// What happens to a compressed answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// It goes to the caller as it comes, as the caller's `Accept-Encoding` asked for it.
    Keep,
    /// The provider is asked for gzip at most, and it is unpacked here (`Decompress: true`).
    Unpack,
}
