//! Following redirects the way a proxy with other people's credentials must.

use std::fmt;

use http::header::{HeaderMap, HeaderName, IF_RANGE, LOCATION, RANGE};
use http::{Method, Request, Response, StatusCode, Uri};

use crate::body::Body;
use crate::client::{Egress, Outgoing, Template};
use crate::error::EgressError;
use crate::location;
use crate::options::SendPolicy;
use crate::response_body::{Deadline, ResponseBody};
use crate::target::{Scheme, Target};

/// How redirects are followed.
#[derive(Clone, Copy)]
pub struct RedirectPolicy<'a> {
    /// Redirects followed at most.
    pub limit: usize,
    /// What stays in the request when the origin changes.
    pub across_origins: AcrossOrigins<'a>,
    /// Called at each hop before it is sent: a signature over the URL must be made again, or go.
    pub at_hop: Option<&'a AtHop<'a>>,
}

/// What is done to the headers at a hop.
pub type AtHop<'a> = dyn Fn(Arrival<'_>, &mut HeaderMap) + Send + Sync + 'a;

/// Where a redirect leads.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The verb.
    pub method: &'a Method,
    /// The next address.
    pub to: &'a Uri,
    /// Whether the chain has stayed within the origin that it began at.
    pub origin: HopOrigin,
}

/// Whether a chain of redirects has stayed within the origin that it began at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HopOrigin {
    /// It has.
    Same,
    /// It has been at another scheme, host or port; where it leads now does not matter, what is gone stays gone.
    Other,
}

impl fmt::Debug for RedirectPolicy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedirectPolicy")
            .field("limit", &self.limit)
            .field("across_origins", &self.across_origins)
            .finish_non_exhaustive()
    }
}

/// What stays in a request whose redirect leads to another scheme, host or port.
#[derive(Clone, Copy)]
pub enum AcrossOrigins<'a> {
    /// `Range`, `If-Range` and the named headers, which must hold nothing of the caller or the connection
    /// (our own `User-Agent`, say). A list of what stays, so that a forgotten name goes.
    Keep(&'a [HeaderName]),
    /// Everything that is not marked sensitive (`HeaderValue::set_sensitive`); what is marked, only where the
    /// function says that it may go. The caller's or provider's `Forward-Headers-On-Redirect`.
    KeepUnlessSensitive(&'a (dyn Fn(&Uri) -> bool + Send + Sync)),
}

impl fmt::Debug for AcrossOrigins<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(names) => f.debug_tuple("Keep").field(names).finish(),
            Self::KeepUnlessSensitive(_) => f.write_str("KeepUnlessSensitive"),
        }
    }
}

impl Default for RedirectPolicy<'_> {
    /// Five redirects; nothing but the range stays.
    fn default() -> Self {
        Self { limit: 5, across_origins: AcrossOrigins::Keep(&[]), at_hop: None }
    }
}

/// One redirect that was followed. `Debug` leaves the query out: it may hold a signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Hop {
    /// The redirect's status.
    pub status: StatusCode,
    /// The URI that answered it.
    pub from: Uri,
    /// Where it led.
    pub to: Uri,
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |uri: &Uri| format!("{}{}", uri.authority().map_or("", |a| a.as_str()), uri.path());
        write!(f, "{} {} -> {}", self.status.as_u16(), show(&self.from), show(&self.to))
    }
}

/// The end of a chain of redirects, with the chain for the log, failed or not.
#[derive(Debug)]
pub struct Followed {
    /// The redirects followed, in order.
    pub hops: Vec<Hop>,
    /// The last answer, or why there is none.
    pub outcome: Result<Response<ResponseBody>, EgressError>,
}

impl Egress {
    /// Sends a request and follows its redirects, if it is a GET or HEAD without a body; others pass through.
    ///
    /// The guard judges every hop. At a change of origin the headers go as `across_origins` says and never come
    /// back; https never falls to http. A redirect without a usable `Location` is the answer. `total` and the
    /// other limits of `policy` hold for the chain and for each hop.
    pub async fn follow_redirects(
        &self,
        request: Request<Body>,
        policy: &SendPolicy,
        redirects: &RedirectPolicy<'_>,
    ) -> Followed {
        let mut hops = Vec::new();
        let chased = matches!(*request.method(), Method::GET | Method::HEAD);
        let outcome = match Outgoing::from(request) {
            Outgoing::Repeatable(mut template) if chased => {
                self.chase(&mut template, policy, redirects, &mut hops).await
            }
            Outgoing::Repeatable(mut template) => {
                self.send_template(&mut template, policy, policy.total.map(Deadline::after)).await
            }
            Outgoing::Once(request) => self.send(request, policy).await,
        };
        Followed { hops, outcome }
    }

    async fn chase(
        &self,
        template: &mut Template,
        policy: &SendPolicy,
        redirects: &RedirectPolicy<'_>,
        hops: &mut Vec<Hop>,
    ) -> Result<Response<ResponseBody>, EgressError> {
        let total = policy.total.map(Deadline::after);
        let mut origin = HopOrigin::Same;
        loop {
            let response = self.send_template(template, policy, total).await?;
            let Some(to) = destination(&response, &template.uri) else { return Ok(response) };
            if hops.len() >= redirects.limit {
                return Err(EgressError::TooManyRedirects { limit: redirects.limit });
            }
            let from = std::mem::replace(&mut template.uri, to.clone());
            hops.push(Hop { status: response.status(), from: from.clone(), to: to.clone() });
            let (before, after) = (Target::of(&from)?, Target::of(&to)?);
            if before.scheme == Scheme::Https && after.scheme == Scheme::Http {
                return Err(EgressError::RedirectDowngrade { host: after.text.to_owned() });
            }
            if !before.same_origin(&after) {
                origin = HopOrigin::Other;
                template.identity = None;
                forget(&mut template.headers, redirects.across_origins, &to);
            }
            if let Some(at_hop) = redirects.at_hop {
                at_hop(Arrival { method: &template.method, to: &to, origin }, &mut template.headers);
            }
        }
    }
}

fn destination(response: &Response<ResponseBody>, base: &Uri) -> Option<Uri> {
    match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => location::resolve(base, response.headers().get(LOCATION)?.as_bytes()),
        _ => None,
    }
}

fn forget(headers: &mut HeaderMap, across: AcrossOrigins<'_>, to: &Uri) {
    let mut kept = HeaderMap::new();
    match across {
        AcrossOrigins::Keep(named) => {
            for name in [RANGE, IF_RANGE].iter().chain(named) {
                for value in headers.get_all(name) {
                    kept.append(name, value.clone());
                }
            }
        }
        AcrossOrigins::KeepUnlessSensitive(may_go) if may_go(to) => return,
        AcrossOrigins::KeepUnlessSensitive(_) => {
            for (name, value) in headers.iter().filter(|(_, value)| !value.is_sensitive()) {
                kept.append(name, value.clone());
            }
        }
    }
    *headers = kept;
}
