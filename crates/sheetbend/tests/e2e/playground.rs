//! Calls made from a page: the playground, a logged call once more, and what the log tells of both.

use serde_json::{Value, json};

use crate::harness::{Server, Start, eventually};

async fn play(server: &Server, call: Value) -> Value {
    server.api("POST", "/internal/playground", Some(call)).await.ok()
}

/// The operation with this id, once it is written.
async fn logged(server: &Server, id: &Value) -> Value {
    let path = format!("/operations/{}", id.as_str().unwrap());
    eventually("the operation", async || {
        let answer = server.api("GET", &path, None).await;
        (answer.status == 200).then(|| answer.json()["data"].clone())
    })
    .await
}

fn excel(method: &str, path: &str) -> Value {
    json!({"integration": "microsoft-excel", "connection": "demo-excel", "method": method, "path": path})
}

#[tokio::test]
async fn answers_come_inside_json() {
    let server = Start::dev().start();
    let answer = play(&server, excel("get", "/v1.0/me")).await;
    assert_eq!((answer["status"].as_i64(), answer["body"]["kind"].as_str()), (Some(200), Some("json")));
    assert!(answer["body"]["value"]["userPrincipalName"].is_string(), "{answer}");
    assert!(answer["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(logged(&server, &answer["operation_id"]).await["status"], 200);
    let mut call = excel("GET", "/v1.0/me/drive/root/children?$top=1");
    call["query"] = json!({"$select": "id,name"});
    let answer = play(&server, call).await;
    let operation = logged(&server, &answer["operation_id"]).await;
    assert!(operation["message"].as_str().unwrap().ends_with("?$top=1&%24select=id%2Cname"), "{operation}");
    // A file is bytes, never a document of ours.
    let file = server.file("Budget.xlsx");
    let answer = play(&server, excel("GET", &format!("/v1.0/me/drive/items/{file}/content"))).await;
    assert_eq!(answer["body"]["kind"], "binary", "{}", answer["headers"]);
    assert_eq!(play(&server, excel("HEAD", "/v1.0/me")).await["body"]["kind"], "none");
    for (name, value) in [
        ("method", json!("TRACE")),
        ("path", json!("/v1.0/../x")),
        ("headers", json!({"a b": "c"})),
        ("base_url", json!("ftp://example.com")),
        ("surprise", json!(1)),
    ] {
        let mut call = excel("GET", "/v1.0/me");
        call[name] = value;
        server.api("POST", "/internal/playground", Some(call)).await.refused(400, "invalid_body");
    }
    let mut call = excel("GET", "/v1.0/me");
    call["base_url"] = json!("https://evil.example.com");
    let refused = server.api("POST", "/internal/playground", Some(call)).await;
    refused.refused(400, "base_url_override_not_allowed");
    let mut call = excel("GET", "/v1.0/me");
    call["connection"] = json!("nobody");
    assert_eq!(server.api("POST", "/internal/playground", Some(call)).await.status, 400);
}

#[tokio::test]
async fn a_logged_call_is_sent_once_more() {
    let server = Start::dev().start();
    let file = server.file("Budget.xlsx");
    let path = format!("/v1.0/me/drive/items/{file}/workbook/worksheets/add");
    let mut call = excel("POST", &path);
    call["body"] = json!("{\"name\": \"Once\"}");
    call["headers"] = json!({"x-api-key": "hush"});
    let first = play(&server, call).await;
    assert_eq!(first["status"], 201, "{first}");
    let id = first["operation_id"].as_str().unwrap();
    let operation = logged(&server, &first["operation_id"]).await;
    assert_eq!(operation["detail"]["request"]["body"]["text"], "{\"name\": \"Once\"}");
    assert!(!operation.to_string().contains("hush"));
    let again = server.api("POST", &format!("/internal/logs/{id}/replay"), Some(json!({}))).await.ok();
    // The sheet is there already: the same call arrived.
    assert!((400..500).contains(&again["status"].as_i64().unwrap()), "{again}");
    assert_eq!(again["left_out_headers"], json!(["x-api-key"]));
    let refusal = logged(&server, &again["operation_id"]).await;
    let said = &refusal["detail"]["response"]["error"];
    assert!(said["code"].is_string() && said["message"].is_string(), "{refusal}");
    assert!(refusal["error"]["message"].as_str().unwrap().contains(said["code"].as_str().unwrap()));
    assert!(refusal["detail"]["response"]["body"]["text"].as_str().unwrap().contains("error"));
    let replay =
        async |id: &str| server.api("POST", &format!("/internal/logs/{id}/replay"), Some(json!({}))).await;
    replay("nobody").await.refused(404, "not_found");
    let mut call = excel("POST", &path);
    call["body"] = json!("{\"name\": \"Twice\", \"password\": \"hush\"}");
    let secret = play(&server, call).await;
    logged(&server, &secret["operation_id"]).await;
    let why = replay(secret["operation_id"].as_str().unwrap()).await.refused(409, "not_replayable");
    assert!(why["message"].as_str().unwrap().contains("secret"), "{why}");
}

#[tokio::test]
async fn health_is_told_in_figures() {
    let server = Start::dev().start();
    let call = play(&server, excel("GET", "/v1.0/me")).await;
    logged(&server, &call["operation_id"]).await;
    let health = server.api("GET", "/internal/health", None).await.ok();
    assert!(health["memory"]["rss_bytes"].as_u64().unwrap() > 1 << 20, "{health}");
    assert!(
        health["database"]["bytes"].as_i64().unwrap() > 10_000
            && health["database"]["schema"].as_i64().unwrap() >= 7
    );
    assert_eq!(
        (health["database"]["kind"].as_str(), health["series"]["step_ms"].as_i64()),
        (Some("sqlite"), Some(10_000))
    );
    assert!(health["log"]["operations"].as_i64().unwrap() >= 1 && health["log"]["oldest_at"].is_string());
    assert!(health["cache"]["accounts"].is_u64() && health["queue"]["waiting"].is_i64());
}
