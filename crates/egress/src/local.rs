//! HTTP over a Unix socket of this machine: how an operator's command talks to the server beside it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// Bounds of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct LocalLimits {
    /// Bytes of the answer.
    pub max_bytes: usize,
    /// From the first byte to the last.
    pub total: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Nobody listens there.
    #[error("{path}: {source}")]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The server broke off.
    #[error("the server broke off: {0}")]
    Broken(String),
    /// The server takes too long.
    #[error("the server did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
}

/// Sends one request over a socket and reads its answer whole.
///
/// # Errors
/// See [`LocalError`]; only [`LocalError::Connect`] says that the request was not sent.
pub async fn over_socket(
    socket: &Path,
    request: Request<Bytes>,
    limits: LocalLimits,
) -> Result<Response<Bytes>, LocalError> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|source| LocalError::Connect { path: socket.to_owned(), source })?;
    let exchange = exchange(stream, request, limits.max_bytes);
    tokio::time::timeout(limits.total, exchange).await.unwrap_or(Err(LocalError::Timeout(limits.total)))
}

async fn exchange(
    stream: UnixStream,
    request: Request<Bytes>,
    max_bytes: usize,
) -> Result<Response<Bytes>, LocalError> {
    let broken = |error: &dyn std::fmt::Display| LocalError::Broken(error.to_string());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let answering = async {
        let (parts, body) =
            sender.send_request(request.map(Full::new)).await.map_err(|error| broken(&error))?.into_parts();
        let body = Limited::new(body, max_bytes).collect().await.map_err(|error| broken(&error))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    };
    tokio::pin!(answering, connection);
    tokio::select! {
        biased;
        answer = &mut answering => answer,
        // The connection may end before its last answer was read out of it.
        ended = &mut connection => match ended {
            Ok(()) => answering.await,
            Err(error) => Err(broken(&error)),
        },
    }
}
