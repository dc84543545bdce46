//! Opening connections: which address is tried, and where time runs out.

mod support;

use std::sync::Arc;
use std::time::Duration;

use egress::{
    Egress, EgressError, EgressOptions, OutboundProxies, RequestSent, Resolve, Resolving, Stage,
    SystemResolver,
};
use support::{Names, SHORT, answer, get, loopback, options, server, text};
use tokio::net::TcpListener;

struct NeverAnswers;

impl Resolve for NeverAnswers {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        Box::pin(std::future::pending())
    }
}

/// A listener that accepts (the kernel does) and then says nothing.
async fn mute() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    (listener, address)
}

fn with_ca(wanted: EgressOptions) -> Egress {
    let made = rcgen::generate_simple_self_signed(["x.test".to_owned()]).expect("certificate");
    let directory = tempfile::tempdir().expect("directory");
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, made.cert.pem()).expect("write");
    Egress::new(EgressOptions { extra_ca_files: vec![file], connect_timeout: SHORT, ..wanted })
        .expect("client")
}

#[tokio::test]
async fn a_connect_timeout_says_where_time_ran_out() {
    let (_dns, _) = mute().await;
    let (_tls, silent) = mute().await;
    let (_proxy, proxy) = mute().await;
    let names = || Arc::new(Names::default().with("api.test", &[&["20.1.2.3"]]));
    let proxies = OutboundProxies::from_values(None, Some(&proxy), None).expect("proxies");
    for (egress, url, stage) in [
        (
            with_ca(EgressOptions { resolver: Arc::new(NeverAnswers), ..options() }),
            "http://api.test/".to_owned(),
            Stage::Dns,
        ),
        (with_ca(options()), format!("https://{silent}/"), Stage::Tls),
        (
            with_ca(EgressOptions { resolver: names(), proxies, ..options() }),
            "https://api.test/".to_owned(),
            Stage::Proxy,
        ),
    ] {
        let error = egress.send(get(&url), &loopback()).await.expect_err(&url);
        assert!(
            matches!(error, EgressError::ConnectTimeout { stage: s, after: SHORT, .. } if s == stage),
            "{error:?}"
        );
        assert_eq!((error.node_code(), error.request_was_sent()), ("ETIMEDOUT", RequestSent::No));
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let upstream = server(|_| answer("ok")).await;
    let list: &[&str] = &["127.0.0.9", "::1", "127.0.0.8", "127.0.0.1"];
    let names = Names::default().with("many.test", &[list]).with("none.test", &[&["127.0.0.9", "127.0.0.8"]]);
    let egress = Egress::new(EgressOptions { resolver: Arc::new(names), ..options() }).expect("client");
    let port = upstream.address.port();
    let response =
        egress.send(get(&format!("http://many.test:{port}/")), &loopback()).await.expect("one answers");
    assert_eq!(text(response).await.expect("body"), "ok");
    let error = egress.send(get(&format!("http://none.test:{port}/")), &loopback()).await.expect_err("none");
    let EgressError::ConnectRefused { address, .. } = error else { panic!("{error:?}") };
    assert_eq!(address.to_string(), format!("127.0.0.9:{port}"), "the first choice is the one to report");
}

#[tokio::test]
async fn the_system_resolver_reads_addresses() {
    let found = SystemResolver.resolve("192.0.2.7").await.expect("numeric names need no DNS");
    assert_eq!(found, ["192.0.2.7".parse::<std::net::IpAddr>().expect("address")]);
}

#[tokio::test]
async fn an_answer_to_one_caller_does_not_wait_for_another() {
    let upstream = server(|seen| match seen.request_line() {
        line if line.contains("/slow") => vec![support::Act::Stall],
        _ => answer("ok"),
    })
    .await;
    let egress = Egress::new(options()).expect("client");
    let (slow, policy) = (get(&upstream.url("/slow")), loopback());
    let mut slow = std::pin::pin!(egress.send(slow, &policy));
    let quick = async { text(egress.send(get(&upstream.url("/")), &policy).await.expect("quick")).await };
    tokio::select! {
        biased;
        _ = &mut slow => panic!("the slow one cannot answer"),
        body = tokio::time::timeout(Duration::from_secs(5), quick) => {
            assert_eq!(body.expect("in time").expect("body"), "ok");
        }
    }
}
