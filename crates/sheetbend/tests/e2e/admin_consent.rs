//! An administrator's consent counts only after a sign-in of the same tenant in the same browser.

use crate::harness;

use harness::connect::{
    CONTOSO, NORTHWIND, authorize_requests, connections_of, integration, multi_tenant_client, parameter,
    session_of, sign_in_url,
};
use harness::person::{Page, Person};
use harness::socket::Socket;
use harness::{Server, Start};

const KEY: &str = "admin";

async fn with_integration() -> Server {
    let server = Start::dev().start();
    integration(&server, "microsoft-admin", KEY, multi_tenant_client("")).await;
    server
}

/// The administrator signs in at the consent page and accepts; the page that follows.
async fn consent(person: &mut Person, server: &Server, url: &str, admin: &str) -> Page {
    let mut page = person.open(server, url, None).await;
    if page.text().contains("Sign in") {
        page = person.press(server, &page, admin, None).await;
    }
    assert!(page.text().contains("Permissions requested"), "{}: {}", page.url, page.text());
    person.press(server, &page, "accept", None).await
}

#[tokio::test]
async fn consent_and_a_sign_in_of_the_same_tenant_give_a_connection_of_it() {
    let server = with_integration().await;
    for (admin, tenant, name) in
        [("ada@contoso.example", CONTOSO, "Contoso"), ("admin@northwind.example", NORTHWIND, "Northwind")]
    {
        let token = session_of(&server, tenant).await;
        let mut person = Person::default();
        let mut page = consent(&mut person, &server, &sign_in_url(&server, KEY, &token, ""), admin).await;
        if page.text().contains("Sign in") {
            page = person.press(&server, &page, admin, None).await;
        }
        if page.text().contains("Permissions requested") {
            page = person.press(&server, &page, "accept", None).await;
        }
        assert!(page.text().contains("connected"), "{name}: {} {}", page.url, page.text());
        let connection = &connections_of(&server, tenant).await[0];
        let id = connection["connection_id"].as_str().unwrap();
        let full =
            server.api("GET", &format!("/connections/{id}?provider_config_key={KEY}"), None).await.json();
        assert_eq!(full["connection_config"]["tenantId"], tenant);
        let users = server.proxy("GET", "/v1.0/users", KEY, id).await;
        assert_eq!(users.status, 200, "{}", users.text());
        assert!(users.text().contains(&admin[admin.find('@').unwrap()..]), "{}", users.text());
        let proof = authorize_requests(&server).await.pop().unwrap();
        assert_eq!(parameter(&proof, "scope"), Some("openid profile"));
        assert!(parameter(&proof, "nonce").is_some());
    }
}

#[tokio::test]
async fn a_proof_by_another_tenant_s_user_stores_nothing() {
    let server = with_integration().await;
    let token = session_of(&server, "mixed").await;
    let mut person = Person::default();
    let first = person.open(&server, &sign_in_url(&server, KEY, &token, ""), None).await;
    let asked = person.press(&server, &first, "ada@contoso.example", None).await;
    let stop = format!("{}/oauth/callback", server.url());
    let back = person.press(&server, &asked, "accept", Some(&stop)).await.url;

    // What the consent page says about the tenant is only a word in a URL: here the browser lies about it.
    let lie = back.as_str().replace(CONTOSO, NORTHWIND);
    assert_ne!(lie, back.as_str());
    let sign_in = person.open(&server, &lie, Some(server.sandbox())).await.url;
    assert!(sign_in.path().contains(NORTHWIND), "the named tenant's own sign-in: {sign_in}");
    // Northwind's sign-in page would refuse Contoso's administrator, so the browser lies once more.
    let elsewhere = sign_in.as_str().replace(NORTHWIND, "organizations");
    let mut page = person.open(&server, &elsewhere, None).await;
    for _ in 0..3 {
        if page.text().contains("Sign in") {
            page = person.press(&server, &page, "ada@contoso.example", None).await;
        } else if page.text().contains("Permissions requested") {
            page = person.press(&server, &page, "accept", None).await;
        }
    }
    assert_eq!(page.answer.status, 400, "{}", page.text());
    assert!(page.url.as_str().starts_with(&stop), "it came back to us: {}", page.url);
    assert!(connections_of(&server, "mixed").await.is_empty());
}

#[tokio::test]
async fn an_administrator_s_link_wakes_the_waiting_page_grants_nothing_and_works_once() {
    let server = Start::dev().start();
    integration(
        &server,
        "sharepoint-online",
        "north",
        multi_tenant_client("offline_access,User.Read,Files.ReadWrite.All"),
    )
    .await;
    let token = session_of(&server, "nora").await;
    let mut socket = Socket::open(&server).await;
    let ack = socket.message().await;
    assert_eq!(ack["message_type"], "connection_ack");
    let path = format!(
        "{}/connect/admin-link/north?connect_session_token={token}&ws_client_id={}",
        server.url(),
        ack["ws_client_id"].as_str().unwrap()
    );
    let made = server.send("POST", &path, &[("content-type", "application/json")], "{}").await;
    assert_eq!(made.status, 200, "{}", made.text());
    let link = made.json()["url"].as_str().unwrap().to_owned();

    let stuck = harness::connect::sign_in(
        &mut Person::default(),
        &server,
        &sign_in_url(&server, "north", &token, ""),
        "nora@northwind.example",
    )
    .await;
    assert!(stuck.text().contains("Need admin approval"), "{}", stuck.text());

    let thanks = consent(&mut Person::default(), &server, &link, "admin@northwind.example").await;
    assert_eq!(thanks.answer.status, 200, "{}", thanks.text());
    let woken = socket.message().await;
    assert_eq!(woken["message_type"], "admin_consent", "{woken}");
    assert!(connections_of(&server, "nora").await.is_empty(), "the link grants nothing itself");
    let again = Person::default().open(&server, &link, None).await;
    assert_eq!(again.answer.status, 400, "{}", again.text());

    let url = sign_in_url(&server, "north", &token, "");
    let page =
        harness::connect::connect(&mut Person::default(), &server, &url, "nora@northwind.example").await;
    assert!(page.text().contains("connected"), "{}", page.text());
    assert_eq!(connections_of(&server, "nora").await.len(), 1);
}
