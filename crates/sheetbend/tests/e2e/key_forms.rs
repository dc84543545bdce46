//! Connecting by key, password, signed token and login: tried before it is stored, refused without a trace of it.

use crate::harness;

use harness::connect::session_of;
use harness::vendor::{KEY, PASSWORD, TWO_HALVES, USER, Vendor};
use harness::{Answer, Server, eventually, outside};
use serde_json::{Value, json};

async fn post(server: &Server, path: &str, more: &str, body: Value) -> Answer {
    let token = session_of(server, "someone").await;
    let url = format!("{}{path}?connect_session_token={token}{more}", server.url());
    server.send("POST", &url, &[("content-type", "application/json")], body.to_string()).await
}

async fn connected(server: &Server, path: &str, more: &str, body: Value) -> String {
    let made = post(server, path, more, body).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["connectionId"].as_str().unwrap().to_owned()
}

async fn credentials(server: &Server, key: &str, id: &str, more: &str) -> Value {
    let shown = server.api("GET", &format!("/connections/{id}?provider_config_key={key}{more}"), None).await;
    shown.ok()["credentials"].clone()
}

async fn who(server: &Server, key: &str, id: &str) -> Value {
    let answer = server.proxy("GET", "/me", key, id).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["who"].clone()
}

async fn nothing_is_stored(server: &Server) {
    let listed = server.api("GET", "/connections?endUserId=someone", None).await.ok();
    assert_eq!(listed["connections"], json!([]));
}

#[tokio::test]
async fn a_key_is_tried_and_sent_where_the_definition_says() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let path = "/api-auth/api-key/keyed";
    let id = connected(&server, path, "&params[area]=north", json!({"apiKey": KEY})).await;
    let tried: Vec<String> = vendor.upstream.seen().iter().map(|seen| seen.line().to_owned()).collect();
    assert_eq!(
        tried,
        ["GET /api/none?area=north HTTP/1.1", "GET /api/me?area=north HTTP/1.1"],
        "the first 2xx decides"
    );
    assert_eq!(who(&server, "keyed", &id).await, USER);
    assert_eq!(credentials(&server, "keyed", &id, "").await, json!({"type": "API_KEY", "apiKey": KEY}));
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_leaves_nothing_but_its_story() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let wrong = "vendor-key-00000000";
    let refused = post(&server, "/api-auth/api-key/keyed", "", json!({"apiKey": wrong})).await;
    let error = refused.refused(400, "connection_test_failed");
    assert!(error["message"].as_str().unwrap().contains("/api/me answered 401"), "{error}");
    nothing_is_stored(&server).await;
    let story = eventually("the operation", async || {
        let found = server.api("GET", "/operations?type=auth&state=failed", None).await.ok();
        let id = found["data"][0]["id"].as_str()?.to_owned();
        Some(server.api("GET", &format!("/operations/{id}"), None).await.ok())
    })
    .await
    .to_string();
    assert!(story.contains("answered 401") && story.contains("answered 404"), "{story}");
    assert!(!story.contains(wrong), "{story}");
}

#[tokio::test]
async fn a_form_is_strict() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let key = "/api-auth/api-key/keyed";
    for body in [
        json!({}),
        json!({"apiKey": ""}),
        json!({"apiKey": "  "}),
        json!({"apiKey": 5}),
        json!({"apiKey": KEY, "more": 1}),
        json!({"apiKey": "x".repeat(1025)}),
        json!({"apiKey": "vendor-key-1\u{0}"}),
        json!({"apiKey": "not by the pattern"}),
    ] {
        post(&server, key, "", body).await.refused(400, "invalid_body");
    }
    post(&server, key, "&params[area]=NORTH", json!({"apiKey": KEY})).await.refused(400, "invalid_body");
    post(&server, "/api-auth/basic/keyed", "", json!({"username": "a", "password": "b"}))
        .await
        .refused(400, "invalid_auth_mode");
    post(&server, "/api-auth/api-key/basic", "", json!({"apiKey": KEY}))
        .await
        .refused(400, "invalid_auth_mode");
    post(&server, "/api-auth/basic/basic", "", json!({"username": "a"})).await.refused(400, "invalid_body");
    post(&server, "/auth/bill/billing", "", json!({"username": "a", "password": "b"}))
        .await
        .refused(400, "invalid_body");
    post(&server, "/auth/jwt/signed", "", json!({"type": "JWT"})).await.refused(400, "invalid_body");
    post(&server, "/auth/two-step/chain", "", json!({"user": "a", "password": "b", "odd": "c"}))
        .await
        .refused(400, "invalid_body");
    post(
        &server,
        "/auth/two-step/chain",
        "",
        json!({"user": "a", "password": "b", "assertionOption": {"k": "v"}}),
    )
    .await
    .refused(400, "invalid_body");
    assert!(vendor.upstream.seen().is_empty(), "nobody was asked");
    nothing_is_stored(&server).await;
}

