//! `bench connections`: many stored connections.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use super::rotation;
use crate::Run;
use crate::http1::{self, Call, Connection};
use crate::load;
use crate::process::Process;
use crate::product::{self, INTEGRATION, Product};
use crate::report::{Bar, Report};

/// Alternating pairs of blocks.
const BLOCKS: usize = 5;

struct Counts {
    stored: u64,
    block: u64,
    lists: u64,
    at_once: u64,
}

const FULL: Counts = Counts { stored: 100_000, block: 20_000, lists: 1_000, at_once: 1_000 };
const QUICK: Counts = Counts { stored: 20_000, block: 5_000, lists: 200, at_once: 1_000 };

/// Where connections are stored.
#[derive(Debug, Clone, clap::Args)]
pub struct ConnectionsRun {
    #[command(flatten)]
    run: Run,
    /// An empty PostgreSQL database instead of a file
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// Measures and prints.
pub async fn measure(connections: &ConnectionsRun) -> anyhow::Result<()> {
    let run = &connections.run;
    let counts = if run.quick { &QUICK } else { &FULL };
    let extra: Vec<&str> =
        connections.database_url.iter().flat_map(|url| ["--database-url", url.as_str()]).collect();
    let mut report = Report::begin(run);
    let (_upstream, upstream) = Process::role(&["upstream"])?;
    let (product, dir) = product::fresh(upstream, &extra).await?;
    if !run.quick {
        at_rest(&product, 0, &mut report).await?;
    }
    import(&product, counts.stored, &mut report).await?;
    one_refresh(&product, upstream, counts.at_once, &mut report).await?;
    product.settle().await?;
    drop(product);
    let product = starts(dir.path(), upstream, &extra, &mut report).await?;
    if !run.quick {
        at_rest(&product, counts.stored, &mut report).await?;
    }
    by_id(&product, counts, &mut report).await?;
    lists(&product, counts, &mut report).await?;
    searches(&product, counts, &mut report).await?;
    let read = product::authorized(Method::GET, &by_id_path(11), None)?;
    rotation::rotate(&product, dir.path(), counts.stored, |_| read.clone(), &mut report).await?;
    eprintln!("{} bars missed", report.end());
    Ok(())
}

fn name(number: u64) -> String {
    format!("account-{number:06}")
}

async fn import(product: &Product, stored: u64, report: &mut Report) -> anyhow::Result<()> {
    let calls = (0..stored)
        .map(|number| {
            let token = json!({"access_token": format!("token-{number}")});
            // A hundredth part of all shares a tag.
            let tags = json!({"team": format!("team-{}", number % 100), "half": (number % 2).to_string()});
            product::authorized(
                Method::POST,
                "/connections",
                Some(&product::connection(&name(number), token, tags)),
            )
        })
        .collect::<anyhow::Result<Vec<Call>>>()?;
    let outcome = load::run(product.address, 64, stored, |number| calls[number as usize].clone()).await?;
    report.one(
        &format!("connections imported a second, {stored} by POST /connections"),
        outcome.rate(),
        Bar::None,
    );
    Ok(())
}

/// Calls that find one expired token at the same moment.
async fn one_refresh(
    product: &Product,
    upstream: SocketAddr,
    at_once: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let token = json!({
        "access_token": "stale", "refresh_token": "first", "expires_at": "2020-01-01T00:00:00.000Z",
    });
    let body = product::connection("expired", token, json!({}));
    product.api(Method::POST, "/connections", Some(&body)).await?;
    let call = product::proxied("/json", "expired")?;
    let opened = join_all((0..at_once).map(|_| Connection::open(product.address))).await;
    let mut connections = opened.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let answers = join_all(connections.iter_mut().map(|connection| connection.exchange(call.clone()))).await;
    for answer in answers {
        let (status, _) = answer?;
        ensure!(status.is_success(), "a call with the expired token was answered with {status}");
    }
    let count = http1::once(upstream, http1::call(Method::GET, "/tokens", None, None)?).await?;
    let count: f64 = std::str::from_utf8(&count)?.parse()?;
    let row = format!("refreshes for {at_once} calls at once on an expired token");
    // None at all would mean that the stale token was used, which the upstream refuses.
    report.one(&row, count, Bar::Most(1.0));
    Ok(())
}

/// From the process's start to an answer that needed the database; beside it a program that only listens.
async fn starts(
    dir: &Path,
    upstream: SocketAddr,
    extra: &[&str],
    report: &mut Report,
) -> anyhow::Result<Product> {
    let path = by_id_path(7);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..BLOCKS {
        let begun = tokio::time::Instant::now();
        let (_process, address) = Process::role(&["upstream"])?;
        http1::once(address, http1::call(Method::GET, "/json", None, None)?).await?;
        bare.push(begun.elapsed().as_secs_f64() * 1000.0);
        drop(last.take());
        let product = Product::start(dir, upstream, extra, &path).await?;
        ours.push(product.started_in.as_secs_f64() * 1000.0);
        last = Some(product);
    }
    report.blocks("start of bare hyper to its first answer, ms", bare, Bar::None);
    report.blocks("start to the first answer from the database, ms", ours, Bar::Most(300.0));
    last.ok_or_else(|| anyhow::anyhow!("no start"))
}

/// CPU of a minute in which nobody calls: looks for tasks, the refresher's and the housekeeper's idle passes.
async fn at_rest(product: &Product, stored: u64, report: &mut Report) -> anyhow::Result<()> {
    product.settle().await?;
    let before = product.process.cpu()?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let milliseconds = (product.process.cpu()? - before) * 1_000.0;
    report.one(&format!("CPU of a minute at rest with {stored} connections, ms"), milliseconds, Bar::None);
    Ok(())
}

fn by_id_path(number: u64) -> String {
    format!("/connections/{}?provider_config_key={INTEGRATION}", name(number))
}

async fn by_id(product: &Product, counts: &Counts, report: &mut Report) -> anyhow::Result<()> {
    let health = http1::call(Method::GET, "/health", None, None)?;
    let calls = (0..counts.stored)
        .map(|number| product::authorized(Method::GET, &by_id_path(number), None))
        .collect::<anyhow::Result<Vec<Call>>>()?;
    check_shape(product).await?;
    let (mut hot, mut random) = (Vec::new(), Vec::new());
    load::run(product.address, 16, 1_000, |number| calls[number as usize].clone()).await?;
    for block in 0..BLOCKS as u64 {
        let base = load::run(product.address, 16, counts.block, |_| health.clone()).await?.rate();
        let spread = |number: u64, among: u64| (scattered(block * counts.block + number) % among) as usize;
        let warm = |number| calls[spread(number, 1_000)].clone();
        hot.push(load::run(product.address, 16, counts.block, warm).await?.rate() / base);
        let any = |number| calls[spread(number, counts.stored)].clone();
        random.push(load::run(product.address, 16, counts.block, any).await?.rate() / base);
        // The random reads have pushed some of the thousand out.
        load::run(product.address, 16, 1_000, |number| calls[number as usize].clone()).await?;
    }
    report.blocks("credentials by id over /health, the hot thousand", hot, Bar::Least(0.7));
    report.blocks("credentials by id over /health, uniformly random", random, Bar::Least(0.3));
    Ok(())
}

/// The answer that is timed holds the credentials.
async fn check_shape(product: &Product) -> anyhow::Result<()> {
    let answer = product.api(Method::GET, &by_id_path(3), None).await?;
    ensure!(answer["credentials"]["access_token"] == "token-3", "no credentials in {answer}");
    Ok(())
}

/// SplitMix64: a number that looks like chance and is the same in every run.
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Pages of a hundred with a tag filter, from the first to the last.
async fn lists(product: &Product, counts: &Counts, report: &mut Report) -> anyhow::Result<()> {
    const PAGE: u64 = 100;
    for (tag, matching) in [("half=1", counts.stored / 2), ("team=team-7", counts.stored / 100)] {
        let (key, value) = tag.split_once('=').unwrap_or_default();
        let pages = (matching / PAGE).max(1);
        let path = |page: u64| format!("/connections?limit={PAGE}&page={page}&tags[{key}]={value}");
        let last = product.api(Method::GET, &path(pages - 1), None).await?;
        let found = last["connections"].as_array().map_or(0, Vec::len);
        ensure!(
            found as u64 == PAGE.min(matching),
            "{found} connections on the last page of {tag}: {last:.200}"
        );
        let calls = (0..pages)
            .map(|page| product::authorized(Method::GET, &path(page), None))
            .collect::<anyhow::Result<Vec<Call>>>()?;
        let call = |number| calls[(scattered(number) % pages) as usize].clone();
        let outcome = load::run(product.address, 1, counts.lists, call).await?;
        let row = format!("p99 of a list of 100 at any depth, tag of {matching}, ms");
        report.one(&row, outcome.quantile_us(0.99) / 1000.0, Bar::Most(20.0));
    }
    Ok(())
}

/// What the dashboard asks while somebody types: parts of ids and tags, in every connection, in one, in none.
async fn searches(product: &Product, counts: &Counts, report: &mut Report) -> anyhow::Result<()> {
    let rare = format!("search={}", name(7));
    for (what, query) in [
        ("part of every id", "search=ccount"),
        ("one id, the oldest but a few", rare.as_str()),
        ("nothing fits", "search=nowhereatall"),
        ("a tag's value, and in trouble", "search=team-7&state=error"),
    ] {
        let call = product::authorized(Method::GET, &format!("/internal/connections?{query}"), None)?;
        let outcome = load::run(product.address, 1, counts.lists / 10, |_| call.clone()).await?;
        let row = format!("p99 of a search among {}, {what}, ms", counts.stored);
        report.one(&row, outcome.quantile_us(0.99) / 1000.0, Bar::Most(50.0));
    }
    Ok(())
}
