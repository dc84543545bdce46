//! What callers may take of this machine, and what `/metrics` tells of it.

use crate::harness;

use std::time::Duration;

use harness::receiver::Receiver;
use harness::upstream::{Upstream, answer, read_request};
use harness::{Server, Start, outside};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

/// A server whose provider `held` takes its key in the body, so that every body is held.
async fn holding(upstream: &Upstream, more: &[&str]) -> (Server, TempDir) {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("held.yaml");
    let definition = format!(
        "held:\n  display_name: Held\n  auth_mode: API_KEY\n  proxy:\n    base_url: http://127.0.0.1:{}\n    \
         body:\n      key: ${{apiKey}}\n",
        upstream.port
    );
    std::fs::write(&file, definition).unwrap();
    let exempt = format!("127.0.0.1:{}", upstream.port);
    let mut arguments = vec!["--provider-file", file.to_str().unwrap(), "--exempt", &exempt];
    arguments.extend_from_slice(more);
    let server = Start::dev().args(&arguments).start();
    let integration = json!({"provider": "held", "unique_key": "held"});
    server.api("POST", "/integrations", Some(integration)).await.ok();
    let body = json!({"provider_config_key": "held", "connection_id": "one",
        "credentials": {"type": "API_KEY", "apiKey": "k"}});
    server.api("POST", "/connections", Some(body)).await.ok();
    (server, dir)
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_held_share_one_room() {
    // The provider answers `/slow` when it has been told to.
    let (go, wait) = tokio::sync::watch::channel(());
    let upstream = Upstream::start_with(move |mut stream, seen| {
        let mut wait = wait.clone();
        async move {
            while let Some(request) = read_request(&mut stream).await {
                let slow = request.line().contains("/slow");
                seen.lock().unwrap().push(request);
                if slow {
                    let _ = wait.changed().await;
                }
                if stream.write_all(&answer("200 OK", &[], b"{}")).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let (server, _dir) = holding(&upstream, &["--held-total-mb", "1"]).await;
    let long = json!({"text": "x".repeat(700_000)}).to_string();
    let kind = [("content-type", "application/json")];
    let post = async |path: &str, body: &str| {
        server.proxy_with("POST", path, "held", "one", &kind, body.to_owned()).await
    };
    let second = async {
        let deadline = Instant::now() + Duration::from_secs(20);
        while upstream.seen().is_empty() {
            assert!(Instant::now() < deadline, "the first never came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let refused = post("/quick", &long).await;
        let error = refused.refused(503, "no_room");
        assert!(error["message"].as_str().unwrap().contains("--held-total-mb"), "{error}");
        assert_eq!(refused.header("retry-after"), "5");
        // A small one still fits beside the first.
        post("/quick", "{\"a\":1}").await.ok();
        go.send(()).unwrap();
    };
    let (first, ()) = tokio::join!(post("/slow", &long), second);
    first.ok();
    let sent: Value = serde_json::from_slice(&upstream.seen()[0].body).unwrap();
    assert_eq!((sent["key"].as_str(), sent["text"].as_str().map(str::len)), (Some("k"), Some(700_000)));
    post("/quick", &long).await.ok();
    let never = json!({"text": "x".repeat(1_100_000)}).to_string();
    let error = post("/quick", &never).await.refused(400, "payload_too_large");
    assert!(error["message"].as_str().unwrap().contains("--held-total-mb"), "{error}");
    server.calm();
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_kept_for_a_repetition_share_the_room_and_stream_where_there_is_none() {
    let (go, wait) = tokio::sync::watch::channel(());
    let upstream = Upstream::start_with(move |mut stream, seen| {
        let mut wait = wait.clone();
        async move {
            while let Some(request) = read_request(&mut stream).await {
                let slow = request.line().contains("/slow");
                seen.lock().unwrap().push(request);
                if slow {
                    let _ = wait.changed().await;
                }
                let status = if slow { "200 OK" } else { "503 Later" };
                if stream.write_all(&answer(status, &[], b"{}")).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let (server, _dir) = upstream.server(&["--held-total-mb", "1", "--metrics-token", "a-token"]).await;
    let held = async || {
        let url = format!("{}/metrics", server.url());
        let text = server.send("GET", &url, &[("authorization", "Bearer a-token")], "").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix("sheetbend_held_body_bytes "));
        line.unwrap_or_else(|| panic!("{text}")).parse::<u64>().unwrap()
    };
    let kind = [("content-type", "application/octet-stream"), ("retries", "1")];
    let post =
        async |path: &str| server.proxy_with("POST", path, "raw", "one", &kind, "x".repeat(700_000)).await;
    let second = async {
        let deadline = Instant::now() + Duration::from_secs(20);
        while upstream.seen().is_empty() {
            assert!(Instant::now() < deadline, "the first never came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(held().await, 700_000, "as the first may be sent again");
        assert_eq!(post("/quick").await.status, 503);
        assert_eq!(upstream.seen().len(), 2, "nobody kept the second");
        assert_eq!(upstream.seen()[1].body.len(), 700_000);
        go.send(()).unwrap();
    };
    let (first, ()) = tokio::join!(post("/slow"), second);
    first.ok();
    let deadline = Instant::now() + Duration::from_secs(20);
    while held().await > 0 {
        assert!(Instant::now() < deadline, "the room is not given back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(post("/quick").await.status, 503);
    assert_eq!(upstream.seen().len(), 4, "with room again it was repeated");
    server.calm();
}

#[tokio::test]
async fn the_length_of_our_own_bodies_is_a_setting() {
    let long = |bytes: usize| json!({"end_user": {"id": "u"}, "tags": {"a": "x".repeat(bytes)}});
    let server = Start::dev().args(&["--body-limit-mb", "1"]).start();
    let answer = server.api("POST", "/connect/sessions", Some(long(1_100_000))).await;
    let error = answer.refused(413, "request_too_large");
    assert!(error["message"].as_str().unwrap().contains("--body-limit-mb"), "{error}");
    let shorter = server.api("POST", "/connect/sessions", Some(long(900_000))).await;
    assert_eq!(shorter.status, 400, "read, and refused for what it says");
    for wrong in ["0", "1001", "x"] {
        assert!(Start::dev().args(&["--body-limit-mb", wrong]).try_start().is_err(), "{wrong}");
    }
}

#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_prometheus_reads_our_metrics() {
    let upstream = Upstream::start(|_, request| {
        let body = json!({"access_token": "new", "expires_in": 3600, "token_type": "Bearer"}).to_string();
        match request.line().starts_with("POST /token") {
            true => answer("200 OK", &[("Content-Type", "application/json")], body.as_bytes()),
            false => answer("200 OK", &[], b"{}"),
        }
    })
    .await;
    let receiver = Receiver::start().await;
    let (server, _dir) = upstream.server(&["--metrics-token", "a-token"]).await;
    let body = json!({"provider_config_key": "raw", "connection_id": "two", "webhook_url_override": receiver.url(),
        "credentials": {"type": "OAUTH2", "access_token": "old", "refresh_token": "r",
            "expires_at": "2020-01-01T00:00:00Z"}});
    server.api("POST", "/connections", Some(body)).await.ok();
    server.proxy("GET", "/x", "raw", "two").await.ok();
    receiver.wait_for(1).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    let samples = loop {
        let url = format!("{}/metrics", server.url());
        let metrics = server.send("GET", &url, &[("authorization", "Bearer a-token")], "").await;
        let options = json!({"text": metrics.text(), "kind": metrics.header("content-type")});
        let facts = outside::python("metrics_parse.py", &options).await;
        let samples = facts["samples"].clone();
        if samples["sheetbend_webhook_tries_total{outcome=delivered}"] == 1.0 {
            break samples;
        }
        assert!(Instant::now() < deadline, "{samples}");
    };
    for (name, value) in [
        ("sheetbend_proxied_calls_total", 1.0),
        ("sheetbend_refreshes_total{outcome=success}", 1.0),
        ("sheetbend_refreshes_total{outcome=refused}", 0.0),
        ("sheetbend_refreshes_taken_over_total", 0.0),
        ("sheetbend_webhook_tries_total{outcome=given_up}", 0.0),
        ("sheetbend_log_dropped_total", 0.0),
        ("sheetbend_held_body_bytes", 0.0),
    ] {
        assert_eq!(samples[name], value, "{name} in {samples}");
    }
    assert!(samples["sheetbend_log_waiting"].is_number(), "{samples}");
    // `house` and its kin stand in the queue, or have just been.
    let kinds = samples.as_object().unwrap().keys().filter(|name| name.starts_with("sheetbend_tasks{"));
    assert!(kinds.clone().all(|name| name.contains("kind=") && name.contains("state=")), "{samples}");
}
