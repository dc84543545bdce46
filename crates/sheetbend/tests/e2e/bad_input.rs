//! What the API answers to input that is wrong: the contract's status and code, and nothing else happens.

use crate::harness;

use harness::keys::narrow_key;
use harness::visitor::{Visitor, session};
use harness::{Server, Start};
use serde_json::{Value, json};

const CLIENT: &str = "00000000-0000-4000-a000-000000000003";

async fn with_authorization(server: &Server, value: Option<&str>) -> harness::Answer {
    let headers: Vec<(&str, &str)> = value.map(|value| ("authorization", value)).into_iter().collect();
    server.send("GET", &format!("{}/connections", server.url()), &headers, "").await
}

#[tokio::test]
async fn keys_that_are_none() {
    let server = Start::dev().start();
    let missing = with_authorization(&server, None).await.refused(401, "missing_auth_header");
    assert_eq!(missing["payload"], json!({}));
    with_authorization(&server, Some("Bearer ")).await.refused(401, "malformed_auth_header");
    with_authorization(&server, Some("Bearer not-a-key")).await.refused(401, "invalid_secret_key_format");
    let long = format!("Bearer sb_{}", "x".repeat(500));
    with_authorization(&server, Some(&long)).await.refused(401, "invalid_secret_key_format");
    let unknown = "Bearer 7b1f9f0e-7a2b-4c3d-8e9f-0a1b2c3d4e5f";
    with_authorization(&server, Some(unknown)).await.refused(401, "unknown_account");
    let bare = server.key().to_owned();
    with_authorization(&server, Some(&bare)).await.ok();
    let proxied = server.send("GET", &format!("{}/proxy/v1.0/me", server.url()), &[], "").await;
    proxied.refused(401, "missing_auth_header");
    let url = format!("{}/connect/session", server.url());
    let token = format!("Bearer nango_connect_session_{}", "0".repeat(64));
    let session = server.send("GET", &url, &[("authorization", &token)], "").await;
    session.refused(401, "unknown_connect_session_token");
    let odd = server.send("GET", &url, &[("authorization", "Bearer nango_connect_session_xyz")], "").await;
    odd.refused(401, "invalid_connect_session_token_format");
    server.calm();
}

