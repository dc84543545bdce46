//! Connections whose every request is signed: NetSuite tokens, OAuth 1.0, AWS roles, WSSE, signatures by template.

use crate::harness;

mod provider;

use harness::{Server, upstream};
use provider::{Fake, SECRET_KEY};
use serde_json::json;

/// A header of the form `name="value"` inside `Authorization: OAuth …`.
fn oauth_part(seen: &upstream::Seen, name: &str) -> String {
    let header = seen.header("authorization");
    let part = header.split(", ").find_map(|part| {
        part.trim_start_matches("OAuth ").strip_prefix(&format!("{name}=\"")).map(str::to_owned)
    });
    part.unwrap_or_else(|| panic!("no {name} in {header:?}")).trim_end_matches('"').to_owned()
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    let fake = Fake::start(|number, _| match number {
        0 => upstream::answer("503 Busy", &[("Retry-After", "0")], b""),
        _ => upstream::answer("200 OK", &[], b"{}"),
    })
    .await;
    let connection = fake.connect_tba().await;
    fake.upstream.forget();
    let answer = fake
        .server
        .proxy_with("GET", "/thing?b=2&a=1", "fake-tba", &connection, &[("retries", "1")], "")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = fake.upstream.seen();
    assert_eq!(seen.len(), 2);
    assert_ne!(oauth_part(&seen[0], "oauth_nonce"), oauth_part(&seen[1], "oauth_nonce"));
    assert_ne!(oauth_part(&seen[0], "oauth_signature"), oauth_part(&seen[1], "oauth_signature"));
    assert_eq!(oauth_part(&seen[1], "realm"), "1234567_SB1");
}

#[tokio::test]
async fn a_redirect_is_signed_for_its_own_address_and_beyond_the_origin_not_at_all() {
    let elsewhere = upstream::Upstream::start(|_, _| upstream::answer("200 OK", &[], b"{}")).await;
    let foreign = format!("http://127.0.0.1:{}/there", elsewhere.port);
    let fake = Fake::start_with(&[elsewhere.port], move |_, seen| {
        let to = match seen.line() {
            line if line.contains("/near") => "/tba/arrived?x=1",
            line if line.contains("/far") => foreign.as_str(),
            _ => return upstream::answer("200 OK", &[], b"{}"),
        };
        upstream::answer("302 Found", &[("Location", to)], b"")
    })
    .await;
    let connection = fake.connect_tba().await;
    fake.upstream.forget();
    fake.server.proxy("GET", "/near", "fake-tba", &connection).await.ok();
    let seen = fake.upstream.seen();
    assert!(seen[1].line().starts_with("GET /tba/arrived?x=1 "), "{}", seen[1].line());
    assert_ne!(oauth_part(&seen[0], "oauth_signature"), oauth_part(&seen[1], "oauth_signature"));
    assert_ne!(oauth_part(&seen[0], "oauth_nonce"), oauth_part(&seen[1], "oauth_nonce"));
    fake.server.proxy("GET", "/far", "fake-tba", &connection).await.ok();
    assert_eq!(elsewhere.seen()[0].header("authorization"), "");
    let kept = [("forward-headers-on-redirect", "true")];
    fake.server.proxy_with("GET", "/far", "fake-tba", &connection, &kept, "").await.ok();
    assert_eq!(
        elsewhere.seen()[1].header("authorization"),
        "",
        "a signature of another address says nothing"
    );
}

#[tokio::test]
async fn what_the_caller_authorizes_is_left_alone() {
    let fake = Fake::quiet().await;
    let connection = fake.connect_tba().await;
    fake.upstream.forget();
    let own = [("nango-proxy-authorization", "Basic own")];
    fake.server.proxy_with("GET", "/thing", "fake-tba", &connection, &own, "").await.ok();
    assert_eq!(fake.upstream.seen()[0].header("authorization"), "Basic own");
}

#[tokio::test]
async fn three_legs_make_a_connection_and_nothing_else_does() {
    let fake = Fake::quiet().await;
    let (away, cookie, callback) = fake.leave().await;
    assert_eq!(away.path(), "/oauth1/authorize");
    let query: Vec<(String, String)> = away.query_pairs().into_owned().collect();
    assert!(query.contains(&("oauth_token".into(), "temporary".into())), "{away}");
    assert!(query.contains(&("expiration".into(), "never".into())), "{away}");
    let other = fake.come_back(&callback, &cookie, "oauth_token=another&oauth_verifier=v").await;
    assert!(other.text().contains("another token"), "{}", other.text());
    for (query, told) in [
        ("denied=temporary", "did not grant"),
        ("oauth_token=temporary", "no oauth_token and oauth_verifier"),
    ] {
        let (_, cookie, callback) = fake.leave().await;
        let back = fake.come_back(&callback, &cookie, query).await;
        assert!(back.text().contains(told), "{}", back.text());
        let again = fake.come_back(&callback, &cookie, "oauth_token=temporary&oauth_verifier=v").await;
        assert_eq!(again.status, 400, "a state works once");
    }
    let asked = fake.upstream.seen().iter().filter(|one| one.line().contains("/access")).count();
    assert_eq!(asked, 0, "nothing was redeemed");
    let connection = fake.connect_oauth1().await;
    let path = format!("/connections/{connection}?provider_config_key=fake-oauth1");
    let shown = fake.server.api("GET", &path, None).await.ok();
    assert_eq!(shown["credentials"]["oauth_token"], "account", "{shown}");
    assert_eq!(shown["credentials"]["oauth_token_secret"], "account secret");
    assert_eq!(shown["connection_config"], json!({"screen_name": "ada"}));
}

