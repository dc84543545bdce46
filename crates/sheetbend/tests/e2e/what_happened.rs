//! The log: connects, refreshes and proxied calls as operations, filtered, paged, followed.

use crate::harness;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use harness::connect::{connect, connections_of, session_of, sign_in_url};
use harness::person::Person;
use harness::{Server, Start, eventually};
use serde_json::Value;

const KEY: &str = "microsoft-excel";
const ID: &str = "demo-excel";

async fn operations(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.api("GET", &format!("/operations?{query}"), None).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()["data"].as_array().unwrap().clone()
}

/// Waits for at least this many, since the log is written in batches.
async fn at_least(server: &Server, query: &str, count: usize) -> Vec<Value> {
    eventually(query, async || {
        let found = operations(server, query).await;
        (found.len() >= count).then_some(found)
    })
    .await
}

#[tokio::test]
async fn a_connect_a_refresh_and_a_call_are_told_with_their_messages() {
    let server = Start::dev().start();
    let token = session_of(&server, "megan").await;
    let url = sign_in_url(&server, KEY, &token, "");
    connect(&mut Person::default(), &server, &url, "megan@contoso.example").await;
    let id = connections_of(&server, "megan").await[0]["connection_id"].as_str().unwrap().to_owned();
    let path = format!("/connections/{id}?provider_config_key={KEY}&force_refresh=true");
    assert_eq!(server.api("GET", &path, None).await.status, 200);
    let more = [("x-my-token", "hush-hush"), ("x-plain", "seen")];
    let call =
        server.proxy_with("GET", "/v1.0/me/drive?$select=id&token=hush-hush", KEY, &id, &more, "").await;
    assert_eq!(call.status, 200, "{}", call.text());

    let all = at_least(&server, &format!("connection={id}"), 3).await;
    let kinds: Vec<&str> = all.iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["proxy", "auth", "auth"], "newest first: {all:?}");
    for one in &all {
        let full = server.api("GET", &format!("/operations/{}", one["id"].as_str().unwrap()), None).await;
        let full = full.json()["data"].clone();
        assert_eq!(full["state"], "success", "{full}");
        let messages = full["messages"].as_array().unwrap();
        assert!(!messages.is_empty(), "{full}");
        let text = full.to_string();
        assert!(!text.contains("hush-hush"), "{text}");
        if one["type"] == "proxy" {
            let request = &messages[0]["request"];
            assert_eq!(request["method"], "GET");
            assert!(
                request["url"].as_str().unwrap().contains("/v1.0/me/drive?$select=id&token=REDACTED"),
                "{request}"
            );
            assert_eq!(request["headers"]["authorization"], "REDACTED");
            assert_eq!(request["headers"]["x-plain"], "seen");
            assert_eq!(messages[0]["response"]["code"], 200, "{full}");
            assert!(full["duration_ms"].as_f64().unwrap() > 0.0);
        } else {
            assert!(text.contains("/oauth2/v2.0/token"), "the token call is told: {text}");
        }
    }
}

#[tokio::test]
async fn retries_are_told() {
    let server = Start::dev().start();
    let fault = serde_json::json!({"match": {"path_prefix": "/v1.0/me"}, "times": 1,
        "action": {"status": 503, "retry_after": 0}});
    assert_eq!(server.control("faults", fault).await.status, 200);
    let answer = server.proxy_with("GET", "/v1.0/me", KEY, ID, &[("retries", "2")], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let one = at_least(&server, "type=proxy", 1).await.remove(0);
    let full = server.api("GET", &format!("/operations/{}", one["id"].as_str().unwrap()), None).await.json();
    let text = full.to_string();
    assert!(text.contains("503"), "{full}");
    assert_eq!(full["data"]["state"], "success");
}

#[tokio::test]
async fn filters_choose_and_wrong_ones_are_refused() {
    let server = Start::dev().start();
    assert_eq!(server.proxy("GET", "/v1.0/me", KEY, ID).await.status, 200);
    assert_eq!(server.proxy("GET", "/v1.0/me/drive/items/nothing", KEY, ID).await.status, 404);
    assert_eq!(
        server.proxy("GET", "/v1.0/sites/root", "sharepoint-online", "demo-sharepoint").await.status,
        200
    );
    at_least(&server, "type=proxy", 3).await;
    for (query, count) in [
        ("type=proxy&integration=microsoft-excel", 2),
        ("type=proxy&connection=demo-sharepoint", 1),
        ("type=proxy&state=failed", 1),
        ("type=proxy&state=success,failed", 3),
        ("type=proxy&from=2020-01-01T00:00:00Z", 3),
        ("type=proxy&to=2020-01-01T00:00:00Z", 0),
        ("integration=none", 0),
    ] {
        assert_eq!(operations(&server, query).await.len(), count, "{query}");
    }
    let found = at_least(&server, "type=proxy&search=nothing", 1).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["status"], 404);
    for wrong in ["state=odd", "limit=0", "limit=501", "from=yesterday", "surprise=1"] {
        let refused = server.api("GET", &format!("/operations?{wrong}"), None).await;
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.text());
    }
    assert_eq!(server.api("GET", "/operations/none", None).await.status, 404);
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_double() {
    let server = Start::dev().start();
    for _ in 0..7 {
        assert_eq!(server.proxy("GET", "/v1.0/me", KEY, ID).await.status, 200);
    }
    let all: Vec<Value> =
        at_least(&server, "type=proxy", 7).await.iter().map(|one| one["id"].clone()).collect();
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.api("GET", &format!("/operations?type=proxy&limit=3{cursor}"), None).await.json();
        paged.extend(page["data"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        match page["pagination"]["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let oldest = all.last().unwrap().as_str().unwrap();
    let after = operations(&server, &format!("type=proxy&after={oldest}")).await;
    assert_eq!(after.len(), 6);
    assert_eq!(after[0]["id"], all[5], "oldest first");
}

#[tokio::test]
async fn sheetbend_logs_follows_what_happens() {
    let server = Start::dev().start();
    assert_eq!(server.proxy("GET", "/v1.0/me", KEY, ID).await.status, 200);
    at_least(&server, "type=proxy", 1).await;
    let mut follower = Command::new(env!("CARGO_BIN_EXE_sheetbend"))
        .args(["logs", "--follow", "--type", "proxy", "--data-dir"])
        .arg(&server.data_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(follower.stdout.take().unwrap());
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    let mut next = async || {
        let wait = std::time::Duration::from_secs(10);
        tokio::time::timeout(wait, lines.recv()).await.expect("a line in time").expect("still running")
    };
    let known = next().await;
    assert!(
        known.contains("GET") && known.contains("200") && known.contains("microsoft-excel/demo-excel"),
        "{known}"
    );
    assert_eq!(server.proxy("GET", "/v1.0/me/drive/items/nothing", KEY, ID).await.status, 404);
    let new = next().await;
    assert!(new.contains("404") && new.contains("failed") && new.contains("/items/nothing"), "{new}");
    follower.kill().unwrap();
    follower.wait().unwrap();
}
