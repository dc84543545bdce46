//! A provider that is a bare socket: what arrives is kept byte for byte, what goes back is written as it stands.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Server, Start};

/// A listening provider.
pub struct Upstream {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Request line and headers, without the blank line.
    pub head: String,
    /// The body as framed on the wire.
    pub body: Vec<u8>,
}

impl Seen {
    /// The request line.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    /// A header's values, joined by `|`.
    pub fn header(&self, name: &str) -> String {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let values: Vec<&str> =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect();
        values.join("|")
    }
}

impl Upstream {
    /// Answers each request with the bytes that `answer` makes of its number (from 0) and of itself.
    pub async fn start(answer: impl Fn(usize, &Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        Self::start_with(move |mut stream, seen| {
            let answer = answer.clone();
            async move {
                while let Some(request) = read_request(&mut stream).await {
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    if stream.write_all(&answer(number, &request)).await.is_err() {
                        return;
                    }
                    if answer(number, &request).windows(17).any(|part| part == b"Connection: close") {
                        return;
                    }
                }
            }
        })
        .await
    }

    /// Hands each connection to `serve`.
    pub async fn start_with<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(TcpStream, Arc<Mutex<Vec<Seen>>>) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { port, seen }
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Forgets them.
    pub fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    /// Writes the definition of this as the provider `raw`; the file.
    pub fn definition(&self, dir: &Path) -> String {
        let file = dir.join("raw.yaml");
        let base = format!("http://127.0.0.1:{}", self.port);
        let definition = format!(
            "raw:\n  display_name: Raw\n  auth_mode: OAUTH2\n  authorization_url: {base}/auth\n  \
             token_url: {base}/token\n  proxy:\n    base_url: {base}/base\n    headers:\n      \
             accept: application/x-of-the-provider\n"
        );
        std::fs::write(&file, definition).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// A server that knows this as the provider `raw`, with the integration `raw` and the connection `one`.
    pub async fn server(&self, more: &[&str]) -> (Server, TempDir) {
        let dir = TempDir::new().unwrap();
        let file = self.definition(dir.path());
        let exempt = format!("127.0.0.1:{}", self.port);
        let mut arguments = vec!["--provider-file", file.as_str(), "--exempt", exempt.as_str()];
        arguments.extend_from_slice(more);
        let server = Start::dev().args(&arguments).start();
        integrate(&server).await;
        connect(&server, "one", json!({"access_token": "first-token"})).await;
        (server, dir)
    }
}

/// Makes the integration `raw`.
pub async fn integrate(server: &Server) {
    let integration = json!({"provider": "raw", "unique_key": "raw",
        "credentials": {"type": "OAUTH2", "client_id": "client", "client_secret": "client-secret"}});
    server.api("POST", "/integrations", Some(integration)).await.ok();
}

/// Imports a connection of the integration `raw`.
pub async fn connect(server: &Server, id: &str, mut credentials: serde_json::Value) {
    credentials["type"] = json!("OAUTH2");
    let body = json!({"provider_config_key": "raw", "connection_id": id, "credentials": credentials});
    server.api("POST", "/connections", Some(body)).await.ok();
}

/// Reads one request; `None` at the end of the connection.
pub async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let seen = Seen { head, body: bytes[end + 4..].to_vec() };
    let whole = |body: &[u8]| match seen.header("content-length").parse::<usize>() {
        Ok(length) => body.len() >= length,
        Err(_) if seen.header("transfer-encoding").contains("chunked") => body.ends_with(b"0\r\n\r\n"),
        Err(_) => true,
    };
    let mut body = seen.body.clone();
    while !whole(&body) {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            break;
        }
    }
    Some(Seen { body, ..seen })
}

/// An answer with a length.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| out.push_str(&format!("{name}: {value}\r\n")));
    out.push_str("\r\n");
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    out
}

/// The body of a chunked message.
pub fn unchunked(mut framed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let line = framed.windows(2).position(|two| two == b"\r\n").expect("a chunk's size");
        let size = usize::from_str_radix(std::str::from_utf8(&framed[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return out;
        }
        out.extend_from_slice(&framed[line + 2..line + 2 + size]);
        framed = &framed[line + 2 + size + 2..];
    }
}

/// A connection to our own server, driven byte by byte.
pub struct Wire {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    /// Connects.
    pub async fn to(server: &Server) -> Self {
        let port = url::Url::parse(server.url()).unwrap().port().unwrap();
        Self { stream: TcpStream::connect(("127.0.0.1", port)).await.unwrap(), received: Vec::new() }
    }

    /// A request line of the proxy with what every proxied call needs; `more` are whole header lines.
    pub async fn call(server: &Server, line: &str, more: &str) -> Self {
        let mut wire = Self::to(server).await;
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nProvider-Config-Key: raw\r\n\
             Connection-Id: one\r\n{more}\r\n",
            server.key()
        );
        wire.send(head.as_bytes()).await;
        wire
    }

    /// Writes bytes.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Everything received so far, once it contains `wanted`.
    pub async fn until(&mut self, wanted: &str) -> String {
        let reading = async {
            loop {
                let text = String::from_utf8_lossy(&self.received).into_owned();
                if text.contains(wanted) {
                    return text;
                }
                if self.stream.read_buf(&mut self.received).await.unwrap_or(0) == 0 {
                    panic!("ended before {wanted:?}: {text:?}");
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reading)
            .await
            .unwrap_or_else(|_| panic!("no {wanted:?}"))
    }

    /// Everything until the connection ends.
    pub async fn rest(mut self) -> Vec<u8> {
        let reading = async { while self.stream.read_buf(&mut self.received).await.unwrap_or(0) > 0 {} };
        tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the connection stays open");
        self.received
    }
}
