//! The front door for tests: the real binary on free ports, and a plain HTTP client.

pub mod connect;
pub mod desk;
pub mod house;
pub mod keys;
pub mod outside;
pub mod person;
pub mod receiver;
pub mod secure;
pub mod socket;
pub mod upstream;
pub mod vendor;
pub mod visitor;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tempfile::TempDir;

/// A running `sheetbend` in a directory of its own.
pub struct Server {
    child: Child,
    /// The facts of the first line of stdout.
    pub facts: Value,
    /// The data directory.
    pub data_dir: PathBuf,
    stderr: PathBuf,
    _own: Option<TempDir>,
    ca: Option<PathBuf>,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// How to start.
pub struct Start {
    data_dir: Option<PathBuf>,
    serve_key: Option<String>,
    listen: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    ca: Option<PathBuf>,
}

impl Start {
    /// `sheetbend dev` on free ports.
    pub fn dev() -> Self {
        Self {
            data_dir: None,
            serve_key: None,
            listen: "127.0.0.1:0".to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            ca: None,
        }
    }

    /// `sheetbend serve` on a free port, with a key of the test's choice; there is no sandbox.
    pub fn serve(key: &str) -> Self {
        Self { serve_key: Some(key.to_owned()), ..Self::dev() }
    }

    /// Uses a directory that outlives the server.
    pub fn in_dir(mut self, dir: &Path) -> Self {
        self.data_dir = Some(dir.to_owned());
        self
    }

