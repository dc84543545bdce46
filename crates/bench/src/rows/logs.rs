//! The log with a million operations: first rows, searches, deep pages, histograms.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, ensure};
use domain::Scope;
use domain::operation::{Operation, OperationState};
use http::Method;
use serde_json::json;
use store::{DatabaseUrl, LogEntry, Store, StoreOptions};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use crate::Run;
use crate::http1;
use crate::product::{self, Product};
use crate::report::{Bar, Report};

const BATCH: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Asked how often.
const ASKED: usize = 15;
const REQUEST_ID: &str = "5eed0000-0000-4000-8000-000000000007";

/// Which log to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct LogsRun {
    #[command(flatten)]
    run: Run,
    /// How many operations; a million, or a hundred thousand with --quick
    #[arg(long)]
    operations: Option<usize>,
    /// An empty PostgreSQL database instead of a file
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// Fills a log through the store, then asks a server for it as the dashboard does.
pub async fn measure(logs: &LogsRun) -> anyhow::Result<()> {
    let count = logs.operations.unwrap_or(if logs.run.quick { 100_000 } else { 1_000_000 });
    let nobody: SocketAddr = "127.0.0.1:9".parse()?;
    let extra: Vec<&str> =
        logs.database_url.iter().flat_map(|url| ["--database-url", url.as_str()]).collect();
    let mut report = Report::begin(&logs.run);
    let (product, dir) = product::fresh(nobody, &extra).await?;
    drop(product);
    let last = fill(dir.path(), logs.database_url.as_deref(), count, &mut report).await?;
    let product = Product::start(dir.path(), nobody, &extra, "/health").await?;
    for (name, path, bar) in asked(last) {
        if !report.wants(name) {
            continue;
        }
        let mut times = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            let call = product::authorized(Method::GET, &path, None)?;
            let begun = Instant::now();
            http1::once(product.address, call).await.with_context(|| path.clone())?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        report.one(&format!("{name}: median, ms"), times[ASKED / 2], Bar::Most(bar));
        report.one(&format!("{name}: slowest, ms"), times[ASKED - 1], Bar::Most(bar));
    }
    ensure!(report.end() == 0, "bars were missed");
    Ok(())
}

/// What is asked, and in how many milliseconds the answer must be there (issue 4, "Load").
fn asked(last_ms: i64) -> Vec<(&'static str, String, f64)> {
    let (first, search) = (300.0, 500.0);
    let deep = last_ms - 7 * DAY_MS;
    let window = format!("from={}&to={}", moment(deep - DAY_MS), moment(deep));
    let deep = format!("{deep:013}_zzzzzzzz");
    let list = |query: &str| format!("/operations?limit=100{query}");
    vec![
        ("first rows", list(""), first),
        ("page in the middle", list(&format!("&cursor={deep}")), first),
        ("state=failed", list("&state=failed"), search),
        ("state=cancelled, none", list("&state=cancelled"), search),
        ("status=429", list("&status=429"), search),
        ("status=5xx", list("&status=5xx"), search),
        ("type=auth", list("&type=auth"), search),
        ("a rare integration", list("&integration=rare-one"), search),
        ("one connection", list("&connection=connection-77"), search),
        ("one connection, failed", list("&connection=connection-77&state=failed"), search),
        ("a day", list(&format!("&{window}")), first),
        ("search: in every row", list("&search=graph"), search),
        ("search: in every row, deep page", list(&format!("&search=graph&cursor={deep}")), search),
        ("search: in one row", list("&search=needle"), search),
        ("search: a request id in a header", list(&format!("&search={REQUEST_ID}")), search),
        ("search: nowhere", list("&search=nowhereatall"), search),
        ("search: a rare beginning", list("&search=needl"), search),
        ("search: a frequent beginning", list("&search=workshe"), search),
        ("search: two words, failed", list("&search=graph+throttled&state=failed"), search),
        ("search: in every row, a rare integration", list("&search=graph&integration=rare-one"), search),
        (
            "search: in every row, failed, 5xx, a day",
            list(&format!("&search=graph&status=5xx&state=failed&{window}")),
            search,
        ),
        ("search: nothing fits", list("&search=graph&state=timeout"), search),
        (
            "histogram, 15 days",
            format!("/internal/logs/histogram?buckets=60&from={}", moment(last_ms - 15 * DAY_MS)),
            first,
        ),
        (
            "histogram, failed",
            format!(
                "/internal/logs/histogram?buckets=60&state=failed&from={}",
                moment(last_ms - 15 * DAY_MS)
            ),
            search,
        ),
        (
            "histogram, in every row",
            format!("/internal/logs/histogram?search=graph&from={}", moment(last_ms - 15 * DAY_MS)),
            search,
        ),
        ("health", "/internal/health".to_owned(), search),
    ]
}

