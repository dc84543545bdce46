//! What the public API accepts, refuses and shows, where the contract is exact.

use crate::harness;

use harness::{Server, Start};
use serde_json::{Value, json};

fn integration(credentials: Value) -> Value {
    json!({"provider": "microsoft", "unique_key": "ms", "credentials": credentials})
}

/// Whether any file of the data directory holds the text.
fn on_disk(server: &Server, text: &str) -> bool {
    let files = std::fs::read_dir(&server.data_dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).any(|path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn an_integration_s_secrets_are_required_sealed_and_cleared() {
    let server = Start::dev().start();
    for incomplete in [
        json!({"type": "OAUTH2", "client_id": "app"}),
        json!({"type": "OAUTH2", "client_secret": "s"}),
        json!({"type": "OAUTH2", "client_id": "app", "client_secret": ""}),
    ] {
        let answer = server.api("POST", "/integrations", Some(integration(incomplete))).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (400, &json!("invalid_body")));
    }
    let (client, webhook) = ("a-client-secret-in-clear", "a-webhook-secret-in-clear");
    let whole =
        json!({"type": "OAUTH2", "client_id": "app", "client_secret": client, "webhook_secret": webhook});
    let answer = server.api("POST", "/integrations", Some(integration(whole))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!on_disk(&server, client) && !on_disk(&server, webhook));
    let path = "/integrations/ms?include=credentials";
    let shown = server.api("GET", path, None).await.json()["data"]["credentials"].clone();
    assert_eq!((&shown["client_secret"], &shown["webhook_secret"]), (&json!(client), &json!(webhook)));
    let answer = server.api("GET", "/integrations/ms?include=client", None).await;
    assert_eq!(
        answer.json()["data"]["client"],
        json!({"type": "OAUTH2", "client_id": "app", "scopes": null})
    );
    assert!(!answer.text().contains("in-clear"));
    let clear = json!({"credentials": {"type": "OAUTH2", "webhook_secret": ""}});
    assert_eq!(server.api("PATCH", "/integrations/ms", Some(clear)).await.status, 200);
    let shown = server.api("GET", path, None).await.json()["data"]["credentials"].clone();
    assert_eq!((&shown["client_secret"], &shown["webhook_secret"]), (&json!(client), &Value::Null));
}

#[tokio::test]
async fn imported_tokens_may_say_their_end_in_any_usual_form() {
    let server = Start::dev().start();
    for (given, shown) in [
        (json!("2099-01-02T03:04:05.678Z"), "2099-01-02T03:04:05.678Z"),
        (json!("2099-01-02T04:04:05+01:00"), "2099-01-02T03:04:05.000Z"),
        (json!("2099-01-02"), "2099-01-02T00:00:00.000Z"),
        (json!(4_070_912_645_000_i64), "2099-01-01T01:04:05.000Z"),
        (json!(4_070_912_645_i64), "2099-01-01T01:04:05.000Z"),
    ] {
        let body = json!({
            "provider_config_key": "microsoft-excel", "connection_id": "imported",
            "credentials": {"type": "OAUTH2", "access_token": "t", "expires_at": given},
        });
        let answer = server.api("POST", "/connections", Some(body)).await;
        assert_eq!(answer.status, 201, "{given}: {}", answer.text());
        assert_eq!(answer.json()["credentials"]["expires_at"], shown);
    }
}

#[tokio::test]
async fn each_refusal_names_its_place() {
    let server = Start::dev().start();
    let person = json!({"id": "u"});
    for (method, path, body, code, place) in [
        ("GET", "/connections?limit=0", None, "invalid_query_params", json!(["limit"])),
        ("GET", "/operations?state=odd", None, "invalid_query_params", json!(["state"])),
        ("GET", "/providers?search=(", None, "invalid_query_params", json!(["search"])),
        (
            "POST",
            "/connect/sessions",
            Some(json!({"end_user": person, "overrides": {"nowhere": {}}})),
            "invalid_body",
            json!(["overrides", "nowhere"]),
        ),
    ] {
        let answer = server.api(method, path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"]["code"].as_str()),
            (400, Some(code)),
            "{path}"
        );
        assert_eq!(answer.json()["error"]["errors"][0]["path"], place, "{path}");
    }
    let made = server.api("POST", "/connect/sessions", Some(json!({"end_user": person}))).await.json();
    let token = made["data"]["token"].as_str().unwrap();
    let path = format!("/auth/unauthenticated/microsoft-excel?connect_session_token={token}&connection_id=c");
    let answer = server.api("POST", &path, None).await;
    assert_eq!(answer.json()["error"]["errors"][0]["path"], json!(["connection_id"]), "{}", answer.text());
}

#[tokio::test]
async fn a_browser_may_ask_before_it_forwards_a_call() {
    let server = Start::dev().start();
    let asks = [("origin", "https://app.example"), ("access-control-request-method", "GET")];
    let url = format!("{}/proxy/v1.0/me", server.url());
    let answer = server.send("OPTIONS", &url, &asks, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, "*"));
    assert!(answer.header("access-control-allow-headers").contains("Provider-Config-Key"));
    let answer = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, "*"));
    // With a key it is a call: the provider answers it, not we.
    let answer = server.proxy_with("OPTIONS", "/v1.0/me", "microsoft-excel", "demo-excel", &asks, "").await;
    assert_ne!(answer.status.as_u16(), 204);
    assert_eq!(server.send("OPTIONS", &url, &[], "").await.status, 401);
}
