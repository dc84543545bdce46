//! What really goes over the wire, read from raw sockets.

mod support;

use bytes::Bytes;
use egress::{Body, ClosedWhen, EgressError, Peer, RequestSent, absolute, strip_hop_by_hop};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body::Frame;
use http_body_util::StreamBody;
use support::{Act, answer, client, get, loopback, post, send, server, text};

#[tokio::test]
async fn path_and_query_arrive_byte_for_byte() {
    let upstream = server(|_| answer("ok")).await;
    let paths = [
        "/v1.0/me/drive/items/01ABC!1/workbook/worksheets('Sheet%201')/range(address='A1:C3')",
        "/a//b///c/%2F/%2f/%2e%2e/../x/./y",
        "/_api/web/lists/getByTitle('D''oe')/items?$select=Id,Title&$filter=Title%20eq%20'x'&%24top=2",
        "/p?q=a|b^c{d}e[f]g\\h`i~j;k=l,m@n:o!p*q+r%zz&&=&?",
        "/p\"{|}\\^[]",
        "/über?ß=ü",
        "/?",
        "//double//",
    ];
    for path in paths {
        let uri = absolute(&format!("http://{}", upstream.address), path).expect(path);
        let request = Request::get(uri).body(Body::empty()).expect("request");
        let response = client().send(request, &loopback()).await.expect(path);
        assert_eq!(text(response).await.expect("body"), "ok");
        let last = upstream.seen().pop().expect("seen");
        assert_eq!(last.request_line(), format!("GET {path} HTTP/1.1"));
    }
}

#[test]
fn bytes_that_cannot_be_carried_are_named() {
    for (path, named) in [
        ("/a b", "0x20"),
        ("/a#b", "0x23"),
        ("/a\r\nX: y", "0x0d"),
        ("/a\0", "0x00"),
        ("/a<b", "0x3c"),
        ("/a>b", "0x3e"),
        ("/a`b", "0x60"),
        ("/a\x7f", "0x7f"),
        ("/?\"", "0x22"),
        ("/?<", "0x3c"),
    ] {
        let error = absolute("https://graph.microsoft.com", path).expect_err(path);
        assert_eq!(error.code(), "invalid_target");
        assert!(error.to_string().contains(named), "{path:?}: {error}");
    }
    // Every other printable byte passes, in the path and in the query.
    for byte in (0x21..0x7f_u8).filter(|b| !b"#<>".contains(b)) {
        let byte = char::from(byte);
        if !matches!(byte, '`' | '?') {
            let uri = absolute("https://h", &format!("/x{byte}y")).expect("path byte");
            assert_eq!(uri.path_and_query().expect("path").as_str(), format!("/x{byte}y"));
        }
        if byte != '"' {
            let uri = absolute("https://h", &format!("/?x{byte}y")).expect("query byte");
            assert_eq!(uri.path_and_query().expect("path").as_str(), format!("/?x{byte}y"));
        }
    }
    assert!(absolute("https://h", "no-slash").is_err());
    assert!(absolute("https://h", &format!("/{}", "a".repeat(70_000))).is_err());
}

#[tokio::test]
async fn headers_arrive_as_given_and_host_is_ours() {
    let upstream = server(|_| answer("ok")).await;
    let mut request = get(&upstream.url("/x"));
    let headers = request.headers_mut();
    headers.insert("host", HeaderValue::from_static("metadata.internal"));
    headers.insert("proxy-authorization", HeaderValue::from_static("Basic c2VjcmV0"));
    headers.append("prefer", HeaderValue::from_static("odata.maxpagesize=5"));
    headers.append("prefer", HeaderValue::from_static("respond-async"));
    headers.insert("if-match", HeaderValue::from_static("\"{A1},2\""));
    headers.insert("x-bytes", HeaderValue::from_bytes(b"caf\xc3\xa9").expect("value"));
    let response = client().send(request, &loopback()).await.expect("answer");
    assert_eq!(response.extensions().get::<Peer>().expect("peer").address, upstream.address);
    let seen = upstream.only();
    assert_eq!(seen.header("host"), [upstream.address.to_string()]);
    assert_eq!(seen.header("prefer"), ["odata.maxpagesize=5", "respond-async"]);
    assert_eq!(seen.header("if-match"), ["\"{A1},2\""]);
    assert_eq!(seen.header("x-bytes"), ["café"]);
    // Nothing was added: four of ours and Host.
    assert_eq!(seen.head.lines().filter(|l| l.contains(": ")).count(), 5, "{}", seen.head);
}

