//! The accept loop: one for plain TCP and for whatever stream the caller makes of a TCP connection (TLS).

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::router::{self, Peer};
use crate::world::World;

/// How long open connections may finish after the shutdown.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How long a connection may wait for a request, and a request's headers may take.
const IDLE: Duration = Duration::from_secs(300);

/// A connection dropped on purpose by a fault.
#[derive(Debug, thiserror::Error)]
#[error("dropped by a fault")]
struct Dropped;

/// Serves until `shutdown`; `wrap` turns each TCP connection into the stream that speaks HTTP.
pub(crate) async fn serve<W, F, S>(
    world: Arc<World>,
    listener: TcpListener,
    scheme: &'static str,
    wrap: W,
    shutdown: CancellationToken,
) where
    W: Fn(TcpStream) -> F,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "the sandbox could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (wrapped, world, watcher) = (wrap(stream), world.clone(), graceful.watcher());
        tokio::spawn(async move {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, wrapped).await else { return };
            let peer = Peer { address, scheme };
            let service = service_fn(move |request| {
                let world = world.clone();
                async move { router::handle(world, peer, request).await.ok_or(Dropped) }
            });
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(512 * 1024);
            builder.http2().timer(TokioTimer::new());
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection to the sandbox ended early");
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}

/// Plain HTTP: the connection as it is.
pub(crate) async fn plain(stream: TcpStream) -> io::Result<TcpStream> {
    Ok(stream)
}
