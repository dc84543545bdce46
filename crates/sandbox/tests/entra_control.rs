//! `/_control`: failures on purpose, the list of requests, throttling, who may use it, and state over a restart.

mod common;

use common::{Fixture, tokens_of};
use http::StatusCode;
use sandbox::{CONTOSO, DAEMON_APP, MULTI_TENANT_APP, SandboxOptions};
use serde_json::{Value, json};

const ADA: &str = "ada@contoso.example";
const KEYS: &str = "/common/discovery/v2.0/keys";

fn client_credentials() -> [(&'static str, &'static str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("client_id", DAEMON_APP),
        ("client_secret", "sandbox-secret-4-a"),
        ("scope", "https://graph.microsoft.com/.default"),
    ]
}

async fn fault(fixture: &Fixture, action: Value) {
    let rule = json!({ "match": { "path_prefix": "/common/discovery", "host": "localhost", "method": "get" }, "times": 1, "action": action });
    fixture.must("POST", "faults", rule).await;
}

#[tokio::test]
async fn requests_fail_on_purpose() {
    let fixture = Fixture::open().await;
    let whole = fixture.get(KEYS).await;
    let get = async || fixture.send("GET", "localhost", KEYS, &[], "").await;
    fault(
        &fixture,
        json!({ "status": 503, "retry_after": 2, "headers": { "x-why": "test" }, "body": { "a": 1 } }),
    )
    .await;
    let answer = get().await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after"), answer.header("x-why")),
        (503, "2", "test")
    );
    assert_eq!(answer.json(), json!({ "a": 1 }));
    assert_eq!(get().await.unwrap().status, StatusCode::OK, "once means once");
    fault(&fixture, json!({ "drop": true })).await;
    get().await.unwrap_err();
    fault(&fixture, json!({ "truncate_after": 10 })).await;
    get().await.unwrap_err();
    fault(&fixture, json!({ "lose_answer": true })).await;
    get().await.unwrap_err();
    fault(&fixture, json!({ "stall_ms": 5 })).await;
    assert_eq!(get().await.unwrap().body, whole.body);
    fault(&fixture, json!({ "stall_after": { "bytes": 3, "ms": 5 } })).await;
    assert_eq!(get().await.unwrap().body, whole.body);
    fault(&fixture, json!({ "html": true })).await;
    assert!(get().await.unwrap().header("content-type").starts_with("text/html"));
    fault(&fixture, json!({ "huge": 1_000_000 })).await;
    assert!(get().await.unwrap().body.len() > 900_000);
    fault(&fixture, json!({ "redirect": "http://localhost/elsewhere" })).await;
    assert_eq!(get().await.unwrap().header("location"), "http://localhost/elsewhere");
    for wrong in
        [json!({}), json!({ "drop": true, "html": true }), json!({ "status": 99 }), json!({ "explode": 1 })]
    {
        let answer = fixture.control("POST", "faults", json!({ "action": wrong })).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    }
}

