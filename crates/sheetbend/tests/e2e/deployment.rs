//! What an operator relies on: TLS with a reload, a base path, trusted proxies, metrics, a drain at the end.

use crate::harness;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use harness::upstream::{Upstream, answer, read_request};
use harness::visitor::{Visitor, session};
use harness::{Server, Start};
use rustls_pki_types::{CertificateDer, ServerName};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

/// Writes a new certificate and key; the certificate.
fn certificate(dir: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(dir.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

/// `GET /health` over TLS, trusting exactly this certificate.
async fn healthy(port: u16, trusted: &CertificateDer<'static>) -> Result<String, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream =
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    Ok(text)
}

#[tokio::test]
async fn tls_is_served_and_a_new_certificate_is_taken_up() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let arguments = ["--tls-cert", cert.as_str(), "--tls-key", key.as_str()];
    let missing = Start::dev().args(&arguments).try_start().err().unwrap();
    assert!(missing.contains("cert.pem"), "{missing}");
    let first = certificate(dir.path());
    let server = Start::dev().args(&arguments).start();
    assert!(server.url().starts_with("https://localhost:"), "{}", server.url());
    let port = url::Url::parse(server.url()).unwrap().port().unwrap();
    let text = healthy(port, &first).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("{\"result\":\"ok\"}"), "{text}");
    std::fs::write(&cert, "no certificate").unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let second = certificate(dir.path());
    assert!(healthy(port, &second).await.is_err(), "the old one is still served");
    let deadline = Instant::now() + Duration::from_secs(12);
    while healthy(port, &second).await.is_err() {
        assert!(Instant::now() < deadline, "the new certificate was not taken up: {}", server.stderr());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(healthy(port, &first).await.is_err());
    server.calm();
}

#[tokio::test]
async fn everything_works_below_a_base_path() {
    let server = Start::dev().args(&["--base-path", "/sheet/bend/"]).start();
    assert!(server.url().ends_with("/sheet/bend"), "{}", server.url());
    assert_eq!(server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.status, 200);
    let made = server.api("POST", "/connect/sessions", Some(session("microsoft-excel"))).await.ok();
    let link = made["data"]["connect_link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/connect/?session_token=", server.url())), "{link}");
    let mut visitor = Visitor::new(&server);
    let page = visitor.get(&link).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let begun = visitor.begin("microsoft-excel", session("microsoft-excel"), "").await;
    assert!(begun.header("set-cookie").contains("Path=/sheet/bend/oauth/callback;"), "{:?}", begun.headers);
    let returned = visitor.sign_in(&begun, "ada@contoso.example").await;
    let done = visitor.get(&returned.url).await;
    assert!(
        done.text().contains("is connected") && done.text().contains("\"/sheet/bend/pages/"),
        "{}",
        done.text()
    );
    let next =
        server.proxy("GET", "/v1.0/me/drive/root/children?$top=1", "microsoft-excel", "demo-excel").await;
    let link = next.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/proxy/v1.0/", server.url())), "{link}");
    let outside = server.url().trim_end_matches("/sheet/bend").to_owned();
    assert_eq!(server.send("GET", &format!("{outside}/health"), &[], "").await.status, 404);
    server.calm();
}

async fn first_visit(server: &Server, port: u16, headers: &[(&str, &str)]) -> harness::Answer {
    let base = format!("http://127.0.0.1:{port}");
    let authorization = format!("Bearer {}", server.key());
    let json = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = session("microsoft-excel").to_string();
    let made = server.send("POST", &format!("{base}/connect/sessions"), &json, body).await.ok();
    let token = made["data"]["token"].as_str().unwrap();
    let url = format!("{base}/oauth/connect/microsoft-excel?connect_session_token={token}");
    server.send("GET", &url, headers, "").await
}

#[tokio::test]
async fn forwarded_headers_count_only_from_a_trusted_proxy() {
    const PUBLIC: &str = "https://connect.example.com";
    let forwarded =
        [("x-forwarded-proto", "https"), ("x-forwarded-host", "connect.example.com"), ("host", "inner")];
    let trusting = free_port();
    let listen = format!("127.0.0.1:{trusting}");
    let server = Start::dev()
        .args(&["--public-url", PUBLIC, "--trusted-proxy", "127.0.0.0/8"])
        .listen(&listen)
        .start();
    let straight = first_visit(&server, trusting, &forwarded).await;
    assert!(straight.header("location").contains("/oauth2/v2.0/authorize"), "{:?}", straight.headers);
    assert!(straight.header("set-cookie").contains("; Secure"), "{:?}", straight.headers);
    let detour = first_visit(&server, trusting, &[("host", "inner")]).await;
    assert!(
        detour.header("location").starts_with(&format!("{PUBLIC}/oauth/connect/")),
        "{:?}",
        detour.headers
    );
    assert_eq!(detour.header("set-cookie"), "");
    let wary = free_port();
    let server = Start::dev().args(&["--public-url", PUBLIC]).listen(&format!("127.0.0.1:{wary}")).start();
    let detour = first_visit(&server, wary, &forwarded).await;
    assert!(
        detour.header("location").starts_with(&format!("{PUBLIC}/oauth/connect/")),
        "{:?}",
        detour.headers
    );
}

