//! API keys with some rights only.

use serde_json::json;

use super::Server;

/// A new key of the first environment with these scopes.
pub async fn narrow_key(server: &Server, scopes: &[&str]) -> String {
    let account = format!("Bearer {}", server.facts["account_key"].as_str().expect("an account key"));
    let headers = [("authorization", account.as_str()), ("content-type", "application/json")];
    let body = json!({"environment_id": 1, "display_name": scopes.join(" "), "scopes": scopes});
    let url = format!("{}/environment/api-keys", server.url());
    let made = server.send("POST", &url, &headers, body.to_string()).await.ok();
    made["data"]["secret"].as_str().expect("a key").to_owned()
}
