//! The process dies at the worst moments; what was acknowledged is there after the next start, and works.

use crate::harness;

use std::time::Duration;

use harness::visitor::{Visitor, session};
use harness::{Server, Start};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;

const EXCEL: &str = "microsoft-excel";
const ADA: &str = "ada@contoso.example";

/// A first start that makes everything, ended cleanly.
fn prepared() -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut server = Start::dev().in_dir(dir.path()).start();
    assert_eq!(server.stop(), Some(0));
    dir
}

fn start_to_die(dir: &TempDir, point: &str) -> Server {
    Start::dev().in_dir(dir.path()).env("SHEETBEND_STOP_AT", point).start()
}

/// Starts again without a fault and looks at everything that was there before.
async fn alive(dir: &TempDir) -> Server {
    let server = Start::dev().in_dir(dir.path()).start();
    for (integration, id, path) in [
        (EXCEL, "demo-excel", "/v1.0/me"),
        ("sharepoint-online", "demo-sharepoint", "/v1.0/sites/root"),
        ("sharepoint-online-v1", "demo-sharepoint-v1", "/_api/web/lists"),
    ] {
        let answer = server.proxy("GET", path, integration, id).await;
        assert_eq!(answer.status, 200, "{integration}: {}", answer.text());
    }
    let listed = server.api("GET", "/connections", None).await.ok();
    for one in listed["connections"].as_array().unwrap() {
        assert_eq!(one["errors"], json!([]), "{one}");
    }
    server
}

#[tokio::test]
async fn killed_while_an_authorization_begins_or_returns() {
    let dir = prepared();
    for point in ["authorize:stored", "callback:taken", "callback:redeemed", "callback:stored"] {
        let mut server = start_to_die(&dir, point);
        let before = connections(&server).await;
        let (base, key) = (server.url().to_owned(), server.key().to_owned());
        if point == "authorize:stored" {
            let made = server.api("POST", "/connect/sessions", Some(session(EXCEL))).await.ok();
            let token = made["data"]["token"].as_str().unwrap();
            let url = format!("{base}/oauth/connect/{EXCEL}?connect_session_token={token}");
            dies(&url).await;
        } else {
            let mut visitor = Visitor::new(&server);
            let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
            let returned = visitor.sign_in(&begun, ADA).await;
            let cookie = begun.header("set-cookie").split(';').next().unwrap().to_owned();
            dies_with(&returned.url, &cookie).await;
        }
        server.wait();
        let server = alive(&dir).await;
        assert_eq!(server.key(), key);
        let after = connections(&server).await;
        let stored = usize::from(point == "callback:stored");
        assert_eq!(after, before + stored, "{point}: stored whole or not at all");
        // The person simply begins again.
        let page = Visitor::new(&server).connect(EXCEL, ADA).await;
        assert_eq!(page.status, 200, "{point}: {}", page.text());
    }
}

#[tokio::test]
async fn killed_right_after_a_form_was_stored() {
    let dir = TempDir::new().unwrap();
    // `dev` itself connects by form at its first start, and dies there.
    let died = Start::dev().in_dir(dir.path()).env("SHEETBEND_STOP_AT", "direct:stored").try_start();
    assert!(died.is_err());
    let server = alive(&dir).await;
    assert_eq!(connections(&server).await, 3);
}

#[tokio::test]
async fn killed_at_each_point_of_a_refresh() {
    let dir = prepared();
    let points = ["refresh:claimed", "refresh:before_call", "refresh:answered", "refresh:committed"];
    for point in points {
        let mut server = start_to_die(&dir, point);
        expire(&server).await;
        let path = format!("{}/proxy/v1.0/me", server.url());
        let authorization = format!("Bearer {}", server.key());
        let headers = [
            ("authorization", authorization.as_str()),
            ("provider-config-key", EXCEL),
            ("connection-id", "demo-excel"),
        ];
        assert!(raw(&path, &headers).await.is_none(), "{point}: it answered");
        server.wait();
        let started = Instant::now();
        let server = alive(&dir).await;
        let took = started.elapsed();
        assert!(
            took < Duration::from_secs(10),
            "{point}: callers waited {took:?} for a dead process's lease"
        );
        let refreshed = server.token_calls().await;
        assert_eq!(refreshed, usize::from(point != "refresh:committed"), "{point}");
    }
}

