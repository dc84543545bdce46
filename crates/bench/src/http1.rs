//! A client of one kept connection, and single calls for what is not measured.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A request of the load.
pub type Call = Request<Full<Bytes>>;

/// One kept connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends and reads to the end; the body's length.
    pub async fn exchange(&mut self, call: Call) -> anyhow::Result<(StatusCode, u64)> {
        self.sender.ready().await?;
        let mut answer = self.sender.send_request(call).await?;
        let mut bytes = 0;
        while let Some(frame) = answer.frame().await {
            bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
        }
        Ok((answer.status(), bytes))
    }

    /// Sends and keeps the body.
    pub async fn fetch(&mut self, call: Call) -> anyhow::Result<(StatusCode, Bytes)> {
        self.sender.ready().await?;
        let answer = self.sender.send_request(call).await?;
        Ok((answer.status(), answer.into_body().collect().await?.to_bytes()))
    }
}

/// A request with the headers that every one of ours has.
pub fn call(method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> anyhow::Result<Call> {
    let mut request =
        Request::new(body.map_or_else(Full::default, |body| Full::new(Bytes::from(body.to_string()))));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse()?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_static("bench.local"));
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(key) = key {
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))?);
    }
    Ok(request)
}

/// One call on a connection of its own that must succeed.
pub async fn once(address: SocketAddr, call: Call) -> anyhow::Result<Bytes> {
    let what = format!("{} {}", call.method(), call.uri());
    let (status, body) = Connection::open(address).await?.fetch(call).await.with_context(|| what.clone())?;
    ensure!(status.is_success(), "{what}: {status}: {}", String::from_utf8_lossy(&body));
    Ok(body)
}
