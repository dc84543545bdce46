//! An open connection as hyper wants it: plain or TLS, knowing its peer.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection as Described};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::error::EgressError;

/// The other end of the connection that answered; found in the answer's extensions.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The called system's address, or the outbound proxy's.
    pub address: SocketAddr,
    used: Arc<AtomicBool>,
}

impl Peer {
    /// Notes that the connection has carried an answer.
    pub(crate) fn mark_used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    pub(crate) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

/// One connection, owned by hyper.
pub(crate) struct Connection {
    stream: Stream,
    peer: Peer,
    absolute_form: bool,
}

enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection {
    /// A connection without TLS; through a forward proxy it needs request targets in absolute form.
    pub(crate) fn plain(tcp: TcpStream, through_proxy: bool) -> Result<Self, EgressError> {
        let peer = peer_of(&tcp)?;
        Ok(Self { stream: Stream::Plain(TokioIo::new(tcp)), peer, absolute_form: through_proxy })
    }

    /// A connection with TLS, direct or inside a tunnel.
    pub(crate) fn secure(tls: TlsStream<TcpStream>) -> Result<Self, EgressError> {
        let peer = peer_of(tls.get_ref().0)?;
        Ok(Self { stream: Stream::Tls(Box::new(TokioIo::new(tls))), peer, absolute_form: false })
    }
}

fn peer_of(tcp: &TcpStream) -> Result<Peer, EgressError> {
    let address = tcp.peer_addr().map_err(|e| EgressError::Broken { reason: e.to_string() })?;
    Ok(Peer { address, used: Arc::new(AtomicBool::new(false)) })
}

impl Described for Connection {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.peer.clone()).proxy(self.absolute_form);
        match &self.stream {
            Stream::Tls(tls) if tls.inner().get_ref().1.alpn_protocol() == Some(b"h2") => {
                connected.negotiated_h2()
            }
            _ => connected,
        }
    }
}

impl Read for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Stream::Tls(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl Write for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Stream::Tls(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_flush(cx),
            Stream::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Stream::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(io) => io.is_write_vectored(),
            Stream::Tls(io) => io.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Stream::Tls(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }
}
