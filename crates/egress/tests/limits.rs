//! Upstreams that stall, close, lie or flood.

mod support;

use std::time::Duration;

use bytes::Bytes;
use egress::{Body, ClosedWhen, EgressError, FetchPolicy, PolicyClass, RequestSent, SendPolicy, WaitingFor};
use futures_util::StreamExt as _;
use http_body::Frame;
use http_body_util::StreamBody;
use support::{Act, SHORT, answer, client, get, loopback, post, send, server, text};

fn fetch() -> FetchPolicy {
    FetchPolicy { class: PolicyClass::PublicOrLoopback, ..FetchPolicy::default() }
}

#[tokio::test]
async fn silence_ends_at_the_first_byte_limit() {
    let upstream = server(|_| vec![Act::Stall]).await;
    let policy = SendPolicy { first_byte: SHORT, ..loopback() };
    for request in [get(&upstream.url("/")), post(&upstream.url("/"), "x".to_owned())] {
        let error = client().send(request, &policy).await.expect_err("silence");
        assert!(matches!(error, EgressError::FirstByteTimeout { .. }), "{error:?}");
        assert_eq!((error.node_code(), error.request_was_sent()), ("ETIMEDOUT", RequestSent::Maybe));
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_body_that_stands_still_ends_but_a_slow_one_does_not() {
    let upstream = server(|seen| {
        let mut acts = send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
        if seen.request_line().contains("stall") {
            acts.push(Act::Stall);
        }
        acts
    })
    .await;
    let policy = SendPolicy { idle_body: SHORT, ..loopback() };
    let response = client().send(get(&upstream.url("/stall")), &policy).await.expect("head");
    let error = text(response).await.expect_err("stall");
    assert!(matches!(error, EgressError::IdleBodyTimeout { .. }), "{error:?}");
    assert_eq!(error.code(), "idle_body_timeout");

    // A reader slower than the limit is not the upstream's fault: the whole answer is there when it asks.
    let upstream = server(|_| answer("0123456789")).await;
    let response = client().send(get(&upstream.url("/")), &policy).await.expect("head");
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(text(response).await.expect("whole"), "0123456789");
}

#[tokio::test]
async fn the_total_limit_covers_head_and_body() {
    let silent = server(|_| vec![Act::Stall]).await;
    let policy = SendPolicy { total: Some(SHORT), ..loopback() };
    let error = client().send(get(&silent.url("/")), &policy).await.expect_err("silence");
    assert!(matches!(error, EgressError::TotalTimeout { .. }), "{error:?}");

    let halting = server(|_| {
        let mut acts = send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
        acts.push(Act::Stall);
        acts
    })
    .await;
    let response = client().send(get(&halting.url("/")), &policy).await.expect("head");
    let error = text(response).await.expect_err("halt");
    assert!(matches!(error, EgressError::TotalTimeout { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_cut_short_is_an_error_of_its_body() {
    for start in ["Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        let start = format!("HTTP/1.1 200 OK\r\n{start}");
        let upstream = server(move |_| {
            let mut acts = send(&start);
            acts.push(Act::Close);
            acts
        })
        .await;
        let response = client().send(get(&upstream.url("/")), &loopback()).await.expect("head");
        let error = text(response).await.expect_err("cut");
        assert!(matches!(error, EgressError::Closed { when: ClosedWhen::InBody }), "{error:?}");
        let error = client().fetch_bytes(get(&upstream.url("/")), &fetch()).await.expect_err("cut");
        assert_eq!((error.code(), error.node_code()), ("closed_early", "ECONNRESET"));
    }
}

#[tokio::test]
async fn oversized_and_broken_heads_have_their_own_errors() {
    for (head, code) in [
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(256 * 1024)), "answer_head_too_large"),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: a\r\n".repeat(200)), "answer_head_too_large"),
        ("<html>not http</html>\r\n\r\n".to_owned(), "bad_answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(), "bad_answer"),
    ] {
        let upstream = server(move |_| send(&head)).await;
        let error = client().send(get(&upstream.url("/")), &loopback()).await.expect_err(code);
        assert_eq!(error.code(), code, "{error:?}");
        assert!(!error.is_retryable());
    }
    let upstream = server(|_| send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")).await;
    let response = client().send(get(&upstream.url("/")), &loopback()).await.expect("head");
    assert_eq!(text(response).await.expect_err("chunk").code(), "bad_answer");
}

#[tokio::test]
async fn a_stalled_upload_says_who_is_waited_for() {
    let upstream = server(|_| answer("ok")).await;
    let policy = SendPolicy { first_byte: SHORT, ..loopback() };
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"x")))]);
    let halting = Body::stream(StreamBody::new(first.chain(futures_util::stream::pending())));
    let error = client().send(post(&upstream.url("/"), halting), &policy).await.expect_err("stalled");
    assert!(matches!(error, EgressError::UploadStalled { waiting_for: WaitingFor::Caller, .. }), "{error:?}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn an_upload_that_nobody_reads_waits_for_the_upstream() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    let accepted = tokio::spawn(async move { listener.accept().await.expect("accept") });
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let endless =
        futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(Frame::data(piece.clone())));
    let policy = SendPolicy { first_byte: SHORT, ..loopback() };
    let request = post(&url, Body::stream(StreamBody::new(endless)));
    let error = client().send(request, &policy).await.expect_err("stalled");
    assert!(
        matches!(error, EgressError::UploadStalled { waiting_for: WaitingFor::Upstream, .. }),
        "{error:?}"
    );
    assert!(error.is_retryable());
    drop(accepted.await.expect("the connection stayed open"));
}

#[tokio::test]
async fn an_upload_that_moves_outlives_the_first_byte_limit() {
    let upstream = server(|_| answer("ok")).await;
    let policy = SendPolicy { first_byte: SHORT, ..loopback() };
    let slow = futures_util::stream::iter(0..8).then(|_| async {
        tokio::time::sleep(SHORT / 4).await;
        Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"x")))
    });
    let request = post(&upstream.url("/"), Body::stream(StreamBody::new(Box::pin(slow))));
    let response = client().send(request, &policy).await.expect("answer");
    assert_eq!(text(response).await.expect("body"), "ok");
}

