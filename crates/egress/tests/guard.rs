//! The address guard: tables, hidden IPv4, host spellings, and names that change their mind.

mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use egress::{
    Actor, Body, Egress, EgressError, EgressOptions, HostPort, PolicyClass, RequestSent, Rule, SendPolicy,
    check_address,
};
use http::{Request, Uri};
use proptest::prelude::*;
use support::{Act, Names, answer, client, get, loopback, options, send, server, text};

fn rule(address: &str) -> Option<Rule> {
    check_address(address.parse().expect(address), PolicyClass::Public).err()
}

#[test]
fn every_special_range_is_refused_at_both_ends() {
    for (rule_, addresses) in [
        (Rule::Unspecified, &["0.0.0.0", "0.255.255.255", "::"][..]),
        (Rule::Loopback, &["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]),
        (Rule::Private, &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0"]),
        (Rule::Private, &["192.168.255.255", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1"]),
        (Rule::Private, &["2002:a00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "2a00::5efe:10.0.0.1"]),
        (Rule::CarrierNat, &["100.64.0.0", "100.100.100.200", "100.127.255.255"]),
        (Rule::LinkLocal, &["169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf::1"]),
        (Rule::LinkLocal, &["::ffff:169.254.169.254", "2002:a9fe:a9fe::", "64:ff9b::a9fe:a9fe"]),
        (Rule::CloudMetadata, &["168.63.129.16", "::ffff:168.63.129.16", "fd00:ec2::254", "fd00:ec2:ffff::"]),
        (Rule::ProtocolAssignment, &["192.0.0.0", "192.0.0.192", "192.0.0.255", "2001:1::1", "2001:1ff::"]),
        (Rule::RelayAnycast, &["192.88.99.0", "192.88.99.255"]),
        (Rule::Documentation, &["192.0.2.1", "198.51.100.255", "203.0.113.0", "2001:db8::", "3fff:fff::1"]),
        (Rule::Benchmarking, &["198.18.0.0", "198.19.255.255"]),
        (Rule::Multicast, &["224.0.0.0", "239.255.255.255", "ff02::1", "ffff::"]),
        (Rule::Reserved, &["240.0.0.0", "255.255.255.254"]),
        (Rule::Broadcast, &["255.255.255.255"]),
        (Rule::UniqueLocal, &["fc00::", "fdff:ffff::1", "fd00:ec3::1"]),
        (Rule::SiteLocal, &["fec0::", "feff::1"]),
        (Rule::SixToFour, &["2002:808:808::1"]),
        (Rule::Teredo, &["2001:0:4136:e378:8000:63bf:f7f7:f7f7"]),
        (Rule::Ipv4Compatible, &["::8.8.8.8"]),
        (Rule::LocalNat64, &["64:ff9b:1::8.8.8.8"]),
        (Rule::NotGlobalUnicast, &["100::1", "4000::1", "5f00::1", "1::1", "64:ff9b:2::1"]),
    ] {
        for address in addresses {
            assert_eq!(rule(address), Some(rule_), "{address}");
        }
    }
}

#[test]
fn global_unicast_passes_next_to_every_special_range() {
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::",
        "2001:4860:4860::8888",
        "2603:1000::1",
        "2a00::1",
        "3ffe::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2a00::5efe:8.8.8.8",
    ] {
        assert_eq!(rule(address), None, "{address}");
    }
}

#[test]
fn the_loopback_class_adds_loopback_only() {
    let allowed = |a: &str| check_address(a.parse().expect(a), PolicyClass::PublicOrLoopback).is_ok();
    assert!(allowed("127.0.0.1") && allowed("::1") && allowed("::ffff:127.0.0.1") && allowed("8.8.8.8"));
    for still in ["10.0.0.1", "169.254.169.254", "0.0.0.0", "fd00::1", "::", "2002:7f00:1::1"] {
        assert!(!allowed(still), "{still}");
    }
}

proptest! {
    /// An IPv4 address keeps its verdict in the forms that reach it, and never gains one in the others.
    #[test]
    fn hidden_ipv4_is_found(v4 in any::<u32>().prop_map(Ipv4Addr::from)) {
        let outer = check_address(IpAddr::V4(v4), PolicyClass::Public);
        let [a, b, c, d] = v4.octets();
        let (hi, lo) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let judge = |s: [u16; 8]| check_address(IpAddr::V6(Ipv6Addr::from(s)), PolicyClass::Public);
        for same in [[0, 0, 0, 0, 0, 0xffff, hi, lo], [0x64, 0xff9b, 0, 0, 0, 0, hi, lo]] {
            prop_assert_eq!(judge(same), outer);
        }
        for never in [
            [0, 0, 0, 0, 0, 0, hi, lo],
            [0x2002, hi, lo, 1, 2, 3, 4, 5],
            [0x2001, 0, 1, 2, 3, 4, !hi, !lo],
            [0x64, 0xff9b, 1, 2, 3, 4, hi, lo],
        ] {
            prop_assert!(judge(never).is_err());
        }
    }

    /// Nothing outside 2000::/3 passes but mapped and NAT64 forms.
    #[test]
    fn only_global_unicast_v6_passes(segments in any::<[u16; 8]>()) {
        let s = Ipv6Addr::from(segments);
        let passes = check_address(IpAddr::V6(s), PolicyClass::Public).is_ok();
        prop_assert!(!passes || (0x2000..0x4000).contains(&segments[0]));
    }

    /// However a private IPv4 address is written, no request leaves for it.
    #[test]
    fn no_spelling_of_a_private_host_passes(form in 0..7_usize, low in 1..=0xffff_u32) {
        let v4 = Ipv4Addr::from((10 << 24) | low);
        let n = u32::from(v4);
        let [a, b, c, d] = v4.octets();
        let host = match form {
            0 => v4.to_string(),
            1 => n.to_string(),
            2 => format!("{n:#x}"),
            3 => format!("0{n:o}"),
            4 => format!("{a}.{}", n & 0x00ff_ffff),
            5 => format!("{a:#x}.{b}.{}", n & 0xffff),
            _ => format!("0{a:o}.{b}.{c}.{d}"),
        };
        let uri: Uri = format!("http://{host}/").parse().expect("a URI");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        let error = runtime.block_on(async {
            let request = Request::get(uri).body(Body::empty()).expect("request");
            client().send(request, &SendPolicy::default()).await.expect_err("refused")
        });
        prop_assert!(matches!(error.code(), "address_refused" | "invalid_target"), "{:?}", error);
    }
}

#[tokio::test]
async fn odd_authorities_are_refused_before_any_lookup() {
    let names = Arc::new(Names::default());
    let egress = Egress::new(EgressOptions { resolver: names.clone(), ..options() }).expect("client");
    for url in [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://0x/",
        "http://1.2.3.4.5/",
        "http://user@example.com/",
        "http://example.com:99999/",
        "http://example.com:/",
        "http://ex%61mple.com/",
        "ftp://example.com/",
        "http://[::1%25lo]/",
        "http://[v1.a]/",
    ] {
        // Some of these do not even parse as a URI, which is as good.
        let Ok(uri) = url.parse::<Uri>() else { continue };
        let request = Request::get(uri).body(Body::empty()).expect("request");
        let error = egress.send(request, &loopback()).await.expect_err(url);
        assert_eq!(error.code(), "invalid_target", "{url}: {error}");
        assert_eq!((error.who_must_act(), error.request_was_sent()), (Actor::Developer, RequestSent::No));
    }
    assert!(names.asked().is_empty(), "{:?}", names.asked());
}

#[tokio::test]
async fn literal_addresses_are_refused_with_rule_and_remedy() {
    let upstream = server(|_| answer("secret")).await;
    for host in [upstream.address.to_string(), format!("[::ffff:127.0.0.1]:{}", upstream.address.port())] {
        let error =
            client().send(get(&format!("http://{host}/")), &SendPolicy::default()).await.expect_err("no");
        assert!(matches!(error, EgressError::Refused { rule: Rule::Loopback, .. }), "{error:?}");
        assert_eq!((error.code(), error.who_must_act()), ("address_refused", Actor::Operator));
        assert!(error.to_string().contains(&format!("exempt exactly {host}")), "{error}");
        assert!(!error.is_retryable());
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn an_exemption_is_one_host_and_one_port() {
    let upstream = server(|_| answer("ok")).await;
    let other = server(|_| answer("secret")).await;
    let exemption: HostPort = upstream.address.to_string().parse().expect("exemption");
    let names = Names::default().with("internal.test", &[&["127.0.0.1"]]);
    let internal: HostPort = format!("Internal.test:{}", upstream.address.port()).parse().expect("exemption");
    let egress = Egress::new(EgressOptions {
        exemptions: vec![exemption, internal],
        resolver: Arc::new(names),
        ..options()
    })
    .expect("client");
    let public = SendPolicy::default();
    let port = upstream.address.port();
    for allowed in [upstream.url("/"), format!("http://internal.test:{port}/")] {
        assert_eq!(
            text(egress.send(get(&allowed), &public).await.expect(&allowed)).await.expect("body"),
            "ok"
        );
    }
    let other_port = other.address.port();
    for refused in [
        other.url("/"),
        format!("http://internal.test:{other_port}/"),
        format!("http://localhost:{port}/"),
        format!("http://127.0.0.2:{port}/"),
    ] {
        let error = egress.send(get(&refused), &public).await.expect_err(&refused);
        assert_eq!(error.code(), "address_refused", "{refused}: {error}");
    }
    assert!(other.seen().is_empty());
    for bad in ["example.com", "example.com:x", "2130706433:80", "a b:80", ":80"] {
        assert!(bad.parse::<HostPort>().is_err(), "{bad}");
    }
}

#[tokio::test]
async fn localhost_names_never_ask_dns() {
    let upstream = server(|_| answer("ok")).await;
    let names = Arc::new(Names::default());
    let egress = Egress::new(EgressOptions { resolver: names.clone(), ..options() }).expect("client");
    for host in ["localhost", "LOCALHOST.", "contoso.graph.localhost"] {
        let url = format!("http://{host}:{}/", upstream.address.port());
        let response = egress.send(get(&url), &loopback()).await.expect(host);
        assert_eq!(text(response).await.expect("body"), "ok");
        let error = egress.send(get(&url), &SendPolicy::default()).await.expect_err(host);
        assert_eq!(error.code(), "address_refused");
    }
    assert!(names.asked().is_empty());
}

#[tokio::test]
async fn the_judged_address_is_the_dialled_one() {
    let upstream = server(|_| {
        let mut acts = send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        acts.push(Act::Close);
        acts
    })
    .await;
    let port = upstream.address.port();
    let names = Arc::new(
        Names::default()
            .with("rebinds.test", &[&["127.0.0.1"], &["10.0.0.1"]])
            .with("private.test", &[&["10.0.0.1", "169.254.169.254"]])
            .with("mixed.test", &[&["10.0.0.1", "127.0.0.1", "::ffff:10.0.0.2"]])
            .with("mapped.test", &[&["::ffff:127.0.0.1"]]),
    );
    let egress = Egress::new(EgressOptions { resolver: names.clone(), ..options() }).expect("client");
    let call = |host: &str| {
        let request = get(&format!("http://{host}:{port}/"));
        let egress = egress.clone();
        async move { egress.send(request, &loopback()).await }
    };
    assert_eq!(text(call("rebinds.test").await.expect("first")).await.expect("body"), "ok");
    assert_eq!(names.asked(), ["rebinds.test"], "one lookup for one connection");
    let error = call("rebinds.test").await.expect_err("the second connection is judged anew");
    assert!(matches!(error, EgressError::Refused { rule: Rule::Private, .. }), "{error:?}");
    assert_eq!(call("private.test").await.expect_err("private").code(), "address_refused");
    assert_eq!(text(call("mixed.test").await.expect("the allowed one")).await.expect("body"), "ok");
    let error = egress.send(get(&format!("http://mapped.test:{port}/")), &SendPolicy::default()).await;
    assert_eq!(error.expect_err("mapped").code(), "address_refused");
    let error = call("unknown.test").await.expect_err("unknown");
    assert_eq!((error.code(), error.node_code(), error.is_retryable()), ("dns_failure", "ENOTFOUND", false));
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn a_connection_of_one_class_never_serves_another() {
    let upstream = server(|_| answer("ok")).await;
    let names = Names::default().with("hook.test", &[&["127.0.0.1"]]);
    let egress = Egress::new(EgressOptions { resolver: Arc::new(names), ..options() }).expect("client");
    let url = format!("http://hook.test:{}/", upstream.address.port());
    let response = egress.send(get(&url), &loopback()).await.expect("webhook class");
    assert_eq!(text(response).await.expect("body"), "ok");
    let error = egress.send(get(&url), &SendPolicy::default()).await.expect_err("public class");
    assert_eq!(error.code(), "address_refused");
}
