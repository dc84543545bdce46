//! Asking a forward proxy for a tunnel (CONNECT, RFC 9110 §9.3.6).

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::EgressError;
use crate::proxies::OutboundProxy;

/// The largest head of a proxy's answer, in bytes.
const MAX_ANSWER: usize = 16 * 1024;

/// Turns a connection to the proxy into one to `authority`.
///
/// # Errors
/// `ProxyRefused` with the proxy's status, if it gave one.
pub(crate) async fn open(
    mut stream: TcpStream,
    proxy: &OutboundProxy,
    authority: &str,
) -> Result<TcpStream, EgressError> {
    let refused = |status: Option<u16>, reason: String| EgressError::ProxyRefused {
        proxy: proxy.authority(),
        authority: authority.to_owned(),
        status,
        reason,
    };
    let broken = |e: io::Error| refused(None, e.to_string());
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(broken)?;

    let mut answer = Vec::with_capacity(512);
    let head = loop {
        if let Some(end) = answer.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if answer.len() > MAX_ANSWER {
            return Err(refused(None, format!("its answer is larger than {MAX_ANSWER} bytes")));
        }
        if stream.read_buf(&mut answer).await.map_err(broken)? == 0 {
            return Err(refused(None, "it closed the connection".to_owned()));
        }
    };
    match status_of(&answer) {
        // The called system speaks only after our hello: anything here already is not from it.
        Some(200..=299) if answer.len() > head => {
            Err(refused(None, "it sent data before the tunnel was used".to_owned()))
        }
        Some(200..=299) => Ok(stream),
        Some(407) => Err(refused(Some(407), "it wants other credentials (407)".to_owned())),
        Some(status) => Err(refused(Some(status), format!("it answered {status}"))),
        None => Err(refused(None, "its answer is not HTTP".to_owned())),
    }
}

fn status_of(answer: &[u8]) -> Option<u16> {
    let rest = answer.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
