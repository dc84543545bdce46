//! Discovery documents, keys, HTTPS material and the refusals at the door of the APIs.

mod common;

use std::sync::Arc;

use common::Fixture;
use http::StatusCode;
use sandbox::{CONTOSO, CertificateAuthority, MULTI_TENANT_APP, SignInRequest};
use serde_json::json;
use x509_parser::prelude::{GeneralName, Pem};

#[tokio::test]
async fn discovery_names_endpoints_on_the_callers_origin() {
    let fixture = Fixture::open().await;
    let base = fixture.login();
    let document = fixture.get(&format!("/{CONTOSO}/v2.0/.well-known/openid-configuration")).await.json();
    assert_eq!(document["issuer"], format!("{base}/{CONTOSO}/v2.0"));
    assert_eq!(document["token_endpoint"], format!("{base}/{CONTOSO}/oauth2/v2.0/token"));
    assert_eq!(document["device_authorization_endpoint"], format!("{base}/{CONTOSO}/oauth2/v2.0/devicecode"));
    let common = fixture.get("/common/v2.0/.well-known/openid-configuration").await.json();
    assert_eq!(common["issuer"], format!("{base}/{{tenantid}}/v2.0"));
    let v1 = fixture.get("/contoso.example/.well-known/openid-configuration").await.json();
    assert_eq!(v1["issuer"], format!("https://sts.windows.net/{CONTOSO}/"));
    assert_eq!(v1["token_endpoint"], format!("{base}/contoso.example/oauth2/token"));
    let unknown = fixture.get("/nowhere.example/v2.0/.well-known/openid-configuration").await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["error"]), (400, &json!("invalid_tenant")));
    assert_eq!(unknown.json()["error_codes"], json!([90002]));
    let instance = fixture.get("/common/discovery/instance?api-version=1.1").await.json();
    assert_eq!(instance["metadata"][0]["preferred_network"], format!("localhost:{}", fixture.port));
    let real = fixture
        .send("GET", "login.microsoftonline.com", "/common/discovery/v2.0/keys", &[], "")
        .await
        .unwrap();
    assert_eq!(real.json()["keys"][0]["kty"], "RSA");
}

#[tokio::test]
async fn hosts_keep_to_their_role() {
    let fixture = Fixture::open().await;
    for (host, path, status) in [
        ("evil.example", "/v1.0/me", 421),
        ("graph.localhost", "/common/v2.0/.well-known/openid-configuration", 400),
        ("contoso.sharepoint.localhost", "/v1.0/me", 404),
        ("nowhere.sharepoint.localhost", "/_api/web", 404),
        ("login.microsoftonline.com", "/v1.0/me", 404),
        ("localhost", "/v1.0/me", 401),
        ("graph.microsoft.com", "/beta/me", 401),
        ("contoso.sharepoint.com", "/sites/x/_api/web", 401),
    ] {
        let answer = fixture.send("GET", host, path, &[], "").await.unwrap();
        assert_eq!(answer.status.as_u16(), status, "{host}{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn graph_refuses_tokens_in_its_own_words() {
    let fixture = Fixture::open().await;
    let login = fixture.login();
    let asked = SignInRequest {
        app_id: MULTI_TENANT_APP,
        user: "ada@contoso.example",
        scope: "openid User.Read",
        login: &login,
    };
    let token = fixture.sandbox.sign_in(&asked).unwrap().access_token;
    let message = async |token: &str| {
        let answer = fixture.call("graph.localhost", "/v1.0/me", token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
        assert!(answer.header("www-authenticate").contains("00000003-0000-0000-c000-000000000000"));
        assert_eq!(answer.json()["error"]["code"], "InvalidAuthenticationToken");
        assert!(!answer.header("request-id").is_empty());
        answer.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message("").await, "Access token is empty.");
    assert!(message("nodots").await.contains("JWT is not well formed"));
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    assert!(message(&forged).await.contains("Invalid signature"));
    let info = fixture.call("graph.localhost", "/oidc/userinfo", &token).await.json();
    assert_eq!((&info["name"], &info["email"]), (&json!("Ada Lovelace"), &json!("ada@contoso.example")));
    fixture.must("POST", "expire", json!({ "user": "ada@contoso.example" })).await;
    assert_eq!(message(&token).await, "Lifetime validation failed, the token is expired.");
    let token = fixture.sandbox.sign_in(&asked).unwrap().access_token;
    assert_eq!(fixture.call("graph.localhost", "/oidc/userinfo", &token).await.status, StatusCode::OK);
    fixture.sandbox.advance_clock(91 * 60 * 1000);
    assert_eq!(message(&token).await, "Lifetime validation failed, the token is expired.");
}

#[tokio::test]
async fn a_wrapped_listener_speaks_https() {
    let fixture = Fixture::open().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stop = tokio_util::sync::CancellationToken::new();
    let (served, until) = (fixture.sandbox.clone(), stop.clone());
    let task = tokio::spawn(async move { served.serve_with(listener, async |tcp| Ok(tcp), until).await });
    let second = Fixture::view(&fixture, port);
    let document = second.get("/common/v2.0/.well-known/openid-configuration").await.json();
    assert_eq!(document["token_endpoint"], format!("https://localhost:{port}/common/oauth2/v2.0/token"));
    stop.cancel();
    task.await.unwrap();
}

#[test]
fn the_authority_is_made_once_and_covers_every_name() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::clone(&Fixture::options().clock);
    let made = CertificateAuthority::load_or_create(dir.path(), &*clock).unwrap();
    let again = CertificateAuthority::load_or_create(dir.path(), &*clock).unwrap();
    assert_eq!(made.server_cert_pem, again.server_cert_pem);
    assert_eq!(std::fs::read_to_string(dir.path().join("ca.pem")).unwrap(), made.ca_pem);
    let pem = Pem::iter_from_buffer(made.server_cert_pem.as_bytes()).next().unwrap().unwrap();
    let certificate = pem.parse_x509().unwrap();
    let names = certificate.subject_alternative_name().unwrap().unwrap().value.general_names.clone();
    for name in [
        "localhost",
        "*.sharepoint.localhost",
        "login.microsoftonline.com",
        "graph.microsoft.com",
        "contoso.sharepoint.com",
    ] {
        assert!(names.contains(&GeneralName::DNSName(name)), "{name}");
    }
    assert!(names.contains(&GeneralName::IPAddress(&[127, 0, 0, 1])));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(dir.path().join("tls.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
