//! Tokens are renewed once, in time, and a failure marks what it concerns and nothing else.

use crate::harness;

use std::time::Duration;

use harness::visitor::Visitor;
use harness::{Answer, Server, Start};
use serde_json::{Value, json};

const EXCEL: &str = "microsoft-excel";
const SITES: &str = "sharepoint-online";
const ADA: &str = "ada@contoso.example";

/// Tells Sheetbend that the demo connection's access token has ended, by importing it again with its own tokens.
async fn expire(server: &Server, integration: &str, id: &str) {
    let path = format!("/connections/{id}?provider_config_key={integration}&refresh_token=true");
    let credentials = server.api("GET", &path, None).await.ok()["credentials"].clone();
    let body = json!({"provider_config_key": integration, "connection_id": id, "credentials": {
        "type": "OAUTH2", "access_token": credentials["access_token"], "refresh_token": credentials["refresh_token"],
        "expires_at": "2020-01-01T00:00:00Z"}});
    server.api("POST", "/connections", Some(body)).await.ok();
}

async fn me(server: &Server) -> Answer {
    server.proxy("GET", "/v1.0/me", EXCEL, "demo-excel").await
}

async fn connection(server: &Server, integration: &str, id: &str, more: &str) -> Answer {
    server.api("GET", &format!("/connections/{id}?provider_config_key={integration}{more}"), None).await
}

/// Fails the token endpoint.
async fn fault(server: &Server, action: Value, times: Option<u32>) {
    let fault = json!({"match": {"path_regex": "oauth2/v2.0/token"}, "times": times, "action": action});
    server.control("faults", fault).await.ok();
}

/// 200 here, 1,000 with `SHEETBEND_FULL_LOAD=1`.
fn callers() -> usize {
    if std::env::var("SHEETBEND_FULL_LOAD").is_ok_and(|full| full == "1") { 1_000 } else { 200 }
}

#[tokio::test]
async fn many_calls_on_one_expired_token_make_one_refresh() {
    let server = Start::dev().start();
    expire(&server, EXCEL, "demo-excel").await;
    // A slow token endpoint: everybody arrives while the one refresh runs.
    fault(&server, json!({"stall_ms": 500}), Some(1)).await;
    let before = server.token_calls().await;
    let answers = futures(callers(), || me(&server)).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(server.token_calls().await, before + 1);
    server.calm();
}

async fn futures<F: Future<Output = Answer>>(count: usize, one: impl Fn() -> F) -> Vec<Answer> {
    futures_util::future::join_all((0..count).map(|_| one())).await
}

#[tokio::test]
async fn callers_who_go_away_do_not_stop_a_refresh() {
    let server = Start::dev().start();
    expire(&server, EXCEL, "demo-excel").await;
    fault(&server, json!({"stall_ms": 400}), Some(1)).await;
    let before = server.token_calls().await;
    let _ = tokio::time::timeout(Duration::from_millis(100), me(&server)).await;
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(server.token_calls().await, before + 1);
    // The finished refresh is forgotten: a later one happens.
    expire(&server, EXCEL, "demo-excel").await;
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(server.token_calls().await, before + 2);
}

#[tokio::test]
async fn a_dead_grant_marks_its_own_connection_until_it_is_connected_again() {
    let server = Start::dev().start();
    let page = Visitor::new(&server).connect(EXCEL, "megan@contoso.example").await;
    assert_eq!(page.status, 200);
    let list = server.api("GET", "/connections?integrationId=microsoft-excel&limit=1", None).await.ok();
    let megan = list["connections"][0]["connection_id"].as_str().unwrap().to_owned();
    server.control("revoke", json!({"user": "megan@contoso.example"})).await.ok();
    expire(&server, EXCEL, &megan).await;
    expire(&server, EXCEL, "demo-excel").await;
    let before = server.token_calls().await;
    let refused = connection(&server, EXCEL, &megan, "").await.refused(424, "invalid_credentials");
    assert_eq!(refused["payload"]["code"], "AADSTS50173", "{refused}");
    assert_eq!(refused["payload"]["actor"], "user");
    assert_eq!(refused["payload"]["connection"]["connection_id"], megan.as_str());
    for _ in 0..3 {
        server.proxy("GET", "/v1.0/me", EXCEL, &megan).await.refused(424, "server_error");
    }
    assert_eq!(server.token_calls().await, before + 1, "a dead grant is asked for once");
    assert_eq!(me(&server).await.status, 200, "the neighbour lives");
    let listed = server.api("GET", "/connections?integrationId=microsoft-excel", None).await.ok();
    for one in listed["connections"].as_array().unwrap() {
        let errors = one["errors"].as_array().unwrap();
        assert_eq!(errors.len(), usize::from(one["connection_id"] == megan.as_str()), "{one}");
        assert!(errors.iter().all(|error| error["needs_reconnect"] == true));
    }
    // Forced by hand it is tried again, and says the same.
    let forced = connection(&server, EXCEL, &megan, "&force_refresh=true").await;
    forced.refused(424, "invalid_credentials");
    assert_eq!(server.token_calls().await, before + 3);
    reconnect(&server, &megan).await;
    assert_eq!(server.proxy("GET", "/v1.0/me", EXCEL, &megan).await.status, 200);
    let healed = connection(&server, EXCEL, &megan, "").await.ok();
    assert_eq!(healed["errors"], json!([]));
    server.calm();
}

async fn reconnect(server: &Server, id: &str) {
    let body = json!({"connection_id": id, "integration_id": EXCEL});
    let made = server.api("POST", "/connect/sessions/reconnect", Some(body)).await.ok();
    let token = made["data"]["token"].as_str().unwrap();
    let mut visitor = Visitor::new(server);
    let url = format!("{}/oauth/connect/{EXCEL}?connect_session_token={token}", server.url());
    let begun = visitor.get(&url).await;
    let returned = visitor.sign_in(&begun, "megan@contoso.example").await;
    assert_eq!(visitor.get(&returned.url).await.status, 200);
}