#[tokio::test]
async fn a_caller_body_that_fails_is_told_as_such() {
    let upstream = server(|_| answer("ok")).await;
    let broken = futures_util::stream::iter([
        Ok(Frame::data(Bytes::from_static(b"x"))),
        Err(std::io::Error::other("the caller hung up")),
    ]);
    let request = post(&upstream.url("/"), Body::stream(StreamBody::new(broken)));
    let error = client().send(request, &loopback()).await.expect_err("broken");
    assert_eq!(error.code(), "request_body_failed", "{error:?}");
    assert!(error.to_string().contains("the caller hung up"), "{error}");
}

#[tokio::test]
async fn fetch_reads_whole_answers_within_bounds() {
    let upstream = server(|seen| match seen.request_line() {
        line if line.contains("/ok") => {
            send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")
        }
        line if line.contains("/declared") => send("HTTP/1.1 500 No\r\nContent-Length: 10485760\r\n\r\n"),
        line if line.contains("/chunked") => {
            let piece = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
            send(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", piece.repeat(3)))
        }
        line if line.contains("/moved") => {
            send("HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n")
        }
        _ => vec![Act::Stall],
    })
    .await;
    let policy = FetchPolicy { max_bytes: 10_000, total: Duration::from_millis(800), ..fetch() };
    let client = client();
    let whole = client.fetch_bytes(get(&upstream.url("/ok")), &policy).await.expect("ok");
    assert_eq!(whole.body(), "abcd");
    let error = client.fetch_bytes(get(&upstream.url("/declared")), &policy).await.expect_err("large");
    assert!(matches!(error, EgressError::AnswerTooLarge { status: 500, limit: 10_000 }), "{error:?}");
    let error = client.fetch_bytes(get(&upstream.url("/chunked")), &policy).await.expect_err("large");
    assert_eq!(error.code(), "answer_too_large");
    let moved = client.fetch_bytes(get(&upstream.url("/moved")), &policy).await.expect("redirect");
    assert_eq!(moved.status(), 302);
    let error = client.fetch_bytes(get(&upstream.url("/silent")), &policy).await.expect_err("silent");
    assert_eq!(error.code(), "first_byte_timeout");
    assert!(upstream.seen().iter().filter(|s| s.request_line().contains("/ok")).count() == 1);
}

#[tokio::test]
async fn nobody_listening_is_refused_and_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    drop(listener);
    let error = client().send(get(&url), &loopback()).await.expect_err("refused");
    assert!(matches!(error, EgressError::ConnectRefused { .. }), "{error:?}");
    assert_eq!((error.node_code(), error.request_was_sent()), ("ECONNREFUSED", RequestSent::No));
    assert!(error.is_retryable());
}