#[tokio::test]
async fn a_password_is_tried_by_the_definition_s_request() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let path = "/api-auth/basic/basic";
    post(&server, path, "", json!({"username": USER, "password": ""}))
        .await
        .refused(400, "connection_test_failed");
    let id = connected(&server, path, "", json!({"username": USER, "password": PASSWORD})).await;
    let tried = vendor.seen("/api/me").pop().unwrap();
    assert_eq!(tried.line(), "POST /api/me HTTP/1.1");
    assert_eq!(
        (tried.header("x-verify").as_str(), tried.body.as_slice()),
        ("yes", br#"{"ask":"who"}"#.as_slice())
    );
    assert_eq!(tried.header("content-type"), "application/json");
    assert_eq!(who(&server, "basic", &id).await, USER);
    let shown = credentials(&server, "basic", &id, "").await;
    assert_eq!(shown, json!({"type": "BASIC", "username": USER, "password": PASSWORD}));
}

#[tokio::test]
async fn a_token_is_signed_here_and_again_when_it_is_asked_for() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let (id, secret) = TWO_HALVES.split_once(':').unwrap();
    // Both ways in which clients write such a key.
    for key in [json!(TWO_HALVES), json!({"id": id, "secret": secret})] {
        let connection =
            connected(&server, "/auth/jwt/signed", "", json!({"type": "JWT", "privateKey": key})).await;
        assert_eq!(who(&server, "signed", &connection).await, USER);
        let shown = credentials(&server, "signed", &connection, "&force_refresh=true").await;
        assert_eq!((&shown["type"], &shown["privateKey"]), (&json!("JWT"), &json!(TWO_HALVES)));
        assert!(shown["expires_at"].as_str().unwrap().ends_with('Z'), "{shown}");
    }
    let wrong = json!({"privateKey": "61af:00"});
    post(&server, "/auth/jwt/signed", "", wrong).await.refused(400, "connection_test_failed");
}

#[tokio::test]
async fn a_chain_of_logins_buys_a_token_and_renews_it() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let path = "/auth/two-step/chain";
    let form = |password: &str| json!({"type": "TWO_STEP", "user": USER, "password": password});
    let refused = post(&server, path, "", form("wrong")).await;
    let error = refused.refused(400, "two_step_credentials_fetch_error");
    assert_eq!(error["payload"]["code"], "http_403", "{error}");
    nothing_is_stored(&server).await;

    let id = connected(&server, path, "", form(PASSWORD)).await;
    assert_eq!(who(&server, "chain", &id).await, USER);
    let shown = credentials(&server, "chain", &id, "").await;
    assert_eq!((&shown["token"], &shown["user"]), (&json!("token-1"), &json!(USER)));
    assert_eq!((&shown["refresh_token"], &shown["raw"]["session"]["area"]), (&Value::Null, &json!("north")));
    let whole = server.api("GET", &format!("/connections/{id}?provider_config_key=chain"), None).await.ok();
    assert_eq!(whole["connection_config"]["session.area"], "north", "{whole}");

    assert!(vendor.seen("/renew").is_empty(), "ten minutes are not over at their beginning");
    let logins = vendor.seen("/login").len();
    let renewed = credentials(&server, "chain", &id, "&force_refresh=true&refresh_token=true").await;
    assert_eq!((&renewed["token"], &renewed["refresh_token"]), (&json!("token-2"), &json!("renew-token-2")));
    assert_eq!(vendor.seen("/login").len(), logins, "the refresh request was enough");
    // The next refresh token is refused by the vendor: the login is repeated.
    let again = credentials(&server, "chain", &id, "&force_refresh=true").await;
    assert_eq!(again["token"], "token-1", "{again}");
    assert_eq!(vendor.seen("/login").len(), logins + 1);
}

#[tokio::test]
async fn a_hostile_answer_stores_nothing_and_is_told() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    for kind in ["page", "10 MiB", "nesting", "redirect", "file", "metadata", "userinfo", "header", "nothing"]
    {
        let form = json!({"type": "TWO_STEP", "user": USER, "password": format!("evil {kind}")});
        let refused = post(&server, "/auth/two-step/chain", "", form).await;
        assert_eq!(refused.status, 400, "{kind}: {}", refused.text());
        let error = &refused.json()["error"];
        assert!(error["message"].as_str().unwrap().len() < 1_000, "{kind}: {error}");
        assert!(!refused.text().contains("evil "), "{kind}: {error}");
    }
    nothing_is_stored(&server).await;
    assert!(vendor.seen("/session").is_empty());
    server.calm();
}

