//! What holds for every route: deprecated names, methods, content types, CORS, request ids, limits.

use crate::harness;

use harness::{Answer, Server, Start};
use serde_json::{Value, json};

const EXCEL: &str = "provider_config_key=microsoft-excel";

async fn call(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let authorization = format!("Bearer {}", server.key());
    let mut all = vec![("authorization", authorization.as_str())];
    all.extend_from_slice(headers);
    server.send(method, &format!("{}{path}", server.url()), &all, body.to_owned()).await
}

#[tokio::test]
async fn deprecated_names_do_what_today_s_do() {
    let server = Start::dev().start();
    let now = server.api("GET", "/connections?connectionId=demo-excel", None).await.ok();
    assert_eq!(server.api("GET", "/connection?connectionId=demo-excel", None).await.ok(), now);
    let one = server.api("GET", &format!("/connection/demo-excel?{EXCEL}"), None).await.ok();
    assert_eq!(one["credentials"]["type"], "OAUTH2");
    let path = format!("/connection/demo-excel/metadata?{EXCEL}");
    let set = server.api("POST", &path, Some(json!({"a": 1, "b": 1}))).await;
    assert_eq!((set.status.as_u16(), set.json()), (201, json!({"a": 1, "b": 1})));
    let header = [("provider-config-key", "microsoft-excel"), ("content-type", "application/json")];
    let merged = call(&server, "PATCH", "/connection/demo-excel/metadata", &header, "{\"b\":2}").await;
    assert_eq!((merged.status.as_u16(), merged.json()), (200, json!({"b": 2})));
    let both = json!({"connection_id": "demo-excel", "provider_config_key": "microsoft-excel", "metadata": {"c": 3}});
    assert_eq!(server.api("PATCH", "/connection/metadata", Some(both)).await.status, 200);
    let read = server.api("GET", &format!("/connection/demo-excel?{EXCEL}"), None).await.ok();
    assert_eq!(read["metadata"], json!({"a": 1, "b": 2, "c": 3}));
    let nameless = server.api("POST", "/connection/demo-excel/metadata", Some(json!({}))).await;
    nameless.refused(400, "missing_provider_config");
    let config =
        server.api("GET", "/config/microsoft-excel?include_creds=true", None).await.ok()["config"].clone();
    assert_eq!((&config["unique_key"], &config["auth_mode"]), (&json!("microsoft-excel"), &json!("OAUTH2")));
    assert!(config["client_secret"].is_string() && config["syncs"] == json!([]), "{config}");
    let plain = server.api("GET", "/config/microsoft-excel", None).await.ok();
    assert!(plain["config"].get("client_secret").is_none());
    server.calm();
}

#[tokio::test]
async fn a_flat_import_is_an_import() {
    let server = Start::dev().start();
    let flat = json!({"provider_config_key": "microsoft-excel", "connection_id": "flat", "access_token": "a",
        "refresh_token": "r", "expires_in": 3600, "metadata": {"m": 1}});
    let made = server.api("POST", "/connection", Some(flat.clone())).await;
    assert_eq!((made.status.as_u16(), made.json()), (201, flat));
    let read = server.api("GET", &format!("/connection/flat?{EXCEL}&refresh_token=true"), None).await.ok();
    assert_eq!(
        (&read["credentials"]["access_token"], &read["credentials"]["refresh_token"]),
        (&json!("a"), &json!("r"))
    );
    assert_eq!(read["metadata"], json!({"m": 1}));
    for (body, code) in [
        (json!({"access_token": "a"}), "missing_provider_config"),
        (json!({"provider_config_key": "none", "access_token": "a"}), "unknown_provider_config"),
        (json!({"provider_config_key": "microsoft-excel"}), "missing_access_token"),
        (json!({"provider_config_key": "microsoft-excel", "access_token": "a"}), "missing_expires_at"),
        (
            json!({"provider_config_key": "microsoft-excel", "access_token": "a", "expires_at": "x"}),
            "invalid_expires_at",
        ),
        (
            json!({"provider_config_key": "microsoft-excel", "access_token": "a", "no_expiration": true,
            "connection_id": "a?b"}),
            "invalid_body",
        ),
    ] {
        server.api("POST", "/connection", Some(body)).await.refused(400, code);
    }
    let gone = server.api("DELETE", &format!("/connection/flat?{EXCEL}"), None).await.ok();
    assert_eq!(gone, json!({"success": true}));
    server.calm();
}

