//! TLS with a certificate authority made for the test.

mod support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use egress::{
    Actor, Egress, EgressError, EgressOptions, OutboundProxies, RedirectPolicy, RequestSent, SystemRoots,
    TlsFault,
};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::tls::{Authority, raw_tls};
use support::{Names, answer, get, loopback, options, send, server, text};
use tokio::net::TcpListener;

#[tokio::test]
async fn an_extra_ca_is_trusted_and_the_name_is_checked() {
    let authority = Authority::new("ours");
    let (address, seen) = raw_tls(authority.acceptor("graph.test", 2090, &[]), |_| answer("secure")).await;
    let url = |host: &str| format!("https://{host}:{}/x(1)", address.port());
    let response = authority.client().send(get(&url("graph.test")), &loopback()).await.expect("trusted");
    assert_eq!(text(response).await.expect("body"), "secure");
    assert_eq!(seen.lock().expect("seen")[0].request_line(), "GET /x(1) HTTP/1.1");
    let error = authority.client().send(get(&url("other.test")), &loopback()).await.expect_err("wrong name");
    assert!(matches!(error, EgressError::Tls { fault: TlsFault::WrongName, .. }), "{error:?}");
    assert_eq!(error.node_code(), "ERR_TLS_CERT_ALTNAME_INVALID");
    assert_eq!(seen.lock().expect("seen").len(), 1);
}

#[tokio::test]
async fn unknown_and_expired_certificates_are_told_apart() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("stranger"));
    let (address, _) = raw_tls(stranger.acceptor("graph.test", 2090, &[]), |_| answer("")).await;
    let url = format!("https://graph.test:{}/", address.port());
    let error = authority.client().send(get(&url), &loopback()).await.expect_err("stranger");
    assert!(matches!(error, EgressError::Tls { fault: TlsFault::UnknownIssuer, .. }), "{error:?}");
    assert_eq!((error.who_must_act(), error.request_was_sent()), (Actor::Operator, RequestSent::No));
    assert!(error.to_string().contains("extra CA"), "{error}");
    assert!(!error.is_retryable());

    let (address, _) = raw_tls(authority.acceptor("graph.test", 2010, &[]), |_| answer("")).await;
    let url = format!("https://graph.test:{}/", address.port());
    let error = authority.client().send(get(&url), &loopback()).await.expect_err("expired");
    assert!(matches!(error, EgressError::Tls { fault: TlsFault::Expired, .. }), "{error:?}");
}

#[tokio::test]
async fn a_plain_server_and_a_closing_one_fail_in_the_handshake() {
    let authority = Authority::new("ours");
    let plain = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = plain.local_addr().expect("address");
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        for greeting in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
            let (mut stream, _) = plain.accept().await.expect("accept");
            let _ = stream.write_all(greeting.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    let client = authority.client();
    for fault in ["EPROTO", "ECONNRESET"] {
        let url = format!("https://graph.test:{}/", address.port());
        let error = client.send(get(&url), &loopback()).await.expect_err(fault);
        assert_eq!((error.code(), error.node_code()), ("tls_failure", fault), "{error:?}");
    }
}

#[tokio::test]
async fn without_any_root_http_works_and_https_says_why_not() {
    let upstream = server(|_| answer("plain")).await;
    let egress = Egress::new(options()).expect("client");
    let response = egress.send(get(&upstream.url("/")), &loopback()).await.expect("http");
    assert_eq!(text(response).await.expect("body"), "plain");
    let url = format!("https://localhost:{}/", upstream.address.port());
    let error = egress.send(get(&url), &loopback()).await.expect_err("https");
    assert!(matches!(error, EgressError::NoTrustRoots { .. }), "{error:?}");
    assert_eq!(error.who_must_act(), Actor::Operator);
}

#[test]
fn unusable_ca_files_are_named() {
    Egress::new(EgressOptions::default()).expect("the system's roots, whatever they are");
    let directory = tempfile::tempdir().expect("directory");
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "no certificate here").expect("write");
    for file in [empty, directory.path().join("missing.pem")] {
        let name = file.file_name().expect("name").to_string_lossy().into_owned();
        let wanted =
            EgressOptions { extra_ca_files: vec![file], system_roots: SystemRoots::Ignore, ..options() };
        let error = Egress::new(wanted).expect_err("unusable");
        assert_eq!(error.code(), "egress_config");
        assert!(error.to_string().contains(&name), "{error}");
    }
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_offered_and_one_connection_serves_all() {
    let authority = Authority::new("ours");
    let acceptor = authority.acceptor("graph.test", 2090, &[b"h2", b"http/1.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    let connections = Arc::new(Mutex::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *count.lock().expect("count") += 1;
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let tls = acceptor.accept(stream).await.expect("handshake");
                let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                    let line =
                        format!("{:?} {}", request.version(), request.uri().path_and_query().expect("path"));
                    Ok::<_, std::convert::Infallible>(http::Response::new(Full::<bytes::Bytes>::from(line)))
                });
                let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = http2.serve_connection(TokioIo::new(tls), service).await;
            });
        }
    });
    let client = authority.client();
    for path in ["/a?b='c'", "//x"] {
        let url = format!("https://graph.test:{}{path}", address.port());
        let response = client.send(get(&url), &loopback()).await.expect("h2");
        assert_eq!(text(response).await.expect("body"), format!("HTTP/2.0 {path}"));
    }
    assert_eq!(*connections.lock().expect("count"), 1);
}

