//! A sandbox behind a real listener, a plain HTTP client, and a browser that follows forms and keeps cookies.

#![expect(dead_code, reason = "every test binary uses its own part of this module")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use domain::Clock;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// 21 November 2026, 17:00:00 UTC.
pub const START_MS: i64 = 1_795_280_400_000;
pub const CALLBACK: &str = "http://localhost:3003/oauth/callback";
/// RFC 7636 Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A clock that stands until it is moved.
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A served sandbox.
pub struct Fixture {
    pub sandbox: Sandbox,
    pub port: u16,
    client: Client<HttpConnector, Full<Bytes>>,
    shutdown: CancellationToken,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirect goes: the URL and its query, or its fragment read as one.
    pub fn location(&self) -> (String, Params) {
        assert_eq!(self.status, StatusCode::FOUND, "no redirect: {}", self.body);
        let url = self.header("location").to_owned();
        let (base, encoded) = url.split_once(['?', '#']).unwrap_or((&url, ""));
        (base.to_owned(), Params(serde_urlencoded::from_str(encoded).unwrap()))
    }

    /// Asserts a refusal of the token endpoint.
    #[track_caller]
    pub fn refused(&self, status: u16, error: &str, code: u32) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["error"].as_str().unwrap()), (status, error), "{body}");
        assert_eq!(body["error_codes"], serde_json::json!([code]), "{body}");
        let description = body["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
        assert!(description.contains("Trace ID: ") && description.contains("Timestamp: 20"), "{description}");
        assert_eq!(self.header("x-ms-request-id"), body["trace_id"]);
        body
    }

    /// Asserts a page that shows this error and goes nowhere.
    #[track_caller]
    pub fn error_page(&self, code: u32) {
        assert!(self.headers.get("location").is_none());
        assert!(self.body.contains(&format!("AADSTS{code}: ")), "{}", self.body);
        assert!(self.body.contains("Sandbox: simulated Microsoft sign-in"));
    }
}

/// Parameters of a redirect.
#[derive(Debug, Clone)]
pub struct Params(pub Vec<(String, String)>);

impl Params {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Fixture {
    pub async fn open() -> Self {
        Self::of(Self::options()).await
    }

    pub async fn open_in(dir: &Path) -> Self {
        Self::of(SandboxOptions { state_dir: Some(dir.to_owned()), ..Self::options() }).await
    }

    pub fn options() -> SandboxOptions {
        SandboxOptions::new(Arc::new(TestClock(AtomicI64::new(START_MS))))
    }

    pub async fn of(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::open(options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = CancellationToken::new();
        let (served, until) = (sandbox.clone(), shutdown.clone());
        tokio::spawn(async move { served.serve(listener, until).await });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { sandbox, port, client, shutdown }
    }

    /// The same sandbox, reached on another port.
    pub fn view(other: &Self, port: u16) -> Self {
        Self {
            sandbox: other.sandbox.clone(),
            port,
            client: other.client.clone(),
            shutdown: CancellationToken::new(),
        }
    }

    pub fn login(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub async fn send(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header("host", format!("{host}:{}", self.port));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let reply = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", "localhost", path, &[], "").await.unwrap()
    }

    /// A call to Graph or SharePoint with a bearer token.
    pub async fn call(&self, host: &str, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send("GET", host, path, &[("authorization", &bearer)], "").await.unwrap()
    }

    /// Posts a form.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send("POST", "localhost", path, &all, &body).await.unwrap()
    }

    /// Asks the v2 token endpoint of `authority`.
    pub async fn token(&self, authority: &str, fields: &[(&str, &str)]) -> Answer {
        self.form(&format!("/{authority}/oauth2/v2.0/token"), fields, &[]).await
    }

    pub async fn control(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, "localhost", &format!("/_control/{path}"), &[], &body).await.unwrap()
    }