#[tokio::test]
async fn the_token_endpoint_fails_too() {
    let fixture = Fixture::open().await;
    let rule =
        json!({ "match": { "path_regex": "/oauth2/v2\\.0/token$" }, "times": 2, "action": { "html": true } });
    fixture.must("POST", "faults", rule).await;
    for _ in 0..2 {
        assert!(fixture.token(CONTOSO, &client_credentials()).await.body.starts_with("<!doctype html>"));
    }
    assert_eq!(fixture.token(CONTOSO, &client_credentials()).await.json()["token_type"], "Bearer");
    let rule = json!({ "action": { "drop": true } });
    fixture.must("POST", "faults", rule).await;
    assert_eq!(
        fixture.must("GET", "faults", Value::Null).await["faults"][0]["action"],
        json!({ "drop": true })
    );
    fixture.must("DELETE", "faults", Value::Null).await;
    assert_eq!(fixture.get(KEYS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn requests_are_listed_without_their_secrets() {
    let fixture = Fixture::open().await;
    fixture.token(CONTOSO, &client_credentials()).await;
    fixture.call("graph.localhost", "/v1.0/me?$select=id", "a-secret-key").await;
    let list = fixture.control("GET", "requests", Value::Null).await;
    assert!(!list.body.contains("a-secret-key") && !list.body.contains("sandbox-secret-4-a"));
    let requests = list.json();
    let first = &requests["requests"][0];
    assert_eq!(first["status"], 200);
    let field = |name: &str| {
        first["form"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(field("grant_type")["value"], "client_credentials");
    assert!(field("client_secret")["value"].is_null());
    assert_eq!(field("client_secret")["sha256"], sha256("sandbox-secret-4-a"));
    assert_eq!(requests["requests"][1]["query"], "$select=id");
    let carrying = async |secret: &str| {
        let path = format!("requests?contains_authorization_sha256={}", &sha256(secret)[..8]);
        let list = fixture.must("GET", &path, Value::Null).await;
        list["requests"].as_array().unwrap().len()
    };
    assert_eq!(carrying("a-secret-key").await, 1);
    assert_eq!(carrying("Bearer a-secret-key").await, 1);
    assert_eq!(carrying("another").await, 0);
    let graph =
        fixture.must("GET", "requests?host=graph.localhost&path_prefix=/v1.0&method=GET", Value::Null).await;
    assert_eq!(graph["requests"].as_array().unwrap().len(), 1);
    fixture.must("DELETE", "requests", Value::Null).await;
    assert!(fixture.sandbox.seen().is_empty());
}

fn sha256(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_budget_of_resource_units() {
    let fixture = Fixture::open().await;
    let token = fixture.token(CONTOSO, &client_credentials()).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    fixture.must("POST", "throttle", json!({ "resource_units_per_minute": 5 })).await;
    let call = async || fixture.call("graph.localhost", "/v1.0/users/x", &token).await;
    for _ in 0..3 {
        assert_eq!(call().await.header("ratelimit-limit"), "");
    }
    assert_eq!(call().await.header("ratelimit-remaining"), "1");
    call().await;
    let answer = call().await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.json()["error"]["code"], "activityLimitReached");
    let wait: i64 = answer.header("retry-after").parse().unwrap();
    assert_eq!((wait, answer.header("ratelimit-reset")), (60, "60"));
    fixture.must("POST", "clock", json!({ "advance_ms": wait * 1000 })).await;
    assert_ne!(call().await.status, StatusCode::TOO_MANY_REQUESTS);
    fixture.must("POST", "throttle", json!({ "resource_units_per_minute": null })).await;
}

#[tokio::test]
async fn who_may_use_the_controls() {
    let fixture = Fixture::open().await;
    let from = async |host: &str, headers: &[(&str, &str)]| {
        fixture.send("GET", host, "/_control/clock", headers, "").await.unwrap().status
    };
    assert_eq!(from("localhost", &[]).await, StatusCode::OK);
    assert_eq!(from("evil.example", &[]).await, StatusCode::FORBIDDEN);
    assert_eq!(from("localhost", &[("origin", "https://evil.example")]).await, StatusCode::FORBIDDEN);
    let guarded = SandboxOptions { control_token: Some("control".into()), ..Fixture::options() };
    let fixture = Fixture::of(guarded).await;
    let with = async |headers: &[(&str, &str)]| {
        fixture.send("GET", "localhost", "/_control/clock", headers, "").await.unwrap().status
    };
    assert_eq!(with(&[]).await, StatusCode::FORBIDDEN);
    assert_eq!(with(&[("authorization", "Bearer contro1")]).await, StatusCode::FORBIDDEN);
    assert_eq!(with(&[("authorization", "Bearer control")]).await, StatusCode::OK);
    assert_eq!(fixture.sandbox.seen().len(), 0, "the controls are not in their own list");
}

#[tokio::test]
async fn consents_and_apps_are_driven() {
    let fixture = Fixture::open().await;
    let consent = json!({ "tenant": "northwind", "app": MULTI_TENANT_APP, "scopes": ["User.Read"] });
    fixture.must("POST", "consents", consent).await;
    let code =
        common::code_of(&fixture, "common", MULTI_TENANT_APP, "nora@northwind.example", "User.Read").await;
    assert!(!code.is_empty());
    let revoked =
        fixture.must("DELETE", "consents", json!({ "tenant": "northwind", "app": MULTI_TENANT_APP })).await;
    assert_eq!(revoked["revoked"], 1);
    fixture.must("POST", "tenants/northwind", json!({ "user_consent": "allowed" })).await;
    common::code_of(&fixture, "common", MULTI_TENANT_APP, "nora@northwind.example", "User.Read").await;
    fixture
        .must("DELETE", &format!("apps/{DAEMON_APP}/secrets"), json!({ "value": "sandbox-secret-4-a" }))
        .await;
    fixture.token(CONTOSO, &client_credentials()).await.refused(401, "invalid_client", 7000215);
    fixture.must("POST", "tokens", json!({ "access_life_s": 61 })).await;
    let body = json!({ "app": MULTI_TENANT_APP, "user": ADA, "scope": "User.Read" });
    assert_eq!(fixture.must("POST", "sign-in", body).await["expires_in"], 61);
    assert_eq!(fixture.control("POST", "users/nobody", json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        fixture.control("POST", "clock", json!({ "advance": 1 })).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(fixture.control("GET", "nothing", Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn state_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let (refresh, access) = {
        let fixture = Fixture::open_in(dir.path()).await;
        fixture.sandbox.add_redirect_uri(MULTI_TENANT_APP, "https://app.example/cb").unwrap();
        let tokens =
            tokens_of(&fixture, MULTI_TENANT_APP, "sandbox-secret-2-a", ADA, "offline_access Files.Read")
                .await;
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (text("refresh_token"), text("access_token"))
    };
    let fixture = Fixture::open_in(dir.path()).await;
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", MULTI_TENANT_APP),
        ("client_secret", "sandbox-secret-2-a"),
        ("refresh_token", refresh.as_str()),
        ("scope", "Files.Read"),
    ];
    assert_eq!(fixture.token("common", &fields).await.status, StatusCode::OK);
    assert_ne!(fixture.call("graph.localhost", "/v1.0/me", &access).await.status, StatusCode::UNAUTHORIZED);
    let mut browser = fixture.browser();
    let params = common::authorize_params(MULTI_TENANT_APP, "Files.Read");
    let params = common::with(&params, "redirect_uri", "https://app.example/cb");
    let page = browser.authorize("common", &params).await;
    let (to, _) = browser.pick(&page, ADA).await.location();
    assert_eq!(to, "https://app.example/cb", "neither redirect URI nor consent was forgotten");
    fixture.must("POST", "revoke", json!({ "all": true })).await;
    drop(fixture);
    let fixture = Fixture::open_in(dir.path()).await;
    fixture.token("common", &fields).await.refused(400, "invalid_grant", 50173);
}

#[tokio::test]
async fn delta_tokens_expire_on_purpose() {
    let fixture = Fixture::open().await;
    let scope = "Files.ReadWrite.All Sites.ReadWrite.All";
    let body = json!({ "app": MULTI_TENANT_APP, "user": ADA, "scope": scope });
    let token = fixture.must("POST", "sign-in", body).await["access_token"].as_str().unwrap().to_owned();
    let first = fixture.call("graph.localhost", "/v1.0/me/drive/root/delta", &token).await.json();
    let link = first["@odata.deltaLink"].as_str().unwrap();
    let path = &link[link.find("/v1.0").unwrap()..];
    assert_eq!(fixture.call("graph.localhost", path, &token).await.status, StatusCode::OK);
    fixture.must("POST", "delta/expire", Value::Null).await;
    assert_eq!(fixture.call("graph.localhost", path, &token).await.status, StatusCode::GONE);
}

#[test]
fn state_that_cannot_be_read_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("directory.json"), "{ half").unwrap();
    let options = SandboxOptions { state_dir: Some(dir.path().to_owned()), ..Fixture::options() };
    let error = sandbox::Sandbox::open(options).err().expect("refused").to_string();
    assert!(error.contains("directory"), "{error}");
}
