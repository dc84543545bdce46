//! A person connects an account: session, sign-in, consent, result; and what must not connect.

use crate::harness;

use harness::connect::{
    authorize_requests, connect, connections_of, parameter, session, session_of, sign_in, sign_in_url,
};
use harness::person::Person;
use harness::{Server, Start, eventually};
use serde_json::json;

#[tokio::test]
async fn a_person_signs_in_consents_and_the_connection_works() {
    let server = Start::dev().start();
    let made = server
        .api(
            "POST",
            "/connect/sessions",
            Some(json!({"end_user": {"id": "megan", "email": "megan@contoso.example"}})),
        )
        .await
        .json();
    let link = made["data"]["connect_link"].as_str().unwrap();
    let mut person = Person::default();
    let page = person.open(&server, link, None).await;
    assert_eq!(page.answer.status, 200);
    assert!(page.answer.header("content-type").starts_with("text/html"));
    assert!(page.answer.header("content-security-policy").contains("script-src 'self'"));
    assert_eq!(page.answer.header("referrer-policy"), "no-referrer", "the link holds the session token");

    let token = made["data"]["token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let seen = server
        .send("GET", &format!("{}/integrations", server.url()), &[("authorization", &bearer)], "")
        .await;
    let keys: Vec<String> =
        seen.json()["data"].as_array().unwrap().iter().map(|one| one["unique_key"].to_string()).collect();
    assert!(keys.iter().any(|key| key == "\"microsoft-excel\""), "{keys:?}");

    let url = sign_in_url(&server, "microsoft-excel", token, "");
    let consent = sign_in(&mut person, &server, &url, "megan@contoso.example").await;
    assert!(consent.text().contains("Permissions requested"), "{}", consent.text());
    let result = person.press(&server, &consent, "accept", None).await;
    assert_eq!(result.answer.status, 200, "{}", result.text());
    assert!(result.text().contains("connected"), "{}", result.text());

    let connections = connections_of(&server, "megan").await;
    assert_eq!(connections.len(), 1);
    let id = connections[0]["connection_id"].as_str().unwrap();
    assert_eq!(connections[0]["provider_config_key"], "microsoft-excel");
    assert_eq!(connections[0]["end_user"]["email"], "megan@contoso.example");
    let me = server.proxy("GET", "/v1.0/me", "microsoft-excel", id).await;
    assert_eq!(me.json()["userPrincipalName"], "megan@contoso.example", "{}", me.text());
}

#[tokio::test]
async fn a_state_works_once_in_the_browser_that_began() {
    let server = Start::dev().start();
    let token = session_of(&server, "u").await;
    let url = sign_in_url(&server, "microsoft-excel", &token, "");
    let callback = format!("{}/oauth/callback", server.url());

    let mut person = Person::default();
    let page = sign_in(&mut person, &server, &url, "megan@contoso.example").await;
    let back = person.press(&server, &page, "accept", Some(&callback)).await.url;
    let mut stranger = Person::default();
    let refused = stranger.open(&server, back.as_str(), None).await;
    assert_eq!(refused.answer.status, 400);
    assert!(refused.text().contains("another browser"), "{}", refused.text());
    let late = person.open(&server, back.as_str(), None).await;
    assert_eq!(late.answer.status, 400);
    assert!(late.text().contains("already finished"), "{}", late.text());
    assert!(connections_of(&server, "u").await.is_empty());
}

#[tokio::test]
async fn a_person_who_cancels_gets_a_page_that_says_so_and_no_connection() {
    let server = Start::dev().start();
    let token = session_of(&server, "u").await;
    let mut person = Person::default();
    let url = sign_in_url(&server, "microsoft-excel", &token, "");
    let page = sign_in(&mut person, &server, &url, "megan@contoso.example").await;
    let refused = person.press(&server, &page, "deny", None).await;
    assert_eq!(refused.answer.status, 200);
    assert!(refused.answer.text().contains("callback_err"), "{}", refused.answer.text());
    assert!(connections_of(&server, "u").await.is_empty());
    let failed = eventually("the failed operation", async || {
        let answer = server.api("GET", "/operations?type=auth&state=failed", None).await.json();
        answer["data"].as_array().unwrap().first().cloned()
    })
    .await;
    assert_eq!(failed["integration"], "microsoft-excel", "{failed}");
}

#[tokio::test]
async fn a_reconnect_session_renews_the_same_connection() {
    let server = Start::dev().start();
    let before = server.api("GET", "/connections?connectionId=demo-excel", None).await.json();
    let body = json!({"connection_id": "demo-excel", "integration_id": "microsoft-excel"});
    let made = server.api("POST", "/connect/sessions/reconnect", Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let token = made.json()["data"]["token"].as_str().unwrap().to_owned();
    // Another integration than the connection's own is not for this session.
    let other =
        Person::default().open(&server, &sign_in_url(&server, "sharepoint-online", &token, ""), None).await;
    assert_eq!(other.answer.status, 400, "{}", other.text());

    let url = sign_in_url(&server, "microsoft-excel", &token, "");
    let page = connect(&mut Person::default(), &server, &url, "megan@contoso.example").await;
    assert!(page.text().contains("connected"), "{}", page.text());
    let after = server.api("GET", "/connections?connectionId=demo-excel", None).await.json();
    assert_eq!(after["connections"].as_array().unwrap().len(), 1);
    assert_eq!(after["connections"][0]["id"], before["connections"][0]["id"]);
    let me = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!(me.json()["userPrincipalName"], "megan@contoso.example", "{}", me.text());
}

/// The seed's override, for a tenant whose users may not consent but whose administrator has.
fn seed_override() -> serde_json::Value {
    json!({"sharepoint-online": {"authorization_params": {"scope": ".default offline_access", "prompt": ""}}})
}

#[tokio::test]
async fn the_seed_s_override_connects_without_a_consent_page_and_without_it_the_user_is_stuck() {
    let server = Start::dev().start();
    let body = json!({"end_user": {"id": "alex"}, "integrations_config_defaults": seed_override()});
    let token = session(&server, body).await;
    let url = sign_in_url(&server, "sharepoint-online", &token, "");
    let page = sign_in(&mut Person::default(), &server, &url, "alex@fabrikam.example").await;
    assert!(page.text().contains("connected"), "no page lies between: {}", page.text());
    let query = authorize_requests(&server).await.pop().unwrap();
    assert_eq!(parameter(&query, "scope"), Some(".default offline_access"));
    assert_eq!(parameter(&query, "prompt"), None);
    let id = connections_of(&server, "alex").await[0]["connection_id"].as_str().unwrap().to_owned();
    let root = server.proxy("GET", "/v1.0/sites/root", "sharepoint-online", &id).await;
    assert!(root.json()["webUrl"].as_str().unwrap().contains("fabrikam.sharepoint"), "{}", root.text());

    stuck_with(
        &server,
        json!({"end_user": {"id": "stuck"}, "integrations_config_defaults": {
        "sharepoint-online": {"authorization_params": {"prompt": "consent"}}}}),
        "consent",
    )
    .await;
}

async fn stuck_with(server: &Server, body: serde_json::Value, prompt: &str) {
    let token = session(server, body).await;
    let url = sign_in_url(server, "sharepoint-online", &token, "");
    let page = sign_in(&mut Person::default(), server, &url, "alex@fabrikam.example").await;
    assert!(page.text().contains("Need admin approval"), "{}", page.text());
    let query = authorize_requests(server).await.pop().unwrap();
    assert_eq!(parameter(&query, "prompt"), Some(prompt));
    assert!(connections_of(server, "stuck").await.is_empty());
}

#[tokio::test]
async fn prompts_of_the_backend_reach_the_authorize_url_and_the_page_s_own_do_not() {
    let server = Start::dev().start();
    for prompt in ["consent", "login"] {
        let defaults = json!({"microsoft-excel": {"authorization_params": {"prompt": prompt}}});
        let token =
            session(&server, json!({"end_user": {"id": "u"}, "integrations_config_defaults": defaults}))
                .await;
        let url = sign_in_url(&server, "microsoft-excel", &token, "&authorization_params[prompt]=none");
        let page = Person::default().open(&server, &url, None).await;
        assert_eq!(page.answer.status, 200, "{}", page.text());
        let query = authorize_requests(&server).await.pop().unwrap();
        assert_eq!(parameter(&query, "prompt"), Some(prompt));
        assert_eq!(parameter(&query, "scope"), Some("offline_access User.Read Files.ReadWrite"));
    }
}
