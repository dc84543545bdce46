//! What the dashboard asks beside the public API: forms, checks, one connection, health.

use crate::harness;

use harness::{Server, Start, eventually};
use serde_json::{Value, json};

const KEY: &str = "microsoft-excel";
const ID: &str = "demo-excel";

async fn get(server: &Server, path: &str) -> Value {
    let answer = server.api("GET", path, None).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

async fn problems(server: &Server, body: Value) -> Vec<(String, String)> {
    let answer = server.api("POST", "/internal/integrations/check", Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let problems = answer["problems"].as_array().unwrap().iter();
    problems.map(|one| (text(one, "field"), text(one, "severity"))).collect()
}

#[tokio::test]
async fn a_form_tells_what_to_enter_and_what_to_do_at_the_vendor() {
    let server = Start::dev().start();
    let form = get(&server, "/internal/providers/microsoft-excel").await;
    let fields: Vec<(&str, &str, bool)> = form["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["kind"].as_str().unwrap(), one["required"] == true))
        .collect();
    let wanted = [
        ("client_id", "text", true),
        ("client_secret", "secret", true),
        ("scopes", "scopes", false),
        ("webhook_secret", "secret", false),
        ("connection_config.tenant", "text", false),
    ];
    assert_eq!(fields, wanted);
    assert_eq!(form["fields"][2]["example"], "offline_access,.default");
    assert_eq!(form["clouds"][0], "global");
    assert!(form["clouds"].as_array().unwrap().contains(&json!("sandbox")), "{form}");
    let guide = form["setup_guide"].to_string();
    assert!(guide.contains(&format!("{}/oauth/callback", server.url())), "{guide}");
    assert!(!guide.contains("${"), "{guide}");
    let unknown = server.api("GET", "/internal/providers/nobody", None).await;
    assert_eq!(unknown.status, 400, "{}", unknown.text());
}

#[tokio::test]
async fn rules_are_checked_before_anything_is_saved() {
    let server = Start::dev().start();
    let field = |name: &str, severity: &str| (name.to_owned(), severity.to_owned());
    let draft = |scopes: &str| {
        json!({"provider": KEY, "credentials": {"type": "OAUTH2", "client_id": "a", "scopes": scopes}})
    };
    assert_eq!(problems(&server, draft("offline_access,Files.Read")).await, []);
    assert_eq!(problems(&server, draft("Files.Read")).await, [field("credentials.scopes", "warning")]);
    assert_eq!(problems(&server, draft(".default,Files.Read")).await, [field("credentials.scopes", "error")]);
    assert_eq!(problems(&server, draft("a b")).await, [field("credentials.scopes", "error")]);
    assert_eq!(problems(&server, json!({"provider": KEY, "key": KEY})).await, [field("key", "error")]);
    assert_eq!(problems(&server, json!({"provider": KEY, "key": "a/b"})).await, [field("key", "error")]);
    assert_eq!(problems(&server, json!({"provider": KEY, "cloud": "moon"})).await, [field("cloud", "error")]);
    let listed = get(&server, "/integrations").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 3, "a check saves nothing");
}

#[tokio::test]
async fn a_connection_is_told_without_its_credentials_and_refreshed_on_demand() {
    let server = Start::dev().start();
    let path = format!("/internal/connections/{KEY}/{ID}");
    let before = get(&server, &path).await;
    let secrets = get(&server, &format!("/connections/{ID}?provider_config_key={KEY}")).await;
    let token = secrets["credentials"]["access_token"].as_str().unwrap();
    assert!(!before.to_string().contains(token));
    assert_eq!(before["errors"], json!([]));
    assert!(before["scopes"].to_string().contains("Files.ReadWrite"), "{before}");
    assert!(before["refreshed_at"].is_string() && before["expires_at"].is_string(), "{before}");
    let answer = server.api("POST", &format!("{path}/refresh"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let after = get(&server, &format!("/connections/{ID}?provider_config_key={KEY}")).await;
    assert_ne!(after["credentials"]["access_token"], secrets["credentials"]["access_token"]);
    assert_eq!(server.api("GET", "/internal/connections/nobody/x", None).await.status, 404);
}

#[tokio::test]
async fn a_test_connection_is_a_connect_session_for_one_integration() {
    let server = Start::dev().start();
    let answer = server.api("POST", "/internal/test-connection", Some(json!({"integration": KEY}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let begun = answer.json();
    let link = begun["connect_link"].as_str().unwrap();
    assert!(link.contains(begun["token"].as_str().unwrap()), "{begun}");
    let unknown = server.api("POST", "/internal/test-connection", Some(json!({"integration": "x"}))).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text());
}

#[tokio::test]
async fn health_tells_figures_that_people_can_act_on() {
    let server = Start::dev().start();
    server.proxy("GET", "/v1.0/me", KEY, ID).await;
    let health = eventually("the log has rows", async || {
        let health = get(&server, "/internal/health").await;
        health["log"]["operations"].as_i64().is_some_and(|count| count > 0).then_some(health)
    })
    .await;
    assert_eq!(health["database"]["kind"], "SQLite");
    assert!(health["database"]["bytes"].as_i64().unwrap() > 100_000, "{health}");
    assert!(health["database"]["schema"].as_i64().unwrap() >= 8, "{health}");
    assert!(health["uptime_ms"].as_i64().unwrap() > 0, "{health}");
    assert!(health["cache"]["keys"].is_u64() && health["queue"]["waiting"].is_i64(), "{health}");
    if cfg!(target_os = "linux") {
        assert!(health["memory"]["rss_bytes"].as_u64().unwrap() > 1 << 20, "{health}");
    }
}
