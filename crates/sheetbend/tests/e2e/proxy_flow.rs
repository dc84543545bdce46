//! Time and repetition in the proxy: streams, stalls, redirects, retries, links.

use crate::harness;

use std::time::Duration;

use harness::upstream::{Upstream, Wire, answer, read_request};
use harness::{Server, Start};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

#[tokio::test]
async fn both_directions_stream() {
    let upstream = Upstream::start_with(|mut stream, _| async move {
        let mut received = Vec::new();
        while !received.windows(5).any(|part| part == b"first") {
            stream.read_buf(&mut received).await.unwrap();
        }
        // The caller has sent only half of its body: answer the first half of ours.
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n";
        stream.write_all(format!("{head}3\r\none\r\n").as_bytes()).await.unwrap();
        while !received.ends_with(b"0\r\n\r\n") {
            stream.read_buf(&mut received).await.unwrap();
        }
        stream.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await.unwrap();
    })
    .await;
    let (server, _dir) = upstream.server(&[]).await;
    let mut wire = Wire::call(&server, "POST /proxy/s", "Transfer-Encoding: chunked\r\n").await;
    wire.send(b"5\r\nfirst\r\n").await;
    let text = wire.until("one").await;
    assert!(text.starts_with("HTTP/1.1 200") && !text.contains("two"), "{text}");
    wire.send(b"6\r\nsecond\r\n0\r\n\r\n").await;
    wire.until("two").await;
    server.calm();
}

