//! One Graph connection opens the tenant's SharePoint too; each token goes only to its audience.

use crate::harness;

use harness::connect::connections_of;
use harness::keys::narrow_key;
use harness::{Server, Start, sha256_hex};
use serde_json::{Value, json};

const KEY: &str = "sharepoint-online";
const ID: &str = "demo-sharepoint";

fn origin(server: &Server, tenant: &str) -> String {
    let port = server.sandbox().parse::<http::Uri>().unwrap().port_u16().unwrap();
    format!("http://{tenant}.sharepoint.localhost:{port}")
}

async fn token(server: &Server, resource: &str) -> Value {
    let more = if resource.is_empty() { String::new() } else { format!("&resource={resource}") };
    let answer =
        server.api("GET", &format!("/connections/{ID}/token?provider_config_key={KEY}{more}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn one_connection_serves_graph_and_sharepoint_and_each_token_stays_with_its_audience() {
    let server = Start::dev().start();
    let contoso = origin(&server, "contoso");
    let graph = server.proxy("GET", "/v1.0/sites/root", KEY, ID).await;
    assert_eq!(graph.status, 200, "{}", graph.text());
    let more = [("base-url-override", contoso.as_str())];
    let by_override = server.proxy_with("GET", "/_api/web?$select=Title", KEY, ID, &more, "").await;
    assert_eq!(by_override.status, 200, "{}", by_override.text());
    let absolute = server.proxy("GET", &format!("/{contoso}/_api/web?$select=Title"), KEY, ID).await;
    assert_eq!(absolute.status, 200, "{}", absolute.text());
    assert_eq!(absolute.text(), by_override.text());

    let own = token(&server, "").await;
    let minted = token(&server, "sharepoint").await;
    assert_eq!(minted["resource"], contoso);
    assert_ne!(own["token"], minted["token"]);
    assert_eq!(token(&server, &contoso).await["token"], minted["token"], "cached, and named by its origin");
    goes_only_to(&server, &own, "graph.localhost").await;
    goes_only_to(&server, &minted, "contoso.sharepoint.localhost").await;
    let mints = server.ask_control("requests?path_contains=/oauth2/v2.0/token").await;
    assert_eq!(mints["requests"].as_array().unwrap().len(), 1, "one mint serves three calls: {mints}");
}

async fn goes_only_to(server: &Server, token: &Value, host: &str) {
    let print = sha256_hex(token["token"].as_str().unwrap());
    let seen = server.ask_control(&format!("requests?contains_authorization_sha256={print}")).await;
    let hosts: Vec<&str> =
        seen["requests"].as_array().unwrap().iter().map(|one| one["host"].as_str().unwrap()).collect();
    assert!(!hosts.is_empty(), "no call carried the token");
    assert!(hosts.iter().all(|seen| seen.starts_with(host)), "{hosts:?} are not all {host}");
}

#[tokio::test]
async fn another_tenant_s_host_gets_neither_a_token_nor_a_byte() {
    let server = Start::dev().start();
    let fabrikam = origin(&server, "fabrikam");
    for path in [format!("/{fabrikam}/_api/web"), "/_api/web".to_owned()] {
        let more = [("base-url-override", fabrikam.as_str())];
        let more = if path.starts_with("/_api") { &more[..] } else { &[] };
        let refused = server.proxy_with("GET", &path, KEY, ID, more, "").await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        assert!(refused.text().contains("fabrikam"), "the refusal names the host: {}", refused.text());
    }
    let path = format!("/connections/{ID}/token?provider_config_key={KEY}&resource={fabrikam}");
    let refused = server.api("GET", &path, None).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    let seen = server.ask_control("requests?host=fabrikam").await;
    assert!(seen["requests"].as_array().unwrap().is_empty(), "{seen}");
}

#[tokio::test]
async fn minting_is_logged_and_a_new_sign_in_ends_what_was_minted() {
    let server = Start::dev().start();
    let first = token(&server, "sharepoint").await;
    let logged = harness::eventually("the mint in the log", async || {
        let answer = server.api("GET", &format!("/operations?connection={ID}&type=auth"), None).await.json();
        let all = answer["data"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["detail"]["resource"] == "sharepoint")
    })
    .await;
    assert_eq!(logged["state"], "success");
    assert!(!logged.to_string().contains(first["token"].as_str().unwrap()));

    let body = serde_json::json!({"connection_id": ID, "integration_id": KEY});
    let made = server.api("POST", "/connect/sessions/reconnect", Some(body)).await.json();
    let session = made["data"]["token"].as_str().unwrap();
    let url = harness::connect::sign_in_url(&server, KEY, session, "");
    let mut person = harness::person::Person::default();
    let page = harness::connect::connect(&mut person, &server, &url, "ada@contoso.example").await;
    assert!(page.text().contains("connected"), "{}", page.text());
    let second = token(&server, "sharepoint").await;
    assert_ne!(first["token"], second["token"], "the token of the account before");
    assert!(connections_of(&server, "nobody").await.is_empty());
}

async fn connection(server: &Server, key: &str, id: &str) -> Value {
    let url = format!("{}/connections/{id}?provider_config_key={KEY}", server.url());
    server.send("GET", &url, &[("authorization", &format!("Bearer {key}"))], "").await.ok()
}

#[tokio::test]
async fn readers_of_credentials_find_the_sharepoint_token_and_nobody_else_does() {
    let server = Start::dev().start();
    let reader = narrow_key(&server, &["environment:connections:read"]).await;
    let shown = connection(&server, server.key(), ID).await;
    let token = &shown["connection_config"]["sharepointAccessToken"];
    assert_eq!(token["token_type"], "Bearer", "{shown}");
    let end = token["expires_at"].as_i64().unwrap();
    assert!(end > 1_500_000_000_000, "Unix milliseconds: {token}");
    assert!(token["expires_in"].as_i64().unwrap() > 600, "{token}");
    let access = token["access_token"].as_str().unwrap();
    assert_eq!(self::token(&server, "sharepoint").await["token"], access, "minted once");
    let authorization = format!("Bearer {access}");
    let url = format!("{}/_api/web?$select=Title", origin(&server, "contoso"));
    server
        .send("GET", &url, &[("authorization", &authorization), ("accept", "application/json")], "")
        .await
        .ok();

    let narrow = connection(&server, &reader, ID).await;
    assert!(narrow["connection_config"].get("sharepointAccessToken").is_none(), "{narrow}");
    let excel =
        server.api("GET", "/connections/demo-excel?provider_config_key=microsoft-excel", None).await.ok();
    assert!(excel["connection_config"].get("sharepointAccessToken").is_none(), "{excel}");
    let file = std::fs::read(server.data_dir.join("sheetbend.db")).unwrap();
    assert!(!file.windows(access.len()).any(|part| part == access.as_bytes()), "stored readable");
}

#[tokio::test]
async fn what_cannot_be_shown_is_left_out_and_what_was_imported_readable_is_not_kept() {
    let server = Start::dev().start();
    let imported = json!({"provider_config_key": KEY, "connection_id": "brought",
        "connection_config": {"sharepointAccessToken": {"access_token": "readable"}},
        "credentials": {"type": "OAUTH2", "access_token": "opaque"}});
    server.api("POST", "/connections", Some(imported)).await.ok();
    let before = server.token_calls().await;
    let shown = connection(&server, server.key(), "brought").await;
    assert!(!shown.to_string().contains("readable"), "{shown}");
    assert_eq!(server.token_calls().await, before, "without a refresh token nobody asks");

    let fault = json!({"match": {"path_regex": "/sites/root"}, "action": {"status": 403, "body": {}}});
    server.control("faults", fault).await.ok();
    for _ in 0..3 {
        let shown = connection(&server, server.key(), ID).await;
        assert_eq!(shown["credentials"]["type"], "OAUTH2", "the connection is there all the same");
        assert!(shown["connection_config"].get("sharepointAccessToken").is_none(), "{shown}");
    }
    let asked = server.ask_control("requests?path_contains=/sites/root").await;
    assert_eq!(asked["requests"].as_array().unwrap().len(), 1, "a failure is not repeated at every read");
}

#[tokio::test]
async fn a_refused_resource_token_is_minted_anew_and_not_without_end() {
    let server = Start::dev().start();
    let contoso = origin(&server, "contoso");
    let path = format!("/{contoso}/_api/web?$select=Title");
    let web = async || server.proxy("GET", &path, KEY, ID).await;
    assert_eq!(web().await.status, 200);
    let first = token(&server, "sharepoint").await;
    server.control("expire", json!({"user": "ada@contoso.example"})).await.ok();
    let before = server.token_calls().await;
    let all = futures_util::future::join_all((0..5).map(|_| web())).await;
    assert!(all.iter().all(|answer| answer.status == 200), "{}", all[0].text());
    assert_eq!(server.token_calls().await, before + 1, "callers with the same refused token share one mint");
    assert_ne!(token(&server, "sharepoint").await["token"], first["token"]);

    let fault =
        json!({"match": {"host": "contoso.sharepoint.localhost"}, "action": {"status": 401, "body": {}}});
    server.control("faults", fault).await.ok();
    let before = server.token_calls().await;
    for _ in 0..5 {
        assert_eq!(web().await.status, 401, "the provider's own answer");
    }
    // One was minted for the expired token just before.
    assert_eq!(server.token_calls().await, before + 1, "a resource that says no to everything ends it");
    server.calm();
}