#[tokio::test]
async fn the_catalogue_and_what_is_not_there_yet() {
    let server = Start::dev().start();
    let all = server.send("GET", &format!("{}/providers.json", server.url()), &[], "").await.ok();
    assert_eq!(all["microsoft-excel"]["auth_mode"], "OAUTH2");
    let script = server.send("GET", &format!("{}/env.js", server.url()), &[], "").await;
    assert!(
        script.text().starts_with("window._env = {") && script.header("content-type").contains("javascript")
    );
    let templates = server.api("GET", "/providers/microsoft-excel/templates", None).await.ok();
    assert_eq!(templates, json!({"data": []}));
    server.api("GET", "/providers/none/templates", None).await.refused(404, "not_found");
    let quick = json!({"provider": "microsoft-excel", "unique_key": "q"});
    let error =
        server.api("POST", "/integrations/quickstart", Some(quick)).await.refused(400, "invalid_body");
    assert_eq!(error["errors"][0]["path"], json!(["provider"]));
    let unknown = json!({"provider": "none", "unique_key": "q"});
    server.api("POST", "/integrations/quickstart", Some(unknown)).await.refused(400, "invalid_body");
    server.calm();
}

#[tokio::test]
async fn methods_content_types_and_ids() {
    let server = Start::dev().start();
    for (method, path, allow) in [
        ("PUT", "/connections", "GET"),
        ("DELETE", "/providers", "GET"),
        ("POST", "/integrations/microsoft-excel", ""),
        ("PATCH", "/health", "GET"),
    ] {
        let answer = call(&server, method, path, &[("content-type", "application/json")], "{}").await;
        if path == "/integrations/microsoft-excel" {
            answer.refused(400, "invalid_body");
            continue;
        }
        answer.refused(405, "method_not_allowed");
        assert!(answer.header("allow").contains(allow), "{path}: {:?}", answer.headers);
    }
    call(&server, "GET", "/nowhere", &[], "").await.refused(404, "not_found");
    for path in ["/connections", "/environment-variables", "/providers", "/connection", "/connect/telemetry"]
    {
        let method = if path == "/connect/telemetry" { "POST" } else { "GET" };
        let form = [("content-type", "application/x-www-form-urlencoded")];
        call(&server, method, path, &form, "").await.refused(415, "invalid_content_type");
    }
    let config = call(&server, "GET", "/config/microsoft-excel", &[("content-type", "text/plain")], "").await;
    config.ok();
    let known = call(&server, "GET", "/providers", &[("x-request-id", "mine-1")], "").await;
    assert_eq!(known.header("x-request-id"), "mine-1");
    let made = call(&server, "GET", "/providers", &[("x-request-id", "a b\tc")], "").await;
    assert!(made.header("x-request-id").len() == 16, "{:?}", made.headers);
    server.calm();
}

#[tokio::test]
async fn pages_of_anybody_may_ask_and_one_route_is_our_own_page_s() {
    let server = Start::dev().start();
    let asks = [("origin", "https://app.example"), ("access-control-request-method", "GET")];
    let ask = async |path: &str| server.send("OPTIONS", &format!("{}{path}", server.url()), &asks, "").await;
    for path in ["/connections", "/environment", "/connection", "/config/x"] {
        let answer = ask(path).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-max-age"), "600");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "Authorization, Content-Type, Accept, Origin, X-Requested-With, Nango-Activity-Log-Id, Nango-Is-Dry-Run, \
             Nango-Is-Sync, Provider-Config-Key, Connection-Id, Sentry-Trace, Baggage"
        );
    }
    let refused = server.send("GET", &format!("{}/connections", server.url()), &asks[..1], "").await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (401, "*"));
    let exposed = refused.header("access-control-expose-headers");
    assert!(exposed.contains("X-RateLimit-Remaining") && exposed.contains("X-Nango-Signature"), "{exposed}");
    let own = ask("/connect/telemetry").await;
    assert_eq!(own.header("access-control-allow-origin"), server.url());
    assert_eq!(
        (own.header("access-control-allow-credentials"), own.header("access-control-max-age")),
        ("true", "36000")
    );
    assert_eq!(own.header("access-control-allow-methods"), "POST");
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted() {
    let server = Start::dev().start();
    let answer = server.api("GET", "/providers?search=excel", None).await;
    assert_eq!(answer.header("x-ratelimit-limit"), "");
}