async fn failed_operation(server: &Server, path: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let list = server.api("GET", "/operations?type=proxy&state=failed", None).await.ok();
        if let Some(one) = list["data"].as_array().unwrap().iter().find(|one| one.to_string().contains(path))
        {
            return one.to_string();
        }
        assert!(Instant::now() < deadline, "no failed operation for {path}: {list}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_provider_that_stalls_or_hangs_up_ends_the_call_and_is_told() {
    let upstream = Upstream::start_with(|mut stream, _| async move {
        let Some(request) = read_request(&mut stream).await else { return };
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part";
        if request.line().contains("/silent") {
            tokio::time::sleep(Duration::from_secs(30)).await;
        } else if request.line().contains("/gone") {
            return;
        }
        stream.write_all(head.as_bytes()).await.unwrap();
        if request.line().contains("/stalls") {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
    })
    .await;
    let (server, _dir) = upstream.server(&["--idle-body-timeout", "1", "--first-byte-timeout", "1"]).await;
    for path in ["/stalls", "/closes"] {
        let started = Instant::now();
        let received = Wire::call(&server, &format!("GET /proxy{path}"), "").await.rest().await;
        let text = String::from_utf8_lossy(&received);
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("only a part"), "{path}: {text}");
        assert!(started.elapsed() < Duration::from_secs(5));
        failed_operation(&server, path).await;
    }
    let gone = server.proxy("GET", "/gone", "raw", "one").await;
    assert_eq!(
        (gone.status.as_u16(), gone.json()["code"].as_str()),
        (500, Some("ECONNRESET")),
        "{}",
        gone.text()
    );
    let silent = server.proxy("GET", "/silent", "raw", "one").await;
    assert_eq!(
        (silent.status.as_u16(), silent.json()["code"].as_str()),
        (500, Some("ETIMEDOUT")),
        "{}",
        silent.text()
    );
    assert_eq!(silent.json()["error"]["code"], "first_byte_timeout");
    failed_operation(&server, "/silent").await;
    assert_eq!(server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.status, 200);
    server.calm();
}

#[tokio::test]
async fn retries_happen_only_when_asked_for_and_as_the_provider_says() {
    let upstream = Upstream::start(|number, seen| match (seen.line(), number % 2) {
        (line, 0) if line.contains("/busy") => answer("429 Too Many", &[("Retry-After", "1")], b"busy"),
        (line, 0) if line.contains("/odd") => answer("404 No", &[("Retry-After", "0")], b"odd"),
        _ => answer("200 OK", &[], &seen.body),
    })
    .await;
    let (server, _dir) = upstream.server(&[]).await;
    let call = async |path: &str, headers: &[(&str, &str)]| {
        upstream.forget();
        let started = Instant::now();
        let got = server.proxy_with("POST", path, "raw", "one", headers, "the body").await;
        (got, upstream.seen(), started.elapsed())
    };
    let (got, seen, _) = call("/busy", &[]).await;
    assert_eq!((got.status.as_u16(), got.header("retry-after"), seen.len()), (429, "1", 1));
    let (got, seen, took) = call("/busy", &[("retries", "1")]).await;
    assert_eq!((got.status.as_u16(), got.text().as_str(), seen.len()), (200, "the body", 2));
    assert!(seen.iter().all(|one| one.body == b"the body"), "the body goes out again");
    assert!(took >= Duration::from_millis(950) && took < Duration::from_secs(3), "{took:?}");
    let (got, seen, _) = call("/odd", &[("retries", "1")]).await;
    assert_eq!((got.status.as_u16(), seen.len()), (404, 1));
    let (got, seen, _) = call("/odd", &[("retries", "1"), ("retry-on", "404,409")]).await;
    assert_eq!((got.status.as_u16(), seen.len()), (200, 2));
    server.calm();
}

#[tokio::test]
async fn redirects_lose_the_token_at_another_origin() {
    let other = Upstream::start(|_, _| answer("200 OK", &[], b"moved")).await;
    let elsewhere = format!("http://127.0.0.1:{}/file", other.port);
    let upstream = Upstream::start(move |_, seen| match seen.line() {
        line if line.contains("/far") => answer("302 Found", &[("Location", &elsewhere)], b""),
        line if line.contains("/near") => answer("307 Temporary", &[("Location", "/base/here")], b""),
        line if line.contains("/loop") => answer("302 Found", &[("Location", "/base/loop")], b""),
        _ => answer("200 OK", &[], b"here"),
    })
    .await;
    let exempt = format!("127.0.0.1:{}", other.port);
    let (server, _dir) = upstream.server(&["--exempt", &exempt]).await;
    let headers = [("x-own", "1"), ("range", "bytes=0-1"), ("if-match", "\"1\"")];
    let get = async |path: &str, more: &[(&str, &str)]| {
        server.proxy_with("GET", path, "raw", "one", &[&headers, more].concat(), "").await
    };
    assert_eq!(get("/far", &[]).await.text(), "moved");
    let seen = other.seen()[0].clone();
    assert_eq!(
        seen.header("authorization") + &seen.header("x-own") + &seen.header("if-match"),
        "",
        "{}",
        seen.head
    );
    assert_eq!(seen.header("range"), "bytes=0-1");
    assert_eq!(get("/near", &[]).await.text(), "here");
    let near = upstream.seen().pop().unwrap();
    assert_eq!(
        (near.line(), near.header("authorization").as_str()),
        ("GET /base/here HTTP/1.1", "Bearer first-token")
    );
    let passed = get("/far", &[("sheetbend-follow-redirects", "false")]).await;
    assert_eq!((passed.status.as_u16(), passed.header("location").ends_with("/file")), (302, true));
    get("/far", &[("forward-headers-on-redirect", "true")]).await;
    let far = other.seen().pop().unwrap();
    assert_eq!(
        (far.header("x-own").as_str(), far.header("authorization").as_str()),
        ("1", ""),
        "{}",
        far.head
    );
    let own = [("forward-headers-on-redirect", "true"), ("nango-proxy-authorization", "Bearer mine")];
    get("/far", &own).await;
    assert_eq!(other.seen().pop().unwrap().header("authorization"), "Bearer mine", "the caller's word");
    let looped = get("/loop", &[]).await;
    assert_eq!(looped.status, 500, "{}", looped.text());
    assert_eq!(looped.json()["error"]["code"], "too_many_redirects");
    let posted = server.proxy_with("POST", "/far", "raw", "one", &[], "body").await;
    assert_eq!(posted.status, 302, "only GET and HEAD are followed");
    server.calm();
}

#[tokio::test]
async fn the_sandbox_s_files_come_by_redirect_and_in_ranges() {
    let server = Start::dev().start();
    let path = format!("/v1.0/me/drive/items/{}/content", server.file("Sales.xlsx"));
    let call = async |headers: &[(&str, &str)]| {
        server.proxy_with("GET", &path, "microsoft-excel", "demo-excel", headers, "").await
    };
    let whole = call(&[]).await;
    assert!(whole.status == 200 && whole.body.starts_with(b"PK\x03\x04"), "{}", whole.status);
    let part = call(&[("range", "bytes=0-3")]).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &b"PK\x03\x04"[..]));
    assert!(part.header("content-range").starts_with("bytes 0-3/"));
    let passed = call(&[("sheetbend-follow-redirects", "false")]).await;
    assert_eq!(passed.status, 302);
    assert!(passed.header("location").contains("/_files/"), "a download URL stays the provider's own");
}

