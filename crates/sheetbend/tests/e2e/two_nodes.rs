//! Two server processes on one PostgreSQL: they refresh once, forget a revoked key together, and pass results on.

use crate::harness;
use crate::live_log::Live;

use std::time::Duration;

use harness::desk::Desk;
use harness::receiver::Receiver;
use harness::upstream::{Seen, Upstream, Wire, answer, connect, integrate, read_request};
use harness::visitor::Visitor;
use harness::{Server, Start};
use serde_json::json;
use tempfile::TempDir;
use testkit::databases::FreshDatabase;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

const KEY: &str = "3f2c1b0a-9d8e-4c7b-8a69-5f4e3d2c1b0a";
const ENCRYPTION: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

struct Nodes {
    a: Server,
    b: Server,
    upstream: Upstream,
    database: FreshDatabase,
    _dir: TempDir,
}

/// A provider whose token endpoint takes its time, the first time, and never gives the same token twice.
async fn provider(first: Duration) -> Upstream {
    Upstream::start_with(move |mut stream, seen| async move {
        while let Some(request) = read_request(&mut stream).await {
            let (number, tokens) = {
                let mut seen = seen.lock().unwrap();
                seen.push(request.clone());
                (seen.len(), seen.iter().filter(|one| is_token(one)).count())
            };
            let bytes = if is_token(&request) {
                if tokens == 1 {
                    tokio::time::sleep(first).await;
                }
                let body = json!({"access_token": format!("token-{number}"), "refresh_token": format!("next-{number}"),
                    "expires_in": 3600, "token_type": "Bearer"});
                answer("200 OK", &[("Content-Type", "application/json")], body.to_string().as_bytes())
            } else {
                answer("200 OK", &[], request.header("authorization").as_bytes())
            };
            if stream.write_all(&bytes).await.is_err() {
                return;
            }
        }
    })
    .await
}

fn is_token(seen: &Seen) -> bool {
    seen.line().starts_with("POST /token ")
}

impl Nodes {
    async fn start() -> Self {
        Self::start_with(Duration::from_millis(500)).await
    }

    async fn start_with(first_token: Duration) -> Self {
        let database = FreshDatabase::postgres().unwrap();
        let store::DatabaseUrl::Postgres(url) = database.url().clone() else { panic!("no PostgreSQL") };
        let (upstream, dir) = (provider(first_token).await, TempDir::new().unwrap());
        let file = upstream.definition(dir.path());
        let exempt = format!("127.0.0.1:{}", upstream.port);
        let node = |more: &[&str]| {
            let mut arguments = vec![
                "--provider-file",
                &file,
                "--exempt",
                &exempt,
                "--database-url",
                &url,
                "--encryption-key",
                ENCRYPTION,
            ];
            arguments.extend_from_slice(more);
            Start::serve(KEY).args(&arguments).start()
        };
        let b = node(&[]);
        let callback = format!("{}/oauth/callback", b.url());
        let a = node(&["--callback-url", &callback]);
        integrate(&a).await;
        Self { a, b, upstream, database, _dir: dir }
    }

    /// Ends the connections by which the nodes hear of each other.
    fn cut_channels(&self) {
        let store::DatabaseUrl::Postgres(url) = self.database.url() else { panic!("no PostgreSQL") };
        let kill = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'sheetbend listener' AND datname = '{}'",
            url.rsplit('/').next().unwrap()
        );
        self.database.server().unwrap().execute(&kill).unwrap();
    }
}