#[tokio::test]
async fn a_session_at_bill_goes_along_with_every_call() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let form = |password: &str| json!({"username": USER, "password": password, "organization_id": "008", "dev_key": KEY});
    post(&server, "/auth/bill/billing", "", form("no")).await.refused(400, "bill_credentials_fetch_error");
    nothing_is_stored(&server).await;
    let id = connected(&server, "/auth/bill/billing", "", form(PASSWORD)).await;
    assert_eq!(who(&server, "billing", &id).await, "bill");
    let shown = credentials(&server, "billing", &id, "").await;
    assert_eq!((&shown["session_id"], &shown["user_id"]), (&json!("bill-session"), &json!("006")));
}

#[tokio::test]
async fn an_open_api_needs_nothing() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let id = connected(&server, "/auth/unauthenticated/open", "", json!({})).await;
    assert_eq!(server.proxy("GET", "/open", "open", &id).await.ok(), json!({"open": true}));
    assert_eq!(vendor.seen("/api/open")[0].header("authorization"), "");
}

#[tokio::test]
async fn an_import_is_tried_as_a_form_is() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let import = async |key: &str, id: &str, credentials: Value| {
        let body = json!({"provider_config_key": key, "connection_id": id, "credentials": credentials});
        server.api("POST", "/connections", Some(body)).await
    };
    let wrong = import("keyed", "k", json!({"type": "API_KEY", "apiKey": "vendor-key-00"})).await;
    wrong.refused(400, "connection_test_failed");
    let listed = server.api("GET", "/connections?connectionId=k", None).await.ok();
    assert_eq!(listed["connections"], json!([]));
    let made = import("keyed", "k", json!({"type": "API_KEY", "apiKey": KEY})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["credentials"], json!({"type": "API_KEY", "apiKey": KEY}));
    assert_eq!(who(&server, "keyed", "k").await, USER);
    let made = import("basic", "b", json!({"type": "BASIC", "username": USER, "password": PASSWORD})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(import("open", "n", json!({"type": "NONE"})).await.status, 201);
    // An overwrite that fails the test leaves the old credentials.
    import("keyed", "k", json!({"type": "API_KEY", "apiKey": "vendor-key-00"}))
        .await
        .refused(400, "connection_test_failed");
    assert_eq!(credentials(&server, "keyed", "k", "").await["apiKey"], KEY);
    for kind in ["JWT", "TWO_STEP", "BILL", "SIGNATURE", "AWS_SIGV4", "ODD"] {
        import("signed", "j", json!({"type": kind})).await.refused(400, "invalid_body");
    }
    import("keyed", "k", json!({"type": "BASIC", "username": "a", "password": "b"}))
        .await
        .refused(400, "invalid_body");
}

/// `@nangohq/frontend` sends each kind of form to the route that it belongs to.
#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_the_published_frontend_connects_by_every_form() {
    let vendor = Vendor::start().await;
    let server = vendor.server().await;
    let bill = |password: &str| json!({"username": USER, "password": password, "organization_id": "008", "dev_key": KEY});
    let login = |password: &str| json!({"type": "TWO_STEP", "user": USER, "password": password});
    let cases = [
        (
            "key",
            "keyed",
            json!({"apiKey": KEY}),
            json!({"apiKey": "vendor-key-00"}),
            "connection_test_failed",
        ),
        (
            "password",
            "basic",
            json!({"username": USER, "password": PASSWORD}),
            json!({"username": USER, "password": ""}),
            "connection_test_failed",
        ),
        (
            "signed",
            "signed",
            json!({"type": "JWT", "privateKey": TWO_HALVES}),
            json!({"type": "JWT", "privateKey": "61af:00"}),
            "connection_test_failed",
        ),
        ("login", "chain", login(PASSWORD), login("wrong"), "two_step_credentials_fetch_error"),
        ("bill", "billing", bill(PASSWORD), bill("wrong"), "bill_credentials_fetch_error"),
    ];
    let mut forms = Vec::new();
    for (name, integration, right, wrong, code) in cases {
        for (suffix, credentials, refused) in [("", right, Value::Null), (" wrong", wrong, json!(code))] {
            let user = format!("{name}{suffix}").replace(' ', "-");
            let token = session_of(&server, &user).await;
            forms.push(
                json!({"name": user, "integration": integration, "session_token": token, "refused": refused,
                "options": {"credentials": credentials, "params": {"area": "north"}}}),
            );
        }
    }
    let token = session_of(&server, "open").await;
    forms.push(
        json!({"name": "open", "integration": "open", "session_token": token, "create": true, "options": {}}),
    );
    let facts = outside::node("nango_forms.mjs", &json!({"host": server.url(), "forms": forms})).await;
    for integration in ["keyed", "basic", "signed", "chain", "billing", "open"] {
        let listed = server.api("GET", &format!("/connections?integrationId={integration}"), None).await.ok();
        let connections = listed["connections"].as_array().unwrap();
        assert_eq!(connections.len(), 1, "{integration}: {listed}");
        let id = connections[0]["connection_id"].as_str().unwrap();
        assert!(facts.as_object().unwrap().values().any(|fact| fact == id), "{facts}");
        if integration != "open" {
            who(&server, integration, id).await;
        }
    }
}
