//! Redirects: what is followed, what is forgotten, what is refused.

mod support;

use std::sync::Arc;

use egress::{
    AcrossOrigins, Arrival, Egress, EgressOptions, HopOrigin, PolicyClass, RedirectPolicy, SendPolicy,
};
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderName, Method, Request};
use support::{Act, Names, Seen, Server, answer, client, get, loopback, options, post, send, server, text};

fn to(location: &str) -> Vec<Act> {
    send(&format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
}

/// A download server, and a Graph-like one that sends there.
async fn pair() -> (Server, Server) {
    let download = server(|seen: &Seen| match seen.request_line() {
        line if line.contains("/back") => to("http://unused.test/"),
        _ => answer("file"),
    })
    .await;
    let there = download.address;
    let origin = server(move |seen: &Seen| match seen.request_line() {
        line if line.contains("/content") => to(&format!("http://{there}/dl?tempauth=s'ig%2B(1)")),
        line if line.contains("/same") => to("/final"),
        line if line.contains("/loop") => to("loop"),
        line if line.contains("/empty") => send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
        line if line.contains("/private") => to("http://10.0.0.1/latest"),
        line if line.contains("/mail") => to("mailto:a@b"),
        _ => answer("here"),
    })
    .await;
    (origin, download)
}

fn dressed(url: &str) -> Request<egress::Body> {
    let mut request = get(url);
    for (name, value) in [
        ("authorization", "Bearer secret"),
        ("x-api-key", "secret"),
        ("x-caller", "mine"),
        ("cookie", "a=b"),
        ("accept", "text/plain"),
        ("user-agent", "Sheetbend"),
        ("range", "bytes=0-9"),
        ("if-range", "\"e\""),
    ] {
        request.headers_mut().insert(HeaderName::from_static(name), value.parse().expect("value"));
    }
    request
}

#[tokio::test]
async fn at_a_change_of_origin_only_the_range_and_our_own_headers_stay() {
    let (origin, download) = pair().await;
    let own = [USER_AGENT, ACCEPT];
    let redirects = RedirectPolicy { limit: 5, across_origins: AcrossOrigins::Keep(&own), at_hop: None };
    let followed = client().follow_redirects(dressed(&origin.url("/content")), &loopback(), &redirects).await;
    assert_eq!(text(followed.outcome.expect("answer")).await.expect("body"), "file");
    let seen = download.only();
    assert_eq!(seen.request_line(), "GET /dl?tempauth=s'ig%2B(1) HTTP/1.1");
    let mut names: Vec<&str> =
        seen.head.lines().skip(1).filter_map(|l| Some(l.split_once(": ")?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "if-range", "range", "user-agent"]);
    assert_eq!(followed.hops.len(), 1);
    assert_eq!((followed.hops[0].status.as_u16(), followed.hops[0].from.path()), (302, "/content"));
    let shown = format!("{:?}", followed.hops);
    assert!(shown.contains("/dl") && !shown.contains("tempauth"), "{shown}");
}

#[tokio::test]
async fn what_is_marked_sensitive_goes_only_where_it_may_and_the_same_origin_keeps_everything() {
    let (origin, download) = pair().await;
    let there = download.address.port();
    for (may, expected) in [(true, vec!["Bearer secret"]), (false, vec![])] {
        let may_go = |to: &http::Uri| may && to.port_u16() == Some(there);
        let redirects = RedirectPolicy {
            limit: 5,
            across_origins: AcrossOrigins::KeepUnlessSensitive(&may_go),
            at_hop: None,
        };
        let mut request = dressed(&origin.url("/content"));
        request.headers_mut().get_mut("authorization").expect("set above").set_sensitive(true);
        let followed = client().follow_redirects(request, &loopback(), &redirects).await;
        followed.outcome.expect("answer");
        let seen = download.seen().pop().expect("seen");
        assert_eq!(seen.header("authorization"), expected);
        assert_eq!(seen.header("x-caller"), ["mine"], "what nobody marked stays");
    }
    let followed = client()
        .follow_redirects(dressed(&origin.url("/same")), &loopback(), &RedirectPolicy::default())
        .await;
    assert_eq!(text(followed.outcome.expect("answer")).await.expect("body"), "here");
    let last = origin.seen().pop().expect("seen");
    assert_eq!(last.request_line(), "GET /final HTTP/1.1");
    assert_eq!(
        (last.header("authorization"), last.header("x-caller")),
        (vec!["Bearer secret"], vec!["mine"])
    );
}

#[tokio::test]
async fn headers_do_not_come_back_with_the_origin() {
    let back = server(|seen: &Seen| match seen.header("x-next").first() {
        Some(next) => to(next),
        None => answer("end"),
    })
    .await;
    let home = back.url("/home");
    let away = server(move |_| to(&home)).await;
    let mut request = dressed(&back.url("/start"));
    request.headers_mut().insert("x-next", away.url("/").parse().expect("value"));
    let followed = client().follow_redirects(request, &loopback(), &RedirectPolicy::default()).await;
    assert_eq!(text(followed.outcome.expect("answer")).await.expect("body"), "end");
    let last = back.seen().pop().expect("seen");
    assert_eq!(last.request_line(), "GET /home HTTP/1.1");
    assert!(last.header("authorization").is_empty() && last.header("x-next").is_empty());
}

/// Whoever signs again at a hop must not do so for a stranger who redirects within their own origin.
#[tokio::test]
async fn a_chain_that_has_left_its_origin_never_counts_as_at_home_again() {
    let back = server(|seen: &Seen| match seen.request_line() {
        line if line.contains("/start") => to("/step"),
        line if line.contains("/step") => to(seen.header("x-next")[0]),
        _ => answer("end"),
    })
    .await;
    let home = back.url("/home");
    let away = server(move |seen: &Seen| match seen.request_line() {
        line if line.contains("/again") => to(&home),
        _ => to("/again"),
    })
    .await;
    let arrivals = std::sync::Mutex::new(Vec::new());
    let note = |arrival: Arrival<'_>, _: &mut http::HeaderMap| {
        arrivals.lock().expect("lock").push((arrival.to.path().to_owned(), arrival.origin));
    };
    let redirects = RedirectPolicy { at_hop: Some(&note), ..RedirectPolicy::default() };
    let mut request = get(&back.url("/start"));
    request.headers_mut().insert("x-next", away.url("/away").parse().expect("value"));
    let followed = client().follow_redirects(request, &loopback(), &redirects).await;
    assert_eq!(text(followed.outcome.expect("answer")).await.expect("body"), "end");
    let expected = [
        ("/step".to_owned(), HopOrigin::Same),
        ("/away".to_owned(), HopOrigin::Other),
        ("/again".to_owned(), HopOrigin::Other),
        ("/home".to_owned(), HopOrigin::Other),
    ];
    assert_eq!(*arrivals.lock().expect("lock"), expected);
}

