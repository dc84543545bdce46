//! A sandbox behind its own listener, and a plain HTTP client that names hosts by header.

#![expect(dead_code, reason = "every test binary uses its own part of this module")]

use std::sync::Arc;

use bytes::Bytes;
use domain::Clock;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use sandbox::{MULTI_TENANT_APP, Sandbox, SandboxOptions, SignInRequest};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// 21 November 2026, 17:00 UTC.
const NOW_MS: i64 = 1_795_280_400_000;

struct FixedClock;

impl Clock for FixedClock {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }
}

/// A served sandbox.
pub struct FrontDoor {
    pub sandbox: Sandbox,
    pub port: u16,
    client: Client<HttpConnector, Full<Bytes>>,
    shutdown: CancellationToken,
    /// Ada's tokens, for Graph and for Contoso's SharePoint, with every right.
    graph: String,
    sharepoint: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A call to be made.
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
}

impl FrontDoor {
    pub async fn open() -> Self {
        let sandbox = Sandbox::open(SandboxOptions::new(Arc::new(FixedClock))).expect("sandbox");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let port = listener.local_addr().expect("address").port();
        let shutdown = CancellationToken::new();
        let (served, until) = (sandbox.clone(), shutdown.clone());
        tokio::spawn(async move { served.serve(listener, until).await });
        let client = Client::builder(TokioExecutor::new()).build_http();
        let every_right = "https://graph.microsoft.com/Sites.FullControl.All https://graph.microsoft.com/Files.ReadWrite.All";
        let graph = Self::sign_in(&sandbox, "ada@contoso.example", every_right);
        let all = "https://contoso.sharepoint.com/AllSites.FullControl";
        let sharepoint = Self::sign_in(&sandbox, "ada@contoso.example", all);
        Self { sandbox, port, client, shutdown, graph, sharepoint }
    }

    pub fn sign_in(sandbox: &Sandbox, user: &str, scope: &str) -> String {
        let login = "http://localhost:1";
        let request = SignInRequest { app_id: MULTI_TENANT_APP, user, scope, login };
        sandbox.sign_in(&request).expect("signed in").access_token
    }

    /// A call to Graph as Ada.
    pub async fn graph(&self, call: Call<'_>) -> Answer {
        self.send(&format!("graph.localhost:{}", self.port), &self.graph, call).await
    }

    /// A call to Contoso's SharePoint as Ada.
    pub async fn sharepoint(&self, call: Call<'_>) -> Answer {
        self.send(&format!("contoso.sharepoint.localhost:{}", self.port), &self.sharepoint, call).await
    }

    /// A GET as Ada at a host of another name.
    pub async fn send_as_ada(&self, host: &str, path: &str) -> Answer {
        self.send(host, &self.graph, Call { method: "GET", path, headers: &[], body: "" }).await
    }

    pub async fn graph_get(&self, path: &str) -> Answer {
        self.graph(Call { method: "GET", path, headers: &[], body: "" }).await
    }

    /// A GET in one of the flavours: `verbose`, `minimalmetadata`, `nometadata`.
    pub async fn sharepoint_get(&self, path: &str, flavour: &str) -> Answer {
        let accept = format!("application/json;odata={flavour}");
        self.sharepoint(Call { method: "GET", path, headers: &[("accept", &accept)], body: "" }).await
    }

    pub async fn send(&self, host: &str, token: &str, call: Call<'_>) -> Answer {
        let mut request = Request::builder()
            .method(Method::from_bytes(call.method.as_bytes()).expect("method"))
            .uri(format!("http://127.0.0.1:{}{}", self.port, call.path))
            .header("host", host)
            .header("authorization", format!("Bearer {token}"));
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::from(call.body.to_owned()));
        let response = self.client.request(request.body(body).expect("request")).await.expect("an answer");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The path and query of a link that the sandbox handed out.
    pub fn path_of(&self, link: &Value) -> String {
        let link = link.as_str().expect("a link");
        let (_, rest) = link.split_once("://").expect("absolute");
        rest[rest.find('/').expect("a path")..].to_owned()
    }
}

impl Drop for FrontDoor {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A call with a JSON body.
pub fn with_json<'a>(method: &'a str, path: &'a str, body: &'a str) -> Call<'a> {
    Call { method, path, headers: &[("content-type", "application/json")], body }
}
