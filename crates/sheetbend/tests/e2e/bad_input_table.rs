//! Every endpoint with a body, a query or an id gets the wrong type, an unknown field, too long, empty, unicode, NUL,
//! a duplicate and somebody else's id: the contract's status and code, and no 5xx anywhere.

use crate::harness;

use harness::{Answer, Server, Start};
use serde_json::{Map, Value, json};

/// An endpoint with a body that is right but for the one field that a case breaks.
struct Endpoint {
    method: &'static str,
    path: &'static str,
    account: bool,
    good: Value,
    /// A text field at the top of the body, and the code that its wrong values have.
    text: Option<(&'static str, &'static str)>,
}

fn endpoint(method: &'static str, path: &'static str, good: Value) -> Endpoint {
    Endpoint { method, path, account: false, good, text: None }
}

impl Endpoint {
    fn of_account(self) -> Self {
        Self { account: true, ..self }
    }

    fn text(self, field: &'static str, code: &'static str) -> Self {
        Self { text: Some((field, code)), ..self }
    }
}

fn endpoints() -> Vec<Endpoint> {
    let client = json!({"type": "OAUTH2", "client_id": "c", "client_secret": "s", "scopes": "User.Read"});
    let imported = json!({"type": "OAUTH2", "access_token": "a"});
    vec![
        endpoint("POST", "/integrations", json!({"provider": "microsoft", "unique_key": "new", "credentials": client}))
            .text("unique_key", "invalid_body"),
        endpoint("PATCH", "/integrations/microsoft-excel", json!({"display_name": "x"}))
            .text("display_name", "invalid_body"),
        endpoint("POST", "/integrations/quickstart", json!({"provider": "microsoft", "unique_key": "q"}))
            .text("unique_key", "invalid_body"),
        endpoint(
            "POST",
            "/connections",
            json!({"provider_config_key": "microsoft-excel", "connection_id": "c", "credentials": imported}),
        )
        .text("connection_id", "invalid_body"),
        endpoint("PATCH", "/connections/demo-excel?provider_config_key=microsoft-excel", json!({"tags": {"a": "b"}}))
            .text("webhook_url_override", "invalid_body"),
        endpoint(
            "POST",
            "/connections/metadata",
            json!({"connection_id": "demo-excel", "provider_config_key": "microsoft-excel", "metadata": {}}),
        )
        .text("connection_id", "unknown_connection"),
        endpoint(
            "PATCH",
            "/connections/metadata",
            json!({"connection_id": ["demo-excel"], "provider_config_key": "microsoft-excel", "metadata": {}}),
        )
        .text("provider_config_key", "unknown_connection"),
        endpoint("POST", "/connect/sessions", json!({"tags": {"a": "b"}})).text("webhook_url_override", "invalid_body"),
        endpoint(
            "POST",
            "/connect/sessions/reconnect",
            json!({"connection_id": "demo-excel", "integration_id": "microsoft-excel"}),
        )
        .text("connection_id", "invalid_body"),
        endpoint("PATCH", "/environment", json!({"hmac_enabled": false})).text("public_key", "invalid_body"),
        endpoint("PUT", "/environment/webhook-signing-key", json!({"webhook_signing_key": "0123456789abcdef"}))
            .text("webhook_signing_key", "invalid_signing_key"),
        endpoint("PUT", "/environment-variables", json!({"variables": []})),
        endpoint("POST", "/environments", json!({"name": "made"})).of_account().text("name", "invalid_body"),
        endpoint("POST", "/environment/api-keys", json!({"environment_id": 1, "display_name": "made"}))
            .of_account()
            .text("display_name", "invalid_body"),
        endpoint("DELETE", "/environment/api-keys", json!({"environment_id": 1, "key_id": 999})).of_account(),
        endpoint("POST", "/account/api-keys", json!({"display_name": "made"}))
            .of_account()
            .text("display_name", "invalid_body"),
    ]
}

async fn ask(server: &Server, endpoint: &Endpoint, body: &Value) -> Answer {
    let key = if endpoint.account { server.facts["account_key"].as_str().unwrap() } else { server.key() };
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    server
        .send(endpoint.method, &format!("{}{}", server.url(), endpoint.path), &headers, body.to_string())
        .await
}

fn with(good: &Value, field: &str, value: Value) -> Value {
    let mut body = good.clone();
    body[field] = value;
    body
}