#[tokio::test]
async fn parameters_stand_where_the_definition_says() {
    let fake = Fake::quiet().await;
    for (key, in_query) in [("fake-oauth1-query", true), ("fake-oauth1-body", false)] {
        let before = fake.upstream.seen().len();
        let connection = fake.connect_oauth1_as(key).await;
        fake.server.proxy("GET", "/thing?b=%2B+x&a=1", key, &connection).await.ok();
        let seen = fake.upstream.seen().split_off(before);
        let [request, access, call] = seen.as_slice() else { panic!("{seen:?}") };
        for leg in [request, access] {
            assert_eq!(leg.header("authorization"), "", "{key}");
            assert_eq!(leg.line().contains("oauth_signature="), in_query, "{key}: {}", leg.line());
            assert_eq!(String::from_utf8_lossy(&leg.body).contains("oauth_signature="), !in_query, "{key}");
        }
        assert_eq!(call.header("authorization").is_empty(), in_query, "a call's body is the caller's");
        assert_eq!(
            call.line().contains("/thing?b=%2B+x&a=1&oauth_consumer_key=client-1&"),
            in_query,
            "{}",
            call.line()
        );
    }
    let log = fake.server.api("GET", "/operations?limit=50", None).await.text();
    assert!(!log.contains("oauth_signature=") || log.contains("oauth_signature=REDACTED"), "{log}");
}

#[tokio::test]
async fn a_refused_first_leg_says_who_must_act() {
    let fake =
        Fake::start(|_, _| upstream::answer("401 No", &[("Content-Type", "text/plain")], b"bad key")).await;
    let token = harness::connect::session_of(&fake.server, "signer").await;
    let url = format!("{}/oauth/connect/fake-oauth1?connect_session_token={token}", fake.server.url());
    let refused = fake.server.send("GET", &url, &[], "").await;
    assert!(refused.status.is_client_error(), "{} {}", refused.status, refused.text());
    assert!(refused.text().contains("client id and secret"), "{}", refused.text());
}

#[tokio::test]
async fn a_session_is_opened_once_and_again_before_it_ends() {
    let fake = Fake::quiet().await;
    let connection = fake.connect_role().await;
    let sessions = || fake.upstream.seen().iter().filter(|one| one.line().contains("/sts")).count();
    assert_eq!(sessions(), 1);
    for _ in 0..3 {
        fake.server.proxy("GET", "/thing", "fake-aws", &connection).await.ok();
    }
    assert_eq!(sessions(), 1);
    let path = format!("/connections/{connection}?provider_config_key=fake-aws");
    let shown = fake.server.api("GET", &path, None).await.ok();
    assert_eq!(shown["credentials"]["type"], "AWS_SIGV4", "{shown}");
    assert_eq!(shown["credentials"]["external_id"], "customer:42");
    assert_eq!(shown["connection_config"], json!({"region": "eu-west-1", "service": "execute-api"}));

    let ending = Fake::start(|_, seen| match seen.line().contains("/sts") {
        true => provider::session_for(240),
        false => upstream::answer("200 OK", &[], b"{}"),
    })
    .await;
    let connection = ending.connect_role().await;
    ending.server.proxy("GET", "/thing", "fake-aws", &connection).await.ok();
    let asked = ending.upstream.seen().iter().filter(|one| one.line().contains("/sts")).count();
    assert_eq!(asked, 2, "a session of four minutes is renewed within the margin of five");
}

