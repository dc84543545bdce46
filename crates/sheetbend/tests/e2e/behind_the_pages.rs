//! What stands behind the pages of connections and integrations.

use serde_json::{Value, json};

use crate::harness::desk::Desk;
use crate::harness::{Server, Start};

async fn ask(server: &Server, path: &str) -> Value {
    server.api("GET", path, None).await.ok()
}

#[tokio::test]
async fn connections_are_found_as_one_types() {
    let server = Start::dev().start();
    for index in 0..7 {
        let body = json!({"provider_config_key": "microsoft-excel", "connection_id": format!("c{index}"),
            "credentials": {"type": "OAUTH2", "access_token": "a"}, "tags": {"plan": if index == 3 { "gold" } else { "free" }},
            "end_user": {"id": format!("user-{index}"), "email": format!("p{index}@example.com")}});
        assert_eq!(server.api("POST", "/connections", Some(body)).await.status, 201);
    }
    let names = async |query: &str| -> Vec<String> {
        let found = ask(&server, &format!("/internal/connections?{query}")).await;
        found["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["connection_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("search=GOLD").await, ["c3"]);
    assert_eq!(names("search=p5@ex").await, ["c5"]);
    assert_eq!(names("search=user-2&integration=microsoft-excel").await, ["c2"]);
    assert_eq!(names("search=user-2&integration=sharepoint-online").await, [""; 0]);
    assert_eq!(names("tag=plan:gold&state=ok").await, ["c3"]);
    assert_eq!(names("state=error").await, [""; 0]);
    let first = ask(&server, "/internal/connections?limit=4").await;
    assert_eq!(first["total_estimate"], 10);
    let (mut all, mut next) = (4, first["next"].clone());
    while let Some(cursor) = next.as_str() {
        let page = ask(&server, &format!("/internal/connections?limit=4&cursor={cursor}")).await;
        all += page["data"].as_array().unwrap().len();
        next = page["next"].clone();
    }
    assert_eq!(all, 10);
    for bad in ["limit=0", "limit=1000", "state=odd", "cursor=x", "tag=odd"] {
        let answer = server.api("GET", &format!("/internal/connections?{bad}"), None).await;
        answer.refused(400, "invalid_query_params");
    }
}

#[tokio::test]
async fn a_connection_is_told_and_refreshed() {
    let server = Start::dev().start();
    let path = "/internal/connections/microsoft-excel/demo-excel";
    let told = ask(&server, path).await;
    assert!(
        told["scopes"].as_array().unwrap().iter().any(|scope| scope.as_str().unwrap().contains("Files")),
        "{told}"
    );
    assert!(told["account"].is_null() && told["refreshable"] == true, "{told}");
    assert!(!told.to_string().contains("access_token") && !told.to_string().contains("eyJ"), "{told}");
    let calls = server.token_calls().await;
    let fresh = server.api("POST", &format!("{path}/refresh"), Some(json!({}))).await.ok();
    assert_eq!(server.token_calls().await, calls + 1);
    assert!(fresh["refreshed_at"].as_str().unwrap() >= told["refreshed_at"].as_str().unwrap());
    server.api("GET", "/internal/connections/microsoft-excel/nobody", None).await.refused(404, "not_found");
}

#[tokio::test]
async fn forms_help_while_they_are_filled_in() {
    let server = Start::dev().start();
    let form = ask(&server, "/internal/providers/microsoft-excel").await;
    let names: Vec<_> =
        form["fields"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["client_id", "client_secret", "scopes"]);
    assert!(form["clouds"].as_array().unwrap().iter().any(|cloud| cloud == "china"));
    let callback = form["callback_url"].as_str().unwrap();
    assert!(callback.ends_with("/oauth/callback"));
    assert!(form["setup_guide"].to_string().contains(callback), "{form}");
    server.api("GET", "/internal/providers/none", None).await.refused(404, "not_found");
    let check = async |body: Value| -> Vec<(String, String, String)> {
        let found = server.api("POST", "/internal/integrations/check", Some(body)).await.ok();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let all = found["problems"].as_array().unwrap();
        all.iter().map(|one| (text(one, "field"), text(one, "severity"), text(one, "code"))).collect()
    };
    let problem =
        |field: &str, severity: &str, code: &str| (field.to_owned(), severity.to_owned(), code.to_owned());
    let uuid = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
    let good = json!({"provider": "microsoft-excel", "key": "mine",
        "credentials": {"client_id": uuid, "client_secret": "x~y", "scopes": "Files.ReadWrite offline_access"}});
    assert_eq!(check(good.clone()).await, []);
    let mut bad = good.clone();
    bad["key"] = json!("microsoft-excel");
    bad["credentials"] = json!({"client_id": "abc ", "client_secret": uuid, "scopes": "Files.ReadWrite"});
    let found = check(bad).await;
    for expected in [
        problem("key", "error", "taken"),
        problem("credentials.client_id", "warning", "surrounding_space"),
        problem("credentials.client_id", "warning", "not_a_uuid"),
        problem("credentials.client_secret", "warning", "secret_id_instead_of_value"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    assert!(found.iter().any(|one| one.0 == "credentials.scopes" && one.1 == "warning"), "{found:?}");
    let mut mixed = good.clone();
    mixed["credentials"]["scopes"] = json!(".default Files.Read");
    assert!(check(mixed).await.contains(&problem("credentials.scopes", "error", "custom")));
    let mut empty = good;
    empty["credentials"] = json!({});
    assert!(check(empty).await.contains(&problem("credentials.client_secret", "error", "required")));
    let session = server
        .api("POST", "/internal/test-connection", Some(json!({"integration": "microsoft-excel"})))
        .await;
    assert!(session.ok()["connect_link"].as_str().unwrap().contains("/connect/?session_token="));
}

#[tokio::test]
async fn whoever_tries_an_integration_is_its_end_user() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let body = Some(json!({"integration": "microsoft-excel"}));
    let session = owner.call(&server, "POST", "/internal/test-connection", body.clone()).await.ok();
    let by_key = server.api("POST", "/internal/test-connection", body).await.ok();
    let me = owner.call(&server, "GET", "/internal/session", None).await.ok()["user"].clone();
    let end_user = async |session: &Value| {
        let bearer = format!("Bearer {}", session["token"].as_str().unwrap());
        let url = format!("{}/connect/session", server.url());
        let told = server.send("GET", &url, &[("authorization", &bearer)], "").await.ok();
        told["data"]["endUser"].clone()
    };
    let mine = end_user(&session).await;
    assert_eq!((&mine["id"], &mine["email"], &mine["display_name"]), (&me["id"], &me["email"], &me["name"]));
    assert_eq!(end_user(&by_key).await["id"], "test-connection");
}
