//! The client itself: one request out, one streaming answer back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as ClientError, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, sleep_until};

use crate::body::{Body, UploadProgress};
use crate::connect::{Connector, Network};
use crate::connection::Peer;
use crate::error::EgressError;
use crate::failure::{MAX_HEAD, connection_died, of_client};
use crate::guard::PolicyClass;
use crate::identity::ClientIdentity;
use crate::options::{EgressOptions, SendPolicy};
use crate::response_body::{Deadline, ResponseBody};
use crate::target::{Scheme, Target};
use crate::tls;

/// The outbound HTTP client; a clone shares its connections.
#[derive(Clone)]
pub struct Egress {
    shared: Arc<Shared>,
}

struct Shared {
    network: Arc<Network>,
    pooling: Pooling,
    public: Client<Connector, Body>,
    public_or_loopback: Client<Connector, Body>,
}

/// A request without a body, of a method that may be repeated (RFC 9110 §9.2.1): what a redirect or a
/// connection that died in the pool starts from again.
pub(crate) struct Template {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// What we show of ourselves; goes at a change of origin.
    pub(crate) identity: Option<ClientIdentity>,
}

/// How connections are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pooling {
    pub(crate) idle_timeout: Duration,
    pub(crate) idle_per_host: usize,
}

impl Pooling {
    pub(crate) fn client(self, connector: Connector) -> Client<Connector, Body> {
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(self.idle_per_host)
            .http1_max_buf_size(MAX_HEAD)
            .http2_max_header_list_size(MAX_HEAD as u32)
            // Many requests share one HTTP/2 connection: a dead one must be noticed before they all time out.
            .http2_keep_alive_interval(Duration::from_secs(20))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .build(connector)
    }
}

/// How often a dead pooled connection is replaced before the failure is told.
const STALE_ATTEMPTS: usize = 3;

impl Egress {
    /// Makes a client; reads the certificate files, opens no connection, needs no runtime yet.
    ///
    /// # Errors
    /// `Config` when a certificate file cannot be read.
    pub fn new(options: EgressOptions) -> Result<Self, EgressError> {
        let network = Arc::new(Network {
            tls: tls::trust(&options.extra_ca_files, options.system_roots)?,
            proxies: options.proxies,
            trust_proxy: options.trust_proxy,
            exemptions: options.exemptions,
            connect_timeout: options.connect_timeout,
            resolver: options.resolver,
        });
        let pooling =
            Pooling { idle_timeout: options.pool_idle_timeout, idle_per_host: options.pool_idle_per_host };
        let pool = |class| pooling.client(Connector { network: network.clone(), class, identity: None });
        let public = pool(PolicyClass::Public);
        let public_or_loopback = pool(PolicyClass::PublicOrLoopback);
        Ok(Self { shared: Arc::new(Shared { network, pooling, public, public_or_loopback }) })
    }

    pub(crate) fn network(&self) -> &Arc<Network> {
        &self.shared.network
    }

    pub(crate) fn pooling(&self) -> Pooling {
        self.shared.pooling
    }

