//! Published clients, unmodified, against the real binary: the SDK, Microsoft's own libraries, PnPjs.

use crate::harness;

use std::process::Command;

use harness::outside::{node, python};
use harness::{Server, Start};
use serde_json::{Value, json};

const DAEMON: &str = "00000000-0000-4000-a000-000000000004";
const MULTI: &str = "00000000-0000-4000-a000-000000000002";
const CONTOSO: &str = "11111111-2222-4333-8444-555555555555";

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_every_method_of_the_published_sdk() {
    let server = Start::dev().start();
    let options = json!({
        "host": server.url(), "api_key": server.key(), "integration": "microsoft-excel",
        "connection_id": "demo-excel", "provider": "microsoft-excel", "item_id": server.file("Sales.xlsx"),
    });
    node("nango_node.mjs", &options).await;
}

/// The table of the SDK's methods, functions and records left out.
#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_the_table_of_the_sdk_s_methods() {
    let server = Start::dev().start();
    let options = json!({
        "host": server.url(), "api_key": server.key(), "integration": "microsoft-excel",
        "connection_id": "demo-excel", "provider": "microsoft-excel",
    });
    let facts = node("nango_methods.mjs", &options).await;
    println!("SDK methods passing {} / {}", facts["passing"], facts["all"]);
    assert_eq!(facts["passing"], facts["all"], "{facts}");
    assert!(facts["all"].as_u64().unwrap() >= 30, "{facts}");
}

#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_a_fuzzer_finds_every_answer_described() {
    let server = Start::dev().start();
    let options = json!({
        "file": concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json"), "host": server.url(), "examples": 6,
        "keys": {"environment": server.key(), "account": server.facts["account_key"]},
        // Pages and redirects of browsers, answers that are a provider's, and what writes where it is told.
        "skip": ["/proxy", "/oauth", "/app-auth", "/auth/", "/api-auth/", "/connect/certificates", "/connect/admin",
            "/operator/backup"],
    });
    let facts = python("openapi_fuzz.py", &options).await;
    println!("{facts}");
    assert!(facts["calls"].as_u64().unwrap() > 200, "{facts}");
    server.calm();
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_microsoft_s_graph_client_pages_and_edits_through_the_proxy() {
    let server = Start::dev().args(&["--tls"]).start();
    let options = json!({
        "base_url": format!("{}/proxy/", server.facts["api_https_url"].as_str().unwrap()),
        "ca_file": server.facts["sandbox"]["ca_file"], "api_key": server.key(),
        "integration": "microsoft-excel", "connection_id": "demo-excel", "item_id": server.file("Sales.xlsx"),
        "at_least_items": 3,
    });
    node("graph_client.mjs", &options).await;
    nobody_saw_our_key(&server).await;
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_pnpjs_pages_through_us_and_the_provider_never_sees_our_key() {
    let server = Start::dev().args(&["--tls"]).start();
    let options = json!({
        "proxy_url": format!("{}/proxy", server.facts["api_https_url"].as_str().unwrap()),
        "ca_file": server.facts["sandbox"]["ca_file"], "api_key": server.key(),
        "sp": {"site_path": "", "integration": "sharepoint-online-v1", "connection_id": "demo-sharepoint-v1",
            "list": "Tasks", "page_size": 100, "pages": 3},
        "graph": {"integration": "sharepoint-online", "connection_id": "demo-sharepoint"},
    });
    let facts = node("pnp.mjs", &options).await;
    assert_eq!(facts["pages"], json!([100, 100, 50]));
    nobody_saw_our_key(&server).await;
}

/// The sandbox keeps a fingerprint of every header value and of each word in it.
async fn nobody_saw_our_key(server: &Server) {
    let all = server.ask_control("requests").await;
    assert!(!requests(&all).is_empty(), "{all}");
    let fingerprint = harness::sha256_hex(server.key());
    let query = format!("requests?contains_authorization_sha256={fingerprint}");
    let leaked = server.ask_control(&query).await;
    assert!(requests(&leaked).is_empty(), "{leaked}");
}

fn requests(answer: &Value) -> &Vec<Value> {
    answer["requests"].as_array().unwrap()
}

fn msal_options(server: &Server, certificate: &std::path::Path, key: &std::path::Path) -> Value {
    json!({
        "authority": format!("{}/{CONTOSO}", server.facts["sandbox"]["https_url"].as_str().unwrap()),
        "ca_file": server.facts["sandbox"]["ca_file"],
        "client_id": MULTI, "client_secret": "sandbox-secret-2-a", "expired_secret": "sandbox-secret-2-old",
        "scope": "https://graph.microsoft.com/.default", "redirect_uri": "http://localhost/cb",
        "login": "ada@contoso.example", "user_scopes": ["User.Read", "Files.ReadWrite"], "device": true,
        "daemon": {"client_id": DAEMON, "client_secret": "sandbox-secret-4-a",
            "certificate_file": certificate, "key_file": key},
    })
}

/// A key pair made by OpenSSL, registered with the sandbox's daemon app.
async fn with_certificate(server: &Server) -> Value {
    let (certificate, key) = (server.data_dir.join("client.pem"), server.data_dir.join("client.key"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=test", "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success());
    let pem = std::fs::read_to_string(&certificate).unwrap();
    let added = server.control(&format!("apps/{DAEMON}/certificates"), json!({"pem": pem})).await;
    assert_eq!(added.status, 200, "{}", added.text());
    msal_options(server, &certificate, &key)
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_msal_signs_in_against_the_sandbox() {
    let server = Start::dev().start();
    node("msal.mjs", &with_certificate(&server).await).await;
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_openid_client_signs_in_against_the_sandbox() {
    let server = Start::dev().start();
    node("openid_client.mjs", &with_certificate(&server).await).await;
}

#[tokio::test]
#[ignore = "needs Python and Node"]
async fn needs_python_needs_node_msal_signs_in_against_the_sandbox() {
    let server = Start::dev().start();
    python("msal_py.py", &with_certificate(&server).await).await;
}
