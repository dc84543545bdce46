//! `bench proxy`: a proxied call against a bare hyper proxy.

use std::net::SocketAddr;

use anyhow::ensure;
use http::Method;
use serde_json::json;

use super::memory;
use crate::Run;
use crate::http1::{self, Call};
use crate::load::{self, Outcome};
use crate::process::Process;
use crate::product::{self, Product};
use crate::report::{Bar, Report};

/// Alternating pairs of blocks.
const BLOCKS: usize = 5;
/// The connection that calls go over.
pub const ACCOUNT: &str = "account";

struct Counts {
    /// Calls of a block.
    block: u64,
    /// Calls of a block with one caller.
    single: u64,
    /// Calls before memory is read.
    memory: u64,
    /// Bytes of the long answer.
    stream: u64,
}

const FULL: Counts = Counts { block: 40_000, single: 5_000, memory: 1_000_000, stream: 1 << 30 };
const QUICK: Counts = Counts { block: 10_000, single: 2_000, memory: 50_000, stream: 128 << 20 };

/// A block's figures.
struct Block {
    outcome: Outcome,
    /// Processor seconds, those of the log included.
    cpu: f64,
}

/// Measures and prints.
pub async fn measure(run: &Run) -> anyhow::Result<()> {
    let counts = if run.quick { &QUICK } else { &FULL };
    let mut report = Report::begin(run);
    let (_upstream, upstream) = Process::role(&["upstream"])?;
    let (yardstick, passthrough) = Process::role(&["passthrough", &upstream.to_string()])?;
    let bare = Yardstick { process: yardstick, address: passthrough };
    if report.wants("default log") {
        let (product, _dir) = ready(upstream, &[]).await?;
        memory::idle(&product, &mut report)?;
        compare(&product, &bare, counts, "default log", 2.0, &mut report).await?;
        one_caller(&product, &bare, counts.single, &mut report).await?;
        memory::streaming(&product, counts.stream, &mut report).await?;
        memory::after_calls(&product, counts.memory, &mut report).await?;
        let dropped = product.metric("sheetbend_log_dropped").await?;
        report.one("log rows dropped in all of it", dropped as f64, Bar::Most(0.0));
    }
    if report.wants("log errors") {
        let (product, _dir) = ready(upstream, &["--log-proxy", "errors"]).await?;
        compare(&product, &bare, counts, "log errors", 1.3, &mut report).await?;
        statements(&product, counts.block, &mut report).await?;
    }
    eprintln!("{} bars missed", report.end());
    Ok(())
}

struct Yardstick {
    process: Process,
    address: SocketAddr,
}

/// A product with one connection, its caches warm.
async fn ready(upstream: SocketAddr, extra: &[&str]) -> anyhow::Result<(Product, tempfile::TempDir)> {
    let (product, dir) = product::fresh(upstream, extra).await?;
    let body = product::connection(ACCOUNT, json!({"access_token": "token"}), json!({}));
    product.api(Method::POST, "/connections", Some(&body)).await?;
    let answer = http1::once(product.address, product::proxied("/json", ACCOUNT)?).await?;
    ensure!(answer.len() == crate::roles::JSON_BYTES, "the upstream's answer came back changed");
    Ok((product, dir))
}

async fn compare(
    product: &Product,
    bare: &Yardstick,
    counts: &Counts,
    log: &str,
    most_cpu: f64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (ours, theirs) = (product::proxied("/json", ACCOUNT)?, bare_call()?);
    for callers in [16, 64] {
        let (mut cpu, mut rate, mut micros) = (Vec::new(), Vec::new(), Vec::new());
        of_yardstick(bare, callers, counts.block / 4, &theirs).await?;
        of_product(product, callers, counts.block / 4, &ours).await?;
        for _ in 0..BLOCKS {
            let one = of_yardstick(bare, callers, counts.block, &theirs).await?;
            let other = of_product(product, callers, counts.block, &ours).await?;
            cpu.push(other.cpu / one.cpu);
            rate.push(other.outcome.rate() / one.outcome.rate());
            micros.push(other.cpu * 1e6 / counts.block as f64);
        }
        report.blocks(
            &format!("CPU a call over bare hyper, {log}, {callers} callers"),
            cpu,
            Bar::Most(most_cpu),
        );
        report.blocks(
            &format!("calls a second over bare hyper, {log}, {callers} callers"),
            rate,
            Bar::Least(0.5),
        );
        report.blocks(&format!("CPU a call, microseconds, {log}, {callers} callers"), micros, Bar::None);
    }
    Ok(())
}

async fn one_caller(
    product: &Product,
    bare: &Yardstick,
    calls: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (ours, theirs) = (product::proxied("/json", ACCOUNT)?, bare_call()?);
    let mut added = Vec::new();
    for _ in 0..BLOCKS {
        let one = of_yardstick(bare, 1, calls, &theirs).await?;
        let other = of_product(product, 1, calls, &ours).await?;
        added.push(other.outcome.quantile_us(0.5) - one.outcome.quantile_us(0.5));
    }
    report.blocks("p50 added at one caller, microseconds, default log", added, Bar::Most(100.0));
    Ok(())
}

/// Statements a call, the housekeeping's own (a few a second) included: hence not quite 0 is 0.
async fn statements(product: &Product, calls: u64, report: &mut Report) -> anyhow::Result<()> {
    const COUNTER: &str = "sheetbend_database_statements";
    let call = product::proxied("/json", ACCOUNT)?;
    let before = product.metric(COUNTER).await?;
    load::run(product.address, 16, calls, |_| call.clone()).await?;
    let after = product.metric(COUNTER).await?;
    let each = (after - before) as f64 / calls as f64;
    report.one("database statements a call, cache warm, log errors", each, Bar::Most(0.005));
    Ok(())
}

fn bare_call() -> anyhow::Result<Call> {
    http1::call(Method::GET, "/json", Some("token"), None)
}

async fn of_yardstick(bare: &Yardstick, callers: u64, calls: u64, call: &Call) -> anyhow::Result<Block> {
    let before = bare.process.cpu()?;
    let outcome = load::run(bare.address, callers, calls, |_| call.clone()).await?;
    Ok(Block { outcome, cpu: bare.process.cpu()? - before })
}

async fn of_product(product: &Product, callers: u64, calls: u64, call: &Call) -> anyhow::Result<Block> {
    let before = product.process.cpu()?;
    let outcome = load::run(product.address, callers, calls, |_| call.clone()).await?;
    product.settle().await?;
    Ok(Block { outcome, cpu: product.process.cpu()? - before })
}
