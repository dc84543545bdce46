//! The connect page in Chromium when it does not go as planned, and by other ways than a pointer and an npm package.

use crate::harness;

use harness::connect::{CONTOSO, DAEMON, connect, connections_of, session, session_of, sign_in_url};
use harness::outside::node;
use harness::person::Person;
use harness::vendor::{KEY, Vendor};
use harness::{Server, Start};
use serde_json::{Value, json};

const MEGAN: &str = "megan@contoso.example";

async fn scenario(server: &Server, name: &str, more: Value) -> Value {
    let mut options = json!({"scenario": name, "host": server.url()});
    if let Ok(folder) = std::env::var("SHEETBEND_TEST_PICTURES") {
        options["pictures"] = folder.into();
    }
    for (key, value) in more.as_object().unwrap() {
        options[key] = value.clone();
    }
    node("connect_troubles.mjs", &options).await
}

/// A session's token and its link.
async fn opened(server: &Server, body: Value) -> (String, String) {
    let token = session(server, body).await;
    let link = format!("{}/connect/?session_token={token}", server.url());
    (token, link)
}

async fn link(server: &Server, integration: &str) -> String {
    opened(server, json!({"end_user": {"id": "u"}, "allowed_integrations": [integration]})).await.1
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_refused_credentials_are_marked_and_may_be_corrected() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let more = json!({"link": link(&server, "keyed").await, "label": "Key", "bad": "vendor-key-00000000", "good": KEY});
    scenario(&server, "refused", more).await;
    assert_eq!(connections_of(&server, "u").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_our_snippet_connects_over_a_page_without_npm() {
    let server = Start::dev().start();
    let body = json!({"end_user": {"id": "u"}, "allowed_integrations": ["microsoft-excel"]});
    let (token, _) = opened(&server, body).await;
    scenario(&server, "snippet", json!({"token": token, "login": MEGAN})).await;
    assert_eq!(connections_of(&server, "u").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_cancelled_sign_in_and_a_policy_become_directions() {
    let server = Start::dev().start();
    let rule = format!("{}/_control/users/{MEGAN}", server.sandbox());
    let cases = [
        json!({"name": "declined", "title": "Permission was not given", "who": "You can fix this",
            "button": "Try again", "cancel": true}),
        json!({"name": "blocked-by-policy", "title": "Your organization’s policy blocks this sign-in",
            "who": "Your administrator must act", "button": "Try again", "rule": rule}),
    ];
    for mut more in cases {
        more["link"] = link(&server, "microsoft-excel").await.into();
        more["login"] = MEGAN.into();
        scenario(&server, "sign_in_refused", more).await;
    }
    assert!(connections_of(&server, "u").await.is_empty());
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_what_a_provider_says_never_runs() {
    let server = Start::dev().start();
    scenario(&server, "hostile_answer", json!({"link": link(&server, "microsoft-excel").await})).await;
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_session_that_ends_and_a_server_that_goes_are_told_of() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let body = json!({"end_user": {"id": "gone"}, "allowed_integrations": ["microsoft-excel"]});
    let (token, over) = opened(&server, body).await;
    scenario(&server, "ended_while_open", json!({"link": over, "token": token})).await;
    let body = json!({"end_user": {"id": "back"}, "allowed_integrations": ["keyed", "basic"]});
    let (_, link) = opened(&server, body).await;
    scenario(&server, "server_gone", json!({"link": link, "label": "Key", "good": KEY})).await;
    assert_eq!(connections_of(&server, "back").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_session_for_other_integrations_offers_nothing_else() {
    let server = Start::dev().start();
    let made = server
        .api(
            "POST",
            "/connect/sessions",
            Some(json!({"end_user": {"id": "u"}, "allowed_integrations": ["nothing"]})),
        )
        .await;
    if made.status == 201 {
        let token = made.json()["data"]["token"].as_str().unwrap().to_owned();
        let link = format!("{}/connect/?session_token={token}", server.url());
        let options = json!({"scenario": "read", "host": server.url(), "link": link, "name": "nothing"});
        let facts = node("connect_page.mjs", &options).await;
        assert!(facts["text"].as_str().unwrap().contains("There is nothing to connect yet"), "{facts}");
    } else {
        made.refused(400, "invalid_body");
    }
    // Whoever has the page's token cannot open another integration by its address either.
    let token =
        session(&server, json!({"end_user": {"id": "u"}, "allowed_integrations": ["microsoft-excel"]})).await;
    let page =
        Person::default().open(&server, &sign_in_url(&server, "sharepoint-online", &token, ""), None).await;
    assert_eq!(page.answer.status, 400, "{}", page.text());
    assert!(page.text().contains("not allowed"), "{}", page.text());
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_phone_and_a_keyboard_are_enough() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let more = json!({"link": link(&server, "microsoft-excel").await, "login": MEGAN});
    scenario(&server, "phone", more).await;
    let body = json!({"end_user": {"id": "keys"}, "allowed_integrations": ["keyed", "basic"]});
    let (_, list) = opened(&server, body).await;
    scenario(&server, "keyboard", json!({"link": list, "search": "key", "field": "apiKey", "good": KEY}))
        .await;
    assert_eq!(connections_of(&server, "keys").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_certificate_is_made_downloaded_and_registered_by_hand() {
    let server = Start::dev().start();
    let v1 = "sharepoint-online-v1";
    let upload = format!("{}/_control/apps/{DAEMON}/certificates", server.sandbox());
    let typed = json!([["Tenant ID", CONTOSO], ["Tenant name", "contoso"], ["Client ID", DAEMON]]);
    let more = json!({"link": link(&server, v1).await, "integration": v1, "typed": typed, "upload": upload});
    let facts = scenario(&server, "certificate", more).await;
    assert!(facts["early"].as_str().unwrap().contains("Upload the certificate"), "{facts}");
    let id = connections_of(&server, "u").await[0]["connection_id"].as_str().unwrap().to_owned();
    let web = server.proxy("GET", "/_api/web?$select=Title", v1, &id).await;
    assert_eq!(web.json()["d"]["Title"], "Contoso", "{}", web.text());
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_marks_are_our_own_and_titles_speak_the_reader_s_language() {
    let server = Start::dev().start();
    for provider in
        ["hubspot", "stripe", "github", "slack", "outlook", "google-calendar", "zendesk", "shopify"]
    {
        let mut body = json!({"provider": provider, "unique_key": provider});
        let client = json!({"client_id": "a", "client_secret": "b", "scopes": "read"});
        body["credentials"] = client;
        body["credentials"]["type"] = "OAUTH2".into();
        let made = server.api("POST", "/integrations", Some(body.clone())).await;
        if made.status != 200 {
            body.as_object_mut().unwrap().remove("credentials");
            server.api("POST", "/integrations", Some(body)).await.ok();
        }
    }
    let (_, list) = opened(&server, json!({"end_user": {"id": "u"}})).await;
    scenario(&server, "marks", json!({"link": list})).await;
    let titles = json!({"en": ["Client ID"], "de": ["Client-ID", "Mandanten-ID"], "ja": ["クライアントID", "テナントID"]});
    let more = json!({"link": link(&server, "sharepoint-online-v1").await, "titles": titles});
    scenario(&server, "titles", more).await;
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_the_pages_at_the_end_speak_seven_languages() {
    let server = Start::dev().start();
    let words = [
        ("en", "works no more"),
        ("de", "gilt nicht mehr"),
        ("es", "ya no sirve"),
        ("fr", "n’est plus valable"),
        ("ja", "もう使えません"),
        ("pt", "não vale mais"),
        ("zh", "已失效"),
    ];
    for (lang, words) in words {
        let link = format!("{}/connect/admin/{}", server.url(), "0".repeat(64));
        let more =
            json!({"link": link, "accept": format!("{lang}-XX,en;q=0.5"), "name": format!("result-{lang}")});
        let facts = scenario(&server, "result", more).await;
        assert_eq!(facts["lang"], lang, "{facts}");
        assert!(facts["text"].as_str().unwrap().contains(words), "{facts}");
    }
}

#[tokio::test]
async fn the_page_at_the_end_speaks_as_the_page_before_it() {
    let server = Start::dev().start();
    let token = session_of(&server, "u").await;
    let url = sign_in_url(&server, "microsoft-excel", &token, "&lang=de");
    let done = connect(&mut Person::default(), &server, &url, MEGAN).await;
    assert!(done.answer.text().contains("<html lang=\"de\">"), "{}", done.answer.text());
    assert!(done.text().contains("Microsoft Excel ist verbunden"), "{}", done.text());
    // Nothing but the seven tags gets anywhere.
    let url = sign_in_url(&server, "microsoft-excel", &token, "&lang=%22%3E%3Cscript%3E");
    let odd = connect(&mut Person::default(), &server, &url, MEGAN).await;
    assert!(odd.answer.text().contains("<html lang=\"en\">"), "{}", odd.answer.text());
}
