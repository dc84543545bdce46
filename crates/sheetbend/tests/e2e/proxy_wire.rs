//! The proxy on the wire, against a provider that is a bare socket: what goes out, what comes back, byte for byte.

use crate::harness;

use harness::Server;
use harness::upstream::{Upstream, Wire, answer, connect, unchunked};
use serde_json::json;

async fn fine() -> Upstream {
    Upstream::start(|_, _| answer("200 OK", &[("Content-Type", "text/plain")], b"fine")).await
}

async fn status(server: &Server, line: &str, more: &str) -> u16 {
    let text = Wire::call(server, line, more).await.until("\r\n\r\n").await;
    text[9..12].parse().unwrap()
}

#[tokio::test]
async fn paths_and_queries_pass_byte_for_byte() {
    let upstream = fine().await;
    let (server, _dir) = upstream.server(&[]).await;
    let paths = [
        "//double//slash///",
        "/a%2Fb/%2f",
        "/v1.0/me/drive/root:/a%20b.xlsx:/workbook/worksheets('Sheet%201')/range(address='A1:B2')",
        "/x?$top=2&$filter=startswith(a,'b')&%24skip=1&q=//&e=&=&&+%2B",
        "/_api/web/lists(guid'1')/items?$skiptoken=Paged%3dTRUE%26p_ID%3d2",
        "/file..name/..hidden/...",
        "/~!*;:@,=[]|{}\"",
        "/?",
        "",
    ];
    for path in paths {
        upstream.forget();
        assert_eq!(status(&server, &format!("GET /proxy{path}"), "").await, 200, "{path}");
        let wanted = if path.is_empty() { "/" } else { path };
        assert_eq!(upstream.seen()[0].line(), format!("GET /base{wanted} HTTP/1.1"), "{path}");
    }
    server.calm();
}

#[tokio::test]
async fn targets_that_no_byte_leaves_for() {
    let upstream = fine().await;
    let (server, _dir) = upstream.server(&[]).await;
    let dots = ["/../x", "/a/../b", "/a/%2e%2E/b", "/.", "/a/.%2e/", "/a/..?x", "/a\\..\\b"];
    for path in dots {
        let text = Wire::call(&server, &format!("GET /proxy{path}"), "").await.until("}").await;
        assert!(text.starts_with("HTTP/1.1 400") && text.contains("invalid_endpoint"), "{path}: {text}");
    }
    // Bytes that are no part of a URL: the HTTP parser itself refuses some, our own check the others.
    for path in ["/a\u{1}b", "/a\u{7f}b", "/a\tb", "/a\u{e9}b", "/a\u{0}b"] {
        let text = Wire::call(&server, &format!("GET /proxy{path}"), "").await.until("\r\n\r\n").await;
        assert!(text.starts_with("HTTP/1.1 400"), "{path:?}: {text}");
    }
    for foreign in ["https://evil.example/x", "http://127.0.0.1:1/x", "https://graph.microsoft.com/v1.0/me"] {
        let text = Wire::call(&server, &format!("GET /proxy/{foreign}"), "").await.until("}").await;
        assert!(text.contains("base_url_override_not_allowed"), "{foreign}: {text}");
        let line = format!("Base-Url-Override: {foreign}\r\n");
        let text = Wire::call(&server, "GET /proxy/x", &line).await.until("}").await;
        assert!(text.contains("base_url_override_not_allowed"), "{foreign}: {text}");
    }
    for odd in ["ftp://x.example", "https://u:p@x.example", "nonsense", "https://x.example?q"] {
        let line = format!("Base-Url-Override: {odd}\r\n");
        let text = Wire::call(&server, "GET /proxy/x", &line).await.until("}").await;
        assert!(text.contains("invalid_headers"), "{odd}: {text}");
    }
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen());
    let own = format!("GET /proxy/http://127.0.0.1:{}/elsewhere?a=%2F", upstream.port);
    assert_eq!(status(&server, &own, "").await, 200);
    assert_eq!(upstream.seen()[0].line(), "GET /elsewhere?a=%2F HTTP/1.1");
    server.calm();
}