#[tokio::test]
async fn https_never_falls_to_http() {
    let authority = Authority::new("ours");
    let plain = server(|_| answer("plain")).await;
    let location = plain.url("/secret");
    let redirect = format!("HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let (address, _) = raw_tls(authority.acceptor("graph.test", 2090, &[]), move |_| send(&redirect)).await;
    let request = get(&format!("https://graph.test:{}/", address.port()));
    let followed =
        authority.client().follow_redirects(request, &loopback(), &RedirectPolicy::default()).await;
    assert_eq!(followed.outcome.expect_err("downgrade").code(), "redirect_downgrade");
    assert_eq!(followed.hops.len(), 1);
    assert!(plain.seen().is_empty());
}

#[tokio::test]
async fn https_through_a_proxy_is_end_to_end() {
    let authority = Authority::new("ours");
    let (address, seen) = raw_tls(authority.acceptor("graph.test", 2090, &[]), |_| answer("inside")).await;
    let (proxy, asked) = support_proxy::connect_proxy(address).await;
    let names = Names::default().with("graph.test", &[&["20.190.128.1"]]);
    let proxies =
        OutboundProxies::from_values(None, Some(&format!("http://me:pw@{proxy}")), None).expect("proxies");
    let egress = Egress::new(EgressOptions {
        extra_ca_files: vec![authority.file()],
        resolver: Arc::new(names),
        proxies,
        ..options()
    })
    .expect("client");
    let response = egress.send(get("https://graph.test/v1.0/me"), &Default::default()).await.expect("tunnel");
    assert_eq!(text(response).await.expect("body"), "inside");
    let head = asked.lock().expect("asked")[0].clone();
    assert!(head.starts_with("CONNECT graph.test:443 HTTP/1.1\r\nHost: graph.test:443\r\n"), "{head}");
    assert!(head.contains("Proxy-Authorization: Basic bWU6cHc=\r\n"), "{head}");
    let inside = seen.lock().expect("seen")[0].clone();
    assert_eq!(inside.request_line(), "GET /v1.0/me HTTP/1.1");
    assert_eq!(inside.header("host"), ["graph.test"]);
    assert!(inside.header("proxy-authorization").is_empty());
}

/// A forward proxy that leads every tunnel to one address.
mod support_proxy {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
    use tokio::net::TcpStream;

    pub(crate) async fn connect_proxy(target: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    assert!(client.read_buf(&mut head).await.expect("read") > 0);
                }
                record.lock().expect("asked").push(String::from_utf8(head).expect("text"));
                let mut upstream = TcpStream::connect(target).await.expect("upstream");
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.expect("write");
                tokio::spawn(async move { copy_bidirectional(&mut client, &mut upstream).await });
            }
        });
        (address, asked)
    }
}
