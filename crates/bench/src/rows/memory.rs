//! Resident memory at rest, after much work, and while much passes through.

use std::time::Duration;

use anyhow::ensure;
use tokio::time::sleep;

use super::proxy::ACCOUNT;
use crate::http1::Connection;
use crate::load;
use crate::product::{self, Product};
use crate::report::{Bar, Report};

/// Before the first load.
pub fn idle(product: &Product, report: &mut Report) -> anyhow::Result<()> {
    report.one("memory idle, MiB", product.process.resident_mib()?, Bar::Most(40.0));
    Ok(())
}

/// After many calls.
pub async fn after_calls(product: &Product, calls: u64, report: &mut Report) -> anyhow::Result<()> {
    let call = product::proxied("/json", ACCOUNT)?;
    load::run(product.address, 64, calls, |_| call.clone()).await?;
    let row = format!("memory after {calls} calls, MiB");
    report.one(&row, product.process.resident_mib()?, Bar::Most(120.0));
    product.settle().await
}

/// The most that a streamed answer adds.
pub async fn streaming(product: &Product, bytes: u64, report: &mut Report) -> anyhow::Result<()> {
    let before = product.process.resident_mib()?;
    let call = product::proxied(&format!("/stream/{bytes}"), ACCOUNT)?;
    let mut connection = Connection::open(product.address).await?;
    let exchange = connection.exchange(call);
    tokio::pin!(exchange);
    let mut most = before;
    let (status, received) = loop {
        tokio::select! {
            ended = &mut exchange => break ended?,
            () = sleep(Duration::from_millis(20)) => most = most.max(product.process.resident_mib()?),
        }
    };
    ensure!(
        status.is_success() && received == bytes,
        "the stream broke off after {received} bytes: {status}"
    );
    let row = format!("memory added while {} MiB stream, MiB", bytes >> 20);
    report.one(&row, most - before, Bar::Most(8.0));
    Ok(())
}
