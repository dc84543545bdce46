//! What a proxied call must not do with tokens, and that each leaves its trace.

use crate::harness;

use std::time::Duration;

use harness::{Server, Start};
use serde_json::{Value, json};
use tokio::time::Instant;

async fn operations(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.api("GET", &format!("/operations?{query}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].as_array().unwrap().clone()
}

/// The log is written behind the calls: looks until there is what is asked for.
async fn eventually(server: &Server, query: &str, text: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let found = operations(server, query).await;
        if let Some(one) = found.iter().find(|one| one.to_string().contains(text)) {
            return one.clone();
        }
        assert!(Instant::now() < deadline, "no operation with {text:?} among {found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_refused_credential_of_the_caller_s_own_refreshes_nothing() {
    let server = Start::dev().start();
    let own = [("nango-proxy-authorization", "Bearer made-up")];
    let answer = server.proxy_with("GET", "/v1.0/me", "microsoft-excel", "demo-excel", &own, "").await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    eventually(&server, "type=proxy", "/v1.0/me").await;
    assert!(operations(&server, "type=auth:refresh_token").await.is_empty());
}

#[tokio::test]
async fn a_tenant_s_token_never_goes_to_another_tenant_s_host() {
    let server = Start::dev().start();
    let integration = json!({
        "provider": "sharepoint-online", "unique_key": "sp", "cloud": "global",
        "allowed_hosts": ["*.sharepoint.com"], "connection_config": {"tenantName": "contoso"},
        "credentials": {"type": "OAUTH2", "client_id": "app", "client_secret": "s"},
    });
    let made = server.api("POST", "/integrations", Some(integration)).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let connection = json!({
        "provider_config_key": "sp", "connection_id": "c",
        "credentials": {"type": "OAUTH2", "access_token": "t", "expires_at": "2099-01-01T00:00:00Z"},
    });
    let made = server.api("POST", "/connections", Some(connection)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    for host in ["https://fabrikam.sharepoint.com", "https://fabrikam-my.sharepoint.com"] {
        let answer =
            server.proxy_with("GET", "/_api/web", "sp", "c", &[("base-url-override", host)], "").await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert_eq!(answer.json()["error"]["code"], "base_url_override_not_allowed", "{}", answer.text());
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_a_trace() {
    let server = Start::dev().start();
    let rule = json!({"match": {"path_prefix": "/v1.0/me"}, "times": 1, "action": {"stall_ms": 5_000}});
    assert!(server.control("faults", rule).await.status.is_success());
    let call = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel");
    assert!(tokio::time::timeout(Duration::from_millis(500), call).await.is_err());
    let one = eventually(&server, "type=proxy&state=failed", "closed the connection").await;
    assert_eq!(one["connection"], "demo-excel");
}

#[tokio::test]
async fn a_provider_that_refuses_every_token_costs_two_refreshes_and_no_more() {
    let server = Start::dev().start();
    let rule = json!({"match": {"path_prefix": "/v1.0/me"}, "times": 20, "action": {"status": 401}});
    assert!(server.control("faults", rule).await.status.is_success());
    for _ in 0..5 {
        let answer = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    // The fifth call's own row says that its refresh was not tried.
    eventually(&server, "type=proxy", "\"attempts\":1").await;
    assert_eq!(operations(&server, "type=auth:refresh_token").await.len(), 2);
}

#[tokio::test]
async fn a_trace_would_show_the_token_and_is_not_forwarded() {
    let server = Start::dev().start();
    let answer = server.proxy("TRACE", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]["code"]),
        (405, &json!("method_not_allowed"))
    );
}
