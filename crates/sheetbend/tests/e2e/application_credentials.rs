//! Connections of an application itself: client secrets, key pairs made here, given keys, pasted assertions.

use crate::harness;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::connect::{CONTOSO, DAEMON, connections_of, integration, session_of};
use harness::{Answer, Server, Start};
use serde_json::{Value, json};

const V1: &str = "sharepoint-online-v1";

async fn post(server: &Server, path: &str, token: &str, params: &str, body: Value) -> Answer {
    let url = format!("{}{path}?connect_session_token={token}{params}", server.url());
    server.send("POST", &url, &[("content-type", "application/json")], body.to_string()).await
}

fn params(more: &str) -> String {
    format!("&params[tenantId]={CONTOSO}{more}")
}

async fn key_pair(server: &Server, key: &str, token: &str) -> Value {
    let made = post(server, &format!("/connect/certificates/{key}"), token, "", json!({})).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()
}

async fn upload(server: &Server, pem: &Value) {
    let added = server.control(&format!("apps/{DAEMON}/certificates"), json!({"pem": pem})).await;
    assert_eq!(added.status, 200, "{}", added.text());
}

#[tokio::test]
async fn a_key_pair_made_here_opens_sharepoint_s_own_rest() {
    let server = Start::dev().start();
    let token = session_of(&server, "v1").await;
    let pair = key_pair(&server, V1, &token).await;
    assert!(!pair.to_string().contains("PRIVATE KEY"), "{pair}");
    let form = json!({"type": "TWO_STEP", "clientId": DAEMON, "certificateId": pair["certificate_id"]});
    let path = format!("/auth/two-step/{V1}");
    let params = params("&params[tenantName]=contoso");

    let early = post(&server, &path, &token, &params, form.clone()).await;
    assert_eq!(early.status, 400, "{}", early.text());
    let error = &early.json()["error"];
    assert!(error["payload"]["code"].as_str().unwrap().contains("AADSTS700027"), "{error}");
    assert!(error["payload"]["remedy"].as_str().unwrap().contains("Upload the certificate"), "{error}");

    upload(&server, &pair["certificate_pem"]).await;
    let made = post(&server, &path, &token, &params, form.clone()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json()["connectionId"].as_str().unwrap().to_owned();
    let web = server.proxy("GET", "/_api/web?$select=Title", V1, &id).await;
    assert_eq!(web.json()["d"]["Title"], "Contoso", "{}", web.text());

    let again = post(&server, &path, &token, &params, form).await;
    assert_eq!(again.status, 400, "a pair belongs to one connection: {}", again.text());
    // Nobody who asks over the API sees the key that we hold.
    let shown = server.api("GET", &format!("/connections/{id}?provider_config_key={V1}"), None).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
}

#[tokio::test]
async fn a_key_pair_opens_graph_too_and_each_request_is_signed_afresh() {
    let server = Start::dev().start();
    integration(&server, "microsoft-oauth2-cc-cert", "graph-cert", json!({})).await;
    let token = session_of(&server, "cert").await;
    let pair = key_pair(&server, "graph-cert", &token).await;
    upload(&server, &pair["certificate_pem"]).await;
    let form = json!({"type": "TWO_STEP", "clientId": DAEMON, "certificateId": pair["certificate_id"]});
    let made = post(&server, "/auth/two-step/graph-cert", &token, &params(""), form).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json()["connectionId"].as_str().unwrap().to_owned();
    let users = server.proxy("GET", "/v1.0/users?$top=1", "graph-cert", &id).await;
    assert_eq!(users.status, 200, "{}", users.text());
    let refreshed = server
        .api("GET", &format!("/connections/{id}?provider_config_key=graph-cert&force_refresh=true"), None)
        .await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text());
    // The same certificate buys SharePoint's token, which a secret cannot.
    let override_base = format!("http://contoso.sharepoint.localhost:{}", port(server.sandbox()));
    let more = [("base-url-override", override_base.as_str())];
    let web = server.proxy_with("GET", "/_api/web", "graph-cert", &id, &more, "").await;
    assert_eq!(web.status, 200, "{}", web.text());

    let seen = server.ask_control("requests?path_contains=/oauth2/v2.0/token").await;
    let assertions: Vec<&str> =
        seen["requests"].as_array().unwrap().iter().filter_map(assertion_print).collect();
    assert_eq!(assertions.len(), 3, "connect, refresh, SharePoint: {seen}");
    let mut distinct = assertions.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 3, "an assertion was sent twice");
}

fn assertion_print(request: &Value) -> Option<&str> {
    let form = request["form"].as_array()?;
    form.iter().find(|field| field["name"] == "client_assertion")?["sha256"].as_str()
}

fn port(url: &str) -> u16 {
    url.parse::<http::Uri>().unwrap().port_u16().unwrap()
}

#[tokio::test]
async fn a_pasted_assertion_works_without_a_key_here() {
    let server = Start::dev().start();
    let (pem, key) = openssl_pair(&server);
    upload(&server, &json!(pem)).await;
    let audience = format!("{}/{CONTOSO}/oauth2/token", server.sandbox());
    let assertion = signed_assertion(&pem, &key, &audience);
    let token = session_of(&server, "pasted").await;
    let form = json!({"type": "TWO_STEP", "clientId": DAEMON, "assertion": assertion});
    let made =
        post(&server, &format!("/auth/two-step/{V1}"), &token, &params("&params[tenantName]=contoso"), form)
            .await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json()["connectionId"].as_str().unwrap().to_owned();
    let web = server.proxy("GET", "/_api/web", V1, &id).await;
    assert_eq!(web.status, 200, "{}", web.text());
}