    /// Does something that must succeed under `/_control`.
    #[track_caller]
    pub fn must(&self, method: &'static str, path: &str, body: Value) -> impl Future<Output = Value> + '_ {
        let path = path.to_owned();
        async move {
            let answer = self.control(method, &path, body).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            answer.json()
        }
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { fixture: self, cookie: None }
    }
}

/// A browser at the sign-in service.
pub struct Browser<'a> {
    fixture: &'a Fixture,
    pub cookie: Option<String>,
}

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Answer {
        let cookie = self.cookie.clone().unwrap_or_default();
        let answer = self.fixture.send("GET", "localhost", path, &[("cookie", &cookie)], "").await.unwrap();
        self.keep(&answer);
        answer
    }

    /// `…/{authority}/oauth2/v2.0/authorize` with these parameters.
    pub async fn authorize(&mut self, authority: &str, params: &[(&str, &str)]) -> Answer {
        let query = serde_urlencoded::to_string(params).unwrap();
        self.get(&format!("/{authority}/oauth2/v2.0/authorize?{query}")).await
    }

    /// Submits the first form of a page with these fields beside the hidden ones.
    pub async fn submit(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let action = attribute(&page.body, "action=\"").expect("a form");
        let mut all: Vec<(&str, &str)> = fields.to_vec();
        let flow = attribute(&page.body, "name=flow value=\"");
        if let Some(flow) = &flow {
            all.push(("flow", flow));
        }
        let cookie = self.cookie.clone().unwrap_or_default();
        let answer = self.fixture.form(&action, &all, &[("cookie", &cookie)]).await;
        self.keep(&answer);
        answer
    }

    /// Picks an account on the sign-in page.
    pub async fn pick(&mut self, page: &Answer, upn: &str) -> Answer {
        assert!(page.body.contains("<h1>Sign in</h1>"), "no sign-in page: {}", page.body);
        self.submit(page, &[("username", upn)]).await
    }

    pub async fn accept(&mut self, page: &Answer) -> Answer {
        assert!(page.body.contains("Permissions requested"), "no consent page: {}", page.body);
        self.submit(page, &[("decision", "accept")]).await
    }

    fn keep(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.headers.get("set-cookie") {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
    }
}

/// The quoted text after `mark`.
fn attribute(html: &str, mark: &str) -> Option<String> {
    let from = html.find(mark)? + mark.len();
    let text = &html[from..];
    Some(text[..text.find('"')?].replace("&amp;", "&"))
}

/// What a web app asks for.
pub fn authorize_params<'a>(app: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("client_id", app),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", scope),
        ("state", "a state & more"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// Signs in a user through the browser, agreeing where asked, and gives the code.
pub async fn code_of(fixture: &Fixture, authority: &str, app: &str, upn: &str, scope: &str) -> String {
    let mut browser = fixture.browser();
    let page = browser.authorize(authority, &authorize_params(app, scope)).await;
    let mut next = browser.pick(&page, upn).await;
    if next.status == StatusCode::OK {
        next = browser.accept(&next).await;
    }
    let (to, params) = next.location();
    assert_eq!(to, CALLBACK);
    assert_eq!(params.get("state"), Some("a state & more"));
    params.get("code").unwrap_or_else(|| panic!("{params:?}")).to_owned()
}

/// The fields that redeem a code.
pub fn redeem<'a>(app: &'a str, secret: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", app),
        ("client_secret", secret),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// The same fields with one replaced, or removed when empty (Entra ID takes empty for absent).
pub fn with<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut out: Vec<_> = fields.iter().copied().filter(|(known, _)| *known != name).collect();
    out.push((name, value));
    out
}

/// Signs in a user and redeems the code: the token endpoint's answer.
pub async fn tokens_of(fixture: &Fixture, app: &str, secret: &str, upn: &str, scope: &str) -> Value {
    let code = code_of(fixture, "common", app, upn, scope).await;
    let answer = fixture.token("common", &redeem(app, secret, &code)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

/// The claims of a JWT, not verified.
pub fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&json).unwrap()
}