#[tokio::test]
async fn private_addresses_are_refused_also_behind_a_name_that_is_allowed() {
    let upstream = fine().await;
    let (server, _dir) = upstream.server(&[]).await;
    let hosts =
        ["localhost", "10.0.0.1", "169.254.169.254", "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "0.0.0.0"];
    let listed: Vec<&str> = hosts.into_iter().filter(|host| !host.starts_with('[')).collect();
    let change = json!({"allowed_hosts": listed});
    server.api("PATCH", "/integrations/raw", Some(change)).await.ok();
    for host in hosts {
        let line = format!("Base-Url-Override: https://{host}\r\n");
        let text = Wire::call(&server, "GET /proxy/x", &line).await.until("}").await;
        assert!(
            text.starts_with("HTTP/1.1 400") && text.contains("base_url_override_not_allowed"),
            "{host}: {text}"
        );
    }
    assert!(upstream.seen().is_empty());
    server.calm();
}

#[tokio::test]
async fn headers_that_leave_and_headers_that_stay() {
    let upstream = fine().await;
    let (server, _dir) = upstream.server(&[]).await;
    let more = "If-Match: \"1\"\r\nPrefer: respond-async, wait=5\r\nX-HTTP-Method: MERGE\r\n\
        workbook-session-id: cluster=1&session=2\r\nX-RequestDigest: 0xAB,1\r\nRange: bytes=0-1\r\n\
        Accept: */*\r\nX-Twice: a\r\nX-Twice: b\r\nNango-Proxy-If-None-Match: \"2\"\r\nNango-Proxy-Accept-Language: de\r\n\
        Cookie: c=1\r\nOrigin: http://o\r\nReferer: http://r\r\nForwarded: for=1\r\nVia: 1.1 v\r\nX-Forwarded-For: 1.2.3.4\r\n\
        X-Real-IP: 1.2.3.4\r\nTraceparent: 00-1\r\nTE: trailers\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\nConnection: X-Secret\r\n\
        X-Secret: s\r\nProxy-Authorization: Basic x\r\nRetries: 0\r\nDecompress: false\r\nNango-Is-Sync: false\r\n\
        Sheetbend-Rewrite-Links: false\r\nNango-Activity-Log-Id:\r\n";
    assert_eq!(status(&server, "GET /proxy/h", more).await, 200);
    let seen = upstream.seen()[0].clone();
    for (name, value) in [
        ("if-match", "\"1\""),
        ("prefer", "respond-async, wait=5"),
        ("x-http-method", "MERGE"),
        ("workbook-session-id", "cluster=1&session=2"),
        ("x-requestdigest", "0xAB,1"),
        ("range", "bytes=0-1"),
        ("x-twice", "a|b"),
        ("if-none-match", "\"2\""),
        ("accept-language", "de"),
        ("accept", "application/x-of-the-provider"),
        ("authorization", "Bearer first-token"),
    ] {
        assert_eq!(seen.header(name), value, "{name} in {}", seen.head);
    }
    assert_eq!(seen.header("host"), format!("127.0.0.1:{}", upstream.port));
    for name in [
        "cookie",
        "origin",
        "referer",
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-real-ip",
        "traceparent",
        "te",
        "keep-alive",
        "upgrade",
        "x-secret",
        "proxy-authorization",
        "retries",
        "decompress",
        "nango-is-sync",
        "sheetbend-rewrite-links",
        "nango-activity-log-id",
        "provider-config-key",
        "connection-id",
        "content-length",
        "transfer-encoding",
    ] {
        assert_eq!(seen.header(name), "", "{name} in {}", seen.head);
    }
    assert!(!seen.head.contains(server.key()) && !seen.head.to_lowercase().contains("nango-proxy"));
    server.calm();
}

#[tokio::test]
async fn a_header_cannot_be_used_to_smuggle() {
    let upstream = fine().await;
    let (server, _dir) = upstream.server(&[]).await;
    for hostile in [
        "Nango-Proxy-Transfer-Encoding: chunked\r\n",
        "Nango-Proxy-Content-Length: 50\r\n",
        "Nango-Proxy-Host: evil.example\r\n",
        "Nango-Proxy-Connection: upgrade\r\n",
        "Nango-Proxy-: x\r\n",
        "Nango-Proxy-Expect: 100-continue\r\n",
    ] {
        upstream.forget();
        assert_eq!(status(&server, "GET /proxy/h", hostile).await, 200, "{hostile}");
        let seen = upstream.seen();
        assert_eq!(seen.len(), 1);
        let head = &seen[0];
        assert_eq!(head.header("host"), format!("127.0.0.1:{}", upstream.port));
        assert_eq!(
            head.header("transfer-encoding") + &head.header("content-length") + &head.header("expect"),
            ""
        );
    }
    for broken in [
        "Nango-Proxy-X: a\rEvil: 1\r\n",
        "Nango-Proxy-X: a\nEvil\r\n",
        "Nango-Proxy-X: a\u{0}b\r\n",
        "Nango-Proxy-X y: 1\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
    ] {
        upstream.forget();
        let text = Wire::call(&server, "GET /proxy/h", broken).await.until("\r\n\r\n").await;
        assert!(text.starts_with("HTTP/1.1 400"), "{broken:?}: {text}");
        assert!(upstream.seen().iter().all(|seen| seen.header("evil").is_empty()), "{broken:?}");
    }
    for (name, value) in [("Retries", "x"), ("Retry-On", "a,b"), ("Decompress", "maybe"), ("Retries", "-1")] {
        let line = format!("{name}: {value}\r\n");
        let text = Wire::call(&server, "GET /proxy/h", &line).await.until("}").await;
        assert!(text.contains("invalid_headers"), "{name}: {text}");
    }
    server.calm();
}

#[tokio::test]
async fn answers_come_back_whole_without_what_would_speak_for_us() {
    let upstream = Upstream::start(|_, _| {
        let headers = [
            ("Set-Cookie", "a=b"),
            ("Strict-Transport-Security", "max-age=1"),
            ("Clear-Site-Data", "*"),
            ("Alt-Svc", "h3"),
            ("Access-Control-Allow-Origin", "https://evil.example"),
            ("NEL", "{}"),
            ("Content-Security-Policy", "x"),
            ("Report-To", "x"),
            ("Service-Worker-Allowed", "/"),
            ("Connection", "x-odd"),
            ("X-Odd", "1"),
            ("Keep-Alive", "timeout=5"),
            ("ETag", "W/\"1\""),
            ("Retry-After", "7"),
            ("RateLimit-Remaining", "3"),
            ("request-id", "r-1"),
            ("x-request-id", "theirs"),
            ("Content-Disposition", "attachment"),
            ("X-Content-Type-Options", "other"),
            ("Content-Type", "application/problem+json"),
        ];
        answer("418 I'm a teapot", &headers, b"{\"error\":{\"code\":\"teapot\"}}")
    })
    .await;
    let (server, _dir) = upstream.server(&[]).await;
    let got = server.proxy("GET", "/x", "raw", "one").await;
    assert_eq!((got.status.as_u16(), got.text().as_str()), (418, "{\"error\":{\"code\":\"teapot\"}}"));
    assert_eq!(got.header("access-control-allow-origin"), "*", "ours, not theirs");
    for name in [
        "set-cookie",
        "strict-transport-security",
        "clear-site-data",
        "alt-svc",
        "nel",
        "content-security-policy",
        "report-to",
        "service-worker-allowed",
        "x-odd",
        "keep-alive",
    ] {
        assert_eq!(got.header(name), "", "{name}");
    }
    for (name, value) in [
        ("etag", "W/\"1\""),
        ("retry-after", "7"),
        ("ratelimit-remaining", "3"),
        ("request-id", "r-1"),
        ("x-request-id", "theirs"),
        ("content-disposition", "attachment"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "application/problem+json"),
    ] {
        assert_eq!(got.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn bodies_pass_untouched_in_both_directions() {
    // Not gzip at all: whoever unpacks it on the way fails.
    let packed: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let sent = packed.clone();
    let upstream = Upstream::start(move |_, _| {
        answer("200 OK", &[("Content-Encoding", "gzip"), ("Content-Type", "application/json")], &sent)
    })
    .await;
    let (server, _dir) = upstream.server(&[]).await;
    let headers =
        [("content-encoding", "gzip"), ("content-type", "application/json"), ("accept-encoding", "gzip")];
    let got = server.proxy_with("POST", "/x", "raw", "one", &headers, packed.clone()).await;
    assert_eq!((got.status.as_u16(), got.header("content-encoding")), (200, "gzip"));
    assert!(got.body == packed, "the answer was changed");
    let seen = &upstream.seen()[0];
    assert!(seen.body == packed, "the request was changed");
    assert_eq!(
        (seen.header("content-length").as_str(), seen.header("content-encoding").as_str()),
        ("200000", "gzip")
    );
    upstream.forget();
    let mut wire =
        Wire::call(&server, "PUT /proxy/y", "Transfer-Encoding: chunked\r\nContent-Type: a/b\r\n").await;
    for part in packed.chunks(70_000) {
        wire.send(format!("{:x}\r\n", part.len()).as_bytes()).await;
        wire.send(part).await;
        wire.send(b"\r\n").await;
    }
    wire.send(b"0\r\n\r\n").await;
    assert!(wire.until("\r\n\r\n").await.starts_with("HTTP/1.1 200"));
    let seen = &upstream.seen()[0];
    assert_eq!(seen.header("transfer-encoding"), "chunked");
    assert!(unchunked(&seen.body) == packed, "the chunked request was changed");
    for method in ["DELETE", "HEAD", "OPTIONS", "MERGE", "PROPFIND"] {
        upstream.forget();
        let got = server.proxy(method, "/z", "raw", "one").await;
        assert_eq!(got.status, 200, "{method}");
        assert_eq!(upstream.seen()[0].line(), format!("{method} /base/z HTTP/1.1"));
        assert_eq!(upstream.seen()[0].header("content-length"), "", "{method}: a body was invented");
    }
    connect(&server, "two", json!({"access_token": "second"})).await;
    server.calm();
}
