//! Callers that each keep one connection and send the next call when the last has been answered.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::ensure;
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use tokio::time::Instant;

use crate::http1::{Call, Connection};

/// What happened.
pub struct Outcome {
    /// Calls answered with 200.
    pub calls: u64,
    /// From the first call to the last answer.
    pub time: Duration,
    /// Nanoseconds a call.
    pub latency: Histogram<u64>,
}

impl Outcome {
    /// Calls a second.
    pub fn rate(&self) -> f64 {
        self.calls as f64 / self.time.as_secs_f64()
    }

    /// A quantile of the calls' times, microseconds.
    pub fn quantile_us(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Sends `calls` calls from `callers` connections; `make` gives the call with a number.
///
/// # Errors
/// A call that is not answered with 200 ends the measurement: a fast error is no figure.
pub async fn run(
    address: SocketAddr,
    callers: u64,
    calls: u64,
    make: impl Fn(u64) -> Call,
) -> anyhow::Result<Outcome> {
    let connections = try_join_all((0..callers).map(|_| Connection::open(address))).await?;
    let next = Rc::new(Cell::new(0));
    let make = &make;
    let begun = Instant::now();
    let each = connections.into_iter().map(|connection| caller(connection, next.clone(), calls, make));
    let histograms = try_join_all(each).await?;
    let time = begun.elapsed();
    let mut latency = Histogram::new(3)?;
    for histogram in histograms {
        latency.add(histogram)?;
    }
    Ok(Outcome { calls, time, latency })
}

async fn caller(
    mut connection: Connection,
    next: Rc<Cell<u64>>,
    calls: u64,
    make: impl Fn(u64) -> Call,
) -> anyhow::Result<Histogram<u64>> {
    let mut latency = Histogram::new(3)?;
    loop {
        let number = next.get();
        if number >= calls {
            return Ok(latency);
        }
        next.set(number + 1);
        let call = make(number);
        let begun = Instant::now();
        let (status, _) = connection.exchange(call).await?;
        latency.record(u64::try_from(begun.elapsed().as_nanos())?)?;
        ensure!(status.is_success(), "call {number} was answered with {status}");
    }
}