#[tokio::test]
async fn a_token_that_still_works_waits_for_nobody() {
    let dir = prepared();
    let mut server = start_to_die(&dir, "refresh:before_call");
    let forced =
        format!("{}/connections/demo-excel?provider_config_key={EXCEL}&force_refresh=true", server.url());
    let authorization = format!("Bearer {}", server.key());
    assert!(raw(&forced, &[("authorization", &authorization)]).await.is_none());
    server.wait();
    let server = alive(&dir).await;
    assert_eq!(server.token_calls().await, 0, "the old token is good for most of an hour");
}

#[tokio::test]
async fn killed_during_many_writes_nothing_acknowledged_is_lost() {
    let dir = prepared();
    let mut server = Start::dev().in_dir(dir.path()).start();
    let process = server.id();
    let mut acknowledged = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut killer = None;
    let credentials = json!({"type": "OAUTH2", "access_token": "opaque"});
    let url = format!("{}/connections", server.url());
    let authorization = format!("Bearer {}", server.key());
    'writing: for round in 0.. {
        if acknowledged.len() > 40 && killer.is_none() {
            // Beside the writes of this round.
            killer = Some(std::thread::spawn(move || {
                std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
            }));
        }
        let writes = (0..8).map(|lane| {
            let id = format!("w-{round}-{lane}");
            let body = json!({"provider_config_key": EXCEL, "connection_id": id, "credentials": credentials,
                "metadata": {"round": round}});
            let (url, authorization) = (&url, &authorization);
            async move {
                let headers =
                    [("authorization", authorization.as_str()), ("content-type", "application/json")];
                harness::request("POST", url, &headers, body.to_string())
                    .await
                    .map(|answer| (id, answer.status))
            }
        });
        for outcome in futures_util::future::join_all(writes).await {
            match outcome {
                Some((id, status)) if status.is_success() => acknowledged.push(id),
                Some((id, status)) => panic!("{id}: {status}"),
                None => break 'writing,
            }
        }
        assert!(Instant::now() < deadline, "nobody killed it");
    }
    killer.expect("it went by itself").join().unwrap();
    server.wait();
    let server = alive(&dir).await;
    let listed = server.api("GET", "/connections", None).await.ok();
    let known: std::collections::HashSet<&str> = listed["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["connection_id"].as_str().unwrap())
        .collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|id| !known.contains(id.as_str())).collect();
    assert!(lost.is_empty(), "lost {lost:?} of {}", acknowledged.len());
    let last = acknowledged.last().unwrap();
    let got = server.api("GET", &format!("/connections/{last}?provider_config_key={EXCEL}"), None).await.ok();
    assert_eq!(got["credentials"]["access_token"], "opaque");
}

async fn connections(server: &Server) -> usize {
    server.api("GET", "/connections", None).await.ok()["connections"].as_array().unwrap().len()
}

async fn expire(server: &Server) {
    let path = format!("/connections/demo-excel?provider_config_key={EXCEL}&refresh_token=true");
    let credentials = server.api("GET", &path, None).await.ok()["credentials"].clone();
    let body = json!({"provider_config_key": EXCEL, "connection_id": "demo-excel", "credentials": {
        "type": "OAUTH2", "access_token": credentials["access_token"], "refresh_token": credentials["refresh_token"],
        "expires_at": "2020-01-01T00:00:00Z"}});
    server.api("POST", "/connections", Some(body)).await.ok();
}

async fn raw(url: &str, headers: &[(&str, &str)]) -> Option<harness::Answer> {
    tokio::time::timeout(Duration::from_secs(10), harness::request("GET", url, headers, ""))
        .await
        .expect("neither an answer nor an end")
}

async fn dies(url: &str) {
    assert!(raw(url, &[]).await.is_none(), "it answered");
}

async fn dies_with(url: &str, cookie: &str) {
    assert!(raw(url, &[("cookie", cookie)]).await.is_none(), "it answered");
}
