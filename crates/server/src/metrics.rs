//! Counters in Prometheus' text form.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Counters that handlers raise.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Proxied calls that got an answer.
    pub proxied: AtomicU64,
    /// Proxied calls that failed before an answer.
    pub proxy_failures: AtomicU64,
    /// Connections made or renewed.
    pub connected: AtomicU64,
}

/// Values read at the moment of a scrape.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot {
    /// Opened accounts in memory.
    pub accounts: u64,
    /// Log entries that wait to be written.
    pub log_waiting: u64,
    /// Log entries that were dropped.
    pub log_dropped: u64,
    /// Database statements run.
    pub statements: u64,
}

#[derive(Debug)]
struct Rows(Vec<(&'static str, &'static str, Kind, u64)>);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

impl Collector for Rows {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for &(name, help, kind, value) in &self.0 {
            match kind {
                Kind::Counter => {
                    let metric = ConstCounter::new(value);
                    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
                }
                Kind::Gauge => {
                    let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
                    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
                }
            }
        }
        Ok(())
    }
}

impl Metrics {
    /// Raises a counter.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything in the text form of the exposition format.
    pub fn render(&self, snapshot: Snapshot) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let rows = Rows(vec![
            (
                "sheetbend_proxied_calls",
                "Proxied calls answered by the provider",
                Kind::Counter,
                read(&self.proxied),
            ),
            (
                "sheetbend_proxy_failures",
                "Proxied calls that failed before an answer",
                Kind::Counter,
                read(&self.proxy_failures),
            ),
            (
                "sheetbend_connections_made",
                "Connections made or renewed",
                Kind::Counter,
                read(&self.connected),
            ),
            (
                "sheetbend_log_dropped",
                "Log entries dropped because the queue was full",
                Kind::Counter,
                snapshot.log_dropped,
            ),
            ("sheetbend_database_statements", "Database statements run", Kind::Counter, snapshot.statements),
            (
                "sheetbend_accounts_in_memory",
                "Opened connections kept in memory",
                Kind::Gauge,
                snapshot.accounts,
            ),
            ("sheetbend_log_waiting", "Log entries waiting to be written", Kind::Gauge, snapshot.log_waiting),
        ]);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(rows));
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}
