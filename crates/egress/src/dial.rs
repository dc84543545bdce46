//! Opening TCP connections to addresses that have already been judged.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::error::EgressError;

/// How long one address may stay silent before the next is tried beside it (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Addresses tried at most, so that a hostile zone cannot make us knock on hundreds of doors.
const MAX_ATTEMPTS: usize = 8;

/// Connects to the first address that answers, trying families in turn (RFC 8305 §4).
///
/// # Errors
/// The first address's failure, when all failed.
pub(crate) async fn dial(authority: &str, addresses: Vec<SocketAddr>) -> Result<TcpStream, EgressError> {
    if let [only] = addresses[..] {
        return connect(only).await.map_err(|(a, e)| EgressError::of_connect(authority.to_owned(), a, &e));
    }
    let mut waiting = interleave(addresses).into_iter().take(MAX_ATTEMPTS);
    let mut running: FuturesUnordered<_> = waiting.next().map(connect).into_iter().collect();
    let mut first_failure = None;
    while !running.is_empty() {
        let more = waiting.len() > 0;
        tokio::select! {
            Some(outcome) = running.next() => match outcome {
                Ok(stream) => return Ok(stream),
                Err(failure) => {
                    first_failure.get_or_insert(failure);
                    running.extend(waiting.next().map(connect));
                }
            },
            () = sleep(ATTEMPT_DELAY), if more => running.extend(waiting.next().map(connect)),
        }
    }
    Err(match first_failure {
        Some((address, error)) => EgressError::of_connect(authority.to_owned(), address, &error),
        None => {
            EgressError::ConnectFailed { authority: authority.to_owned(), reason: "no address".to_owned() }
        }
    })
}

async fn connect(address: SocketAddr) -> Result<TcpStream, (SocketAddr, io::Error)> {
    let stream = TcpStream::connect(address).await.map_err(|e| (address, e))?;
    stream.set_nodelay(true).map_err(|e| (address, e))?;
    Ok(stream)
}

/// Puts the families in turn, keeping the resolver's order and first choice.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv6) else { return addresses };
    let count = addresses.len();
    let (mut same, mut other) = (Vec::with_capacity(count), Vec::new());
    for address in addresses {
        if address.is_ipv6() == first { same.push(address) } else { other.push(address) }
    }
    let mut turns = Vec::with_capacity(count);
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    while turns.len() < count {
        turns.extend(same.next());
        turns.extend(other.next());
    }
    turns
}
