//! The connect page in Chromium: what end users meet, and where the page may not stand.

use crate::harness;

use harness::connect::{integration, multi_tenant_client, session, session_of};
use harness::outside::node;
use harness::{Server, Start};
use serde_json::{Value, json};

const NORTHWIND_USER: &str = "nora@northwind.example";
const NORTHWIND_ADMIN: &str = "admin@northwind.example";

async fn scenario(server: &Server, name: &str, more: Value) -> Value {
    let mut options = json!({"scenario": name, "host": server.url()});
    if let Ok(folder) = std::env::var("SHEETBEND_TEST_PICTURES") {
        options["pictures"] = folder.into();
    }
    for (key, value) in more.as_object().unwrap() {
        options[key] = value.clone();
    }
    node("connect_page.mjs", &options).await
}

/// A link that may connect only one integration.
async fn link(server: &Server, integration: &str) -> String {
    let token =
        session(server, json!({"end_user": {"id": "u"}, "allowed_integrations": [integration]})).await;
    format!("{}/connect/?session_token={token}", server.url())
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_first_view_is_small_and_keeps_no_token_in_the_address() {
    let server = Start::dev().start();
    let facts =
        scenario(&server, "first_view", json!({"link": link(&server, "microsoft-excel").await})).await;
    println!("first view: {} bytes in {} answers", facts["bytes"], facts["files"]);
    // A reader of another language pays for its words, not for English ones beside them.
    for lang in ["de", "ja"] {
        let link = format!("{}&lang={lang}", link(&server, "microsoft-excel").await);
        let facts = scenario(&server, "first_view", json!({"link": link})).await;
        println!("first view, {lang}: {} bytes in {} answers", facts["bytes"], facts["files"]);
    }
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_form_can_be_used_at_once() {
    let server = Start::dev().start();
    let mut links = Vec::new();
    for _ in 0..8 {
        links.push(link(&server, "microsoft-excel").await);
    }
    let facts = scenario(&server, "speed", json!({"links": links})).await;
    println!("usable from a cold cache: {facts}");
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_form_is_checked_as_one_types_and_keeps_what_was_typed() {
    let server = Start::dev().start();
    let made = json!({"provider": "confluence-basic", "unique_key": "wiki"});
    assert_eq!(server.api("POST", "/integrations", Some(made)).await.status, 200);
    let token = session_of(&server, "typist").await;
    let link = format!("{}/connect/?session_token={token}", server.url());
    let typed = json!([["E-mail address", "ada", "ada@example.com"], ["Atlassian site", "-acme", "acme"]]);
    let more = json!({"link": link, "search": "conflu", "secret_label": "API token", "typed": typed});
    scenario(&server, "forms", more).await;
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_blocked_and_closed_windows_have_directions() {
    let server = Start::dev().start();
    let token = session_of(&server, "window").await;
    scenario(&server, "window", json!({"token": token, "login": "megan@contoso.example"})).await;
    assert_eq!(harness::connect::connections_of(&server, "window").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_an_administrator_s_consent_lets_the_page_finish_by_itself() {
    let server = Start::dev().start();
    let more = json!({"link": link(&server, "sharepoint-online").await, "login": NORTHWIND_USER, "admin": NORTHWIND_ADMIN});
    scenario(&server, "admin", more).await;
    assert_eq!(harness::connect::connections_of(&server, "u").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_what_a_stuck_window_says_becomes_a_direction() {
    let server = Start::dev().start();
    scenario(&server, "stuck", json!({"link": link(&server, "microsoft-excel").await})).await;
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_page_speaks_seven_languages() {
    let server = Start::dev().start();
    scenario(&server, "languages", json!({"link": link(&server, "microsoft-excel").await})).await;
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_lost_socket_is_opened_again_under_its_name() {
    let server = Start::dev().start();
    let more = json!({"link": link(&server, "microsoft-excel").await, "login": "megan@contoso.example"});
    scenario(&server, "lost", more).await;
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_links_that_do_not_work_and_names_that_attack_are_harmless() {
    let server = Start::dev().start();
    let base = server.url();
    let gone = format!("{base}/connect/?session_token=nango_connect_session_{}", "0".repeat(64));
    for (name, link) in [("ended", gone), ("no-token", format!("{base}/connect/"))] {
        let facts = scenario(&server, "read", json!({"link": link, "name": name})).await;
        let text = facts["text"].as_str().unwrap();
        assert!(text.contains("Go back to the app") && text.contains("You can fix this"), "{text}");
    }
    let hostile = "<img src=x onerror=\"pwned=1\"><script>pwned=1</script>{name}{{";
    let mut settings = multi_tenant_client("offline_access,User.Read");
    settings["display_name"] = hostile.into();
    integration(&server, "microsoft-excel", "hostile", settings).await;
    let facts =
        scenario(&server, "read", json!({"link": link(&server, "hostile").await, "name": "hostile"})).await;
    assert!(facts["text"].as_str().unwrap().contains(hostile), "{facts}");
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_renewal_names_the_account_and_the_environment_s_guide_and_colours() {
    let server = Start::dev().start();
    let person = json!({"id": "r", "email": "megan@contoso.example"});
    let excel = json!({"provider_config_key": "microsoft-excel", "connection_id": "kept", "end_user": person,
        "credentials": {"type": "OAUTH2", "access_token": "a", "refresh_token": "r"}});
    let made = server.api("POST", "/connections", Some(excel)).await;
    assert!(made.status.is_success(), "{}", made.text());
    let ui = json!({"connect_ui": {"default_theme": "dark", "light_primary": "#7a1fa2", "dark_primary": "#ffd54f"}});
    assert_eq!(server.api("PATCH", "/environment", Some(ui)).await.status, 200);
    let body = json!({"connection_id": "kept", "integration_id": "microsoft-excel",
        "overrides": {"microsoft-excel": {"docs_connect": "https://help.customer.example/excel"}}});
    let made = server.api("POST", "/connect/sessions/reconnect", Some(body)).await.json();
    let token = made["data"]["token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let url = format!("{}/connect/session", server.url());
    let shown = server.send("GET", &url, &[("authorization", &bearer)], "").await.json();
    assert_eq!(shown["data"]["reconnectAccount"], "megan@contoso.example");
    assert_eq!(shown["data"]["connectUISettings"]["theme"]["dark"]["primary"], "#ffd54f");
    assert_eq!(
        shown["data"]["overrides"]["microsoft-excel"]["docs_connect"],
        "https://help.customer.example/excel"
    );
    let link = format!("{}/connect/?session_token={token}", server.url());
    let facts = scenario(&server, "read", json!({"link": link, "name": "reconnect"})).await;
    assert!(facts["text"].as_str().unwrap().contains("belongs to megan@contoso.example"), "{facts}");
}

/// The value of `frame-ancestors` of the page at an address.
async fn ancestors(server: &Server, query: &str) -> String {
    let page = server.send("GET", &format!("{}/connect/{query}", server.url()), &[], "").await;
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    policy.split("frame-ancestors ").nth(1).unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_only_named_origins_may_frame_the_page() {
    let server = Start::dev().start();
    let token = session_of(&server, "framed").await;
    let query = format!("?session_token={token}");
    assert_eq!(ancestors(&server, &query).await, "*");
    let named = json!({"connect_origins": ["https://app.customer.example"]});
    assert_eq!(server.api("PATCH", "/environment", Some(named)).await.status, 200);
    assert_eq!(ancestors(&server, &query).await, "'self' https://app.customer.example");
    assert_eq!(ancestors(&server, "").await, "'self' https://app.customer.example");
    scenario(&server, "framed", json!({"token": token, "refused_by": "policy"})).await;
    // Another environment names none, and the address does not tell which is meant: the page itself refuses.
    let account = format!("Bearer {}", server.facts["account_key"].as_str().unwrap());
    let headers = [("authorization", account.as_str()), ("content-type", "application/json")];
    let url = format!("{}/environments", server.url());
    let made = server.send("POST", &url, &headers, r#"{"name":"second"}"#).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(ancestors(&server, "").await, "*");
    let facts = scenario(&server, "framed", json!({"token": token})).await;
    assert!(facts["text"].as_str().unwrap().contains("may not be shown here"), "{facts}");
    let bad = json!({"connect_origins": ["https://a.example; script-src *"]});
    assert_eq!(server.api("PATCH", "/environment", Some(bad)).await.status, 400);
}
