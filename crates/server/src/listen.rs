//! The accept loop: plain or TLS, with a drain at the end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::SharedApp;
use crate::door::Door;
use crate::tls::TlsSource;

/// How long a connection may be idle, and how long a request's head may take: longer than the minute after which
/// clients and load balancers close theirs, since whoever closes second never loses a request (contract §1.2).
const KEEP_ALIVE: Duration = Duration::from_secs(65);

/// What a listener serves and how it ends.
pub struct Listening {
    /// The routes.
    pub door: Door,
    /// TLS, when this listener speaks https.
    pub tls: Option<Arc<TlsSource>>,
    /// How long running requests get at the end.
    pub drain: Duration,
    /// This listener's address with the base path, where it is not the public URL.
    pub own_url: Option<OwnUrl>,
}

/// The address of a second listener, as an extension of each of its requests: what answers a proxied call there must
/// lead back there, since some clients refuse to change the scheme.
#[derive(Debug, Clone)]
pub struct OwnUrl(pub Arc<str>);

/// What every connection of a listener needs.
#[derive(Clone)]
struct Entry {
    door: Door,
    own_url: Option<OwnUrl>,
}

/// Serves until `shutdown`, then drains.
///
/// Returns when every connection has ended or the drain time is over.
pub async fn serve(listener: TcpListener, listening: Listening, shutdown: CancellationToken) {
    let Listening { door, tls, drain, own_url } = listening;
    let entry = Entry { door, own_url };
    let connections = TaskTracker::new();
    while let Some((stream, peer)) = next(&shutdown, || listener.accept()).await {
        connections.spawn(connection(stream, peer, entry.clone(), tls.clone(), shutdown.clone()));
    }
    drop(listener);
    drained(connections, drain).await;
}

/// Serves the operator's commands on a socket that only the server's own user can open, until `shutdown`.
#[cfg(unix)]
pub async fn serve_operator(
    listener: tokio::net::UnixListener,
    app: SharedApp,
    drain: Duration,
    shutdown: CancellationToken,
) {
    // A socket of this machine has no address; nothing on the operator's way asks for one.
    const NOBODY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
    let entry = Entry { door: Door::without_proxy(app.clone(), crate::operator::router(app)), own_url: None };
    let connections = TaskTracker::new();
    while let Some((stream, _)) = next(&shutdown, || listener.accept()).await {
        connections.spawn(http(TokioIo::new(stream), NOBODY, entry.clone(), shutdown.clone()));
    }
    drop(listener);
    drained(connections, drain).await;
}

/// The next connection; `None` at the end.
async fn next<S, A: Future<Output = std::io::Result<S>>>(
    shutdown: &CancellationToken,
    accept: impl Fn() -> A,
) -> Option<S> {
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return None,
            accepted = accept() => accepted,
        };
        match accepted {
            Ok(accepted) => return Some(accepted),
            Err(error) => {
                // Out of descriptors, mostly: without a pause the loop would burn a core.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn drained(connections: TaskTracker, drain: Duration) {
    connections.close();
    if tokio::time::timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "the drain time is over; closing what is left");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    entry: Entry,
    tls: Option<Arc<TlsSource>>,
    shutdown: CancellationToken,
) {
    // Small answers must not wait for an acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "small answers on this connection may be late");
    }
    match tls {
        None => http(TokioIo::new(stream), peer, entry, shutdown).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => http(TokioIo::new(stream), peer, entry, shutdown).await,
            Err(error) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
        },
    }
}

async fn http<I>(io: I, peer: SocketAddr, entry: Entry, shutdown: CancellationToken)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let Entry { door, own_url } = entry.clone();
        async move { Ok::<_, Infallible>(door.enter(own_url, peer, request).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(KEEP_ALIVE);
    builder.http2().timer(hyper_util::rt::TokioTimer::new());
    let connection = builder.serve_connection_with_upgrades(io, service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
