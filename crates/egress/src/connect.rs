//! From a destination to a usable connection: resolve, judge, dial, tunnel, shake hands.
//!
//! Invariant: the address that was judged is the address that is dialled; nothing resolves in between.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use crate::connection::Connection;
use crate::dial::dial;
use crate::error::{EgressError, Stage};
use crate::guard::{PolicyClass, check};
use crate::proxies::{OutboundProxies, OutboundProxy, TrustProxy};
use crate::resolve::{Resolve, addresses};
use crate::target::{Host, HostPort, Scheme, Target};
use crate::{tls, tunnel};

/// What every connection of an `Egress` is made by.
pub(crate) struct Network {
    pub(crate) tls: Option<tls::Trust>,
    pub(crate) proxies: OutboundProxies,
    pub(crate) trust_proxy: TrustProxy,
    pub(crate) exemptions: Vec<HostPort>,
    pub(crate) connect_timeout: Duration,
    pub(crate) resolver: Arc<dyn Resolve>,
}

impl Network {
    /// Judges a destination by what its URI says; names are judged when they are resolved.
    pub(crate) fn admit(&self, target: &Target<'_>, class: PolicyClass) -> Result<(), EgressError> {
        match target.host {
            Host::Ip(ip) => self.judge(target, ip, class),
            Host::Name(_) => Ok(()),
        }
    }

    fn judge(&self, target: &Target<'_>, address: IpAddr, class: PolicyClass) -> Result<(), EgressError> {
        if self.exemptions.iter().any(|exemption| exemption.covers(target)) {
            return Ok(());
        }
        check(address, class).map_err(|rule| EgressError::Refused {
            authority: target.authority(),
            address,
            rule,
        })
    }

    /// The addresses of `target`, each judged, with the first refusal if any was refused.
    async fn resolve(
        &self,
        target: &Target<'_>,
        class: PolicyClass,
        hint: &'static str,
    ) -> Result<(Vec<SocketAddr>, Option<EgressError>), EgressError> {
        let mut found = match target.host {
            Host::Ip(ip) => vec![SocketAddr::new(ip, target.port)],
            Host::Name(name) => addresses(&*self.resolver, name, target.port)
                .await
                .map_err(|e| EgressError::of_dns(name, &e, hint))?,
        };
        let mut refusal = None;
        found.retain(|address| match self.judge(target, address.ip(), class) {
            Ok(()) => true,
            Err(error) => {
                refusal.get_or_insert(error);
                false
            }
        });
        Ok((found, refusal))
    }

    async fn establish(
        &self,
        target: &Target<'_>,
        class: PolicyClass,
        identity: Option<Arc<ClientConfig>>,
        stage: &Progress,
    ) -> Result<Connection, EgressError> {
        let secure = target.scheme == Scheme::Https;
        let config = match (&self.tls, secure) {
            (Some(trust), true) => Some(identity.unwrap_or_else(|| trust.anonymous.clone())),
            (None, true) => return Err(EgressError::NoTrustRoots { authority: target.authority() }),
            (_, false) => None,
        };
        let proxy = self.proxies.for_target(target);
        let tcp = match proxy {
            None => self.direct(target, class, stage).await?,
            Some(proxy) => self.proxied(target, class, proxy, stage).await?,
        };
        let Some(config) = config else { return Connection::plain(tcp, proxy.is_some()) };
        stage.enter(Stage::Tls);
        Connection::secure(tls::handshake(config, target, tcp).await?)
    }

    async fn direct(
        &self,
        target: &Target<'_>,
        class: PolicyClass,
        stage: &Progress,
    ) -> Result<TcpStream, EgressError> {
        let (allowed, refusal) = self.resolve(target, class, "").await?;
        if let (true, Some(refusal)) = (allowed.is_empty(), refusal) {
            return Err(refusal);
        }
        stage.enter(Stage::Tcp);
        dial(&target.authority(), allowed).await
    }

    /// A connection to the proxy, with a tunnel for https. One refused address refuses the name, since the
    /// proxy chooses among them.
    async fn proxied(
        &self,
        target: &Target<'_>,
        class: PolicyClass,
        proxy: &OutboundProxy,
        stage: &Progress,
    ) -> Result<TcpStream, EgressError> {
        self.admit(target, class)?;
        let exempt = self.exemptions.iter().any(|exemption| exemption.covers(target));
        if self.trust_proxy == TrustProxy::No && !exempt {
            let hint = "; where only the outbound proxy can resolve names, set egress.trust_proxy = true";
            if let (_, Some(refusal)) = self.resolve(target, class, hint).await? {
                return Err(refusal);
            }
        }
        stage.enter(Stage::Proxy);
        let unreachable =
            |cause| EgressError::ProxyUnreachable { proxy: proxy.authority(), cause: Box::new(cause) };
        let addresses = match Host::parse(&proxy.host)? {
            Host::Ip(ip) => vec![SocketAddr::new(ip, proxy.port)],
            Host::Name(name) => addresses(&*self.resolver, name, proxy.port)
                .await
                .map_err(|e| unreachable(EgressError::of_dns(name, &e, "")))?,
        };
        let tcp = dial(&proxy.authority(), addresses).await.map_err(unreachable)?;
        match target.scheme {
            Scheme::Http => Ok(tcp),
            Scheme::Https => tunnel::open(tcp, proxy, &target.authority()).await,
        }
    }
}

/// Makes the connections of one policy class and identity; each pair has a pool of its own.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) network: Arc<Network>,
    pub(crate) class: PolicyClass,
    /// What is shown of ourselves; nothing without it.
    pub(crate) identity: Option<Arc<ClientConfig>>,
}

impl Connector {
    async fn connect(self, uri: Uri) -> Result<Connection, EgressError> {
        let target = Target::of(&uri)?;
        let after = self.network.connect_timeout;
        let stage = Progress(AtomicU8::new(0));
        match timeout(after, self.network.establish(&target, self.class, self.identity.clone(), &stage)).await
        {
            Ok(outcome) => outcome,
            Err(_) => {
                let authority = target.authority();
                Err(EgressError::ConnectTimeout { authority, stage: stage.current(), after })
            }
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = EgressError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, EgressError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), EgressError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// The stage a connection is at, readable after its future was dropped by the time-out.
struct Progress(AtomicU8);

const STAGES: [Stage; 4] = [Stage::Dns, Stage::Tcp, Stage::Proxy, Stage::Tls];

impl Progress {
    fn enter(&self, stage: Stage) {
        let index = STAGES.iter().position(|s| *s == stage).unwrap_or(0);
        self.0.store(u8::try_from(index).unwrap_or(0), Ordering::Relaxed);
    }

    fn current(&self) -> Stage {
        STAGES[usize::from(self.0.load(Ordering::Relaxed))]
    }
}