#[tokio::test]
async fn bodies_keep_their_framing_and_bytes() {
    let upstream = server(|_| answer("")).await;
    let client = client();
    client.send(post(&upstream.url("/full"), "0123456789".to_owned()), &loopback()).await.expect("full");
    let pieces =
        ["ab", "", "cde"].map(|p| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(p.as_bytes()))));
    let stream = Body::stream(StreamBody::new(futures_util::stream::iter(pieces)));
    assert!(stream.replay().is_none() && Body::from("x".to_owned()).replay().is_some());
    client.send(post(&upstream.url("/stream"), stream), &loopback()).await.expect("stream");
    client.send(post(&upstream.url("/none"), Body::empty()), &loopback()).await.expect("none");
    let seen = upstream.seen();
    assert_eq!((seen[0].header("content-length"), &*seen[0].body), (vec!["10"], &b"0123456789"[..]));
    assert_eq!(seen[1].header("transfer-encoding"), ["chunked"]);
    assert_eq!(seen[1].body, b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
    assert_eq!(seen[2].header("content-length"), ["0"]);
    assert!(seen.iter().all(|s| s.connection == 0), "the connection is reused");
}

#[tokio::test]
async fn answers_are_not_decompressed() {
    let gzip: &[u8] = b"\x1f\x8b\x08\0not really gzip";
    let upstream = server(|_| {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len());
        vec![Act::Send([head.as_bytes(), gzip].concat())]
    })
    .await;
    let response = client().send(get(&upstream.url("/")), &loopback()).await.expect("answer");
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let bytes = http_body_util::BodyExt::collect(response.into_body()).await.expect("body").to_bytes();
    assert_eq!(bytes, gzip);
}

#[test]
fn hop_by_hop_headers_go_with_those_that_connection_lists() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("connection", "close, X-One"),
        ("connection", " x-two ,,bad name"),
        ("x-one", "1"),
        ("x-two", "2"),
        ("keep-alive", "timeout=5"),
        ("proxy-authorization", "Basic x"),
        ("proxy-connection", "keep-alive"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("x-three", "3"),
        ("content-type", "text/plain"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    strip_hop_by_hop(&mut headers);
    let mut left: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["content-type", "x-three"]);
}

/// Answers one request on each connection, then closes it when the next one arrives.
fn dies_on_second_use(
    seen: &support::Seen,
    first_of: &std::sync::Mutex<std::collections::HashSet<usize>>,
) -> Vec<Act> {
    if first_of.lock().expect("set").insert(seen.connection) { answer("ok") } else { vec![Act::Close] }
}

#[tokio::test]
async fn a_pooled_connection_that_died_is_replaced_for_get_but_never_for_post() {
    let met = std::sync::Mutex::default();
    let upstream = server(move |seen| dies_on_second_use(seen, &met)).await;
    let client = client();
    let first = client.send(get(&upstream.url("/1")), &loopback()).await.expect("first");
    assert_eq!(text(first).await.expect("body"), "ok");
    let second =
        client.send(get(&upstream.url("/2")), &loopback()).await.expect("second, on a new connection");
    assert_eq!(text(second).await.expect("body"), "ok");
    let error = client.send(post(&upstream.url("/3"), "x".to_owned()), &loopback()).await.expect_err("third");
    assert!(matches!(error, EgressError::Closed { when: ClosedWhen::BeforeAnswer }), "{error:?}");
    assert_eq!(error.request_was_sent(), RequestSent::Maybe);
    let lines: Vec<String> = upstream.seen().iter().map(|s| s.request_line().to_owned()).collect();
    assert_eq!(lines, ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1", "GET /2 HTTP/1.1", "POST /3 HTTP/1.1"]);
}

#[tokio::test]
async fn a_server_that_always_closes_is_asked_once() {
    let upstream = server(|_| vec![Act::Close]).await;
    let error = client().send(get(&upstream.url("/")), &loopback()).await.expect_err("closed");
    assert_eq!((error.code(), error.node_code()), ("closed_early", "ECONNRESET"));
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn unusual_methods_pass_and_connect_does_not() {
    let upstream = server(|_| send("HTTP/1.1 204 No Content\r\n\r\n")).await;
    let mut request = get(&upstream.url("/"));
    *request.method_mut() = Method::from_bytes(b"MERGE").expect("method");
    let response = client().send(request, &loopback()).await.expect("merge");
    assert_eq!(response.status(), 204);
    assert_eq!(upstream.only().request_line(), "MERGE / HTTP/1.1");
    let mut connect = get(&upstream.url("/"));
    *connect.method_mut() = Method::CONNECT;
    assert_eq!(client().send(connect, &loopback()).await.expect_err("connect").code(), "invalid_target");
}
