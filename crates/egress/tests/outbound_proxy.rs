//! Forward proxies: absolute form, refusals, and who resolves the name.

mod support;

use std::sync::Arc;

use egress::{
    Actor, Egress, EgressError, EgressOptions, OutboundProxies, RequestSent, SendPolicy, TrustProxy,
};
use support::{Names, answer, get, loopback, options, send, server, text};

struct Setup {
    names: Names,
    trust_proxy: TrustProxy,
}

fn egress(proxy: &str, setup: Setup) -> (Egress, Arc<Names>) {
    let names = Arc::new(setup.names);
    let proxies =
        OutboundProxies::from_values(Some(proxy), Some(proxy), Some("direct.test")).expect("proxies");
    let mut wanted = EgressOptions { proxies, trust_proxy: setup.trust_proxy, ..options() };
    wanted.resolver = names.clone();
    // Any certificate authority will do: these tests stop before the handshake.
    let key = rcgen::generate_simple_self_signed(["x.test".to_owned()]).expect("certificate");
    let directory = tempfile::tempdir().expect("directory");
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, key.cert.pem()).expect("write");
    wanted.extra_ca_files = vec![file];
    (Egress::new(wanted).expect("client"), names)
}

fn checked(name: &str, address: &str) -> Setup {
    Setup { names: Names::default().with(name, &[&[address]]), trust_proxy: TrustProxy::No }
}

#[tokio::test]
async fn plain_http_goes_in_absolute_form_with_the_proxys_credentials() {
    let proxy = server(|_| answer("via proxy")).await;
    let (egress, _) = egress(&format!("http://u:p@{}", proxy.address), checked("api.test", "20.1.2.3"));
    let response =
        egress.send(get("http://api.test:8080/a//b?c='d'"), &SendPolicy::default()).await.expect("ok");
    assert_eq!(text(response).await.expect("body"), "via proxy");
    let seen = proxy.only();
    assert_eq!(seen.request_line(), "GET http://api.test:8080/a//b?c='d' HTTP/1.1");
    assert_eq!(seen.header("host"), ["api.test:8080"]);
    assert_eq!(seen.header("proxy-authorization"), ["Basic dTpw"]);
}

#[tokio::test]
async fn names_that_lead_inside_are_refused_before_the_proxy_hears_of_them() {
    let proxy = server(|_| answer("leaked")).await;
    let names = Names::default()
        .with("inside.test", &[&["10.0.0.1"]])
        .with("half.test", &[&["20.1.2.3", "10.0.0.1"]]);
    let setup = Setup { names, trust_proxy: TrustProxy::No };
    let (egress, _) = egress(&proxy.address.to_string(), setup);
    for url in ["http://inside.test/", "https://inside.test/", "https://half.test/", "https://10.0.0.1/"] {
        let error = egress.send(get(url), &SendPolicy::default()).await.expect_err(url);
        assert_eq!(error.code(), "address_refused", "{url}: {error}");
    }
    let error = egress.send(get("https://nowhere.test/"), &SendPolicy::default()).await.expect_err("unknown");
    assert!(error.to_string().contains("egress.trust_proxy"), "{error}");
    assert!(proxy.seen().is_empty());
}

#[tokio::test]
async fn a_trusted_proxy_resolves_but_numbers_are_still_judged_here() {
    let proxy = server(|_| answer("via proxy")).await;
    let setup = Setup { names: Names::default(), trust_proxy: TrustProxy::Yes };
    let (egress, names) = egress(&proxy.address.to_string(), setup);
    egress.send(get("http://only-proxy-knows.test/"), &SendPolicy::default()).await.expect("trusted");
    assert!(names.asked().is_empty());
    for url in ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "https://10.0.0.1/"] {
        let error = egress.send(get(url), &SendPolicy::default()).await.expect_err(url);
        assert_eq!(error.code(), "address_refused", "{url}");
    }
    assert_eq!(proxy.seen().len(), 1);
}

#[tokio::test]
async fn a_refused_tunnel_says_what_the_proxy_said() {
    for (answer_, status, retryable) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", Some(407), false),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", Some(403), false),
        ("HTTP/1.0 503 Busy\r\n\r\n", Some(503), true),
        ("garbage\r\n\r\n", None, true),
    ] {
        let proxy = server(move |_| send(answer_)).await;
        let (egress, _) = egress(&proxy.address.to_string(), checked("api.test", "20.1.2.3"));
        let error = egress.send(get("https://api.test/"), &SendPolicy::default()).await.expect_err(answer_);
        let EgressError::ProxyRefused { status: got, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*got, error.is_retryable()), (status, retryable), "{error}");
        assert_eq!((error.who_must_act(), error.request_was_sent()), (Actor::Operator, RequestSent::No));
    }
}

#[tokio::test]
async fn an_absent_proxy_and_bypassed_hosts() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = gone.local_addr().expect("address");
    drop(gone);
    let upstream = server(|_| answer("direct")).await;
    let names = Names::default().with("api.test", &[&["20.1.2.3"]]).with("x.direct.test", &[&["127.0.0.1"]]);
    let setup = Setup { names, trust_proxy: TrustProxy::No };
    let (egress, _) = egress(&format!("http://u:hunter2@{address}"), setup);
    let error = egress.send(get("http://api.test/"), &SendPolicy::default()).await.expect_err("gone");
    assert_eq!((error.code(), error.node_code()), ("proxy_unreachable", "ECONNREFUSED"));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let port = upstream.address.port();
    for host in ["x.direct.test", "localhost", "127.0.0.1"] {
        let response = egress.send(get(&format!("http://{host}:{port}/")), &loopback()).await.expect(host);
        assert_eq!(text(response).await.expect("body"), "direct");
    }
    assert!(upstream.seen().iter().all(|seen| seen.request_line() == "GET / HTTP/1.1"));
}
