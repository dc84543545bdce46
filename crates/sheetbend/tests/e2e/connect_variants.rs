//! Connecting under other circumstances: a base path, a named tenant, a personal account, a session's own rules.

use crate::harness;

use harness::connect::{
    CONTOSO, MULTI, NORTHWIND, authorize_requests, connect, connections_of, integration, multi_tenant_client,
    parameter, session, session_of, sign_in_url,
};
use harness::person::Person;
use harness::{Server, Start};
use serde_json::{Value, json};

/// The sandbox's app for everyone.
fn client_for_everyone(scopes: &str) -> Value {
    json!({"credentials": {"type": "OAUTH2", "client_id": "00000000-0000-4000-a000-000000000003",
        "client_secret": "sandbox-secret-3-a", "scopes": scopes}})
}

#[tokio::test]
async fn everything_works_under_a_base_path() {
    let server = Start::dev().args(&["--base-path", "/knots"]).start();
    assert!(server.url().ends_with("/knots"), "{}", server.url());
    let made = server.api("POST", "/connect/sessions", Some(json!({"end_user": {"id": "u"}}))).await.json();
    let link = made["data"]["connect_link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/connect/?", server.url())), "{link}");
    let bearer = format!("Bearer {}", made["data"]["token"].as_str().unwrap());
    let mut person = Person::default();
    let page = person.open(&server, link, None).await;
    assert_eq!(page.answer.status, 200);
    let text = page.answer.text();
    let assets: Vec<&str> =
        text.split('"').filter(|part| part.ends_with(".js") || part.ends_with(".css")).collect();
    assert!(assets.len() > 3, "{text}");
    for asset in assets {
        let url = page.url.join(asset).unwrap();
        assert_eq!(person.open(&server, url.as_str(), None).await.answer.status, 200, "{url}");
    }
    let url = sign_in_url(&server, "microsoft-excel", made["data"]["token"].as_str().unwrap(), "");
    let result = connect(&mut person, &server, &url, "megan@contoso.example").await;
    assert!(result.url.path().starts_with("/knots/oauth/callback"), "{}", result.url);
    assert!(result.text().contains("connected"), "{}", result.text());
    let id = connections_of(&server, "u").await[0]["connection_id"].as_str().unwrap().to_owned();
    let me = server.proxy("GET", "/v1.0/me", "microsoft-excel", &id).await;
    assert_eq!(me.status, 200, "{}", me.text());
    let settings = server
        .send("GET", &format!("{}/connect/session", server.url()), &[("authorization", &bearer)], "")
        .await;
    assert_eq!(settings.json()["data"]["websocketsPath"], "/knots/");
    let root = server.send("GET", &format!("{}/", server.url()), &[], "").await;
    assert_eq!(root.status, 303, "the socket's path is served: {}", root.text());
    let bare = server.url().trim_end_matches("/knots");
    assert_eq!(server.send("GET", &format!("{bare}/connections"), &[], "").await.status, 404);
}

#[tokio::test]
async fn a_named_tenant_s_accounts_connect_and_no_others() {
    let server = Start::dev().start();
    integration(
        &server,
        "microsoft-tenant-specific",
        "mine",
        multi_tenant_client("openid,offline_access,User.Read"),
    )
    .await;
    let token = session_of(&server, "u").await;
    let wrong = Person::default()
        .open(&server, &sign_in_url(&server, "mine", &token, "&params[tenant]=a%20b"), None)
        .await;
    assert_eq!(wrong.answer.status, 400, "{}", wrong.text());
    assert!(wrong.text().contains("enant"), "{}", wrong.text());
    let missing = Person::default().open(&server, &sign_in_url(&server, "mine", &token, ""), None).await;
    assert_eq!(missing.answer.status, 400, "{}", missing.text());

    let url = sign_in_url(&server, "mine", &token, &format!("&params[tenant]={CONTOSO}"));
    let mut person = Person::default();
    let picker = person.open(&server, &url, None).await;
    assert!(picker.url.path().contains(CONTOSO));
    assert!(!picker.answer.text().contains("nora@northwind.example"));
    let done = connect(&mut person, &server, &url, "megan@contoso.example").await;
    assert!(done.text().contains("connected"), "{}", done.text());
    let id = connections_of(&server, "u").await[0]["connection_id"].as_str().unwrap().to_owned();
    assert_eq!(server.proxy("GET", "/v1.0/me", "mine", &id).await.status, 200);

    // A browser that swaps the tenant on the way signs in elsewhere; the token's tenant decides.
    let authorize = Person::default().open(&server, &url, Some(server.sandbox())).await.url;
    let mut liar = Person::default();
    let begun = liar.open(&server, &url, Some(server.sandbox())).await.url;
    assert_ne!(authorize, begun, "every visit has a state of its own");
    let swapped = begun.as_str().replace(CONTOSO, NORTHWIND);
    let page = connect(&mut liar, &server, &swapped, "admin@northwind.example").await;
    assert!(!page.text().contains("connected"), "{}", page.text());
    assert_eq!(connections_of(&server, "u").await.len(), 1);
}