#[tokio::test]
async fn a_wrong_client_touches_no_connection_and_a_mended_one_works_at_once() {
    let server = Start::dev().start();
    expire(&server, EXCEL, "demo-excel").await;
    let secret = |value: &str| json!({"credentials": {"type": "OAUTH2", "client_secret": value}});
    let wrong = secret("sandbox-secret-3-old");
    server.api("PATCH", "/integrations/microsoft-excel", Some(wrong)).await.ok();
    let before = server.token_calls().await;
    let refused = me(&server).await.refused(400, "server_error");
    assert_eq!(refused["payload"]["code"], "AADSTS7000222", "{refused}");
    assert_eq!(refused["payload"]["actor"], "developer");
    connection(&server, EXCEL, "demo-excel", "").await.refused(400, "invalid_credentials");
    me(&server).await.refused(400, "server_error");
    assert_eq!(server.token_calls().await, before + 1, "not repeated at every call");
    let listed = server.api("GET", "/connections?integrationId=microsoft-excel", None).await.ok();
    assert_eq!(listed["connections"][0]["errors"], json!([]), "nobody has to connect again");
    assert_eq!(server.proxy("GET", "/v1.0/me", SITES, "demo-sharepoint").await.status, 200);
    server.api("PATCH", "/integrations/microsoft-excel", Some(secret("sandbox-secret-3-b"))).await.ok();
    assert_eq!(me(&server).await.status, 200, "no pause after the developer has acted");
    server.calm();
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_costs_a_pause_and_no_connection() {
    let server = Start::dev().start();
    let old = connection(&server, EXCEL, "demo-excel", "&refresh_token=true").await.ok();
    expire(&server, EXCEL, "demo-excel").await;
    fault(&server, json!({"status": 503, "body": "down"}), None).await;
    let before = server.token_calls().await;
    let answers = futures(20, || me(&server)).await;
    assert!(answers.iter().all(|answer| answer.status == 424), "{}", answers[0].text());
    me(&server).await.refused(424, "connection_refresh_backoff");
    connection(&server, EXCEL, "demo-excel", "").await.refused(424, "invalid_credentials");
    assert_eq!(server.token_calls().await, before + 1, "thirty seconds without another attempt");
    let listed = server.api("GET", "/connections?integrationId=microsoft-excel", None).await.ok();
    assert_eq!(listed["connections"][0]["errors"][0]["needs_reconnect"], false, "{listed}");
    server.send("DELETE", &format!("{}/_control/faults", server.sandbox()), &[], "").await.ok();
    let forced = connection(&server, EXCEL, "demo-excel", "&force_refresh=true").await.ok();
    assert_ne!(forced["credentials"]["access_token"], old["credentials"]["access_token"]);
    assert_eq!(forced["errors"], json!([]));
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(server.token_calls().await, before + 2);
    server.calm();
}

#[tokio::test]
async fn every_bad_answer_keeps_the_old_token() {
    let server = Start::dev().start();
    let actions = [
        json!({"html": true}),
        json!({"status": 200}),
        json!({"huge": 10 * 1024 * 1024}),
        json!({"drop": true}),
        json!({"redirect": format!("{}/_files/x", server.sandbox())}),
        json!({"status": 429, "retry_after": 1}),
    ];
    for action in actions {
        fault(&server, action.clone(), Some(1)).await;
        let forced = connection(&server, EXCEL, "demo-excel", "&force_refresh=true").await;
        let error = forced.refused(424, "invalid_credentials");
        assert_eq!(error["payload"]["actor"], "nobody", "{action}: {error}");
        assert_eq!(me(&server).await.status, 200, "{action}: the token still works");
    }
    let after = connection(&server, EXCEL, "demo-excel", "&force_refresh=true").await.ok();
    assert_eq!(after["errors"], json!([]));
    server.calm();
}

#[tokio::test]
async fn a_rejected_token_is_refreshed_once_and_the_call_repeated() {
    let server = Start::dev().start();
    server.control("expire", json!({"user": ADA})).await.ok();
    let before = server.token_calls().await;
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(server.token_calls().await, before + 1);
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(server.token_calls().await, before + 1);
    // Nothing helps against a provider that says no to everything; each call still costs one refresh at most, and a
    // failed one none for a while.
    server.control("revoke", json!({"user": ADA, "access_tokens": true})).await.ok();
    for _ in 0..5 {
        assert_eq!(me(&server).await.status, 401, "the provider's own answer");
    }
    assert_eq!(server.token_calls().await, before + 2);
    server.calm();
}

#[tokio::test]
async fn a_session_for_nobody_is_not_made_by_a_refresh() {
    let server = Start::dev().start();
    let missing = json!({"provider_config_key": EXCEL, "connection_id": "bare", "credentials":
        {"type": "OAUTH2", "access_token": "opaque", "expires_at": "2020-01-01T00:00:00Z"}});
    server.api("POST", "/connections", Some(missing)).await.ok();
    let before = server.token_calls().await;
    let got = connection(&server, EXCEL, "bare", "&force_refresh=true").await.ok();
    assert_eq!(got["credentials"]["access_token"], "opaque", "without a refresh token it goes out as it is");
    assert_eq!(server.proxy("GET", "/v1.0/me", EXCEL, "bare").await.status, 401);
    assert_eq!(server.token_calls().await, before);
    let again = json!({"connection_id": "nobody", "integration_id": EXCEL});
    server.api("POST", "/connect/sessions/reconnect", Some(again)).await.refused(400, "invalid_body");
}