/// A moment as a query says it.
fn moment(ms: i64) -> String {
    let moment =
        OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

/// Now, by the system: what is measured is a server that asks it too.
fn now_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a program of its own, which hands the moment down")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or_default()
}

/// Writes the log; the moment of the last operation.
async fn fill(dir: &Path, url: Option<&str>, count: usize, report: &mut Report) -> anyhow::Result<i64> {
    let url: DatabaseUrl = match url {
        Some(url) => url.parse()?,
        None => DatabaseUrl::Sqlite(dir.join("sheetbend.db")),
    };
    let store = Store::open(StoreOptions::new(url)).await?;
    let environments = store.environments().await?;
    let scope = Scope { environment: environments.first().context("the server makes one")?.id };
    let last_ms = now_ms();
    let first_ms = last_ms - 15 * DAY_MS;
    let begun = Instant::now();
    for batch in 0..count.div_ceil(BATCH) {
        let rows = (batch * BATCH..((batch + 1) * BATCH).min(count)).map(|index| LogEntry::Operation {
            scope,
            operation: Box::new(operation(index, first_ms + 15 * DAY_MS * index as i64 / count as i64)),
            messages: Vec::new(),
        });
        store.append_log(rows.collect()).await?;
    }
    let each = |begun: Instant| begun.elapsed().as_secs_f64() * 1e6 / count as f64;
    report.one("an operation written, µs", each(begun), Bar::None);
    let begun = Instant::now();
    store.index_text(u64::MAX).await?;
    report.one("an operation indexed, µs", each(begun), Bar::None);
    store.close().await;
    Ok(last_ms)
}

fn operation(index: usize, at_ms: i64) -> Operation {
    let failed = index % 50 == 7;
    let refresh = index % 100 == 3;
    let integration = match index % 1000 {
        999 => "rare-one",
        0..700 => "excel",
        _ => "sharepoint-online",
    };
    let status = match (failed, index % 150) {
        (false, _) => 200,
        (true, 7) => 429,
        (true, 57) => 404,
        (true, _) => 503,
    };
    let url =
        format!("https://graph.microsoft.com/v1.0/me/drive/items/{:05}/workbook/worksheets", index % 30_000);
    let word = if index == 123_456 || index == 99 { " needle" } else { "" };
    let request_id = match index {
        99 => REQUEST_ID.to_owned(),
        _ => format!("{:08x}-0123-4567-89ab-{:012x}", index.wrapping_mul(2_654_435_761) & 0xffff_ffff, index),
    };
    let detail = json!({
        "request": {"method": "GET", "url": url, "target": "/v1.0/me", "headers": {"accept": "application/json", "user-agent": "axios/1.7"}},
        "response": {"code": status, "bytes": 1234, "first_byte_us": 4321, "headers": {
            "content-type": "application/json;odata.metadata=minimal", "request-id": request_id,
            "client-request-id": request_id, "date": "Sun, 22 Nov 2026 02:10:30 GMT", "vary": "Accept-Encoding"}},
        "attempts": 1,
    });
    Operation {
        id: format!("{at_ms:013}_{:08}", index % 100_000_000),
        kind: if refresh { "auth" } else { "proxy" }.to_owned(),
        action: if refresh { "refresh_token" } else { "call" }.to_owned(),
        state: if failed { OperationState::Failed } else { OperationState::Success },
        integration: Some(integration.to_owned()),
        connection: Some(format!("connection-{}", index % 1000)),
        provider: Some("microsoft-excel".to_owned()),
        status: Some(status),
        summary: format!("GET {url}{word}"),
        error: failed.then(|| "TooManyRequests: the call was throttled".to_owned()),
        created_at_ms: at_ms,
        ended_at_ms: Some(at_ms + 5),
        duration_us: Some(5_123),
        detail: serde_json::value::to_raw_value(&detail).ok(),
    }
}
