//! The product under measurement: `sheetbend serve` with one integration whose API is the upstream.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::Method;
use http::header::HeaderValue;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::http1::{self, Call};
use crate::process::Process;

/// The integration's key and its provider's name.
pub const INTEGRATION: &str = "bench";
const KEY: &str = "0b3a7c1e-5d2f-4e6a-9c8b-7f1e2d3c4b5a";
const METRICS_TOKEN: &str = "bench-metrics";
/// Nothing that is measured here takes longer to come up.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running product.
pub struct Product {
    /// The process.
    pub process: Process,
    /// Where it listens.
    pub address: SocketAddr,
    /// How long it took from the process's start to the first answer.
    pub started_in: Duration,
}

/// A product that begins with an empty database, and its directory.
pub async fn fresh(upstream: SocketAddr, extra: &[&str]) -> anyhow::Result<(Product, TempDir)> {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("provider.yaml"), definition(upstream))?;
    let product = Product::start(dir.path(), upstream, extra, "/health").await?;
    let integration = json!({
        "provider": INTEGRATION, "unique_key": INTEGRATION,
        "credentials": {"type": "OAUTH2", "client_id": "client", "client_secret": "secret", "scopes": "all"},
    });
    product.api(Method::POST, "/integrations", Some(&integration)).await?;
    Ok((product, dir))
}

fn definition(upstream: SocketAddr) -> String {
    format!(
        "{INTEGRATION}:\n    display_name: Bench\n    categories:\n        - dev-tools\n    auth_mode: OAUTH2\n    \
         authorization_url: http://{upstream}/authorize\n    token_url: http://{upstream}/token\n    proxy:\n        \
         base_url: http://{upstream}\n    docs: https://example.com\n"
    )
}

impl Product {
    /// Starts on a directory and waits for the first answer to a GET of `path`.
    pub async fn start(dir: &Path, upstream: SocketAddr, extra: &[&str], path: &str) -> anyhow::Result<Self> {
        let executable = std::env::current_exe()?.with_file_name("sheetbend");
        ensure!(executable.exists(), "build the product first: cargo build --release -p sheetbend");
        // Its own port 0 would do, but then the start could not be timed from outside.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(executable);
        command.arg("serve").args(["--listen", &address.to_string(), "--exempt", &upstream.to_string()]);
        command.arg("--data-dir").arg(dir).arg("--provider-file").arg(dir.join("provider.yaml"));
        command.args(["--log-level", "warn"]).args(extra);
        command.env("SHEETBEND_API_KEY", KEY).env("SHEETBEND_METRICS_TOKEN", METRICS_TOKEN);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "DATABASE_URL", "SHEETBEND_CONFIG"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let begun = Instant::now();
        let mut process = Process::start(&mut command)?;
        loop {
            let call = http1::call(Method::GET, path, Some(KEY), None)?;
            if http1::once(address, call).await.is_ok() {
                return Ok(Self { process, address, started_in: begun.elapsed() });
            }
            ensure!(process.is_running(), "sheetbend serve ended at its start");
            ensure!(begun.elapsed() < START_LIMIT, "sheetbend serve does not answer GET {path}");
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// A call of the public API that must succeed.
    pub async fn api(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let answer = http1::once(self.address, http1::call(method, path, Some(KEY), body)?).await?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// A value of `/metrics`.
    pub async fn metric(&self, name: &str) -> anyhow::Result<u64> {
        let call = http1::call(Method::GET, "/metrics", Some(METRICS_TOKEN), None)?;
        let text = String::from_utf8(http1::once(self.address, call).await?.to_vec())?;
        let line = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .find(|line| line.starts_with(name))
            .with_context(|| format!("no metric {name}"))?;
        Ok(line.rsplit(' ').next().unwrap_or_default().parse()?)
    }

    /// Waits until the log is written and indexed: its queue is empty and the process rests.
    pub async fn settle(&self) -> anyhow::Result<()> {
        const REST: Duration = Duration::from_millis(1_100);
        loop {
            let before = self.process.cpu()?;
            sleep(REST).await;
            // Waking twice a second to look for work is rest.
            if self.process.cpu()? - before < 0.025 && self.metric("sheetbend_log_waiting").await? == 0 {
                return Ok(());
            }
        }
    }
}

/// The body of `POST /connections`.
pub fn connection(id: &str, token: Value, tags: Value) -> Value {
    let mut credentials = json!({"type": "OAUTH2"});
    if let (Some(credentials), Value::Object(token)) = (credentials.as_object_mut(), token) {
        credentials.extend(token);
    }
    json!({"provider_config_key": INTEGRATION, "connection_id": id, "credentials": credentials, "tags": tags})
}

/// A call with the house's key.
pub fn authorized(method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Call> {
    http1::call(method, path, Some(KEY), body)
}

/// A proxied GET of a path of the upstream on a connection.
pub fn proxied(path: &str, connection: &str) -> anyhow::Result<Call> {
    let mut call = authorized(Method::GET, &format!("/proxy{path}"), None)?;
    let headers = call.headers_mut();
    headers.insert("provider-config-key", HeaderValue::from_static(INTEGRATION));
    headers.insert("connection-id", HeaderValue::from_str(connection)?);
    Ok(call)
}
