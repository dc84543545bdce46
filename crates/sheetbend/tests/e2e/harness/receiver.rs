//! A receiver of webhooks: keeps what arrives and answers what it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::upstream::{Seen, Upstream, answer};

/// A listening receiver.
pub struct Receiver {
    upstream: Upstream,
    status: Arc<AtomicU16>,
}

impl Receiver {
    /// Answers 200.
    pub async fn start() -> Self {
        let status = Arc::new(AtomicU16::new(200));
        let told = status.clone();
        let upstream = Upstream::start(move |_, _| {
            answer(&format!("{} Whatever", told.load(Ordering::SeqCst)), &[], b"")
        })
        .await;
        Self { upstream, status }
    }

    /// Answers `status` from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.upstream.port)
    }

    /// What has arrived so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.upstream.seen()
    }

    /// Waits until `count` webhooks have arrived.
    pub async fn wait_for(&self, count: usize) -> Vec<Seen> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let seen = self.seen();
            if seen.len() >= count {
                return seen;
            }
            assert!(Instant::now() < deadline, "{} of {count} webhooks came", seen.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Seen {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Headers and body as a receiver's framework would give them.
    pub fn as_request(&self) -> Value {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers: serde_json::Map<String, Value> =
            lines.map(|(name, value)| (name.to_lowercase(), json!(value.trim()))).collect();
        json!({"headers": headers, "body": String::from_utf8_lossy(&self.body)})
    }
}
