//! Systems that want to see a client certificate.

mod support;

use egress::{AcrossOrigins, Body, ClientIdentity, Egress, EgressError, RedirectPolicy, ResponseBody};
use http::{Request, Response};
use support::tls::{Authority, raw_tls};
use support::{answer, get, loopback, send, text};

/// A GET that shows who calls.
async fn as_caller(
    egress: &Egress,
    url: &str,
    identity: Option<&ClientIdentity>,
) -> Result<Response<ResponseBody>, EgressError> {
    egress.send(showing(get(url), identity), &loopback()).await
}

fn showing(mut request: Request<Body>, identity: Option<&ClientIdentity>) -> Request<Body> {
    if let Some(identity) = identity {
        request.extensions_mut().insert(identity.clone());
    }
    request
}

#[tokio::test]
async fn only_who_shows_the_certificate_gets_in_and_nobody_else_on_its_connection() {
    let (authority, callers) = (Authority::new("ours"), Authority::new("callers"));
    let (address, seen) =
        raw_tls(authority.demanding("graph.test", &[b"http/1.1"], &callers), |_| answer("in")).await;
    let url = format!("https://graph.test:{}/", address.port());
    let egress = authority.client();
    let (certificate, key) = callers.caller("acme");
    let acme = egress.identity(&certificate, &key).expect("identity");
    for _ in 0..2 {
        let response = as_caller(&egress, &url, Some(&acme)).await.expect("in");
        assert_eq!(text(response).await.expect("body"), "in");
    }
    // The open connection is acme's: a call without a certificate opens its own, and is turned away.
    let refused = as_caller(&egress, &url, None).await.expect_err("nobody");
    assert_eq!(refused.code(), "client_certificate_refused", "{refused:?}");
    assert!(refused.to_string().contains("CertificateRequired") && !refused.is_retryable(), "{refused}");
    // So does somebody whom the system does not know.
    let stranger = authority.caller("stranger");
    let stranger = egress.identity(&stranger.0, &stranger.1).expect("identity");
    as_caller(&egress, &url, Some(&stranger)).await.expect_err("stranger");
    assert_eq!(seen.lock().expect("seen").len(), 2);
    // A POST with a body too, and another caller's connection is another.
    let (certificate, key) = callers.caller("globex");
    let globex = egress.identity(&certificate, &key).expect("identity");
    let post = Request::builder().method("POST").uri(&url).body(Body::from(bytes::Bytes::from_static(b"x")));
    let post = showing(post.expect("request"), Some(&globex));
    text(egress.send(post, &loopback()).await.expect("in")).await.expect("body");
    as_caller(&egress, &url, Some(&acme)).await.expect("in");
    let seen: Vec<usize> = seen.lock().expect("seen").iter().map(|one| one.connection).collect();
    assert!(matches!(seen[..], [0, 0, globex, 0] if globex != 0), "{seen:?}");
}

#[tokio::test]
async fn a_certificate_is_not_shown_to_where_a_redirect_leads() {
    let (authority, callers) = (Authority::new("ours"), Authority::new("callers"));
    let (other, reached) =
        raw_tls(authority.demanding("other.test", &[b"http/1.1"], &callers), |_| answer("in")).await;
    let location = format!("https://other.test:{}/", other.port());
    let redirect = format!("HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let (address, _) =
        raw_tls(authority.demanding("graph.test", &[b"http/1.1"], &callers), move |_| send(&redirect)).await;
    let egress = authority.client();
    let (certificate, key) = callers.caller("acme");
    let acme = egress.identity(&certificate, &key).expect("identity");
    let policy = RedirectPolicy {
        across_origins: AcrossOrigins::KeepUnlessSensitive(&|_| true),
        ..RedirectPolicy::default()
    };
    let request = showing(get(&format!("https://graph.test:{}/", address.port())), Some(&acme));
    let followed = egress.follow_redirects(request, &loopback(), &policy).await;
    assert_eq!(followed.hops.len(), 1);
    followed.outcome.expect_err("the other system saw no certificate");
    assert!(reached.lock().expect("seen").is_empty());
}

#[test]
fn what_is_no_certificate_is_refused_without_its_text() {
    let callers = Authority::new("callers");
    let egress = callers.client();
    let (certificate, key) = callers.caller("acme");
    let (_, others) = callers.caller("globex");
    for (certificate, key, why) in [
        (certificate.as_str(), others.as_str(), "do not belong together"),
        (certificate.as_str(), "hunter2", "private key is not PEM"),
        ("hunter2", key.as_str(), "certificate is not PEM"),
        (
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
            key.as_str(),
            "certificate is not PEM",
        ),
    ] {
        let error = egress.identity(certificate, key).expect_err(why);
        assert_eq!(error.code(), "egress_config");
        assert!(error.to_string().contains(why) && !error.to_string().contains("hunter2"), "{error}");
    }
}
