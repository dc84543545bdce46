//! What people may do, tried by URL and by API, and what of it is written down.

use crate::harness;

use harness::Start;
use harness::desk::Desk;
use serde_json::{Value, json};

const EXCEL: &str = "/integrations/microsoft-excel";
const DEMO: &str = "/connections/demo-excel?provider_config_key=microsoft-excel";

#[tokio::test]
async fn support_sees_the_log_and_no_secret_and_changes_nothing() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.ok();
    let support = owner.invited(&server, "sue@example.com", json!({"roles": {"dev": "support"}})).await;
    for seen in [
        "/integrations",
        EXCEL,
        "/connections",
        "/operations",
        "/webhooks/deliveries",
        "/providers?search=excel",
        "/internal/session",
    ] {
        let answer = support.call(&server, "GET", seen, None).await;
        let text = answer.text();
        assert_eq!(answer.status, 200, "{seen}: {text}");
        assert!(
            !text.contains("access_token")
                && !text.contains("refresh_token")
                && !text.contains("client_secret"),
            "{seen}: {text}"
        );
    }
    let connection = support.call(&server, "GET", DEMO, None).await;
    assert!(!connection.text().contains("access_token"), "{}", connection.text());
    for secret in [
        &format!("{EXCEL}?include=credentials"),
        &format!("{DEMO}&force_refresh=true"),
        "/connections/demo-excel/token?provider_config_key=microsoft-excel",
        "/environment",
        "/environment/webhook-signing-key",
        "/environment-variables",
        "/environments",
        "/environment/api-keys?environment_id=1",
        "/account/api-keys",
        "/internal/users",
        "/internal/audit",
    ] {
        let answer = support.call(&server, "GET", secret, None).await;
        let harmless = answer.status == 200
            && !answer.text().contains("_token\"")
            && !answer.text().contains("client_secret");
        assert!(answer.status == 403 || harmless, "{secret}: {} {}", answer.status, answer.text());
    }
    for (method, path, body) in changes() {
        let answer = support.call(&server, method, path, Some(body)).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
    }
    still_there(&server, &owner).await;
}

fn changes() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("POST", "/integrations", json!({"unique_key": "x", "provider": "microsoft-excel"})),
        ("PATCH", EXCEL, json!({"display_name": "x"})),
        ("DELETE", EXCEL, json!({})),
        (
            "POST",
            "/connections",
            json!({"provider_config_key": "microsoft-excel", "credentials": {"type": "OAUTH2", "access_token": "x"}}),
        ),
        ("PATCH", DEMO, json!({"tags": {"a": "b"}})),
        ("DELETE", DEMO, json!({})),
        (
            "POST",
            "/connections/metadata",
            json!({"connection_id": "demo-excel", "provider_config_key": "microsoft-excel", "metadata": {}}),
        ),
        ("POST", "/connect/sessions", json!({"end_user": {"id": "x"}})),
        ("PATCH", "/environment", json!({})),
        ("PUT", "/environment-variables", json!({"variables": []})),
        ("POST", "/environment/webhook-signing-key/rotate", json!({})),
        ("POST", "/environment/api-keys", json!({"environment_id": 1, "display_name": "x"})),
        ("POST", "/environments", json!({"name": "x"})),
        ("POST", "/account/api-keys", json!({"display_name": "x"})),
        ("POST", "/internal/users", json!({"email": "x@example.com", "owner": true})),
        ("POST", "/internal/setup-link", json!({})),
    ]
}