    /// Sends one request; the answer's body streams.
    ///
    /// The URI must be absolute and goes out byte for byte. `Host` and `Proxy-Authorization` are set here and
    /// extensions are dropped but for a [`ClientIdentity`]; every other header is the caller's business
    /// (see [`strip_hop_by_hop`](crate::strip_hop_by_hop)). Redirects are not followed.
    ///
    /// # Errors
    /// See [`EgressError`]; failures inside the answer's body come as that body's error.
    pub async fn send(
        &self,
        request: Request<Body>,
        policy: &SendPolicy,
    ) -> Result<Response<ResponseBody>, EgressError> {
        let total = policy.total.map(Deadline::after);
        match Outgoing::from(request) {
            Outgoing::Repeatable(mut template) => self.send_template(&mut template, policy, total).await,
            Outgoing::Once(mut request) => {
                let (method, uri) = (request.method().clone(), request.uri().clone());
                self.prepare(&method, &uri, request.headers_mut(), policy.class)?;
                if request.body().is_empty() && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
                    // RFC 9110 §8.6; IIS (SharePoint) answers 411 without it.
                    request.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
                }
                self.exchange(request, policy, total).await.map_err(|failure| failure.error)
            }
        }
    }

    /// Sends a repeatable request; a pooled connection that turns out dead is replaced (RFC 9112 §9.3.1).
    pub(crate) async fn send_template(
        &self,
        template: &mut Template,
        policy: &SendPolicy,
        total: Option<Deadline>,
    ) -> Result<Response<ResponseBody>, EgressError> {
        self.prepare(&template.method, &template.uri, &mut template.headers, policy.class)?;
        let mut attempts = 1;
        loop {
            match self.exchange(template.request(), policy, total).await {
                Err(failure) if failure.stale && attempts < STALE_ATTEMPTS => attempts += 1,
                outcome => return outcome.map_err(|failure| failure.error),
            }
        }
    }

    /// Judges the destination and sets the headers that belong to the connection.
    fn prepare(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        class: PolicyClass,
    ) -> Result<(), EgressError> {
        if method == Method::CONNECT {
            return Err(EgressError::InvalidTarget { reason: "CONNECT is not forwarded".to_owned() });
        }
        let target = Target::of(uri)?;
        let network = &self.shared.network;
        network.admit(&target, class)?;
        headers.remove(HOST);
        headers.remove(PROXY_AUTHORIZATION);
        if target.scheme == Scheme::Http
            && let Some(value) = network.proxies.for_target(&target).and_then(|p| p.authorization.clone())
        {
            headers.insert(PROXY_AUTHORIZATION, value);
        }
        Ok(())
    }

    async fn exchange(
        &self,
        mut request: Request<Body>,
        policy: &SendPolicy,
        total: Option<Deadline>,
    ) -> Result<Response<ResponseBody>, Failure> {
        *request.version_mut() = Version::HTTP_11;
        let identity = request.extensions_mut().remove::<ClientIdentity>();
        request.extensions_mut().clear();
        let watch = request.body_mut().watch();
        let client = match (&identity, policy.class) {
            (Some(identity), class) => identity.pool(class),
            (None, PolicyClass::Public) => &self.shared.public,
            (None, PolicyClass::PublicOrLoopback) => &self.shared.public_or_loopback,
        };
        let response = head(client.request(request), watch.as_deref(), policy, total).await?;
        if let Some(peer) = response.extensions().get::<Peer>() {
            peer.mark_used();
        }
        Ok(response.map(|body| ResponseBody::new(body, policy.idle_body, total)))
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

/// A request, sorted by whether it can be repeated.
pub(crate) enum Outgoing {
    Repeatable(Template),
    Once(Request<Body>),
}

impl From<Request<Body>> for Outgoing {
    fn from(request: Request<Body>) -> Self {
        let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if !safe || !request.body().is_empty() {
            return Self::Once(request);
        }
        let (Parts { method, uri, headers, mut extensions, .. }, _) = request.into_parts();
        let identity = extensions.remove::<ClientIdentity>();
        Self::Repeatable(Template { method, uri, headers, identity })
    }
}

impl Template {
    fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().clone_from(&self.headers);
        if let Some(identity) = &self.identity {
            request.extensions_mut().insert(identity.clone());
        }
        request
    }
}

/// A failed exchange, and whether the cause was a pooled connection that had died unnoticed.
struct Failure {
    error: EgressError,
    stale: bool,
}

impl From<ClientError> for Failure {
    fn from(client: ClientError) -> Self {
        let mut extensions = Extensions::new();
        if let (true, Some(connected)) = (connection_died(&client), client.connect_info()) {
            connected.get_extras(&mut extensions);
        }
        Self { error: of_client(&client), stale: extensions.get::<Peer>().is_some_and(Peer::was_used) }
    }
}

impl From<EgressError> for Failure {
    fn from(error: EgressError) -> Self {
        Self { error, stale: false }
    }
}

/// Waits for the answer's head; an upload that moves pushes the limit ahead of it.
async fn head(
    mut answer: ResponseFuture,
    watch: Option<&UploadProgress>,
    policy: &SendPolicy,
    total: Option<Deadline>,
) -> Result<Response<Incoming>, Failure> {
    let capped = |end: Instant| total.map_or(end, |total| total.at.min(end));
    let mut end = Instant::now() + policy.first_byte;
    let mut timer = std::pin::pin!(sleep_until(capped(end)));
    loop {
        tokio::select! {
            biased;
            outcome = &mut answer => return Ok(outcome?),
            () = &mut timer => {}
        }
        let now = Instant::now();
        if let Some(moved) = watch.map(UploadProgress::last_moved) {
            end = end.max(moved + policy.first_byte);
        }
        if let Some(total) = total
            && total.at < end
            && total.at <= now
        {
            return Err(total.error().into());
        }
        if end <= now {
            let after = policy.first_byte;
            return Err(match watch.and_then(UploadProgress::waiting_for) {
                Some(waiting_for) => EgressError::UploadStalled { after, waiting_for }.into(),
                None => EgressError::FirstByteTimeout { after }.into(),
            });
        }
        timer.as_mut().reset(capped(end));
    }
}
