//! Programs that nobody here wrote: scripts of `tests/clients` run against a server.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

/// A server written by others that serves until it is dropped: it ends with its standard input.
pub struct Serving {
    child: std::process::Child,
    /// What it said when it was ready.
    pub facts: Value,
}

impl Serving {
    /// Starts a Node script and waits for its `{"ready":true,…}`.
    pub fn node(script: &str, options: &Value) -> Self {
        Self::node_with(script, options, &[])
    }

    /// As [`Self::node`], with variables of the environment.
    pub fn node_with(script: &str, options: &Value, environment: &[(&str, &str)]) -> Self {
        let node = std::env::var("SHEETBEND_TEST_NODE").unwrap_or_else(|_| "node".into());
        let mut child = Command::new(node)
            .arg(clients_dir().join(script))
            .current_dir(clients_dir())
            .env("CLIENT_OPTIONS", options.to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        while !line.contains("\"ready\"") {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "{script} did not start");
        }
        // Its output is not read on; a full pipe must not stop it.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Self { facts: serde_json::from_str(&line).unwrap(), child }
    }

    /// A fact that is text.
    pub fn text(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.facts))
    }

    /// `GET` or `POST` of `{base}/_control/{action}`; `base` is the fact's name.
    pub async fn control(&self, base: &str, action: &str) -> Value {
        let method = if action == "state" { "GET" } else { "POST" };
        let url = format!("{}/_control/{action}", self.text(base));
        super::request(method, &url, &[], "").await.unwrap().ok()
    }

    /// The arguments that let our server reach it: `--exempt` of its authority under both names of this machine.
    pub fn exempt(&self, base: &str) -> [String; 4] {
        let port = url::Url::parse(self.text(base)).unwrap().port().unwrap();
        ["--exempt".into(), format!("localhost:{port}"), "--exempt".into(), format!("127.0.0.1:{port}")]
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free now, for a server whose address others must know before it starts.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