#[tokio::test]
async fn bodies_of_every_endpoint() {
    let server = Start::dev().start();
    let mut cases = 0;
    for endpoint in endpoints() {
        let name = format!("{} {}", endpoint.method, endpoint.path);
        let check = async |what: &str, body: Value, status: u16, code: &str| {
            let answer = ask(&server, &endpoint, &body).await;
            let seen = answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
            assert_eq!(
                (answer.status.as_u16(), seen.as_str()),
                (status, code),
                "{name}, {what}: {}",
                answer.text()
            );
        };
        check("unknown field", with(&endpoint.good, "no_such_field", json!(1)), 400, "invalid_body").await;
        for other in [json!([]), json!("text"), json!(7), Value::Null, json!(true)] {
            check("no object", other, 400, "invalid_body").await;
        }
        for field in endpoint.good.as_object().unwrap_or(&Map::new()).keys() {
            for wrong in [json!({"a": {"b": [7]}}), json!(-7), json!([[1]])] {
                // Free JSON, and lists of texts where a text is one too, have their own rows.
                if field == "metadata" && wrong.is_object() {
                    continue;
                }
                check(
                    &format!("{field} is {wrong}"),
                    with(&endpoint.good, field, wrong.clone()),
                    400,
                    "invalid_body",
                )
                .await;
                cases += 1;
            }
        }
        if let Some((field, code)) = endpoint.text {
            let status = if code == "unknown_connection" { 404 } else { 400 };
            let long = "x".repeat(100_000);
            for odd in [long.as_str(), "a\u{0}b", "☃/\u{202e}?"] {
                let body = with(&endpoint.good, field, json!(odd));
                let answer = ask(&server, &endpoint, &body).await;
                let shown: String = odd.chars().take(8).collect();
                // A name for people may hold any character; what it may not is long, or have a NUL.
                if answer.status.is_success() && odd.starts_with('☃') && field == "display_name" {
                    continue;
                }
                let seen = answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
                assert_eq!(
                    (answer.status.as_u16(), seen.as_str()),
                    (status, code),
                    "{name}, {field} is {shown}…: {}",
                    answer.text()
                );
                cases += 1;
            }
        }
    }
    assert!(cases > 100, "{cases}");
    server.calm();
}

#[tokio::test]
async fn paths_and_queries_of_every_endpoint() {
    let server = Start::dev().start();
    let key = "provider_config_key=microsoft-excel";
    let long = "x".repeat(300);
    let mut rows: Vec<(&str, String, u16, &str)> = Vec::new();
    let unknown = |code| move |path: String| ("GET", path, 404, code);
    rows.extend(
        [format!("/providers/{long}"), "/providers/%00".into(), "/providers/no-such".into()]
            .map(unknown("not_found")),
    );
    rows.extend(
        [
            format!("/integrations/{long}"),
            "/integrations/%00".into(),
            "/integrations/%E2%98%83".into(),
            "/config/none".into(),
        ]
        .map(unknown("not_found")),
    );
    rows.extend(["/operations/none".into(), "/operations/%00".into()].map(unknown("not_found")));
    for (method, path) in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/token")] {
        let at = |id: &str, query: &str| format!("/connections/{id}{path}?{query}");
        for odd in ["%00", "a%3Fb", "%E2%98%83", long.as_str()] {
            rows.push((method, at(odd, key), 400, "invalid_uri_params"));
        }
        for odd in ["provider_config_key=none", "provider_config_key=%00", "provider_config_key="] {
            rows.push((method, at("demo-excel", odd), 400, "unknown_provider_config"));
        }
        rows.push((method, at("demo-excel", ""), 400, "invalid_query_params"));
        rows.push((method, at("demo-excel", &format!("{key}&{key}")), 400, "invalid_query_params"));
        rows.push((method, at("demo-excel", &format!("{key}&odd=1")), 400, "invalid_query_params"));
        let missing = if method == "DELETE" { (400, "unknown_connection") } else { (404, "not_found") };
        rows.push((method, at("nobody", key), missing.0, missing.1));
    }
    for flag in ["refresh_token", "force_refresh", "refresh_github_app_jwt_token"] {
        rows.push((
            "GET",
            format!("/connections/demo-excel?{key}&{flag}=maybe"),
            400,
            "invalid_query_params",
        ));
    }
    for odd in [
        "limit=0",
        "limit=2001",
        "limit=-1",
        "limit=x",
        "limit=1&limit=2",
        "limit=1.5",
        "page=-1",
        "page=x",
        "odd=1",
        "tags=x",
        "tags[a]=",
        "tags[1a]=b",
        "tags[a]=b&tags[A]=c",
        "limit=99999999999999999999",
        "connectionId[a]=b",
    ] {
        rows.push(("GET", format!("/connections?{odd}"), 400, "invalid_query_params"));
    }
    for path in
        ["/integrations", "/environment", "/environment-variables", "/environment/webhook-signing-key"]
    {
        rows.push(("GET", format!("{path}?odd=1"), 400, "invalid_query_params"));
    }
    rows.push(("GET", "/integrations/microsoft-excel?include=secrets".into(), 400, "invalid_query_params"));
    rows.push(("GET", "/providers?search=(".into(), 400, "invalid_query_params"));
    rows.push(("GET", "/operations?limit=x".into(), 400, "invalid_query_params"));
    let count = rows.len();
    for (method, path, status, code) in rows {
        let body = (method == "PATCH").then(|| json!({"tags": {"a": "b"}}));
        let answer = server.api(method, &path, body).await;
        let seen = answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            (answer.status.as_u16(), seen.as_str()),
            (status, code),
            "{method} {path}: {}",
            answer.text()
        );
    }
    assert!(count > 60, "{count}");
    server.calm();
}