async fn still_there(server: &harness::Server, owner: &Desk) {
    owner.call(server, "GET", EXCEL, None).await.ok();
    owner.call(server, "GET", DEMO, None).await.ok();
    let users = owner.call(server, "GET", "/internal/users", None).await.ok();
    assert_eq!(users["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_cookie_opens_no_proxy() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let before = server.ask_control("requests").await["requests"].as_array().unwrap().len();
    let headers = [("provider-config-key", "microsoft-excel"), ("connection-id", "demo-excel")];
    for method in ["GET", "POST"] {
        let answer = owner.call_with(&server, method, "/proxy/v1.0/me", None, &headers).await;
        answer.refused(401, "missing_auth_header");
    }
    assert_eq!(server.ask_control("requests").await["requests"].as_array().unwrap().len(), before);
    // A key decides alone, whatever cookie comes along.
    let key = format!("Bearer {}", server.key());
    let answer = owner
        .call_with(&server, "GET", "/connections", None, &[("authorization", &key), ("sheetbend-csrf", "")])
        .await;
    answer.ok();
    let wrong =
        owner.call_with(&server, "GET", "/connections", None, &[("authorization", "Bearer nothing")]).await;
    wrong.refused(401, "invalid_secret_key_format");
}

/// These write files on the server's machine and change what seals every secret: a browser's cookie is no proof for them,
/// not even an owner's.
#[tokio::test]
async fn a_cookie_operates_nothing() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let directory = server.data_dir.join("by-cookie");
    for (method, path, body) in [
        ("GET", "/operator/doctor", None),
        ("GET", "/operator/keys", None),
        ("POST", "/operator/backup", Some(json!({"directory": directory}))),
        ("POST", "/operator/keys", Some(json!({"key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}))),
        ("POST", "/operator/keys/rotation", Some(json!({"to": "x"}))),
        (
            "POST",
            "/operator/api-keys",
            Some(json!({"key": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "display_name": "x"})),
        ),
    ] {
        let answer = owner.call(&server, method, path, body).await;
        answer.refused(401, "missing_auth_header");
    }
    assert!(!directory.exists());
    // A key of the account does, which an owner may make; the audit log then names it.
    let key = std::fs::read_to_string(server.data_dir.join("account.key")).unwrap();
    let bearer = format!("Bearer {}", key.trim());
    let url = format!("{}/operator/keys", server.url());
    server.send("GET", &url, &[("authorization", &bearer)], "").await.ok();
    let of_environment = format!("Bearer {}", server.key());
    server.send("GET", &url, &[("authorization", &of_environment)], "").await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_developer_is_one_in_their_environment_only() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    owner.call(&server, "POST", "/environments", Some(json!({"name": "prod"}))).await.ok();
    let roles = json!({"roles": {"dev": "developer", "prod": "support"}});
    let dana = owner.invited(&server, "dana@example.com", roles).await;
    let session = dana.call(&server, "GET", "/internal/session", None).await.ok();
    let expected = json!([{"name": "dev", "role": "developer", "is_production": false},
        {"name": "prod", "role": "support", "is_production": true}]);
    assert_eq!(session["environments"], expected);
    let secret = dana.call(&server, "GET", &format!("{EXCEL}?include=credentials"), None).await;
    assert!(secret.text().contains("client_secret"), "{}", secret.text());
    dana.call(&server, "PATCH", EXCEL, Some(json!({"display_name": "Sheets"}))).await.ok();
    let prod = dana.working_in("prod");
    assert_eq!(prod.call(&server, "GET", "/integrations", None).await.ok()["data"], json!([]));
    let make = || Some(json!({"unique_key": "x", "provider": "microsoft-excel"}));
    prod.call(&server, "POST", "/integrations", make()).await.refused(403, "insufficient_scope");
    for elsewhere in ["nowhere", "Dev"] {
        dana.working_in(elsewhere)
            .call(&server, "GET", "/integrations", None)
            .await
            .refused(403, "insufficient_scope");
    }
    let unnamed =
        dana.call_with(&server, "GET", "/integrations", None, &[("sheetbend-environment", "")]).await;
    unnamed.refused(400, "missing_environment");
    dana.call(&server, "GET", "/internal/users", None).await.refused(403, "insufficient_scope");

    // Keys of their own environment are theirs to make; of another, and of the account, not.
    let id = dana.call(&server, "GET", "/environment", None).await.ok()["data"]["id"].clone();
    let body = |environment: &Value| Some(json!({"environment_id": environment, "display_name": "dana's"}));
    dana.call(&server, "POST", "/environment/api-keys", body(&id)).await.ok();
    dana.call(&server, "POST", "/environment/api-keys", body(&json!(2)))
        .await
        .refused(403, "insufficient_scope");
    prod.call(&server, "POST", "/environment/api-keys", body(&json!(2)))
        .await
        .refused(403, "insufficient_scope");
    dana.call(&server, "POST", "/account/api-keys", Some(json!({"display_name": "x"})))
        .await
        .refused(403, "insufficient_scope");

    // A change of role holds from the next call on.
    let users = owner.call(&server, "GET", "/internal/users", None).await.ok();
    let own =
        users["data"].as_array().unwrap().iter().find(|one| one["email"] == "dana@example.com").unwrap();
    let path = format!("/internal/users/{}", own["id"].as_str().unwrap());
    owner.call(&server, "PATCH", &path, Some(json!({"roles": {"dev": "support"}}))).await.ok();
    dana.call(&server, "PATCH", EXCEL, Some(json!({"display_name": "x"})))
        .await
        .refused(403, "insufficient_scope");
    prod.call(&server, "GET", "/integrations", None).await.refused(403, "insufficient_scope");
    let wrong = Some(json!({"roles": {"dev": "king"}}));
    owner.call(&server, "PATCH", &path, wrong).await.refused(400, "invalid_body");
    let unknown = Some(json!({"roles": {"nowhere": "support"}}));
    owner.call(&server, "PATCH", &path, unknown).await.refused(400, "invalid_body");
}

async fn entries(server: &harness::Server, desk: &Desk, query: &str) -> Vec<Value> {
    let answer = desk.call(server, "GET", &format!("/internal/audit{query}"), None).await.ok();
    answer["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_change_is_written_down_with_who_and_how_it_ended() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let support = owner.invited(&server, "sue@example.com", json!({"roles": {"dev": "support"}})).await;
    let secret =
        json!({"credentials": {"type": "OAUTH2", "client_id": "app", "client_secret": "hunter2-hunter2"}});
    owner.call(&server, "PATCH", EXCEL, Some(secret)).await.ok();
    support
        .call(&server, "PATCH", EXCEL, Some(json!({"display_name": "x"})))
        .await
        .refused(403, "insufficient_scope");
    server.api("PATCH", EXCEL, Some(json!({"display_name": "Excel"}))).await.ok();
    server.api("POST", "/connections/metadata", Some(json!({"connection_id": "demo-excel", "provider_config_key": "microsoft-excel", "metadata": {"a": 1}}))).await.ok();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sheetbend"));
    command.args(["api-keys", "create", "robot", "--data-dir"]).arg(&server.data_dir);
    assert!(command.output().unwrap().status.success());
    server
        .send("PATCH", &format!("{}{EXCEL}", server.url()), &[("content-type", "application/json")], "{}")
        .await
        .refused(401, "missing_auth_header");

    let all = entries(&server, &owner, "").await;
    let seen: Vec<(&str, &str, &str, i64)> = all
        .iter()
        .map(|one| {
            let text = |value: &'_ Value| -> &str {
                Box::leak(value.as_str().unwrap_or("").to_owned().into_boxed_str())
            };
            (
                text(&one["actor"]["kind"]),
                text(&one["action"]),
                text(&one["target"]),
                one["outcome"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("operator", "api_key.create", "robot", 200),
            ("key", "integration.update", "microsoft-excel", 200),
            ("person", "integration.update", "microsoft-excel", 403),
            ("person", "integration.update", "microsoft-excel", 200),
            ("person", "session.sign_in", "sue@example.com", 200),
            ("person", "user.accept", "sue@example.com", 200),
            ("person", "user.invite", "sue@example.com", 201),
            ("person", "session.sign_in", "ada@example.com", 200),
            ("person", "user.setup", "ada@example.com", 200),
        ],
        "{all:#?}"
    );
    assert_eq!(all[3]["actor"]["name"], "ada@example.com");
    assert_eq!((&all[3]["environment"], &all[6]["environment"]), (&json!("dev"), &Value::Null));
    assert_eq!(all[0]["environment"], "dev", "the account made a key of this environment");
    assert_eq!(
        all[3]["detail"],
        json!({"fields": ["credentials.client_id", "credentials.client_secret", "credentials.type"]})
    );
    assert!(!format!("{all:?}").contains("hunter2"));

    let id = all[2]["actor"]["id"].as_str().unwrap();
    assert_eq!(entries(&server, &owner, &format!("?user={id}")).await.len(), 3);
    assert_eq!(entries(&server, &owner, "?action=integration").await.len(), 3);
    assert_eq!(entries(&server, &owner, "?action=integration.update&environment=dev&limit=2").await.len(), 2);
    let page = owner.call(&server, "GET", "/internal/audit?limit=4", None).await.ok();
    let next = page["next"].as_str().unwrap();
    assert_eq!(entries(&server, &owner, &format!("?before={next}")).await.len(), 5);
    let developer = owner.invited(&server, "dana@example.com", json!({"roles": {"dev": "developer"}})).await;
    let own = entries(&server, &developer, "").await;
    assert_eq!(own.len(), 4, "only of their environment: {own:#?}");
    support.call(&server, "GET", "/internal/audit", None).await.refused(403, "insufficient_scope");
}
