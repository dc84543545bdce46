//! Programs that nobody here wrote: scripts of `tests/clients` run against a server.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// The folder of the scripts, with the installed packages.
pub fn clients_dir() -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients");
    std::env::var_os("SHEETBEND_TEST_NODE_DIR").map_or_else(|| PathBuf::from(own), PathBuf::from)
}

/// Runs a Node script and gives the facts it found; panics with what it complained of.
pub async fn node(script: &str, options: &Value) -> Value {
    let node = std::env::var("SHEETBEND_TEST_NODE").unwrap_or_else(|_| "node".into());
    run(node, script, options).await
}

/// Runs a Python script, as [`node`].
pub async fn python(script: &str, options: &Value) -> Value {
    let python = std::env::var("SHEETBEND_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    run(python, script, options).await
}

async fn run(program: String, script: &str, options: &Value) -> Value {
    let mut command = Command::new(program);
    command
        .arg(clients_dir().join(script))
        .current_dir(clients_dir())
        .env("CLIENT_OPTIONS", options.to_string())
        .env_remove("HTTP_PROXY")
        .env_remove("HTTPS_PROXY")
        .env_remove("http_proxy")
        .env_remove("https_proxy");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script} failed\n{stderr}\n{stdout}");
    let line = stdout.lines().last().unwrap_or_default();
    let result: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{script} printed {stdout}"));
    assert_eq!(result["ok"], true, "{script}: {result}");
    result["facts"].clone()
}