#[tokio::test]
async fn filters_take_any_text_and_find_nothing() {
    let server = Start::dev().start();
    for query in [
        "search=%00",
        "search=%25",
        "connectionId=%00",
        "endUserId=%E2%98%83",
        "endUserOrganizationId=%00",
        "integrationId=,,",
        "tags[a]=%E2%98%83",
        "page=4294967295&limit=2000",
        "search=%FF%FE",
    ] {
        let answer = server.api("GET", &format!("/connections?{query}"), None).await;
        let all = if query == "integrationId=,," { 3 } else { 0 };
        assert_eq!(answer.ok()["connections"].as_array().unwrap().len(), all, "{query}");
    }
    server.calm();
}

#[tokio::test]
async fn the_same_again_and_somebody_else_s() {
    let server = Start::dev().start();
    let account = format!("Bearer {}", server.facts["account_key"].as_str().unwrap());
    let headers = [("authorization", account.as_str()), ("content-type", "application/json")];
    let post = async |path: &str, body: Value| {
        server.send("POST", &format!("{}{path}", server.url()), &headers, body.to_string()).await
    };
    let id = post("/environments", json!({"name": "other"})).await.ok()["data"]["id"].clone();
    let key = post("/environment/api-keys", json!({"environment_id": id, "display_name": "k"})).await.ok();
    let theirs = format!("Bearer {}", key["data"]["secret"].as_str().unwrap());
    let session = server.api("POST", "/connect/sessions", Some(json!({"tags": {"a": "b"}}))).await.ok();
    let session = format!("Bearer {}", session["data"]["token"].as_str().unwrap());
    let excel = "provider_config_key=microsoft-excel";
    for (method, path, body, status, code) in [
        ("GET", "/integrations/microsoft-excel".to_owned(), json!({}), 404, "not_found"),
        ("PATCH", "/integrations/microsoft-excel".to_owned(), json!({"display_name": "x"}), 404, "not_found"),
        ("DELETE", "/integrations/microsoft-excel".to_owned(), json!({}), 404, "not_found"),
        ("GET", format!("/connections/demo-excel?{excel}"), json!({}), 400, "unknown_provider_config"),
        (
            "PATCH",
            format!("/connections/demo-excel?{excel}"),
            json!({"tags": {}}),
            400,
            "unknown_provider_config",
        ),
        ("DELETE", format!("/connections/demo-excel?{excel}"), json!({}), 400, "unknown_provider_config"),
        (
            "POST",
            "/connections/metadata".to_owned(),
            json!({"connection_id": "demo-excel", "provider_config_key": "microsoft-excel", "metadata": {}}),
            404,
            "unknown_connection",
        ),
        (
            "POST",
            "/connect/sessions/reconnect".to_owned(),
            json!({"connection_id": "demo-excel", "integration_id": "microsoft-excel"}),
            400,
            "invalid_body",
        ),
    ] {
        let headers = [("authorization", theirs.as_str()), ("content-type", "application/json")];
        let body = if body == json!({}) { String::new() } else { body.to_string() };
        server.send(method, &format!("{}{path}", server.url()), &headers, body).await.refused(status, code);
    }
    // A session sees what it may connect and nothing else.
    for path in ["/connections", "/environment", "/environments", "/environment-variables", "/operations"] {
        let url = format!("{}{path}", server.url());
        server
            .send("GET", &url, &[("authorization", &session)], "")
            .await
            .refused(401, "invalid_secret_key_format");
    }
    let import = json!({"provider_config_key": "microsoft-excel", "connection_id": "twice",
        "credentials": {"type": "OAUTH2", "access_token": "a"}});
    let first = server.api("POST", "/connections", Some(import.clone())).await;
    let second = server.api("POST", "/connections", Some(import)).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201), "an import overwrites");
    assert_eq!(first.json()["id"], second.json()["id"]);
    server.calm();
}