    /// Listens on an address of the test's choice.
    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// Adds command-line arguments.
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&one| one.to_owned()));
        self
    }

    /// Serves https with a certificate of the test's own authority, which our client then trusts.
    pub fn secure(mut self, authority: &secure::Authority) -> Self {
        self.ca = Some(authority.ca.clone());
        let file = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let (cert, key) = (file(&authority.cert), file(&authority.key));
        self.args(&["--tls-cert", &cert, "--tls-key", &key])
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts and waits for the facts.
    pub fn start(self) -> Server {
        self.try_start().unwrap_or_else(|stderr| panic!("the server did not start: {stderr}"))
    }

    /// Starts; `Err` carries stderr of a server that ended before it printed its facts.
    pub fn try_start(self) -> Result<Server, String> {
        let own = self.data_dir.is_none().then(|| TempDir::new().unwrap());
        let data_dir = self.data_dir.unwrap_or_else(|| own.as_ref().unwrap().path().join("data"));
        std::fs::create_dir_all(&data_dir).unwrap();
        let stderr = data_dir.join(format!("stderr-{}.log", self.arguments.len()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_sheetbend"));
        match &self.serve_key {
            None => command.args(["dev", "--json", "--sandbox-listen", "127.0.0.1:0"]),
            Some(key) => command.args(["serve", "--api-key", key]),
        };
        command
            .args(["--listen", &self.listen, "--data-dir"])
            .arg(&data_dir)
            .args(&self.arguments)
            .env_remove("HTTP_PROXY")
            .env_remove("HTTPS_PROXY")
            .envs(self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&stderr).unwrap());
        let mut child = command.spawn().unwrap();
        let facts = match self.serve_key {
            None => first_line(&mut child),
            Some(_) => address_left(&mut child, &data_dir),
        };
        let Some(facts) = facts else {
            let _ = child.wait();
            return Err(std::fs::read_to_string(&stderr).unwrap_or_default());
        };
        let http = Client::builder(TokioExecutor::new()).build_http();
        Ok(Server { child, facts, data_dir, stderr, _own: own, ca: self.ca, http })
    }
}

/// What `dev --json` prints; `None` when it ended instead.
fn first_line(child: &mut Child) -> Option<Value> {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    serde_json::from_str(&line).ok()
}

/// What `serve` leaves for `sheetbend logs` once its listener is bound; `None` when it ended instead.
fn address_left(child: &mut Child, data_dir: &Path) -> Option<Value> {
    loop {
        let left = std::fs::read_to_string(data_dir.join("server.json")).ok();
        if let Some(left) = left.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
            return Some(serde_json::json!({"api_url": left["url"], "api_key": left["api_key"]}));
        }
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Asserts an error of the contract: its status and its code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!(
            (self.status.as_u16(), body["error"]["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text()
        );
        body["error"].clone()
    }

    /// Asserts success and gives the body.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        self.json()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Server {
    /// Our address, for example `http://localhost:41234`.
    pub fn url(&self) -> &str {
        self.facts["api_url"].as_str().unwrap()
    }

    /// The sandbox's address.
    pub fn sandbox(&self) -> &str {
        self.facts["sandbox"]["http_url"].as_str().unwrap()
    }

    /// The key with every right.
    pub fn key(&self) -> &str {
        self.facts["api_key"].as_str().unwrap()
    }

    /// The id of a bundled workbook.
    pub fn file(&self, name: &str) -> String {
        let files = self.facts["files"].as_array().unwrap();
        files.iter().find(|file| file["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// How many requests the sandbox's token endpoint has seen.
    pub async fn token_calls(&self) -> usize {
        let seen = self.ask_control("requests?method=POST").await;
        let is_token = |one: &&Value| one["path"].as_str().is_some_and(|path| path.ends_with("/token"));
        seen["requests"].as_array().expect("requests").iter().filter(is_token).count()
    }

    /// Asserts that nothing panicked.
    #[track_caller]
    pub fn calm(&self) {
        let stderr = self.stderr();
        assert!(!stderr.contains("panicked"), "{stderr}");
    }

    /// What the process wrote on stderr so far.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends any request to any loopback address; `localhost` names go to 127.0.0.1.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        if let Some(ca) = self.ca.as_ref().filter(|_| url.starts_with("https:")) {
            return secure::send(ca, method, url, headers, body.into()).await;
        }
        let request = read_request(method, url, headers, body.into());
        let response = self.http.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Calls our API with the key.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let authorization = format!("Bearer {}", self.key());
        let url = format!("{}{path}", self.url());
        match body {
            Some(body) => {
                let headers =
                    [("authorization", authorization.as_str()), ("content-type", "application/json")];
                self.send(method, &url, &headers, body.to_string()).await
            }
            None => self.send(method, &url, &[("authorization", authorization.as_str())], Bytes::new()).await,
        }
    }

    /// Forwards a call of a ready connection (`demo-excel`, `demo-sharepoint`, `demo-sharepoint-v1`).
    pub async fn proxy(&self, method: &str, path: &str, integration: &str, connection: &str) -> Answer {
        self.proxy_with(method, path, integration, connection, &[], Bytes::new()).await
    }

    /// Forwards a call with more headers and a body.
    pub async fn proxy_with(
        &self,
        method: &str,
        path: &str,
        integration: &str,
        connection: &str,
        more: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let authorization = format!("Bearer {}", self.key());
        let mut headers = vec![
            ("authorization", authorization.as_str()),
            ("provider-config-key", integration),
            ("connection-id", connection),
        ];
        headers.extend_from_slice(more);
        self.send(method, &format!("{}/proxy{path}", self.url()), &headers, body).await
    }

    /// Drives the sandbox: `POST /_control/<what>`.
    pub async fn control(&self, what: &str, body: Value) -> Answer {
        let url = format!("{}/_control/{what}", self.sandbox());
        self.send("POST", &url, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Asks the sandbox: `GET /_control/<what>`.
    pub async fn ask_control(&self, what: &str) -> Value {
        self.send("GET", &format!("{}/_control/{what}", self.sandbox()), &[], Bytes::new()).await.json()
    }

    /// Ends the process as `kill -9` does and waits for it.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks the process to end (SIGTERM) and waits; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        self.child.wait().ok().and_then(|status| status.code())
    }

    /// Waits until the process has ended by itself.
    pub fn wait(&mut self) {
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let mut text = String::new();
            if let Ok(mut file) = std::fs::File::open(&self.stderr) {
                let _ = file.read_to_string(&mut text);
            }
            eprintln!("--- the server's stderr ---\n{text}");
        }
    }
}

/// The SHA-256 of a text, in hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Looks again and again, for at most ten seconds, until there is something; the log is written in batches.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{what} did not come");
}

/// Sends a request on a connection of its own; `None` when the other side went away instead of answering whole.
pub async fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Option<Answer> {
    let http: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = http.request(read_request(method, url, headers, body.into())).await.ok()?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some(Answer { status: parts.status, headers: parts.headers, body })
}

fn read_request(method: &str, url: &str, headers: &[(&str, &str)], body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap());
    let parsed: http::Uri = url.parse().unwrap();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", parsed.authority().unwrap().as_str());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let port = parsed.port_u16().unwrap_or(80);
    let path = parsed.path_and_query().map_or("/", |path| path.as_str());
    request.uri(format!("http://127.0.0.1:{port}{path}")).body(Full::new(body)).unwrap()
}
