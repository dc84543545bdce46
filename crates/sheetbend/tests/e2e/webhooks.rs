//! Outgoing webhooks through the real binary: what is told, when, how often, and to whom not.

use crate::harness;

use std::time::Duration;

use harness::receiver::Receiver;
use harness::upstream::{Upstream, answer};
use harness::vendor::{KEY, Vendor};
use harness::visitor::Visitor;
use harness::{Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

const EXCEL: &str = "microsoft-excel";

/// Imports a connection whose webhooks go to `receiver`.
async fn import(server: &Server, id: &str, receiver: &str) {
    let body = json!({
        "provider_config_key": EXCEL, "connection_id": id, "webhook_url_override": receiver,
        "credentials": {"type": "OAUTH2", "access_token": "t", "refresh_token": "dead"},
        "end_user": {"id": "u1", "email": "a@b.example", "tags": {"plan": "pro"}}, "tags": {"z": "1", "a": "ü"},
    });
    server.api("POST", "/connections", Some(body)).await.ok();
}

async fn deliveries(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.api("GET", &format!("/webhooks/deliveries{query}"), None).await.ok();
    answer["data"].as_array().unwrap().clone()
}

/// Waits until a delivery has come to `state`.
async fn until(server: &Server, state: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = deliveries(server, &format!("?state={state}")).await;
        if let Some(one) = found.first().filter(|one| one["attempts"] != 0) {
            return one.clone();
        }
        assert!(Instant::now() < deadline, "none is {state}: {:?}", deliveries(server, "").await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_connection_s_life_is_told() {
    let receiver = Receiver::start().await;
    let server = Start::dev().start();
    import(&server, "c1", &receiver.url()).await;
    receiver.wait_for(1).await;
    import(&server, "c1", &receiver.url()).await;
    receiver.wait_for(2).await;
    let path = format!("/connections/c1?provider_config_key={EXCEL}");
    server.api("DELETE", &path, None).await.ok();
    let seen = receiver.wait_for(3).await;
    let told: Vec<Value> = seen.iter().map(|one| one.json()["operation"].clone()).collect();
    assert_eq!(told, ["creation", "override", "deletion"]);
    let wanted = json!({
        "from": "nango", "type": "auth", "connectionId": "c1", "providerConfigKey": EXCEL, "authMode": "OAUTH2",
        "provider": EXCEL, "environment": "dev", "operation": "creation", "success": true,
        "tags": {"a": "ü", "end_user_id": "u1", "end_user_email": "a@b.example", "plan": "pro", "z": "1"},
        "endUser": {"endUserId": "u1", "endUserEmail": "a@b.example", "tags": {"plan": "pro"}},
    });
    assert_eq!(seen[0].json(), wanted);
    let text = String::from_utf8(seen[0].body.clone()).unwrap();
    assert!(
        text.starts_with(r#"{"authMode":"OAUTH2","connectionId":"c1","endUser":{"endUserEmail":"#),
        "{text}"
    );
    assert_eq!(seen[0].line(), "POST /hook HTTP/1.1");
    assert_eq!(seen[0].header("content-type"), "application/json");
    assert!(seen[0].header("user-agent").starts_with("sheetbend/"));
    assert_eq!(seen[0].header("x-nango-hmac-sha256").len(), 64);
    let ids: std::collections::HashSet<String> = seen.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!(ids.len(), 3, "each event has an id of its own");
    let listed = deliveries(&server, "?connection=c1&state=delivered&event=auth.override").await;
    assert_eq!((listed.len(), &listed[0]["status"]), (1, &json!(200)));
    server.calm();
}

#[tokio::test]
async fn a_delivery_is_listed_shown_and_replayed_under_the_same_id() {
    let receiver = Receiver::start().await;
    let server = Start::dev().start();
    import(&server, "c1", &receiver.url()).await;
    let first = receiver.wait_for(1).await.remove(0);
    let one = until(&server, "delivered").await;
    let id = one["id"].as_str().unwrap();
    assert_eq!(one["event_id"], first.header("webhook-id"));
    let shown = server.api("GET", &format!("/webhooks/deliveries/{id}"), None).await.ok();
    assert_eq!(shown["data"]["body"].as_str().unwrap().as_bytes(), first.body);
    assert_eq!(shown["data"]["tries"].as_array().unwrap().len(), 1);
    let replay = format!("/webhooks/deliveries/{id}/replay");
    assert_eq!(server.api("POST", &replay, None).await.status, 202);
    let seen = receiver.wait_for(2).await;
    assert_eq!(seen[1].header("webhook-id"), first.header("webhook-id"));
    assert_eq!(seen[1].body, first.body);
    server.api("POST", "/webhooks/deliveries/del_none/replay", None).await.refused(404, "not_found");
    server.api("GET", "/webhooks/deliveries/del_none", None).await.refused(404, "not_found");
    for query in ["?state=odd", "?limit=0", "?limit=501", "?cursor=x", "?unknown=1"] {
        let path = format!("/webhooks/deliveries{query}");
        assert_eq!(server.api("GET", &path, None).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_receiver_that_fails_is_asked_again() {
    let receiver = Receiver::start().await;
    receiver.answer(503);
    let server = Start::dev().start();
    import(&server, "c1", &receiver.url()).await;
    let waiting = until(&server, "pending").await;
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!(503), &json!(1)));
    assert!(
        waiting["next_at"].is_string() && waiting["error"].as_str().unwrap().contains("503"),
        "{waiting}"
    );
    receiver.answer(200);
    let seen = receiver.wait_for(2).await;
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
    assert_eq!(until(&server, "delivered").await["attempts"], 2);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_and_redirects_keep_the_body() {
    let gone = Receiver::start().await;
    gone.answer(410);
    let server = Start::dev().start();
    import(&server, "c1", &gone.url()).await;
    let failed = until(&server, "failed").await;
    assert!(failed["error"].as_str().unwrap().contains("410"), "{failed}");
    let receiver = Receiver::start().await;
    let place = receiver.url();
    let moved = Upstream::start(move |_, _| answer("308 Moved", &[("Location", &place)], b"")).await;
    import(&server, "c2", &format!("http://127.0.0.1:{}/old", moved.port)).await;
    let seen = receiver.wait_for(1).await;
    assert_eq!(seen[0].json()["connectionId"], "c2");
    assert_eq!(seen[0].header("x-nango-hmac-sha256"), moved.seen()[0].header("x-nango-hmac-sha256"));
}

#[tokio::test]
async fn serve_calls_nobody_at_home() {
    const KEY: &str = "11111111-2222-4333-8444-555555555555";
    let receiver = Receiver::start().await;
    let server = Start::serve(KEY).start();
    let integration = json!({"provider": EXCEL, "unique_key": EXCEL,
        "credentials": {"type": "OAUTH2", "client_id": "c", "client_secret": "s"}});
    server.api("POST", "/integrations", Some(integration)).await.ok();
    import(&server, "c1", &receiver.url()).await;
    let failed = until(&server, "failed").await;
    assert!(failed["error"].as_str().unwrap().contains("loopback"), "{failed}");
    assert!(receiver.seen().is_empty());
}

#[tokio::test]
async fn the_first_failed_refresh_is_told_and_the_second_is_not() {
    let receiver = Receiver::start().await;
    let server = Start::dev().start();
    import(&server, "c1", &receiver.url()).await;
    receiver.wait_for(1).await;
    let path = format!("/connections/c1?provider_config_key={EXCEL}&force_refresh=true");
    for _ in 0..2 {
        let error = server.api("GET", &path, None).await;
        assert!(error.status.is_client_error(), "{}", error.text());
    }
    let told = receiver.wait_for(2).await[1].json();
    assert_eq!((&told["operation"], &told["success"]), (&json!("refresh"), &json!(false)));
    assert_eq!(told["error"]["type"], "refresh_token_external_error");
    assert!(!told["error"]["description"].as_str().unwrap().is_empty());
    // A later event comes last: nothing else was told in between.
    import(&server, "c1", &receiver.url()).await;
    let seen = receiver.wait_for(3).await;
    assert_eq!(seen[2].json()["operation"], "override");
    assert_eq!(deliveries(&server, "?event=auth.refresh").await.len(), 1);
}

#[tokio::test]
async fn killed_between_a_connection_and_its_webhook() {
    let receiver = Receiver::start().await;
    let dir = TempDir::new().unwrap();
    let mut server = Start::dev().in_dir(dir.path()).start();
    assert_eq!(server.stop(), Some(0));
    // First before anything is sent, then after the receiver has taken it and before that is noted.
    for (point, id, times) in [("webhook:before_send", "c1", 1), ("webhook:sent", "c2", 2)] {
        let before = receiver.seen().len();
        let mut server = Start::dev().in_dir(dir.path()).env("SHEETBEND_STOP_AT", point).start();
        import_and_die(&server, id, &receiver.url()).await;
        server.wait();
        let started = Instant::now();
        let server = Start::dev().in_dir(dir.path()).start();
        let seen = receiver.wait_for(before + times).await.split_off(before);
        let deadline = started + Duration::from_secs(20);
        while deliveries(&server, &format!("?connection={id}&state=delivered")).await.is_empty() {
            assert!(Instant::now() < deadline, "{point}: not noted");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let listed = deliveries(&server, &format!("?connection={id}")).await;
        assert_eq!((listed.len(), seen.len()), (1, times), "{point}");
        for one in &seen {
            assert_eq!(one.header("webhook-id"), listed[0]["event_id"].as_str().unwrap(), "{point}");
        }
    }
}

/// The import is committed before the worker takes the webhook, but its answer may not make it out any more.
async fn import_and_die(server: &Server, id: &str, receiver: &str) {
    let body = json!({
        "provider_config_key": EXCEL, "connection_id": id, "webhook_url_override": receiver,
        "credentials": {"type": "OAUTH2", "access_token": "t"},
    });
    let authorization = format!("Bearer {}", server.key());
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let url = format!("{}/connections", server.url());
    let asked = harness::request("POST", &url, &headers, body.to_string());
    let _ = tokio::time::timeout(Duration::from_secs(10), asked).await.expect("neither an answer nor an end");
}

/// Puts a key into the form of a session.
async fn put_key(server: &Server, token: &str, key: &str) -> harness::Answer {
    let url = format!("{}/api-auth/api-key/keyed?connect_session_token={token}", server.url());
    let body = json!({"apiKey": key}).to_string();
    server.send("POST", &url, &[("content-type", "application/json")], body).await
}

async fn token_of(server: &Server, path: &str, body: Value) -> String {
    let made = server.api("POST", path, Some(body)).await.ok();
    made["data"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_that_the_provider_refuses_is_told_and_one_that_is_no_form_is_not() {
    let receiver = Receiver::start().await;
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let session =
        json!({"end_user": {"id": "u1"}, "tags": {"plan": "pro"}, "webhook_url_override": receiver.url()});
    let token = token_of(&server, "/connect/sessions", session).await;
    put_key(&server, &token, "not by the pattern").await.refused(400, "invalid_body");
    put_key(&server, &token, "vendor-key-00000000").await.refused(400, "connection_test_failed");
    let told = receiver.wait_for(1).await[0].json();
    let description = told["error"]["description"].as_str().unwrap();
    assert!(description.contains("answered 401") && !description.contains("00000000"), "{description}");
    let wanted = json!({
        "from": "nango", "type": "auth", "connectionId": told["connectionId"], "providerConfigKey": "keyed",
        "authMode": "API_KEY", "provider": "vendor-keyed", "environment": "dev", "operation": "creation",
        "success": false, "error": {"type": "connection_test_failed", "description": description},
        "tags": {"end_user_id": "u1", "plan": "pro"}, "endUser": {"endUserId": "u1", "tags": {}},
    });
    assert_eq!(told, wanted);
    // The same of a connection that is there: it stays, and its own id is told.
    let made = put_key(&server, &token, KEY).await.ok()["connectionId"].clone();
    assert_eq!(receiver.wait_for(2).await[1].json()["success"], true);
    let again =
        json!({"connection_id": made, "integration_id": "keyed", "webhook_url_override": receiver.url()});
    let token = token_of(&server, "/connect/sessions/reconnect", again).await;
    put_key(&server, &token, "vendor-key-00000000").await.refused(400, "connection_test_failed");
    let told = receiver.wait_for(3).await[2].json();
    assert_eq!((&told["operation"], &told["success"]), (&json!("override"), &json!(false)));
    assert_eq!(told["connectionId"], made);
    assert_eq!(deliveries(&server, "?event=auth.creation").await.len(), 2);
}

#[tokio::test]
async fn a_sign_in_that_comes_back_without_a_grant_is_told_where_creations_are() {
    let receiver = Receiver::start().await;
    let server = Start::dev().start();
    for (switch, told) in [(false, 0), (true, 1)] {
        let settings = json!({"webhooks": {"primary_url": receiver.url(), "on_auth_creation": switch}});
        server.api("PATCH", "/environment", Some(settings)).await.ok();
        let mut visitor = Visitor::new(&server);
        let begun = visitor.begin(EXCEL, json!({"end_user": {"id": "u1"}}), "").await;
        let returned = visitor.sign_in(&begun, "ada@contoso.example").await;
        let back = format!(
            "{}/oauth/callback?error=access_denied&error_description=no&state={}",
            server.url(),
            returned.param("state").unwrap()
        );
        visitor.get(&back).await;
        assert_eq!(deliveries(&server, "").await.len(), told);
    }
    let told = receiver.wait_for(1).await[0].json();
    assert_eq!((&told["operation"], &told["success"]), (&json!("creation"), &json!(false)));
    assert_eq!(
        (&told["error"]["type"], &told["endUser"]["endUserId"]),
        (&json!("callback_err"), &json!("u1"))
    );
    assert!(!told["connectionId"].as_str().unwrap().is_empty());
}