#[tokio::test]
async fn links_to_the_next_page_come_back_in_every_flavour() {
    let upstream = Upstream::start(|_, seen| {
        let own = format!("http://{}/base", seen.header("host"));
        let slashed = own.replace('/', "\\/");
        let beside = own.replace("/base", "/v1");
        let body = format!(
            "{{\"@odata.nextLink\" : \"{own}/a?$skiptoken=1\",\"odata.nextLink\":\"{slashed}\\/b\",\
              \"d\":{{\"__next\":\"{own}/c\"}},\"@odata.deltaLink\":\"{own}/d\",\"webUrl\":\"{own}/e\",\
              \"@microsoft.graph.downloadUrl\":\"{own}/f\",\"x\":{{\"@odata.nextLink\":\"https://evil.example/g\"}}}}"
        );
        let location = format!("{own}/monitor");
        let link = format!("<{own}/h>; rel=\"next\", <{beside}/h2>; rel=\"last\", <https://other.example/i>; rel=\"prev\"");
        let headers = [("Content-Type", "application/json; odata=verbose"), ("Location", &location), ("Link", &link)];
        answer("201 Created", &headers, body.as_bytes())
    })
    .await;
    let (server, _dir) = upstream.server(&[]).await;
    let plain = server.proxy("GET", "/list", "raw", "one").await;
    let own = format!("http://127.0.0.1:{}/base", upstream.port);
    assert_eq!(plain.json()["@odata.nextLink"], format!("{own}/a?$skiptoken=1"), "off unless asked for");
    server.api("PATCH", "/integrations/raw", Some(json!({"rewrite_links": true}))).await.ok();
    let ours = format!("{}/proxy", server.url());
    for headers in [&[][..], &[("sheetbend-rewrite-links", "true")][..]] {
        let got = server.proxy_with("GET", "/list", "raw", "one", headers, "").await;
        let body = got.json();
        assert_eq!(body["@odata.nextLink"], format!("{ours}/a?$skiptoken=1"), "{}", got.text());
        assert_eq!(body["odata.nextLink"], format!("{ours}/b"));
        assert_eq!(body["d"]["__next"], format!("{ours}/c"));
        assert_eq!(body["@odata.deltaLink"], format!("{ours}/d"));
        assert_eq!(body["webUrl"], format!("{own}/e"), "not a link to follow");
        assert_eq!(body["@microsoft.graph.downloadUrl"], format!("{own}/f"));
        assert_eq!(body["x"]["@odata.nextLink"], "https://evil.example/g", "another origin's");
        assert_eq!(got.header("location"), format!("{ours}/monitor"));
        assert_eq!(
            got.header("link"),
            format!(
                "<{ours}/h>; rel=\"next\", <{ours}/{}/h2>; rel=\"last\", <https://other.example/i>; rel=\"prev\"",
                own.replace("/base", "/v1")
            )
        );
    }
    let kept =
        server.proxy_with("GET", "/list", "raw", "one", &[("sheetbend-rewrite-links", "false")], "").await;
    assert_eq!(kept.json()["@odata.nextLink"], format!("{own}/a?$skiptoken=1"));
    server.calm();
}

/// gzip of `{"rows":[1,2,3]}`.
const PACKED: [u8; 36] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 171, 86, 42, 202, 47, 47, 86, 178, 138, 54, 212, 49, 210, 49, 142,
    173, 5, 0, 95, 235, 221, 236, 16, 0, 0, 0,
];

#[tokio::test]
async fn packed_answers_are_unpacked_when_asked_for_and_else_pass_as_they_are() {
    let upstream = Upstream::start(|_, seen| {
        let gzip = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
        match seen.line() {
            line if line.contains("/broken") => answer("200 OK", &gzip, &PACKED[..20]),
            line if line.contains("/other") => answer("200 OK", &[("Content-Encoding", "br")], b"brotli"),
            line if line.starts_with("HEAD") => answer("200 OK", &gzip, b""),
            _ => answer("200 OK", &gzip, &PACKED),
        }
    })
    .await;
    let (server, _dir) = upstream.server(&[]).await;
    let wanted = [("accept-encoding", "br, gzip"), ("decompress", "true")];
    let plain = server.proxy_with("GET", "/rows", "raw", "one", &wanted, "").await;
    assert_eq!((plain.json(), plain.header("content-encoding")), (json!({"rows": [1, 2, 3]}), ""));
    assert_eq!(upstream.seen()[0].header("accept-encoding"), "gzip", "what can be unpacked here");
    let packed = server.proxy_with("GET", "/rows", "raw", "one", &wanted[..1], "").await;
    assert_eq!((&packed.body[..], packed.header("content-encoding")), (&PACKED[..], "gzip"));
    assert_eq!(upstream.seen()[1].header("accept-encoding"), "br, gzip");
    let other = server.proxy_with("GET", "/other", "raw", "one", &wanted, "").await;
    assert_eq!(
        (other.text().as_str(), other.header("content-encoding")),
        ("brotli", "br"),
        "said what it is"
    );
    let head = server.proxy_with("HEAD", "/rows", "raw", "one", &wanted, "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    let bearer = format!("Bearer {}", server.key());
    let own = [("authorization", bearer.as_str()), ("provider-config-key", "raw"), ("connection-id", "one")];
    let url = format!("{}/proxy/broken", server.url());
    let broken = harness::request("GET", &url, &[&own[..], &wanted[..]].concat(), "").await;
    assert!(broken.is_none(), "half an answer must not look whole");
    let failed = harness::eventually("the broken answer in the log", async || {
        let all = server.api("GET", "/operations?type=proxy&state=failed", None).await.json();
        all["data"].as_array().unwrap().iter().find(|one| one.to_string().contains("/broken")).cloned()
    })
    .await;
    assert!(failed["error"].to_string().contains("gzip"), "{failed}");
    server.calm();
}
