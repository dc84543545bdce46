//! Reading hyper's errors: which of ours each one is.

use std::error::Error as StdError;
use std::io;

use crate::error::{ClosedWhen, EgressError};
use crate::tls;

/// The largest head of an answer, in bytes; HTTP/1 may accept up to twice that, since hyper counts per read.
pub(crate) const MAX_HEAD: usize = 64 * 1024;

/// The error of a failed `Client::request`: the connector's own, or hyper's.
pub(crate) fn of_client(error: &hyper_util::client::legacy::Error) -> EgressError {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = source {
        if let Some(ours) = current.downcast_ref::<EgressError>() {
            return ours.clone();
        }
        if let Some(hyper) = current.downcast_ref::<hyper::Error>() {
            return of_hyper(hyper, ClosedWhen::BeforeAnswer);
        }
        source = current.source();
    }
    EgressError::Broken { reason: error.to_string() }
}

/// Whether the connection itself ended before an answer, as one does that idled too long in the pool.
///
/// A reset HTTP/2 stream is not that: its connection lives, and the called system did answer.
pub(crate) fn connection_died(error: &hyper_util::client::legacy::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let Some(hyper) = chain(error).find_map(|e| e.downcast_ref::<hyper::Error>()) else { return false };
    let broken = |e: &io::Error| matches!(e.kind(), ConnectionReset | ConnectionAborted | BrokenPipe);
    hyper.is_incomplete_message() || hyper.is_canceled() || io_cause(hyper).is_some_and(broken)
}

/// The error of a connection that was in use.
pub(crate) fn of_hyper(error: &hyper::Error, when: ClosedWhen) -> EgressError {
    if error.is_parse_too_large() {
        return EgressError::HeadTooLarge { limit: MAX_HEAD };
    }
    if error.is_parse() {
        return EgressError::BadAnswer { reason: error.to_string() };
    }
    // Only a body's failure has a cause; other "user" errors are hyper's own house.
    if error.is_user() && error.source().is_some() {
        return EgressError::RequestBody { reason: innermost(error) };
    }
    // hyper cancels a request only while it still holds it whole, unwritten.
    if error.is_canceled() && when == ClosedWhen::BeforeAnswer {
        return EgressError::Closed { when: ClosedWhen::BeforeRequest };
    }
    if error.is_incomplete_message() || error.is_closed() {
        return EgressError::Closed { when };
    }
    if let Some(reason) = io_cause(error).and_then(tls::about_our_certificate) {
        return EgressError::ClientCertificate { reason };
    }
    match io_cause(error).map(io::Error::kind) {
        Some(io::ErrorKind::UnexpectedEof) => EgressError::Closed { when },
        // A malformed chunk: hyper's decoder reports it as an I/O error of these kinds.
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            EgressError::BadAnswer { reason: innermost(error) }
        }
        _ => EgressError::Broken { reason: innermost(error) },
    }
}

fn io_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    chain(error).find_map(|e| e.downcast_ref::<io::Error>())
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |e| {
        let e: &'a (dyn StdError + 'static) = *e;
        e.source()
    })
}