#[tokio::test]
async fn cookies_follow_the_prefix_that_a_proxy_takes_off() {
    const PUBLIC: &str = "https://example.com/knots";
    let forwarded = [("x-forwarded-proto", "https"), ("x-forwarded-host", "example.com"), ("host", "inner")];
    let port = free_port();
    let server = Start::dev()
        .args(&["--public-url", PUBLIC, "--trusted-proxy", "127.0.0.0/8"])
        .listen(&format!("127.0.0.1:{port}"))
        .start();
    let begun = first_visit(&server, port, &forwarded).await;
    let location = url::Url::parse(begun.header("location")).unwrap();
    let returns_to = location.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert_eq!(returns_to, format!("{PUBLIC}/oauth/callback"));
    // The path that the browser asks for, not the one that arrives here.
    assert!(begun.header("set-cookie").contains("; Path=/knots/oauth/callback;"), "{:?}", begun.headers);
}

/// A port that was free a moment ago; the process itself prints only its public URL.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn metrics_are_the_operator_s() {
    let server = Start::dev().start();
    assert_eq!(server.send("GET", &format!("{}/metrics", server.url()), &[], "").await.status, 404);
    drop(server);
    let port = free_port();
    let own = format!("127.0.0.1:{port}");
    let server = Start::dev().args(&["--metrics-token", "a-token", "--metrics-listen", &own]).start();
    server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.ok();
    let url = format!("{}/metrics", server.url());
    for wrong in [&[][..], &[("authorization", "Bearer b")][..], &[("authorization", "a-token")][..]] {
        assert_eq!(server.send("GET", &url, wrong, "").await.status, 401);
    }
    let key = format!("Bearer {}", server.key());
    assert_eq!(
        server.send("GET", &url, &[("authorization", &key)], "").await.status,
        401,
        "an API key is no token"
    );
    for (url, headers) in [
        (url, &[("authorization", "Bearer a-token")][..]),
        (format!("http://127.0.0.1:{port}/metrics"), &[][..]),
    ] {
        let metrics = server.send("GET", &url, headers, "").await;
        let text = metrics.text();
        assert!(metrics.status == 200 && text.trim_end().ends_with("# EOF"), "{text}");
        assert!(
            text.lines().any(|line| line.starts_with("sheetbend_proxied") && line.ends_with(" 1")),
            "{text}"
        );
        assert!(!text.contains(server.key()) && !text.contains("demo-excel"));
    }
    let beside = server.send("GET", &format!("http://127.0.0.1:{port}/health"), &[], "").await;
    assert_eq!(beside.status, 404, "nothing else lives on that listener");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_call_finishes_after_sigterm_and_no_new_one_begins() {
    let upstream = Upstream::start_with(|mut stream, seen| async move {
        let Some(request) = read_request(&mut stream).await else { return };
        seen.lock().unwrap().push(request);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let _ = stream.write_all(&answer("200 OK", &[], b"late but whole")).await;
    })
    .await;
    let (mut server, _dir) = upstream.server(&["--drain-seconds", "10"]).await;
    let url = format!("{}/proxy/slow", server.url());
    let authorization = format!("Bearer {}", server.key());
    let running = tokio::spawn(async move {
        let headers = [
            ("authorization", authorization.as_str()),
            ("provider-config-key", "raw"),
            ("connection-id", "one"),
        ];
        harness::request("GET", &url, &headers, "").await
    });
    while upstream.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let health = format!("{}/health", server.url());
    let stopping = Instant::now();
    let code = tokio::task::block_in_place(|| server.stop());
    assert_eq!(code, Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(6), "it waits for calls, not for the whole drain time");
    let answer = running.await.unwrap().expect("the call was cut off");
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "late but whole"));
    assert!(harness::request("GET", &health, &[], "").await.is_none());
    server.calm();
}
