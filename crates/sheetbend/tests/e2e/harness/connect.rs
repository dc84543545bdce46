//! Connecting accounts of the sandbox as a person without scripts would.

use serde_json::{Value, json};

use super::Server;
use super::person::{Page, Person};

pub const CONTOSO: &str = "11111111-2222-4333-8444-555555555555";
pub const NORTHWIND: &str = "33333333-4444-4555-8666-777777777777";
pub const MULTI: &str = "00000000-0000-4000-a000-000000000002";
pub const DAEMON: &str = "00000000-0000-4000-a000-000000000004";

/// Makes an integration on the sandbox's cloud; `settings` are laid over the body.
pub async fn integration(server: &Server, provider: &str, key: &str, settings: Value) {
    let mut body = json!({"provider": provider, "unique_key": key, "cloud": "sandbox"});
    for (name, value) in settings.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = server.api("POST", "/integrations", Some(body)).await;
    assert_eq!(made.status, 200, "{}", made.text());
}

/// The sandbox's multi-tenant app as an integration's client.
pub fn multi_tenant_client(scopes: &str) -> Value {
    json!({"credentials": {"type": "OAUTH2", "client_id": MULTI, "client_secret": "sandbox-secret-2-a", "scopes": scopes}})
}

/// Makes a connect session; its token.
pub async fn session(server: &Server, body: Value) -> String {
    let made = server.api("POST", "/connect/sessions", Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["data"]["token"].as_str().unwrap().to_owned()
}

/// A session for one end user.
pub async fn session_of(server: &Server, user: &str) -> String {
    session(server, json!({"end_user": {"id": user}})).await
}

/// Where the connect page sends the sign-in window.
pub fn sign_in_url(server: &Server, key: &str, token: &str, more: &str) -> String {
    format!("{}/oauth/connect/{key}?connect_session_token={token}{more}", server.url())
}

/// Goes to the sign-in and picks an account; the page after it.
pub async fn sign_in(person: &mut Person, server: &Server, url: &str, user: &str) -> Page {
    let picker = person.open(server, url, None).await;
    assert!(picker.text().contains("Sign in"), "{}: {}", picker.url, picker.text());
    person.press(server, &picker, user, None).await
}

/// Connects with the consent page answered by Accept, if it comes; the result page.
pub async fn connect(person: &mut Person, server: &Server, url: &str, user: &str) -> Page {
    let page = sign_in(person, server, url, user).await;
    if page.text().contains("Permissions requested") {
        return person.press(server, &page, "accept", None).await;
    }
    page
}

/// The connections of one end user, as the list shows them.
pub async fn connections_of(server: &Server, user: &str) -> Vec<Value> {
    let answer = server.api("GET", &format!("/connections?endUserId={user}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["connections"].as_array().unwrap().clone()
}

/// The query parameters of every authorize request that the sandbox has seen, oldest first.
pub async fn authorize_requests(server: &Server) -> Vec<Vec<(String, String)>> {
    let seen = server.ask_control("requests?path_contains=/authorize").await;
    let seen = seen["requests"].as_array().unwrap().clone();
    seen.iter()
        .map(|one| {
            url::form_urlencoded::parse(one["query"].as_str().unwrap().as_bytes()).into_owned().collect()
        })
        .collect()
}

/// One parameter of a query.
pub fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
