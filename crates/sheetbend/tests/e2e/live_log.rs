//! What stands behind the log's page: search, histogram, live view.

use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::harness::{Server, Start, eventually};

/// A live view, read event by event.
pub struct Live {
    body: BoxBody<bytes::Bytes, String>,
    text: String,
}

#[derive(Debug, Default)]
pub struct Heard {
    pub event: String,
    pub id: String,
    pub data: Value,
}

impl Live {
    pub async fn open(server: &Server, query: &str, more: &[(&str, &str)]) -> Self {
        let http: Client<_, Empty<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let port = server.url().rsplit(':').next().unwrap();
        let mut request = http::Request::get(format!("http://127.0.0.1:{port}/internal/logs/tail{query}"))
            .header("authorization", format!("Bearer {}", server.key()));
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let response = http.request(request.body(Empty::new()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = response.into_body().map_err(|error| error.to_string()).boxed();
        Self { body, text: String::new() }
    }

    /// The next event that is no comment; `None` at the stream's end.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let mut heard = Heard::default();
                for line in block.lines() {
                    match line.split_once(": ") {
                        Some(("event", value)) => heard.event = value.to_owned(),
                        Some(("id", value)) => heard.id = value.to_owned(),
                        Some(("data", value)) => heard.data = serde_json::from_str(value).unwrap(),
                        _ => {}
                    }
                }
                if !heard.event.is_empty() {
                    return Some(heard);
                }
            }
            let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame()).await.unwrap();
            let data = frame?.ok()?.into_data().ok()?;
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }
}

#[tokio::test]
async fn the_log_is_heard_as_it_is_written() {
    let mut server = Start::dev().start();
    let mut all = Live::open(&server, "?type=proxy", &[]).await;
    let mut failures = Live::open(&server, "?state=failed&status=4xx&search=nowhere", &[]).await;
    assert_eq!(server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.status, 200);
    let first = all.next().await.unwrap();
    assert_eq!((first.event.as_str(), first.data["status"].as_i64()), ("operation", Some(200)));
    assert_eq!(first.data["id"], first.id.as_str());
    assert_eq!(server.proxy("GET", "/v1.0/nowhere", "microsoft-excel", "demo-excel").await.status, 400);
    let failed = failures.next().await.unwrap();
    assert!(failed.data["message"].as_str().unwrap().ends_with("/v1.0/nowhere"), "{failed:?}");
    assert_eq!(all.next().await.unwrap().id, failed.id);
    // Whoever comes back hears what was missed.
    let mut again = Live::open(&server, "?type=proxy", &[("last-event-id", &first.id)]).await;
    assert_eq!(again.next().await.unwrap().id, failed.id);
    let refused = server.send("GET", &format!("{}/internal/logs/tail", server.url()), &[], "").await;
    refused.refused(401, "missing_auth_header");
    assert_eq!(server.stop(), Some(0), "open views do not hold the server up");
    assert!(all.next().await.is_none());
}

#[tokio::test]
async fn the_log_is_counted_and_searched() {
    let server = Start::dev().start();
    let ask = async |path: &str| server.api("GET", path, None).await;
    server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    let lost = server.proxy("GET", "/v1.0/nowhere", "microsoft-excel", "demo-excel").await;
    let request_id = lost.header("request-id").to_owned();
    assert!(!request_id.is_empty());
    // A word of the answer's headers, which are in the detail only.
    let found = eventually("the index", async || {
        let found = ask(&format!("/operations?search={request_id}")).await.ok();
        found["data"].get(0).is_some().then_some(found)
    })
    .await;
    assert_eq!(found["data"][0]["status"], 400);
    for (query, expected) in [
        ("status=4xx", 1),
        ("status=200,404&type=proxy", 1),
        ("state=failed&search=nowhe", 1),
        ("status=5xx", 0),
    ] {
        let found = ask(&format!("/operations?{query}")).await.ok();
        assert_eq!(found["data"].as_array().unwrap().len(), expected, "{query}");
        let counted = ask(&format!("/internal/logs/histogram?{query}")).await.ok();
        let sum: i64 =
            counted["buckets"].as_array().unwrap().iter().map(|one| one["total"].as_i64().unwrap()).sum();
        assert_eq!((sum, &counted["exact"]), (expected as i64, &Value::Bool(true)), "{query}");
    }
    let hour = ask("/internal/logs/histogram?type=proxy&buckets=48").await.ok();
    assert_eq!(hour["step_ms"], 1_800_000);
    let sums = hour["buckets"].as_array().unwrap().iter().fold((0, 0), |sums, one| {
        (sums.0 + one["total"].as_i64().unwrap(), sums.1 + one["failed"].as_i64().unwrap())
    });
    assert_eq!(sums, (2, 1));
    for bad in [
        "status=abc",
        "status=9xx",
        "buckets=0",
        "buckets=1000",
        "from=2030-01-01T00:00:00Z&to=2020-01-01T00:00:00Z",
        "x=1",
    ] {
        ask(&format!("/internal/logs/histogram?{bad}")).await.refused(400, "invalid_query_params");
    }
}
