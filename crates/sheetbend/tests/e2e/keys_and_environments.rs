//! API keys, environments, their settings, secrets and variables, by the front door.

use crate::harness;

use harness::{Answer, Server, Start};
use serde_json::{Value, json};

async fn with_key(server: &Server, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let text = body.map(|body| body.to_string()).unwrap_or_default();
    server.send(method, &format!("{}{path}", server.url()), &headers, text).await
}

async fn account(server: &Server, method: &str, path: &str, body: Option<Value>) -> Answer {
    with_key(server, server.facts["account_key"].as_str().unwrap(), method, path, body).await
}

async fn new_key(server: &Server, body: Value) -> (i64, String) {
    let made = account(server, "POST", "/environment/api-keys", Some(body)).await.ok()["data"].clone();
    (made["id"].as_i64().unwrap(), made["secret"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_key_is_made_used_listed_and_revoked() {
    let server = Start::dev().start();
    let body = json!({"environment_id": 1, "display_name": "backend"});
    let answer = account(&server, "POST", "/environment/api-keys", Some(body.clone())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let made = answer.json()["data"].clone();
    assert_eq!((&made["display_name"], &made["scopes"]), (&json!("backend"), &json!(["environment:*"])));
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("sb_dev_"), "{secret}");
    account(&server, "POST", "/environment/api-keys", Some(body)).await.refused(409, "conflict");
    with_key(&server, secret, "GET", "/integrations", None).await.ok();
    let list = account(&server, "GET", "/environment/api-keys?environment_id=1", None).await.ok();
    let one = list["data"].as_array().unwrap().iter().find(|one| one["id"] == made["id"]).unwrap();
    assert!(secret.starts_with(one["prefix"].as_str().unwrap()) && !list.to_string().contains(secret));
    let gone = json!({"environment_id": 1, "key_id": made["id"]});
    let deleted = account(&server, "DELETE", "/environment/api-keys", Some(gone.clone())).await;
    assert_eq!(deleted.ok(), json!({"success": true}));
    with_key(&server, secret, "GET", "/integrations", None).await.refused(401, "unknown_account");
    let elsewhere = json!({"environment_id": 7, "key_id": made["id"]});
    account(&server, "DELETE", "/environment/api-keys", Some(elsewhere)).await.refused(404, "not_found");
    server.calm();
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_no_more() {
    let server = Start::dev().start();
    let scopes = json!(["environment:connections:*", "environment:variables:read"]);
    let body = json!({"environment_id": 1, "display_name": "narrow", "scopes": scopes});
    let (_, narrow) = new_key(&server, body).await;
    with_key(&server, &narrow, "GET", "/connections", None).await.ok();
    with_key(&server, &narrow, "GET", "/environment-variables", None).await.ok();
    let refused = with_key(&server, &narrow, "GET", "/integrations", None).await.refused(403, "forbidden");
    assert!(refused["message"].as_str().unwrap().starts_with("Insufficient scope. Required one of: "));
    let put =
        with_key(&server, &narrow, "PUT", "/environment-variables", Some(json!({"variables": []}))).await;
    let message = put.refused(403, "forbidden")["message"].clone();
    assert_eq!(message, "Insufficient scope. Required: environment:variables:update");
    for odd in
        [json!(["environment:proxy", "account:*"]), json!(["*"]), json!([]), json!(["environment:nothing:*"])]
    {
        let body = json!({"environment_id": 1, "display_name": "odd", "scopes": odd});
        account(&server, "POST", "/environment/api-keys", Some(body)).await.refused(400, "invalid_body");
    }
    // An account key opens no environment, an environment's key not the account.
    let error = account(&server, "GET", "/connections", None).await.refused(403, "forbidden");
    assert_eq!(error["message"], "API key is not authorized for an environment");
    account(&server, "GET", "/providers", None).await.refused(403, "forbidden");
    server.api("GET", "/environments", None).await.refused(403, "forbidden");
    let weak = json!({"display_name": "maker", "scopes": ["account:api_keys:create"]});
    let maker = account(&server, "POST", "/account/api-keys", Some(weak)).await.ok()["data"].clone();
    let all = Some(json!({"display_name": "all"}));
    let beyond = with_key(&server, maker["secret"].as_str().unwrap(), "POST", "/account/api-keys", all).await;
    beyond.refused(403, "forbidden");
    let path = format!("/account/api-keys/{}", maker["id"]);
    account(&server, "DELETE", &path, None).await.ok();
    let gone = with_key(&server, maker["secret"].as_str().unwrap(), "GET", "/account/api-keys", None).await;
    gone.refused(401, "unknown_account");
    server.calm();
}

#[tokio::test]
async fn an_environment_has_at_most_fifty_keys() {
    let server = Start::dev().start();
    let name = Some(json!({"name": "full"}));
    let id = account(&server, "POST", "/environments", name).await.ok()["data"]["id"].clone();
    for index in 0..50 {
        new_key(&server, json!({"environment_id": id, "display_name": format!("key {index}")})).await;
    }
    let more = json!({"environment_id": id, "display_name": "one more"});
    account(&server, "POST", "/environment/api-keys", Some(more)).await.refused(400, "resource_capped");
}

#[tokio::test]
async fn environments_are_apart_and_end_at_once() {
    let server = Start::dev().start();
    let make = async |body: Value| account(&server, "POST", "/environments", Some(body)).await;
    let staging =
        make(json!({"name": "staging_1", "hmac_key": "k", "callback_url": "https://a.example/cb"})).await;
    let id = staging.ok()["data"]["id"].as_i64().unwrap();
    make(json!({"name": "staging_1"})).await.refused(409, "conflict");
    make(json!({"name": "Staging"})).await.refused(400, "invalid_body");
    make(json!({"name": "prod", "is_production": false})).await.refused(400, "invalid_is_prod_flag");
    let prod = make(json!({"name": "prod"})).await.ok()["data"]["id"].as_i64().unwrap();
    let end = async |id: i64| account(&server, "DELETE", &format!("/environments/{id}"), None).await;
    end(prod).await.refused(400, "cannot_delete_prod_environment");
    end(99).await.refused(404, "not_found");
    account(&server, "DELETE", "/environments/x", None).await.refused(400, "invalid_uri_params");
    let (_, key) = new_key(&server, json!({"environment_id": id, "display_name": "k"})).await;
    assert!(key.starts_with("sb_staging_1_"), "{key}");
    let theirs = with_key(&server, &key, "GET", "/integrations", None).await.ok();
    assert_eq!(theirs, json!({"data": []}), "another environment's integrations are not seen");
    let path = "/connections/demo-excel?provider_config_key=microsoft-excel";
    with_key(&server, &key, "GET", path, None).await.refused(400, "unknown_provider_config");
    let settings = with_key(&server, &key, "GET", "/environment", None).await.ok()["data"].clone();
    assert_eq!(settings["callback_url"], "https://a.example/cb");
    assert_eq!((&settings["hmac_key_set"], &settings["is_production"]), (&json!(true), &json!(false)));
    assert_eq!(end(id).await.status, 204);
    with_key(&server, &key, "GET", "/integrations", None).await.refused(401, "unknown_account");
    end(id).await.refused(404, "not_found");
    let again = make(json!({"name": "staging_1"})).await.ok()["data"]["id"].as_i64().unwrap();
    assert_ne!(again, id);
    let all = account(&server, "GET", "/environments", None).await.ok();
    let names: Vec<&str> =
        all["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dev", "prod", "staging_1"]);
    server.calm();
}

#[tokio::test]
async fn settings_stay_until_they_are_changed_or_cleared() {
    let server = Start::dev().start();
    let change = async |body: Value| server.api("PATCH", "/environment", Some(body)).await;
    let first = change(json!({
        "webhooks": {"primary_url": "https://hooks.example/a", "on_sync_error": false}, "hmac_enabled": true, "hmac_key": "secret",
        "public_key": "0b3a7c1e-5d2f-4e6a-9c8b-7f1e2d3c4b5a", "override_hosts": "any-public"}))
    .await
    .ok()["data"]
        .clone();
    let events = &first["webhooks"];
    assert_eq!((&events["on_sync_error"], &events["on_auth_creation"]), (&json!(false), &json!(true)));
    assert!(!first.to_string().contains("secret\""));
    let second =
        change(json!({"webhooks": {"primary_url": ""}, "public_key": "", "hmac_key": ""})).await.ok()["data"]
            .clone();
    let read = |key: &str| second[key].clone();
    assert_eq!(
        (read("webhook_url"), read("public_key"), read("hmac_key_set")),
        (Value::Null, Value::Null, json!(false))
    );
    assert_eq!((read("override_hosts"), read("hmac_enabled")), (json!("any-public"), json!(true)));
    for (body, field) in [
        (json!({"webhooks": {"primary_url": "nonsense"}}), json!(["webhooks", "primary_url"])),
        (json!({"callback_url": "https://u:p@a.example/"}), json!(["callback_url"])),
        (json!({"public_key": "not-a-uuid"}), json!(["public_key"])),
        (json!({"hmac_key": "x".repeat(1001)}), json!(["hmac_key"])),
        (json!({"override_hosts": "all"}), json!(["override_hosts"])),
        (json!({"hmac_enabled": "yes"}), json!(["hmac_enabled"])),
        (json!({"odd": 1}), json!([])),
    ] {
        let error = change(body.clone()).await.refused(400, "invalid_body");
        assert_eq!(error["errors"][0]["path"], field, "{body}: {error}");
    }
    server.calm();
}

#[tokio::test]
async fn the_signing_key_is_made_read_set_and_rotated() {
    let server = Start::dev().start();
    let path = "/environment/webhook-signing-key";
    let read = async || server.api("GET", path, None).await.ok()["data"]["webhook_signing_key"].clone();
    let made = read().await;
    assert!(made.is_string() && read().await == made);
    let rotated = server.api("POST", &format!("{path}/rotate"), None).await.ok();
    assert_ne!(rotated["data"]["webhook_signing_key"], made);
    assert_eq!(read().await, rotated["data"]["webhook_signing_key"]);
    let theirs = json!({"webhook_signing_key": "5f1c0d2e-6a1b-4f3c-9d8e-7b6a5c4d3e2f"});
    assert_eq!(server.api("PUT", path, Some(theirs.clone())).await.ok(), json!({"data": theirs}));
    assert_eq!(read().await, theirs["webhook_signing_key"]);
    server
        .api("PUT", path, Some(json!({"webhook_signing_key": "short"})))
        .await
        .refused(400, "invalid_signing_key");
    server.calm();
}

#[tokio::test]
async fn variables_are_replaced_whole_and_lie_sealed() {
    let server = Start::dev().start();
    let put = async |variables: Value| {
        server.api("PUT", "/environment-variables", Some(json!({"variables": variables}))).await
    };
    let read = async || server.api("GET", "/environment-variables", None).await.ok();
    assert_eq!(read().await, json!([]));
    let two = json!([{"name": "A", "value": "a-value-that-lies-sealed"}, {"name": "Ünï/☃", "value": ""}]);
    assert_eq!(put(two.clone()).await.ok(), json!({"success": true}));
    assert_eq!(read().await, two);
    let files = std::fs::read_dir(&server.data_dir).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        assert!(!bytes.windows(24).any(|window| window == b"a-value-that-lies-sealed"), "{}", file.display());
    }
    for (wrong, path) in [
        (json!([{"name": "", "value": "x"}]), json!(["variables", "0", "name"])),
        (json!([{"name": "a\u{0}b", "value": "x"}]), json!(["variables", "0", "name"])),
        (
            json!([{"name": "a", "value": "x"}, {"name": "a", "value": "y"}]),
            json!(["variables", "1", "name"]),
        ),
        (json!([{"name": "a", "value": "x".repeat(70_000)}]), json!(["variables", "0", "value"])),
        (json!([{"name": "x".repeat(257), "value": ""}]), json!(["variables", "0", "name"])),
        (json!([{"name": "a"}]), json!(["variables", "0", "value"])),
        (json!({}), json!(["variables"])),
    ] {
        let error = put(wrong.clone()).await.refused(400, "invalid_body");
        assert_eq!(error["errors"][0]["path"], path, "{wrong}: {error}");
    }
    assert_eq!(read().await, two, "nothing of a refused list is kept");
    put(json!([])).await.ok();
    assert_eq!(read().await, json!([]));
    server.calm();
}

#[tokio::test]
async fn fixed_keys_of_environments_come_from_the_configuration() {
    let (prod, public) = ("7b1f9f0e-7a2b-4c3d-8e9f-0a1b2c3d4e5f", "8c2f9f0e-7a2b-4c3d-8e9f-0a1b2c3d4e5f");
    let server =
        Start::dev().env("SHEETBEND_SECRET_KEY_PROD", prod).env("SHEETBEND_PUBLIC_KEY_PROD", public).start();
    let settings = with_key(&server, prod, "GET", "/environment", None).await.ok()["data"].clone();
    assert_eq!((&settings["name"], &settings["public_key"]), (&json!("prod"), &json!(public)));
    assert_eq!(settings["is_production"], true);
    let refused = Start::dev().env("SHEETBEND_SECRET_KEY_PROD", "short").try_start().err().unwrap();
    assert!(refused.contains("SHEETBEND_SECRET_KEY_PROD must be a UUID v4"), "{refused}");
}

#[tokio::test]
async fn a_public_key_admits_where_it_was_set_and_the_proof_fits() {
    const PUBLIC: &str = "8c2f9f0e-7a2b-4c3d-8e9f-0a1b2c3d4e5f";
    let server = Start::dev().start();
    let begin = async |query: &str| {
        let url = format!("{}/oauth/connect/microsoft-excel?public_key={query}", server.url());
        server.send("GET", &url, &[], "").await.status.as_u16()
    };
    assert_eq!(begin(PUBLIC).await, 401, "nobody is admitted before a key is set");
    server.api("PATCH", "/environment", Some(json!({"public_key": PUBLIC}))).await.ok();
    assert_eq!(begin(PUBLIC).await, 302);
    assert_eq!((begin("").await, begin("nonsense").await), (401, 401));
    assert_eq!(begin("9d2f9f0e-7a2b-4c3d-8e9f-0a1b2c3d4e5f").await, 401, "another key");
    // Whoever may change one environment must not lead another's end users into it.
    let made = account(&server, "POST", "/environments", Some(json!({"name": "other"}))).await.ok();
    let (_, other) =
        new_key(&server, json!({"environment_id": made["data"]["id"], "display_name": "other"})).await;
    for taken in [PUBLIC.to_owned(), PUBLIC.to_uppercase()] {
        let take = json!({"public_key": taken});
        with_key(&server, &other, "PATCH", "/environment", Some(take)).await.refused(409, "conflict");
    }
    let hmac = json!({"hmac_enabled": true, "hmac_key": "key"});
    server.api("PATCH", "/environment", Some(hmac)).await.ok();
    let proof = |message: &str| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"key");
        let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let with = |connection: &str, message: &str| {
        format!("{PUBLIC}&connection_id={connection}&hmac={}", proof(message))
    };
    assert_eq!(begin(PUBLIC).await, 400, "no proof");
    assert_eq!(begin(&format!("{PUBLIC}&hmac={}", proof("microsoft-excel"))).await, 302);
    assert_eq!(begin(&with("c-1", "microsoft-excel:c-1")).await, 302);
    assert_eq!(begin(&with("c-2", "microsoft-excel:c-1")).await, 400, "a proof of another connection");
    assert_eq!(begin(&with("a%3Fb", "microsoft-excel:a?b")).await, 400, "no connection id");
    server.calm();
}