/// A pair that this server has never seen: PEM certificate, PKCS#8 key.
fn openssl_pair(server: &Server) -> (String, aws_lc_rs::rsa::KeyPair) {
    let (certificate, key) = (server.data_dir.join("own.pem"), server.data_dir.join("own.der"));
    let openssl = |arguments: &[&str]| {
        let done = std::process::Command::new("openssl").args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let pem_key = server.data_dir.join("own.key");
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "9",
        "-subj",
        "/CN=own",
        "-keyout",
        &text(&pem_key),
        "-out",
        &text(&certificate),
    ]);
    openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", &text(&pem_key), "-outform", "DER", "-out", &text(&key)]);
    let key = aws_lc_rs::rsa::KeyPair::from_pkcs8(&std::fs::read(key).unwrap()).unwrap();
    (std::fs::read_to_string(certificate).unwrap(), key)
}

/// RFC 7523 with Entra's header, put together by hand.
fn signed_assertion(pem: &str, key: &aws_lc_rs::rsa::KeyPair, audience: &str) -> String {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
    let now = std::process::Command::new("date").arg("+%s").output().unwrap();
    let now: i64 = String::from_utf8(now.stdout).unwrap().trim().parse().unwrap();
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(thumbprint)});
    let claims = json!({"iss": DAEMON, "sub": DAEMON, "aud": audience, "jti": "one", "nbf": now, "iat": now, "exp": now + 300});
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let mut signature = vec![0; key.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    key.sign(&aws_lc_rs::signature::RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_client_secret_opens_graph_and_sharepoint_s_own_rest_refuses_its_token() {
    let server = Start::dev().start();
    let graph = "/v1.0/users?$top=1";
    for provider in ["microsoft-oauth2-cc", "sharepoint-online-oauth2-cc", "microsoft-excel-oauth2-cc"] {
        let settings = json!({"allowed_hosts": ["contoso.sharepoint.com"]});
        integration(&server, provider, provider, settings).await;
        let token = session_of(&server, provider).await;
        let path = format!("/oauth2/auth/{provider}");
        let wrong = json!({"client_id": DAEMON, "client_secret": "wrong"});
        let refused = post(&server, &path, &token, &params(""), wrong).await;
        assert_eq!(refused.status, 400, "{}", refused.text());
        let problem = &refused.json()["error"]["payload"];
        assert!(problem["code"].as_str().unwrap().contains("AADSTS7000215"), "{problem}");
        assert!(connections_of(&server, provider).await.is_empty());

        let form = json!({"client_id": DAEMON, "client_secret": "sandbox-secret-4-a"});
        let made = post(&server, &path, &token, &params(""), form).await;
        assert_eq!(made.status, 200, "{}", made.text());
        let id = made.json()["connectionId"].as_str().unwrap().to_owned();
        let users = server.proxy("GET", graph, provider, &id).await;
        assert_eq!(users.status, 200, "{}", users.text());
    }
    refused_by_sharepoint(&server).await;
}

/// What Microsoft's own `_api` says to a token that a secret bought, asked without us between.
async fn refused_by_sharepoint(server: &Server) {
    let origin = format!("http://contoso.sharepoint.localhost:{}", port(server.sandbox()));
    let form = format!(
        "grant_type=client_credentials&client_id={DAEMON}&client_secret=sandbox-secret-4-a&scope={origin}/.default"
    );
    let url = format!("{}/{CONTOSO}/oauth2/v2.0/token", server.sandbox());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let token = server.send("POST", &url, &headers, form).await.json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let web = server.send("GET", &format!("{origin}/_api/web"), &[("authorization", &bearer)], "").await;
    assert_eq!(web.status, 401);
    assert!(web.text().contains("Unsupported app only token."), "{}", web.text());
}

#[tokio::test]
async fn client_credentials_may_come_as_a_plain_form() {
    let server = Start::dev().start();
    integration(&server, "microsoft-oauth2-cc", "app", json!({})).await;
    let token = session_of(&server, "u").await;
    let url = format!("{}/oauth2/auth/app?connect_session_token={token}{}", server.url(), params(""));
    let form = format!("client_id={DAEMON}&client_secret=sandbox-secret-4-a");
    let json = json!({"client_id": DAEMON, "client_secret": "sandbox-secret-4-a"}).to_string();
    for (kind, body) in [("application/x-www-form-urlencoded", form), ("text/plain", json)] {
        let made = server.send("POST", &url, &[("content-type", kind)], body).await;
        assert_eq!(made.status, 200, "{kind}: {}", made.text());
    }
    let broken = server.send("POST", &url, &[("content-type", "text/plain")], "client_id=x").await;
    broken.refused(400, "invalid_json");
}

#[tokio::test]
async fn a_form_that_lacks_something_names_it() {
    let server = Start::dev().start();
    let token = session_of(&server, "u").await;
    let path = format!("/auth/two-step/{V1}");
    let no_tenant =
        post(&server, &path, &token, "&params[tenantName]=contoso", json!({"clientId": DAEMON})).await;
    assert_eq!(no_tenant.status, 400);
    assert!(no_tenant.text().contains("tenantId"), "{}", no_tenant.text());
    let foreign = "&params[tenantName]=evil.example%2Fx";
    let bad_host = post(&server, &path, &token, &params(foreign), json!({"clientId": DAEMON})).await;
    assert_eq!(bad_host.status, 400);
    assert!(bad_host.text().contains("tenantName"), "{}", bad_host.text());
    let nothing =
        post(&server, &path, &token, &params("&params[tenantName]=contoso"), json!({"clientId": DAEMON}))
            .await;
    assert_eq!(nothing.status, 400, "{}", nothing.text());
    assert!(connections_of(&server, "u").await.is_empty());
}