#[tokio::test]
async fn a_personal_account_connects_to_its_own_drive() {
    let server = Start::dev().start();
    let scopes = "offline_access,User.Read,Files.ReadWrite";
    integration(&server, "one-drive", "drive", client_for_everyone(scopes)).await;
    let token = session_of(&server, "pat").await;
    let url = sign_in_url(&server, "drive", &token, "");
    let page = connect(&mut Person::default(), &server, &url, "pat@outlook.example").await;
    assert!(page.text().contains("connected"), "{}", page.text());
    let id = connections_of(&server, "pat").await[0]["connection_id"].as_str().unwrap().to_owned();
    let drive = server.proxy("GET", "/v1.0/me/drive", "drive", &id).await;
    assert_eq!(drive.json()["driveType"], "personal", "{}", drive.text());
}

#[tokio::test]
async fn a_session_s_scopes_tags_and_end_user_become_the_connection_s() {
    let server = Start::dev().start();
    let body = json!({
        "end_user": {"id": "u", "email": "u@example.com", "display_name": "Una", "tags": {"plan": "pro"}},
        "organization": {"id": "org", "display_name": "Org"},
        "tags": {"Source": "test"}, "allowed_integrations": ["microsoft-excel"],
        "integrations_config_defaults": {"microsoft-excel": {"user_scopes": "User.Read,offline_access",
            "authorization_params": {"login_hint": "megan@contoso.example"}, "connection_config": {"colour": "blue"}}},
    });
    let token = session(&server, body).await;
    let other =
        Person::default().open(&server, &sign_in_url(&server, "sharepoint-online", &token, ""), None).await;
    assert_eq!(other.answer.status, 400, "{}", other.text());
    let more =
        "&params[colour]=red&user_scope=Files.ReadWrite.All&params[oauth_scopes_override]=Sites.Manage.All";
    let url = sign_in_url(&server, "microsoft-excel", &token, more);
    let page = connect(&mut Person::default(), &server, &url, "megan@contoso.example").await;
    assert!(page.text().contains("connected"), "{}", page.text());
    let query = authorize_requests(&server).await.pop().unwrap();
    assert_eq!(parameter(&query, "login_hint"), Some("megan@contoso.example"));
    let row = connections_of(&server, "u").await.remove(0);
    assert_eq!(row["end_user"]["organization"]["id"], "org");
    assert_eq!(row["tags"]["source"], "test", "{row}");
    assert_eq!(row["tags"]["end_user_email"], "u@example.com", "{row}");
    let path = format!(
        "/connections/{}?provider_config_key=microsoft-excel",
        row["connection_id"].as_str().unwrap()
    );
    let full = server.api("GET", &path, None).await.json();
    assert_eq!(full["connection_config"]["colour"], "blue", "the backend's word beats the page's: {full}");
    assert!(
        full["connection_config"].get("oauth_scopes_override").is_none(),
        "not the page's to choose: {full}"
    );
    by_organization(&server).await;
}

async fn by_organization(server: &Server) {
    for (query, count) in
        [("endUserOrganizationId=org", 1), ("tags[source]=test", 1), ("tags[source]=none", 0)]
    {
        let found = server.api("GET", &format!("/connections?{query}"), None).await.json();
        assert_eq!(found["connections"].as_array().unwrap().len(), count, "{query}: {found}");
    }
}

#[tokio::test]
async fn a_deleted_session_opens_nothing() {
    let server = Start::dev().start();
    let token = session_of(&server, "u").await;
    let bearer = format!("Bearer {token}");
    let address = format!("{}/connect/session", server.url());
    let seen = server.send("GET", &address, &[("authorization", &bearer)], "").await;
    assert_eq!(seen.json()["data"]["endUser"]["id"], "u", "{}", seen.text());
    assert_eq!(server.send("DELETE", &address, &[("authorization", &bearer)], "").await.status, 204);
    assert_eq!(server.send("GET", &address, &[("authorization", &bearer)], "").await.status, 401);
    let page =
        Person::default().open(&server, &sign_in_url(&server, "microsoft-excel", &token, ""), None).await;
    assert_eq!(page.answer.status, 401, "{}", page.text());
}

#[tokio::test]
async fn an_own_client_of_the_end_user_is_used_and_kept() {
    let server = Start::dev().start();
    let token = session_of(&server, "own").await;
    let own = format!(
        "&credentials[oauth_client_id_override]={MULTI}&credentials[oauth_client_secret_override]=sandbox-secret-2-b"
    );
    let url = sign_in_url(&server, "microsoft-excel", &token, &own);
    let page = connect(&mut Person::default(), &server, &url, "megan@contoso.example").await;
    assert!(page.text().contains("connected"), "{}", page.text());
    let query = authorize_requests(&server).await.pop().unwrap();
    assert_eq!(parameter(&query, "client_id"), Some(MULTI));
    let id = connections_of(&server, "own").await[0]["connection_id"].as_str().unwrap().to_owned();
    let path = format!("/connections/{id}?provider_config_key=microsoft-excel&force_refresh=true");
    assert_eq!(server.api("GET", &path, None).await.status, 200, "refreshed with the same client");
}
