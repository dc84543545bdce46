//! Counters in the text form of OpenMetrics, which Prometheus reads.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use services::context::Context;
use services::store::TaskCount;

use crate::app::App;

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

impl Metrics {
    /// Raises a counter.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Rows(Vec<Row>);

/// A metric and its values, each under its labels.
#[derive(Debug)]
struct Row {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    values: Vec<(Vec<(&'static str, String)>, u64)>,
}

impl Rows {
    fn add(&mut self, kind: MetricType, name: &'static str, help: &'static str, value: u64) {
        self.0.push(Row { name, help, kind, values: vec![(Vec::new(), value)] });
    }

    fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.add(MetricType::Counter, name, help, value);
    }

    fn gauge(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.add(MetricType::Gauge, name, help, value);
    }

    fn outcomes<const N: usize>(&mut self, name: &'static str, help: &'static str, values: [(&str, u64); N]) {
        let values = values.map(|(outcome, value)| (vec![("outcome", outcome.to_owned())], value)).to_vec();
        self.0.push(Row { name, help, kind: MetricType::Counter, values });
    }
}

impl Collector for Rows {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for Row { name, help, kind, values } in &self.0 {
            let mut row = encoder.encode_descriptor(name, help, None, *kind)?;
            match values.as_slice() {
                [(labels, value)] if labels.is_empty() => encode(*kind, *value, row)?,
                several => {
                    for (labels, value) in several {
                        encode(*kind, *value, row.encode_family(labels)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn encode(kind: MetricType, value: u64, encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
    match kind {
        MetricType::Counter => ConstCounter::new(value).encode(encoder),
        _ => ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(encoder),
    }
}

/// Everything in the text form of the exposition format; the queue as the database has it now.
pub fn render(app: &App, queue: &[TaskCount]) -> String {
    let mut rows = Rows(Vec::new());
    of_edge(&mut rows, app);
    of_background(&mut rows, &app.services.context);
    of_queue(&mut rows, queue, app.services.context.now_ms());
    let mut registry = Registry::default();
    registry.register_collector(Box::new(rows));
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &registry) {
        Ok(()) => text,
        Err(_) => String::new(),
    }
}

fn of_edge(rows: &mut Rows, app: &App) {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (metrics, context) = (&app.metrics, &app.services.context);
    rows.counter("sheetbend_proxied_calls", "Proxied calls answered by the provider", read(&metrics.proxied));
    let failures = read(&metrics.proxy_failures);
    rows.counter("sheetbend_proxy_failures", "Proxied calls that failed before an answer", failures);
    rows.counter("sheetbend_connections_made", "Connections made or renewed", read(&metrics.connected));
    let statements = context.store.count_statements();
    rows.counter("sheetbend_database_statements", "Database statements run", statements);
    let accounts = app.services.accounts.len();
    rows.gauge("sheetbend_accounts_in_memory", "Opened connections kept in memory", accounts);
    let help = "Bytes of request bodies held to be signed or sent again";
    rows.gauge("sheetbend_held_body_bytes", help, context.held.used());
}

fn of_background(rows: &mut Rows, context: &Context) {
    let counts = &context.counts;
    rows.counter(
        "sheetbend_log_dropped",
        "Log entries dropped because the queue was full",
        context.log.dropped(),
    );
    rows.gauge("sheetbend_log_waiting", "Log entries waiting to be written", context.log.waiting() as u64);
    rows.outcomes(
        "sheetbend_refreshes",
        "Refreshes of credentials; after refused only a new authorization helps",
        [
            ("success", counts.refreshed.get()),
            ("refused", counts.refresh_refused.get()),
            ("failed", counts.refresh_failed.get()),
        ],
    );
    let help = "Refreshes taken over from a node that died";
    rows.counter("sheetbend_refreshes_taken_over", help, counts.refresh_taken_over.get());
    rows.outcomes(
        "sheetbend_webhook_tries",
        "Tries to deliver webhooks; failed ones are repeated",
        [
            ("delivered", counts.webhooks_delivered.get()),
            ("failed", counts.webhooks_failed.get()),
            ("given_up", counts.webhooks_given_up.get()),
        ],
    );
}

fn of_queue(rows: &mut Rows, queue: &[TaskCount], now_ms: i64) {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let (mut states, mut late) = (Vec::new(), Vec::new());
    for of_kind in queue {
        let kind = || ("kind", of_kind.kind.clone());
        let of_states =
            [("waiting", of_kind.waiting), ("running", of_kind.running), ("failed", of_kind.failed)];
        states.extend(
            of_states.map(|(state, number)| (vec![kind(), ("state", state.to_owned())], count(number))),
        );
        let late_ms = of_kind.next_due_at_ms.map_or(0, |due_ms| now_ms - due_ms);
        late.push((vec![kind()], count(late_ms / 1_000)));
    }
    let (name, help) = (
        "sheetbend_tasks",
        "Background tasks of all nodes, at most 10000 counted; failed ones failed for good",
    );
    rows.0.push(Row { name, help, kind: MetricType::Gauge, values: states });
    let (name, help) = ("sheetbend_tasks_late_seconds", "How long the first waiting task has been due");
    rows.0.push(Row { name, help, kind: MetricType::Gauge, values: late });
}