#[tokio::test]
async fn loops_end_and_unusable_locations_are_the_answer() {
    let (origin, _download) = pair().await;
    let client = client();
    let redirects = RedirectPolicy::default();
    let followed = client.follow_redirects(get(&origin.url("/loop")), &loopback(), &redirects).await;
    let error = followed.outcome.expect_err("loop");
    assert_eq!((error.code(), error.node_code()), ("too_many_redirects", "ERR_FR_TOO_MANY_REDIRECTS"));
    assert_eq!((followed.hops.len(), origin.seen().len()), (5, 6));
    for path in ["/empty", "/mail"] {
        let followed = client.follow_redirects(get(&origin.url(path)), &loopback(), &redirects).await;
        assert_eq!(followed.outcome.expect("passed through").status(), 302);
        assert!(followed.hops.is_empty());
    }
}

#[tokio::test]
async fn the_guard_judges_every_hop() {
    let (origin, download) = pair().await;
    let redirects = RedirectPolicy::default();
    let followed = client().follow_redirects(get(&origin.url("/private")), &loopback(), &redirects).await;
    assert_eq!(followed.outcome.expect_err("private").code(), "address_refused");
    assert_eq!(followed.hops.len(), 1);
    // Only the first origin is exempt: the redirect to another loopback port is refused.
    let exemptions = vec![origin.address.to_string().parse().expect("exemption")];
    let egress = Egress::new(EgressOptions { exemptions, ..options() }).expect("client");
    let followed =
        egress.follow_redirects(get(&origin.url("/content")), &SendPolicy::default(), &redirects).await;
    assert_eq!(followed.outcome.expect_err("loopback").code(), "address_refused");
    assert!(download.seen().is_empty());
}

#[tokio::test]
async fn other_methods_and_bodies_pass_the_redirect_through() {
    let (origin, download) = pair().await;
    let client = client();
    let mut options_request = get(&origin.url("/content"));
    *options_request.method_mut() = Method::OPTIONS;
    let mut get_with_body = post(&origin.url("/content"), "x".to_owned());
    *get_with_body.method_mut() = Method::GET;
    for request in [post(&origin.url("/content"), String::new()), options_request, get_with_body] {
        let followed = client.follow_redirects(request, &loopback(), &RedirectPolicy::default()).await;
        assert_eq!(followed.outcome.expect("passed through").status(), 302);
        assert!(followed.hops.is_empty());
    }
    let mut head = get(&origin.url("/same"));
    *head.method_mut() = Method::HEAD;
    let followed = client.follow_redirects(head, &loopback(), &RedirectPolicy::default()).await;
    assert_eq!(followed.outcome.expect("followed").status(), 200);
    assert_eq!(origin.seen().pop().expect("seen").request_line(), "HEAD /final HTTP/1.1");
    assert!(download.seen().is_empty());
}

#[tokio::test]
async fn a_change_of_port_or_name_is_a_change_of_origin() {
    let names =
        Arc::new(Names::default().with("a.test", &[&["127.0.0.1"]]).with("b.test", &[&["127.0.0.1"]]));
    let upstream = server(|seen: &Seen| match seen.header("host").first() {
        Some(host) if host.starts_with("a.test") => to(&format!("//{}/x", host.replace("a.test", "b.test"))),
        _ => answer("end"),
    })
    .await;
    let egress = Egress::new(EgressOptions { resolver: names, ..options() }).expect("client");
    let url = format!("http://a.test:{}/", upstream.address.port());
    let policy = SendPolicy { class: PolicyClass::PublicOrLoopback, ..SendPolicy::default() };
    let followed = egress.follow_redirects(dressed(&url), &policy, &RedirectPolicy::default()).await;
    assert_eq!(text(followed.outcome.expect("answer")).await.expect("body"), "end");
    assert!(upstream.seen().pop().expect("seen").header("authorization").is_empty());
}
