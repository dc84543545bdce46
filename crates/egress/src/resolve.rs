//! Names to addresses, behind a port so that tests bring their own DNS.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;

use crate::target::is_localhost;

/// The answer of a resolver, in the order in which the addresses should be tried.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Something that resolves host names.
pub trait Resolve: Send + Sync + 'static {
    /// Resolves `name`. The answer is judged and dialled as it is: nobody asks twice.
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// The operating system's resolver (`getaddrinfo` on tokio's blocking pool).
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|a| a.ip()).collect()) })
    }
}

/// Resolves `name` for dialling `port`; `localhost` and names below it never reach the resolver (RFC 6761 §6.3).
pub(crate) async fn addresses(resolver: &dyn Resolve, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if is_localhost(name) {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        return Ok(loopback.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    let found = resolver.resolve(name).await?;
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}