#[tokio::test]
async fn a_limit_is_kept_for_calls_of_the_api_and_of_the_proxy() {
    let server = Start::dev().args(&["--rate-limit", "30"]).start();
    let first = server.api("GET", "/providers?search=excel", None).await;
    assert_eq!(
        (first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining"), first.status.as_u16()),
        ("30", "29", 200)
    );
    let reset: i64 = first.header("x-ratelimit-reset").parse().unwrap();
    assert!(reset > 1_700_000_000);
    let proxied = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!((proxied.status.as_u16(), proxied.header("x-ratelimit-limit")), (200, "30"));
    let mut refused = None;
    for _ in 0..40 {
        let answer = server.api("GET", "/environment", None).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the thirty-first call is too much");
    let error = refused.refused(429, "too_many_request");
    assert_eq!(error, json!({"code": "too_many_request", "method": "GET", "path": "/environment"}));
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    let proxied = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!(proxied.status, 429);
    let script = call(&server, "GET", "/environment", &[("nango-is-script", "true")], "").await;
    assert_eq!((script.status.as_u16(), script.header("x-ratelimit-remaining")), (200, "29"));
    // Whoever guesses keys is slowed down by address; health is never limited.
    let url = format!("{}/connections", server.url());
    let guess =
        async || server.send("GET", &url, &[("authorization", "Bearer nonsense")], "").await.status.as_u16();
    assert_eq!([guess().await, guess().await, guess().await, guess().await], [401, 401, 401, 429]);
    assert_eq!(server.send("GET", &format!("{}/health", server.url()), &[], "").await.status, 200);
    server.calm();
}

#[tokio::test]
async fn an_environment_s_own_callback_and_hosts_are_used() {
    let server = Start::dev().start();
    let change =
        json!({"callback_url": "https://app.example/oauth-callback", "override_hosts": "any-public"});
    server.api("PATCH", "/environment", Some(change)).await.ok();
    let session = json!({"end_user": {"id": "u"}, "allowed_integrations": ["microsoft-excel"]});
    let made = server.api("POST", "/connect/sessions", Some(session)).await.ok();
    let token = made["data"]["token"].as_str().unwrap();
    let url = format!("{}/oauth/connect/microsoft-excel?connect_session_token={token}", server.url());
    let sent = server.send("GET", &url, &[], "").await;
    assert_eq!(sent.status, 302, "{}", sent.text());
    let target = url::Url::parse(sent.header("location")).unwrap();
    let redirect: Vec<_> =
        target.query_pairs().filter(|(name, _)| name == "redirect_uri").map(|(_, v)| v).collect();
    assert_eq!(redirect, ["https://app.example/oauth-callback"]);
    let over = async |base: &str| {
        let more = [("base-url-override", base)];
        server.proxy_with("GET", "/x", "microsoft-excel", "demo-excel", &more, "").await
    };
    let plain = over("http://public.example").await;
    assert_eq!(plain.json()["error"]["code"], "base_url_override_not_allowed", "{}", plain.text());
    // Https anywhere is let through to the guard, which refuses what is not public.
    let private = over("https://10.1.2.3").await;
    assert!(private.text().contains("private network"), "{}", private.text());
    server.api("PATCH", "/environment", Some(json!({"override_hosts": "listed"}))).await.ok();
    let listed: Value = over("https://10.1.2.3").await.json();
    let message = listed["error"]["message"].as_str().unwrap();
    assert!(message.contains("is not a host of this connection"), "a change holds at once: {message}");
    server.calm();
}