async fn call(server: &Server) -> harness::Answer {
    server.proxy("GET", "/who", "raw", "one").await
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_many_calls_on_two_nodes_make_one_refresh() {
    let nodes = Nodes::start().await;
    let expired = json!({"access_token": "old", "refresh_token": "r", "expires_at": "2020-01-01T00:00:00Z"});
    connect(&nodes.a, "one", expired).await;
    let each = if std::env::var("SHEETBEND_FULL_LOAD").is_ok_and(|full| full == "1") { 500 } else { 100 };
    let all = (0..each).flat_map(|_| [call(&nodes.a), call(&nodes.b)]);
    let answers = futures_util::future::join_all(all).await;
    let seen = nodes.upstream.seen();
    assert_eq!(seen.iter().filter(|one| is_token(one)).count(), 1, "one refresh for all");
    let first = answers[0].text();
    assert!(first.starts_with("Bearer token-"), "{first}");
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), answer.text()), (200, first.clone()));
    }
    nodes.a.calm();
    nodes.b.calm();
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_revoked_key_is_refused_everywhere_within_a_second() {
    let nodes = Nodes::start().await;
    connect(&nodes.a, "one", json!({"access_token": "t"})).await;
    for node in [&nodes.a, &nodes.b] {
        assert_eq!(call(node).await.status, 200);
    }
    let third = nodes.database.open().await.unwrap();
    let scope = domain::Scope { environment: domain::EnvironmentId(1) };
    let keys = third.api_keys(scope).await.unwrap();
    let revoked = Instant::now();
    for key in keys {
        third.revoke_api_key(scope, key.id, 1).await.unwrap();
    }
    for node in [&nodes.a, &nodes.b] {
        while call(node).await.status != 401 {
            assert!(revoked.elapsed() < Duration::from_secs(1), "still accepted");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        call(node).await.refused(401, "unknown_account");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_change_on_one_node_is_seen_on_the_other() {
    let nodes = Nodes::start().await;
    connect(&nodes.a, "one", json!({"access_token": "first"})).await;
    assert_eq!(call(&nodes.b).await.text(), "Bearer first");
    connect(&nodes.a, "one", json!({"access_token": "second"})).await;
    let written = Instant::now();
    while call(&nodes.b).await.text() != "Bearer second" {
        assert!(written.elapsed() < Duration::from_secs(1), "node B kept the old token");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    nodes.a.api("DELETE", "/connections/one?provider_config_key=raw", None).await.ok();
    let deleted = Instant::now();
    while call(&nodes.b).await.status == 200 {
        assert!(deleted.elapsed() < Duration::from_secs(1), "node B kept a deleted connection");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Opens a page's socket by hand; what follows are unmasked text frames.
async fn page(server: &Server) -> (Wire, String) {
    let mut wire = Wire::to(server).await;
    wire.send(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    .await;
    let text = wire.until("\"}").await;
    assert!(text.starts_with("HTTP/1.1 101"), "{text}");
    let id = text.split("\"ws_client_id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    (wire, id)
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_callback_on_one_node_reaches_the_page_on_the_other() {
    let nodes = Nodes::start().await;
    let (mut wire, socket) = page(&nodes.a).await;
    let mut visitor = Visitor::new(&nodes.a);
    let body = json!({"end_user": {"id": "u"}});
    let begun = visitor.begin("raw", body, &format!("&ws_client_id={socket}")).await;
    let location = url::Url::parse(begun.header("location")).unwrap();
    let param = |name: &str| location.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(param("redirect_uri"), format!("{}/oauth/callback", nodes.b.url()));
    let cookie = begun.header("set-cookie").split(';').next().unwrap();
    let url = format!("{}?code=c&state={}", param("redirect_uri"), param("state"));
    let returned = nodes.b.send("GET", &url, &[("cookie", cookie)], "").await;
    assert!(returned.text().contains("is connected"), "{}", returned.text());
    let text = wire.until("\"success\"").await;
    assert!(text.contains("\"provider_config_key\":\"raw\""), "{text}");
    // A failure travels the same way.
    let (mut wire, socket) = page(&nodes.a).await;
    let body = json!({"end_user": {"id": "u"}});
    let begun = visitor.begin("raw", body, &format!("&ws_client_id={socket}")).await;
    let location = url::Url::parse(begun.header("location")).unwrap();
    let state = location.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    let cookie = begun.header("set-cookie").split(';').next().unwrap();
    let url = format!("{}/oauth/callback?error=access_denied&state={state}", nodes.b.url());
    nodes.b.send("GET", &url, &[("cookie", cookie)], "").await;
    wire.until("\"callback_err\"").await;
}

const EXPIRED: &str = "2020-01-01T00:00:00Z";

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_the_log_of_one_node_is_heard_on_the_other() {
    let nodes = Nodes::start().await;
    connect(&nodes.a, "one", json!({"access_token": "t"})).await;
    let mut live = Live::open(&nodes.b, "?type=proxy", &[]).await;
    for node in [&nodes.a, &nodes.b, &nodes.a] {
        assert_eq!(call(node).await.status, 200);
        let (called, heard) = (Instant::now(), live.next().await.unwrap());
        assert!(called.elapsed() < Duration::from_secs(3), "heard after {:?}", called.elapsed());
        assert_eq!((heard.event.as_str(), heard.data["status"].as_i64()), ("operation", Some(200)));
    }
    // What was begun on one node and ends on it is heard twice on the other.
    let mut auth = Live::open(&nodes.b, "?type=auth", &[]).await;
    let mut visitor = Visitor::new(&nodes.a);
    let begun = visitor.begin("raw", json!({"end_user": {"id": "u"}}), "").await;
    let running = auth.next().await.unwrap();
    assert_eq!(running.data["state"], "running", "{running:?}");
    let location = url::Url::parse(begun.header("location")).unwrap();
    let state = location.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    let cookie = begun.header("set-cookie").split(';').next().unwrap();
    let url = format!("{}/oauth/callback?error=access_denied&state={state}", nodes.a.url());
    nodes.a.send("GET", &url, &[("cookie", cookie)], "").await;
    // A message of the running one may be told before its end.
    let mut ended = auth.next().await.unwrap();
    while ended.data["state"] == "running" {
        ended = auth.next().await.unwrap();
    }
    assert_eq!((&ended.id, &ended.data["state"]), (&running.id, &json!("failed")), "{ended:?}");
    // A node that lost its channel says that something may be missing, again when it hears again, and goes on.
    nodes.cut_channels();
    for _ in ["lost", "back"] {
        assert_eq!(live.next().await.unwrap().event, "gap");
    }
    call(&nodes.a).await;
    assert_eq!(live.next().await.unwrap().event, "operation");
    nodes.b.calm();
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_two_nodes_allow_no_more_guesses_than_one() {
    let nodes = Nodes::start().await;
    let guess = async |server: &Server, email: &str| {
        let body = json!({"email": email, "password": "wrong horse battery"});
        Desk::empty(server).enter(server, "/internal/sign-in", body).await
    };
    for _ in 0..5 {
        for node in [&nodes.a, &nodes.b] {
            guess(node, "ada@example.com").await.refused(401, "wrong_credentials");
        }
    }
    for node in [&nodes.a, &nodes.b] {
        let refused = guess(node, "ada@example.com").await;
        refused.refused(429, "too_many_tries");
        let seconds: u32 = refused.header("retry-after").parse().unwrap();
        assert!((800..=901).contains(&seconds), "{seconds}");
    }
    // Others are not held up by it.
    guess(&nodes.b, "bob@example.com").await.refused(401, "wrong_credentials");
    nodes.a.calm();
    nodes.b.calm();
}

/// Node A has asked for a new token and waits for the answer.
async fn refreshing(nodes: &Nodes) -> tokio::task::JoinHandle<Option<harness::Answer>> {
    let expired = json!({"access_token": "old", "refresh_token": "r", "expires_at": EXPIRED});
    connect(&nodes.a, "one", expired).await;
    let (url, authorization) = (format!("{}/proxy/who", nodes.a.url()), format!("Bearer {}", nodes.a.key()));
    let calling = tokio::spawn(async move {
        let headers = [
            ("authorization", authorization.as_str()),
            ("provider-config-key", "raw"),
            ("connection-id", "one"),
        ];
        harness::request("GET", &url, &headers, "").await
    });
    let deadline = Instant::now() + Duration::from_secs(20);
    while !nodes.upstream.seen().iter().any(is_token) {
        assert!(Instant::now() < deadline, "nobody refreshes");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    calling
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_killed_node_s_refresh_is_taken_over_at_once() {
    let nodes = Nodes::start_with(Duration::from_secs(60)).await;
    let calling = refreshing(&nodes).await;
    std::process::Command::new("kill").args(["-9", &nodes.a.id().to_string()]).status().unwrap();
    let killed = Instant::now();
    let answer = call(&nodes.b).await;
    let took = killed.elapsed();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(took < Duration::from_secs(4), "waited {took:?} for a dead node");
    assert!(calling.await.unwrap().is_none());
    assert_eq!(nodes.upstream.seen().iter().filter(|one| is_token(one)).count(), 2);
    nodes.b.calm();
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_node_that_only_lost_its_channel_keeps_its_refresh() {
    let nodes = Nodes::start_with(Duration::from_secs(5)).await;
    let calling = refreshing(&nodes).await;
    nodes.cut_channels();
    let answer = call(&nodes.b).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let of_a = calling.await.unwrap().unwrap();
    assert_eq!(of_a.text(), answer.text(), "both use the one new token");
    assert_eq!(nodes.upstream.seen().iter().filter(|one| is_token(one)).count(), 1, "one refresh");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_dead_node_s_webhook_is_sent_by_another() {
    let database = FreshDatabase::postgres().unwrap();
    let store::DatabaseUrl::Postgres(url) = database.url().clone() else { panic!("no PostgreSQL") };
    let (upstream, dir, receiver) =
        (provider(Duration::ZERO).await, TempDir::new().unwrap(), Receiver::start().await);
    let file = upstream.definition(dir.path());
    let address = receiver.url().replace("http://", "").replace("/hook", "");
    let common = [
        "--provider-file",
        &file,
        "--exempt",
        &address,
        "--database-url",
        &url,
        "--encryption-key",
        ENCRYPTION,
    ];
    let mut a = Start::serve(KEY).args(&common).env("SHEETBEND_STOP_AT", "webhook:before_send").start();
    integrate(&a).await;
    let body = json!({"provider_config_key": "raw", "connection_id": "one", "webhook_url_override": receiver.url(),
        "credentials": {"type": "OAUTH2", "access_token": "t"}});
    let (path, authorization) = (format!("{}/connections", a.url()), format!("Bearer {}", a.key()));
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    // It may die before it has answered.
    let _ = harness::request("POST", &path, &headers, body.to_string()).await;
    a.wait();
    assert!(receiver.seen().is_empty());
    let b = Start::serve(KEY).args(&common).start();
    let started = Instant::now();
    receiver.wait_for(1).await;
    let took = started.elapsed();
    assert!(took < Duration::from_secs(6), "waited {took:?} for the lease of a dead node");
    b.calm();
}
