//! Raw loopback servers that record what really arrived, and clients that may reach them.
#![expect(dead_code, unreachable_pub, reason = "each test file uses its own part of this module")]

pub mod tls;

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egress::{Body, Egress, EgressOptions, PolicyClass, Resolve, Resolving, SendPolicy, SystemRoots};
use http::Request;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// One request as it came off the wire.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub connection: usize,
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn request_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The values of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

/// What a raw server does after it has read a request.
pub enum Act {
    Send(Vec<u8>),
    Stall,
    Close,
}

/// An answer with a length, on a connection that stays open.
pub fn answer(body: &str) -> Vec<Act> {
    send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

pub fn send(text: &str) -> Vec<Act> {
    vec![Act::Send(text.as_bytes().to_vec())]
}

pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub fn url(&self, path_and_query: &str) -> String {
        format!("http://{}{path_and_query}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("seen").clone()
    }

    pub fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

/// Starts a server that answers each request by `script`.
pub async fn server(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (script, record) = (Arc::new(script), seen.clone());
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.expect("accept");
            let (script, record) = (script.clone(), record.clone());
            tokio::spawn(async move { converse(stream, connection, &*script, &record).await });
        }
    });
    Server { address, seen }
}

/// Serves one connection until the client leaves or the script closes it.
pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    connection: usize,
    script: &(impl Fn(&Seen) -> Vec<Act> + ?Sized),
    record: &Mutex<Vec<Seen>>,
) {
    while let Some(mut seen) = read_request(&mut stream).await {
        seen.connection = connection;
        record.lock().expect("record").push(seen.clone());
        for act in script(&seen) {
            match act {
                Act::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Act::Stall => pending().await,
                Act::Close => return,
            }
        }
    }
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = read_until(stream, &mut bytes, b"\r\n\r\n").await?;
    let body = bytes.split_off(end);
    let mut seen = Seen { head: String::from_utf8(bytes).expect("head is text"), body, connection: 0 };
    if let Some(length) = seen.header("content-length").first() {
        let length: usize = length.parse().expect("length");
        while seen.body.len() < length {
            if stream.read_buf(&mut seen.body).await.ok()? == 0 {
                return None;
            }
        }
    } else if !seen.header("transfer-encoding").is_empty() && !seen.body.ends_with(b"0\r\n\r\n") {
        read_until(stream, &mut seen.body, b"0\r\n\r\n").await?;
    }
    Some(seen)
}

async fn read_until<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut Vec<u8>, mark: &[u8]) -> Option<usize> {
    loop {
        if let Some(at) = bytes.windows(mark.len()).position(|w| w == mark) {
            return Some(at + mark.len());
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A DNS of our own: each lookup of a name takes its next answer, the last one stays.
#[derive(Default)]
pub struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    pub asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let parse = |list: &&[&str]| list.iter().map(|ip| ip.parse().expect("address")).collect();
        let mut answers: Vec<Vec<IpAddr>> = answers.iter().map(parse).collect();
        answers.reverse();
        self.answers.lock().expect("answers").insert(name.to_owned(), answers);
        self
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("asked").clone()
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        self.asked.lock().expect("asked").push(name.to_owned());
        let mut answers = self.answers.lock().expect("answers");
        let found = match answers.get_mut(name) {
            Some(list) if list.len() > 1 => list.pop(),
            Some(list) => list.last().cloned(),
            None => None,
        };
        Box::pin(async move { found.ok_or_else(|| io::Error::other("Name or service not known")) })
    }
}

pub fn options() -> EgressOptions {
    EgressOptions { system_roots: SystemRoots::Ignore, ..EgressOptions::default() }
}

pub fn client() -> Egress {
    Egress::new(options()).expect("client")
}

/// A policy that lets loopback pass, as `sheetbend dev` has it.
pub fn loopback() -> SendPolicy {
    SendPolicy { class: PolicyClass::PublicOrLoopback, ..SendPolicy::default() }
}

pub fn get(url: &str) -> Request<Body> {
    Request::get(url).body(Body::empty()).expect("request")
}

pub fn post(url: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(url).body(body.into()).expect("request")
}

/// Reads an answer's body whole.
pub async fn text(response: http::Response<egress::ResponseBody>) -> Result<String, egress::EgressError> {
    let bytes = http_body_util::BodyExt::collect(response.into_body()).await?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A limit that a stalled loopback server is sure to pass.
pub const SHORT: Duration = Duration::from_millis(120);