#[tokio::test]
async fn things_that_do_not_exist() {
    let server = Start::dev().start();
    server.api("GET", "/integrations/nobody", None).await.refused(404, "not_found");
    server.api("DELETE", "/integrations/nobody", None).await.refused(404, "not_found");
    server
        .api("GET", "/connections/nobody?provider_config_key=microsoft-excel", None)
        .await
        .refused(404, "not_found");
    server.api("GET", "/providers/nobody", None).await.refused(404, "not_found");
    server.api("GET", "/operations/nobody", None).await.refused(404, "not_found");
    server.api("GET", "/nowhere", None).await.refused(404, "not_found");
    // Forms and documents have codes of their own (contract §5.5, §5.6).
    let token = harness::connect::session_of(&server, "u").await;
    for (form, body) in
        [("api-auth/api-key", r#"{"apiKey":"x"}"#), ("auth/unauthenticated", ""), ("auth/oauth-outbound", "")]
    {
        let url = format!("{}/{form}/nobody?connect_session_token={token}", server.url());
        let json = [("content-type", "application/json")];
        server.send("POST", &url, &json, body).await.refused(404, "unknown_provider_config");
    }
    let environment = server.api("GET", "/environment", None).await.ok();
    let uuid = environment["data"]["uuid"].as_str().unwrap();
    for (place, code) in [
        ("nowhere/microsoft-excel".to_owned(), "unknown_environment"),
        (format!("{uuid}/nobody"), "unknown_provider_config"),
        (format!("{uuid}/microsoft-excel"), "feature_disabled"),
    ] {
        server.api("GET", &format!("/oauth/client-metadata/{place}"), None).await.refused(404, code);
    }
    let unknown = server.proxy("GET", "/v1.0/me", "nobody", "demo-excel").await;
    unknown.refused(404, "unknown_provider_config");
    let unknown =
        server.proxy("GET", "/v1.0/me", "microsoft-excel", "nobody").await.refused(400, "server_error");
    assert!(unknown["message"].as_str().unwrap().starts_with("Failed to get connection"), "{unknown}");
    let body = json!({"provider": "nobody", "unique_key": "n"});
    let unknown = server.api("POST", "/integrations", Some(body)).await.refused(400, "invalid_body");
    assert_eq!(unknown["errors"][0]["path"], json!(["provider"]));
    let mut body = session("nobody");
    body["end_user"] = json!({"id": "x"});
    let unknown = server.api("POST", "/connect/sessions", Some(body)).await.refused(400, "invalid_body");
    assert_eq!(unknown["errors"][0]["path"][0], "allowed_integrations", "{unknown}");
    server.calm();
}

#[tokio::test]
async fn bodies_that_are_wrong() {
    let server = Start::dev().start();
    let url = format!("{}/connect/sessions", server.url());
    let authorization = format!("Bearer {}", server.key());
    let json_type = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    for broken in ["{", "{\"end_user\":", "nonsense", "\u{0}", "{\"a\":1}{"] {
        server.send("POST", &url, &json_type, broken).await.refused(400, "invalid_json");
    }
    let deep = format!("{{\"end_user\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    server.send("POST", &url, &json_type, deep).await.refused(400, "invalid_json");
    let form = [("authorization", authorization.as_str()), ("content-type", "text/plain")];
    server.send("POST", &url, &form, "a=b").await.refused(415, "invalid_content_type");
    let large = format!("{{\"end_user\":{{\"id\":\"{}\"}}}}", "x".repeat(5 << 20));
    server.send("POST", &url, &json_type, large).await.refused(413, "request_too_large");
    let issue = |error: &Value| (error["errors"][0]["code"].clone(), error["errors"][0]["path"].clone());
    let cases = [
        (json!({"end_user": {"id": "a"}, "odd": 1}), "unrecognized_keys", json!([])),
        (json!({"end_user": {"id": "a", "odd": 1}}), "unrecognized_keys", json!(["end_user"])),
        (json!({"end_user": {"id": 7}}), "invalid_type", json!(["end_user", "id"])),
        (
            json!({"end_user": {"id": "a"}, "allowed_integrations": "x"}),
            "invalid_type",
            json!(["allowed_integrations"]),
        ),
        (json!({"end_user": {}}), "invalid_type", json!(["end_user", "id"])),
        (json!([1]), "invalid_type", json!([])),
    ];
    for (body, code, path) in cases {
        let error =
            server.api("POST", "/connect/sessions", Some(body.clone())).await.refused(400, "invalid_body");
        assert_eq!(issue(&error), (json!(code), path), "{body}: {error}");
    }
    let query = server.api("GET", "/connections?odd=1", None).await.refused(400, "invalid_query_params");
    assert_eq!(issue(&query).0, "unrecognized_keys");
    server.api("GET", "/connections?limit=x", None).await.refused(400, "invalid_query_params");
    server.api("GET", "/connections?limit=0", None).await.refused(400, "invalid_query_params");
    server.calm();
}

fn integration(key: &str, scopes: &str) -> Value {
    json!({"provider": "microsoft", "unique_key": key, "cloud": "sandbox",
        "credentials": {"type": "OAUTH2", "client_id": CLIENT, "client_secret": "sandbox-secret-3-a", "scopes": scopes}})
}

#[tokio::test]
async fn integrations_that_break_a_rule() {
    let server = Start::dev().start();
    let save = async |body: Value| server.api("POST", "/integrations", Some(body)).await;
    save(integration("m", "User.Read,offline_access")).await.ok();
    let twice = save(integration("m", "User.Read")).await.refused(400, "invalid_body");
    assert_eq!(twice["errors"][0]["path"], json!(["uniqueKey"]));
    let mixed = save(integration("mixed", ".default,User.Read")).await.refused(400, "invalid_body");
    let message = mixed["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("AADSTS70011") && message.contains(".default"), "{message}");
    assert_eq!(mixed["errors"][0]["path"], json!(["credentials", "scopes"]));
    save(integration("default", ".default,offline_access,openid")).await.ok();
    let mut tenant = integration("tenant", "User.Read");
    for wrong in ["not a tenant", "../../evil", "a.b@c", "contoso.onmicrosoft.com/x", "consumers?x"] {
        tenant["connection_config"] = json!({"tenant": wrong});
        let error = save(tenant.clone()).await.refused(400, "invalid_body");
        assert_eq!(error["errors"][0]["path"], json!(["connection_config", "tenant"]), "{wrong}");
    }
    for key in ["", "a/b", "a\u{7}b", &"k".repeat(256)] {
        let error = save(integration(key, "User.Read")).await.refused(400, "invalid_body");
        assert_eq!(error["errors"][0]["path"], json!(["unique_key"]), "{key}");
    }
    let mut hosts = integration("hosts", "User.Read");
    for wrong in ["https://x.example", "*", "*.com", "x.example:8080", "u@x.example", "a b"] {
        hosts["allowed_hosts"] = json!([wrong]);
        let error = save(hosts.clone()).await.refused(400, "invalid_body");
        assert_eq!(error["errors"][0]["path"], json!(["allowed_hosts", "0"]), "{wrong}");
    }
    let mut cloud = integration("cloud", "User.Read");
    cloud["cloud"] = json!("moon");
    save(cloud).await.refused(400, "invalid_body");
    let left = server.api("GET", "/integrations", None).await.ok();
    let keys: Vec<&str> =
        left["data"].as_array().unwrap().iter().map(|one| one["unique_key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 5, "only the good ones were stored: {keys:?}");
    server.calm();
}

#[tokio::test]
async fn sessions_and_forms_that_break_a_rule() {
    let server = Start::dev().start();
    let mut visitor = Visitor::new(&server);
    let mut body = session("microsoft-excel");
    body["integrations_config_defaults"] =
        json!({"microsoft-excel": {"authorization_params": {"scope": ".default User.Read"}}});
    let mixed = server.api("POST", "/connect/sessions", Some(body)).await.refused(400, "invalid_body");
    assert!(mixed["errors"][0]["message"].as_str().unwrap().contains("AADSTS70011"), "{mixed}");
    let wrong = visitor
        .begin("microsoft-excel", session("microsoft-excel"), "&params[tenant]=not%20a%20tenant")
        .await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("a GUID such as"), "{}", wrong.text());
    let other = visitor.begin("sharepoint-online", session("microsoft-excel"), "").await;
    assert_eq!(other.status, 400, "{}", other.text());
    let reserved = json!({"end_user": {"id": "a"}, "integrations_config_defaults":
        {"microsoft-excel": {"authorization_params": {"redirect_uri": "https://evil.example"}}}});
    server.api("POST", "/connect/sessions", Some(reserved)).await.refused(400, "invalid_body");
    let gone = visitor
        .get(&format!("{}/oauth/connect/microsoft-excel?connect_session_token=odd", server.url()))
        .await;
    assert_eq!(gone.status, 401, "{}", gone.text());
    assert_eq!(server.token_calls().await, before_everything(), "nothing left for the provider");
    server.calm();
}

/// `dev` proves its certificate connection once at its first start.
fn before_everything() -> usize {
    1
}

#[tokio::test]
async fn keys_that_may_too_little() {
    let server = Start::dev().start();
    let lister = narrow_key(&server, &["environment:connections:list", "environment:connections:read"]).await;
    let authorization = format!("Bearer {lister}");
    let call = async |method: &str, path: &str, body: &str| {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("provider-config-key", "microsoft-excel"),
            ("connection-id", "demo-excel"),
        ];
        server.send(method, &format!("{}{path}", server.url()), &headers, body.to_owned()).await
    };
    call("GET", "/connections", "").await.ok();
    for (method, path, scope) in [
        ("GET", "/integrations", "environment:integrations:list"),
        ("POST", "/integrations", "environment:integrations:create"),
        ("DELETE", "/integrations/microsoft-excel", "environment:integrations:delete"),
        (
            "DELETE",
            "/connections/demo-excel?provider_config_key=microsoft-excel",
            "environment:connections:delete",
        ),
        ("POST", "/connect/sessions", "environment:connect_sessions:write"),
        ("GET", "/proxy/v1.0/me", "environment:proxy"),
        ("GET", "/operations", "environment:logs:read"),
        ("GET", "/connections/demo-excel/token?resource=graph", "environment:connections:read_credentials"),
    ] {
        let error =
            call(method, path, if method == "POST" { "{" } else { "" }).await.refused(403, "forbidden");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("Insufficient scope. Required") && message.contains(scope),
            "{path}: {message}"
        );
    }
    let path = "/connections/demo-excel?provider_config_key=microsoft-excel";
    let seen = call("GET", path, "").await.ok();
    assert_eq!(seen["credentials"], json!({}), "credentials need a scope of their own");
    call("GET", &format!("{path}&refresh_token=true"), "").await.refused(403, "forbidden");
    server.calm();
}
