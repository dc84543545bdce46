//! `@nangohq/frontend`, unmodified, in Chromium: popups, the Connect UI in its frame, the bare link.

use crate::harness;

use harness::connect::{authorize_requests, connections_of, parameter, session_of};
use harness::outside::node;
use harness::{Server, Start};
use serde_json::{Value, json};

async fn in_browser(server: &Server, more: Value) -> Value {
    let mut options =
        json!({"host": server.url(), "integration": "microsoft-excel", "login": "megan@contoso.example"});
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    node("nango_frontend.mjs", &options).await
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_auth_opens_a_popup_and_resolves_with_the_connection() {
    let server = Start::dev().start();
    let token = session_of(&server, "popup").await;
    let facts = in_browser(&server, json!({"mode": "auth", "session_token": token})).await;
    let listed = connections_of(&server, "popup").await;
    assert_eq!(listed[0]["connection_id"], facts["connection_id"]);
    let me =
        server.proxy("GET", "/v1.0/me", "microsoft-excel", facts["connection_id"].as_str().unwrap()).await;
    assert_eq!(me.json()["displayName"], "Megan Bowen", "{}", me.text());
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_connect_ui_in_its_frame_tells_the_customer_s_page() {
    let server = Start::dev().start();
    let token = session_of(&server, "framed").await;
    let more =
        json!({"mode": "connect_ui", "session_token": token, "click": ["Microsoft Excel", "Connect with"]});
    let facts = in_browser(&server, more).await;
    let types: Vec<&str> =
        facts["events"].as_array().unwrap().iter().filter_map(|one| one["type"].as_str()).collect();
    assert_eq!(types, ["ready", "connect"]);
    assert_eq!(connections_of(&server, "framed").await[0]["connection_id"], facts["connection_id"]);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_link_alone_is_enough() {
    // Under a base path too: the page finds its files, its API and its socket.
    let server = Start::dev().args(&["--base-path", "/knots"]).start();
    let body = json!({"end_user": {"id": "linked"}, "allowed_integrations": ["microsoft-excel"]});
    let made = server.api("POST", "/connect/sessions", Some(body)).await.json();
    let link = &made["data"]["connect_link"];
    in_browser(&server, json!({"mode": "link", "connect_link": link, "click": ["Connect with"]})).await;
    assert_eq!(connections_of(&server, "linked").await.len(), 1);
}

/// What the two vendors' guides tell to write, through the SDK.
async fn seed_sessions(server: &Server) -> Value {
    let options = json!({"host": server.url(), "api_key": server.key(), "email": "alex@fabrikam.example"});
    node("seed_sessions.mjs", &options).await
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_excel_seed_s_prompts_reach_microsoft() {
    let server = Start::dev().start();
    let made = seed_sessions(&server).await;
    for prompt in ["consent", "login"] {
        let more = json!({"mode": "auth", "session_token": made[prompt]["token"],
            "authorize_includes": {"prompt": prompt, "scope": "offline_access User.Read Files.ReadWrite"}});
        in_browser(&server, more).await;
        let query = authorize_requests(&server).await.pop().unwrap();
        assert_eq!(parameter(&query, "prompt"), Some(prompt));
    }
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_sharepoint_seed_s_override_avoids_the_consent_page() {
    let server = Start::dev().start();
    let made = seed_sessions(&server).await;
    let alex = json!({"mode": "auth", "session_token": made["override"]["token"], "integration": "sharepoint-online",
        "login": "alex@fabrikam.example", "authorize_includes": {"scope": ".default offline_access"},
        "authorize_excludes": ["prompt"]});
    let facts = in_browser(&server, alex).await;
    let seen = server.ask_control("requests?path_contains=/consent").await;
    assert!(seen["requests"].as_array().unwrap().is_empty(), "a consent page was answered: {seen}");
    let id = facts["connection_id"].as_str().unwrap();
    let me = server.proxy("GET", "/v1.0/me", "sharepoint-online", id).await;
    assert_eq!(me.json()["userPrincipalName"], "alex@fabrikam.example", "{}", me.text());

    let stuck = json!({"mode": "auth", "session_token": made["plain"]["token"], "integration": "sharepoint-online",
        "login": "nora@northwind.example", "stuck": true});
    let facts = in_browser(&server, stuck).await;
    assert!(facts["last_text"].as_str().unwrap().contains("admin approval"), "{facts}");
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_who_cancels_at_microsoft_gets_an_error_of_the_sdk() {
    let server = Start::dev().start();
    let token = session_of(&server, "shy").await;
    let more =
        json!({"mode": "auth", "session_token": token, "login": "admin@northwind.example", "cancel": true});
    let facts = in_browser(&server, more).await;
    assert_eq!(facts["outcome"]["error"]["type"], "callback_err", "{facts}");
    assert!(connections_of(&server, "shy").await.is_empty());
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_dead_link_speaks_to_people() {
    let server = Start::dev().start();
    let dead = format!("nango_connect_session_{}", "0".repeat(64));
    let link = format!("{}/connect/?session_token={dead}", server.url());
    let facts = in_browser(&server, json!({"mode": "page", "connect_link": link})).await;
    let text = facts["page_text"].as_str().unwrap();
    assert!(text.contains("Go back to the app") && !text.contains("Authentication failed"), "{text}");
}