#[tokio::test]
async fn a_role_that_cannot_be_or_is_refused_leaves_nothing() {
    let fake = Fake::start(|_, _| {
        let body =
            br#"{"Error":{"Code":"AccessDenied","Message":"is not authorized to perform sts:AssumeRole"}}"#;
        upstream::answer("403 Forbidden", &[("Content-Type", "application/json")], body)
    })
    .await;
    for (body, query) in [
        (json!({"role_arn": "arn:aws:iam::1:role/x"}), ""),
        (json!({"role_arn": "arn:aws:iam::123456789012:role/x", "region": "evil.example/"}), ""),
        (json!({"role_arn": "arn:aws:iam::123456789012:role/x"}), "&params[external_id]=x"),
        (json!({"role_arn": "arn:aws:iam::123456789012:role/x", "odd": 1}), ""),
        (json!({"role_arn": 7}), ""),
    ] {
        fake.post("/auth/aws-sigv4/fake-aws", query, &body).await.refused(400, "invalid_body");
    }
    assert_eq!(fake.upstream.seen().len(), 0, "no byte leaves for what cannot be right");
    let role = json!({"role_arn": "arn:aws:iam::123456789012:role/x"});
    let refused = fake.post("/auth/aws-sigv4/fake-aws", "", &role).await;
    refused.refused(502, "aws_sigv4_sts_request_failed");
    assert!(refused.text().contains("sts:AssumeRole"), "{}", refused.text());
    let all = fake.server.api("GET", "/connections", None).await.ok();
    let ours = |one: &&serde_json::Value| one["provider_config_key"] == "fake-aws";
    assert_eq!(all["connections"].as_array().unwrap().iter().filter(ours).count(), 0);
}

#[tokio::test]
async fn secret_settings_and_sessions_stand_nowhere_in_clear() {
    let fake = Fake::quiet().await;
    let connection = fake.connect_role().await;
    fake.server.proxy("GET", "/thing", "fake-aws", &connection).await.ok();
    let shown = fake.server.api("GET", "/integrations/fake-aws?include=credentials", None).await;
    assert!(!shown.text().contains(SECRET_KEY), "{}", shown.text());
    let log = harness::eventually("the log", async || {
        let log = fake.server.api("GET", "/operations?limit=50", None).await.text();
        log.contains("fake-aws").then_some(log)
    })
    .await;
    let mut files: Vec<Vec<u8>> = vec![log.into_bytes(), fake.server.stderr().into_bytes()];
    for name in ["sheetbend.db", "sheetbend.db-wal"] {
        files.extend(std::fs::read(fake.server.data_dir.join(name)));
    }
    assert!(files.len() >= 3);
    for secret in [SECRET_KEY, "session-secret-key-0123456789", "session-token-abcdef"] {
        for bytes in &files {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in clear");
        }
    }
}

#[tokio::test]
async fn parameters_of_the_definition_replace_the_caller_s_and_are_not_logged() {
    let fake = Fake::quiet().await;
    fake.connect_templates().await;
    fake.server.proxy("GET", "/thing?key=theirs&x=%2f", "fake-templates", "one").await.ok();
    let line = fake.upstream.seen().last().unwrap().line().to_owned();
    assert_eq!(line, "GET /templates/thing?x=%2f&key=template-token-1 HTTP/1.1");
    let log = harness::eventually("the log", async || {
        let log = fake.server.api("GET", "/operations?limit=50", None).await.text();
        log.contains("/templates/thing").then_some(log)
    })
    .await;
    assert!(!log.contains("template-token-1"), "{log}");
}

#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_every_signature_is_accepted_by_others_code() {
    let fake = Fake::quiet().await;
    let tba = fake.connect_tba().await;
    let role = fake.connect_role().await;
    let wsse = fake.connect_wsse().await;
    let oauth1 = fake.connect_oauth1().await;
    let in_query = fake.connect_oauth1_as("fake-oauth1-query").await;
    fake.connect_oauth1_as("fake-oauth1-body").await;
    fake.connect_templates().await;
    let server: &Server = &fake.server;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let plain = [("content-type", "application/json")];
    for (method, path, headers, body) in [
        ("GET", "/odd%20path/'q'?b=%2B+x&a=1&a=%C3%A4&c", &[][..], ""),
        ("POST", "/form?z=1", &form[..], "c2&a3=2+q&n=%25"),
        ("POST", "/json", &plain[..], "{\"a\":1}"),
        ("DELETE", "/thing", &[][..], ""),
    ] {
        server.proxy_with(method, path, "fake-tba", &tba, headers, body).await.ok();
        server.proxy_with(method, path, "fake-oauth1", &oauth1, headers, body).await.ok();
        server.proxy_with(method, path, "fake-oauth1-query", &in_query, headers, body).await.ok();
    }
    for (method, path, headers, body) in [
        ("GET", "/odd%20path/a%2Fb/?b=2&a=%C3%A4&a=1", &[][..], String::new()),
        ("POST", "/x//y/json", &plain[..], "{\"a\":1}".to_owned()),
        ("PUT", "/long", &plain[..], "x".repeat((11 << 20) + 7)),
    ] {
        server.proxy_with(method, path, "fake-aws", &role, headers, body).await.ok();
    }
    server.proxy("GET", "/settings", "fake-wsse", &wsse).await.ok();
    server.proxy_with("POST", "/x?b=1", "fake-templates", "one", &plain, "{\"b\":2}").await.ok();
    fake.verify().await;
}
