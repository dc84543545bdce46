//! `sheetbend logs`: operations from a running server, newest last.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::cli::LogsOptions;
use crate::named_server::{Limits, NamedServer};
use crate::shutdown;

struct Source(NamedServer);

/// Shows operations, and with `--follow` goes on.
pub async fn run(options: LogsOptions) -> anyhow::Result<()> {
    let source = Source::find(&options)?;
    let filters = filters(&options);
    let mut first = source.page(&format!("limit={}{filters}", options.lines.clamp(1, 500))).await?;
    first.reverse();
    first.iter().for_each(print);
    if !options.follow {
        return Ok(());
    }
    let shutdown = shutdown::on_signal();
    let mut last = first.last().and_then(|one| one["id"].as_str().map(str::to_owned));
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        let after = last.clone().unwrap_or_else(|| "0".to_owned());
        let page = source.page(&format!("limit=200&after={after}{filters}")).await?;
        page.iter().for_each(print);
        last = page.last().and_then(|one| one["id"].as_str().map(str::to_owned)).or(last);
    }
}

fn filters(options: &LogsOptions) -> String {
    let pairs = [
        ("integration", &options.integration),
        ("connection", &options.connection),
        ("state", &options.state),
        ("type", &options.r#type),
        ("search", &options.search),
    ];
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { query } else { format!("&{query}") }
}

impl Source {
    fn find(options: &LogsOptions) -> anyhow::Result<Self> {
        let path = options.data_dir.join("server.json");
        let left: Value = match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| path.display().to_string())?,
            Err(_) => Value::Null,
        };
        let from_file = |key: &str| left[key].as_str().map(str::to_owned);
        let url = options.url.clone().or_else(|| from_file("url"));
        let key = options.api_key.clone().or_else(|| from_file("api_key"));
        let (Some(url), Some(key)) = (url, key) else {
            bail!("no server is known in {}; give --url and --api-key", options.data_dir.display());
        };
        Ok(Self(NamedServer::new(&url, &key)?))
    }

    async fn page(&self, query: &str) -> anyhow::Result<Vec<Value>> {
        const LIMITS: Limits = Limits { max_bytes: 64 << 20, total: Duration::from_secs(30) };
        let path = format!("/operations?{query}");
        let response = self.0.send(http::Request::default(), &path, LIMITS).await?;
        let status = response.status();
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if !status.is_success() {
            bail!(
                "{} answered {status}: {}",
                self.0.url(),
                body["error"]["message"].as_str().unwrap_or_default()
            );
        }
        Ok(body["data"].as_array().cloned().unwrap_or_default())
    }
}

fn print(one: &Value) {
    let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
    let status = one["status"].as_i64().map(|status| status.to_string()).unwrap_or_default();
    let duration = one["duration_ms"].as_f64().map(|ms| format!("{ms:.1} ms")).unwrap_or_default();
    println!(
        "{} {:<8} {:<5} {:>3} {:>10}  {}/{}  {}",
        text("created_at"),
        text("state"),
        text("type"),
        status,
        duration,
        text("integration"),
        text("connection"),
        text("message"),
    );
    if let Some(error) = one["error"]["message"].as_str() {
        println!("    {error}");
    }
}
