//! The proxy block: where calls go and what is added to them.

use crate::template::{Template, TemplateTree};

/// How proxied calls are forwarded.
#[derive(Debug, Clone)]
pub struct ProxyDefinition {
    /// The API's base, without a trailing slash.
    pub base_url: Template,
    /// Headers added to every call.
    pub headers: Vec<(String, Template)>,
    /// Query parameters added to every call.
    pub query: Vec<(String, Template)>,
    /// Merged into every JSON body.
    pub body: Option<TemplateTree>,
    /// Where the vendor says how long to wait.
    pub retry: RetryHints,
    /// How the vendor pages.
    pub paginate: Option<Pagination>,
    /// The request that proves credentials before a connection is stored.
    pub verification: Option<Verification>,
    /// Whether answers are decompressed before they are passed on.
    pub decompress: Decompress,
    /// What becomes of the caller's and the injected headers on a redirect to another origin.
    pub redirect_headers: RedirectHeaders,
    /// Connection-config values that callers of this API need (contract §4.2: documentation).
    pub connection_config: Vec<(String, Template)>,
    /// Further origins that belong to the same API, callable by base-URL override or absolute URL.
    pub hosts: Vec<Template>,
    /// Resources other than the base for which this connection's grant can mint tokens.
    pub resources: Vec<Resource>,
}

impl ProxyDefinition {
    /// Whether a call's body must be read before its headers can be written, or is changed by the definition.
    pub fn needs_body(&self) -> bool {
        const OF_BODY: &[&str] = &["bodyCanonicalParams"];
        self.body.is_some()
            || self.headers.iter().chain(&self.query).any(|(_, template)| {
                template.paths().any(|path| OF_BODY.contains(&path))
                    || template.functions().any(|name| name == "awsSigV4")
            })
    }
}

/// What says how long to wait, and statuses that deserve a retry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryHints {
    /// Headers with a number of seconds.
    pub after: Vec<String>,
    /// Headers with a moment.
    pub at: Vec<String>,
    /// Statuses (`429`, `5xx`, `500-502`) to retry instead of the usual ones.
    pub error_codes: Vec<String>,
    /// A header with the number of calls left: at 0 a refusal is a matter of time, whatever its status.
    pub remaining: Option<String>,
    /// A place in the answer's body that says when.
    pub in_body: Option<InBodyHint>,
}

/// A place in the answer's body that says when to retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InBodyHint {
    /// Dotted path to a text.
    pub path: String,
    /// A regular expression whose first group is the moment or the seconds.
    pub pattern: String,
    /// Which of both.
    pub says: Moment,
}

/// How a moment is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Seconds from now.
    After,
    /// A point in time.
    At,
}

/// How the vendor pages (contract §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pagination {
    /// By what the next page is named.
    pub by: PageBy,
    /// The parameter that sets the page's size.
    pub limit_name: Option<String>,
    /// The page's size.
    pub limit: Option<u32>,
    /// Dotted path to the items in the answer; the answer itself when absent.
    pub items_at: Option<String>,
    /// Whether parameters go into the body instead of the query.
    pub in_body: bool,
}

/// By what the next page is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageBy {
    /// A token from the last answer.
    Cursor(Cursor),
    /// A link from the last answer.
    Link(Link),
    /// A number.
    Offset(Offset),
}

/// A token from the last answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Dotted path of the token in the answer.
    pub path: String,
    /// The parameter that takes it.
    pub parameter: String,
}

/// A link from the last answer; at least one place is named, and the header is looked at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The `Link` header's relation (RFC 8288), usually `next`.
    pub relation: Option<String>,
    /// Dotted path of a URL in the answer.
    pub path: Option<String>,
}

/// A number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offset {
    /// The parameter that takes it.
    pub parameter: String,
    /// The first page's number.
    pub start: u32,
    /// What is added for the next page.
    pub step: OffsetStep,
}

/// What is added to an offset for the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetStep {
    /// The number of items in the last answer (`by-response-size`).
    Items,
    /// One (`per-page`).
    Page,
}

/// The request that proves credentials (contract §4.2): the first endpoint that answers 2xx decides.
#[derive(Debug, Clone)]
pub struct Verification {
    /// GET unless the definition says otherwise.
    pub method: String,
    /// Paths on the base URL.
    pub endpoints: Vec<Template>,
    /// Headers besides those of the proxy block.
    pub headers: Vec<(String, Template)>,
    /// The JSON body.
    pub data: Option<TemplateTree>,
    /// In place of the proxy block's base URL.
    pub base_url: Option<Template>,
}

/// Whether answers are decompressed before they are passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decompress {
    /// No: they pass as they are.
    #[default]
    No,
    /// Yes.
    Yes,
}

/// What becomes of headers on a redirect to another origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedirectHeaders {
    /// They go (DESIGN §7).
    #[default]
    Dropped,
    /// The vendor's own redirects need them (`forward_headers_on_redirect`).
    Kept,
}

/// A resource that one grant can also open (Entra: one refresh token, several resources).
#[derive(Debug, Clone)]
pub struct Resource {
    /// The name in `?resource=`, for example `sharepoint`.
    pub name: String,
    /// The origin that is the audience, for example `https://${discovered.label}.sharepoint.com`.
    ///
    /// Besides the usual placeholders: `${integration.…}`, a connection-config value that the operator set on the
    /// integration, and `${discovered.label}`, the first label of the host that the discovery answered.
    pub origin: Template,
    /// The scope to ask for, with `${origin}` for the origin.
    pub scope: Template,
    /// How the tenant's own host is learnt: a path on the base URL and the dotted path in its JSON answer.
    pub discovery: Option<Discovery>,
}

/// How a resource's host is learnt from the API itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Path on the base URL, for example `/v1.0/sites/root?$select=webUrl`.
    pub path: String,
    /// Dotted path to a URL in the JSON answer, for example `webUrl`.
    pub url_at: String,
}
