//! A vendor whose API is opened by keys, passwords, signed tokens and logins: its definitions, and a server that takes
//! only the right ones.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::upstream::{Seen, Upstream, answer};
use super::{Server, Start};

/// What opens the vendor's API.
pub const KEY: &str = "vendor-key-5f0c2a91";
pub const USER: &str = "ada";
pub const PASSWORD: &str = "correct horse: battery";
/// A key of two halves, the second in hexadecimal.
pub const TWO_HALVES: &str = "61af:736967e26e696e67736563726574";

/// The vendor, running.
pub struct Vendor {
    pub upstream: Upstream,
    dir: TempDir,
}

impl Vendor {
    /// Starts it.
    pub async fn start() -> Self {
        let upstream = Upstream::start(|_, seen| respond(seen)).await;
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("vendor.yaml"), definitions(upstream.port)).unwrap();
        Self { upstream, dir }
    }

    /// A server that knows the vendor's definitions, with an integration of each.
    pub async fn server(&self) -> Server {
        let file = self.file();
        let exempt = format!("127.0.0.1:{}", self.upstream.port);
        let server = Start::dev().args(&["--provider-file", &file, "--exempt", &exempt]).start();
        for name in ["keyed", "basic", "signed", "chain", "billing", "saml", "open"] {
            let body = json!({"provider": format!("vendor-{name}"), "unique_key": name});
            server.api("POST", "/integrations", Some(body)).await.ok();
        }
        server
    }

    fn file(&self) -> String {
        path(&self.dir.path().join("vendor.yaml"))
    }

    /// The requests for a path.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        let all = self.upstream.seen();
        all.into_iter()
            .filter(|seen| seen.line().split(' ').nth(1).is_some_and(|at| at.starts_with(path)))
            .collect()
    }
}

fn path(file: &Path) -> String {
    file.to_str().unwrap().to_owned()
}

fn definitions(port: u16) -> String {
    let base = format!("http://127.0.0.1:{port}");
    format!(
        r#"
vendor-keyed:
  display_name: Vendor (key)
  auth_mode: API_KEY
  credentials:
    apiKey: {{type: string, title: Key, description: The key, pattern: '^vendor-key-[0-9a-f]+$'}}
  connection_config:
    area: {{type: string, title: Area, description: The area, pattern: '^[a-z]+$', optional: true}}
  proxy:
    base_url: {base}/api
    headers: {{x-api-key: '${{apiKey}}'}}
    query: {{area: '${{connectionConfig.area}}'}}
    verification: {{method: GET, endpoints: [/none, /me]}}
vendor-basic:
  display_name: Vendor (password)
  auth_mode: BASIC
  proxy:
    base_url: {base}/api
    verification: {{method: POST, endpoints: [/me], headers: {{x-verify: 'yes'}}, data: {{ask: who}}}}
vendor-signed:
  display_name: Vendor (JWT)
  auth_mode: JWT
  signature: {{protocol: HMAC}}
  token:
    signing_key: ${{credentials.privateKey.secret}}
    expires_in_ms: 300000
    header: {{alg: HS256, kid: '${{credentials.privateKey.id}}'}}
    payload: {{aud: /admin/}}
  credentials:
    privateKey: {{type: string, title: Key, description: The key, pattern: '^[0-9a-f]+:[0-9a-f]+$'}}
  proxy:
    base_url: {base}/api
    headers: {{authorization: 'Vendor ${{accessToken}}'}}
    verification: {{method: GET, endpoints: [/me]}}
vendor-chain:
  display_name: Vendor (login)
  auth_mode: TWO_STEP
  body_format: json
  token_url: {base}/login
  token_headers: {{content-type: application/json, x-app: '${{base64(${{credentials.user}})}}'}}
  token_params: {{login: {{user: '${{credentials.user}}', password: '${{credentials.password}}', remember: true}}}}
  additional_steps:
    - token_url: ${{step1.next}}/session
      token_request_method: GET
      token_headers: {{authorization: 'Bearer ${{step1.ticket}}'}}
  refresh_url: {base}/renew
  refresh_token_params: {{renew: '${{refresh_token}}'}}
  token_response: {{token: session.token, token_expiration: session.life, token_expiration_strategy: expireIn, refresh_token: session.renew}}
  token_response_metadata: [session.area]
  credentials:
    user: {{type: string, title: User, description: The user}}
    password: {{type: string, title: Password, description: The password, secret: true}}
  proxy:
    base_url: {base}/api
vendor-billing:
  display_name: Vendor (Bill.com)
  auth_mode: BILL
  token_url: {base}/bill/login
  proxy:
    base_url: {base}/bill
    headers: {{sessionid: '${{credentials.session_id}}', devkey: '${{credentials.dev_key}}'}}
vendor-saml:
  display_name: Vendor (SAML)
  auth_mode: TWO_STEP
  body_format: form
  token_url: {base}/saml
  token_params: {{grant_type: 'urn:ietf:params:oauth:grant-type:saml2-bearer', assertion: '${{credentials.assertion}}'}}
  token_response: {{token: access_token}}
  assertion:
    type: saml
    key: ${{assertionOption.privateKey}}
    issuer: our & own
    lifetimeInSeconds: '600'
    audiences: www.vendor.example
    attributes: {{api_key: '${{credentials.apiKey}}', use_email: false}}
    sessionIndex: ${{random}}
    nameIdentifier: ${{assertionOption.userName}}
    recipient: {base}/saml
  credentials:
    apiKey: {{type: string, title: Key, description: The key}}
    assertion: {{type: string, title: Assertion, description: Ours, automated: true}}
  assertion_option:
    userName: {{type: string, title: User, description: The user}}
    privateKey: {{type: string, title: Key, description: The key}}
  proxy:
    base_url: {base}/api
vendor-open:
  display_name: Vendor (open)
  auth_mode: NONE
  proxy:
    base_url: {base}/api
"#
    )
}

/// What the vendor says: 401 to whoever shows nothing that it knows.
fn respond(seen: &Seen) -> Vec<u8> {
    let line: Vec<&str> = seen.line().split(' ').collect();
    let path = line[1].split('?').next().unwrap();
    let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    if let ("/login", Some(kind)) =
        (path, body["login"]["password"].as_str().and_then(|it| it.strip_prefix("evil ")))
    {
        return hostile(kind);
    }
    let (status, told) = match path {
        "/login" => login(&body, seen),
        "/session" if seen.header("authorization") == "Bearer ticket-1" => ("200 OK", session("token-1")),
        "/renew" if body == json!({"renew": "renew-token-1"}) => ("200 OK", session("token-2")),
        "/bill/login"
            if body["password"] == PASSWORD && body["devKey"] == KEY && body["organizationId"] == "008" =>
        {
            ("200 OK", json!({"sessionId": "bill-session", "userId": "006", "organizationId": "008"}))
        }
        "/bill/me" if seen.header("sessionid") == "bill-session" && seen.header("devkey") == KEY => {
            ("200 OK", json!({"who": "bill"}))
        }
        "/api/me" if opens(seen) => ("200 OK", json!({"who": USER})),
        "/saml" => ("200 OK", json!({"access_token": "token-1"})),
        "/api/none" => ("404 Not Found", json!({})),
        "/api/open" => ("200 OK", json!({"open": true})),
        _ => ("401 Unauthorized", json!({"error": "who are you?"})),
    };
    answer(status, &[("Content-Type", "application/json")], told.to_string().as_bytes())
}

/// Answers of a login that nobody should trust.
fn hostile(kind: &str) -> Vec<u8> {
    let json =
        |body: Value| answer("200 OK", &[("Content-Type", "application/json")], body.to_string().as_bytes());
    match kind {
        "page" => answer("200 OK", &[("Content-Type", "text/html")], b"<html><body>Sign in</body></html>"),
        "10 MiB" => json(json!({"ticket": "x".repeat(10 << 20)})),
        "nesting" => {
            let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
            answer("200 OK", &[("Content-Type", "application/json")], deep.as_bytes())
        }
        "redirect" => answer("302 Found", &[("Location", "http://127.0.0.1:9/elsewhere")], b""),
        "file" => json(json!({"next": "file:///etc", "ticket": "t"})),
        "metadata" => json(json!({"next": "http://169.254.169.254/latest", "ticket": "t"})),
        "userinfo" => json(json!({"next": "http://u:p@127.0.0.1:9", "ticket": "t"})),
        "header" => json(json!({"next": "http://127.0.0.1:9", "ticket": "t\r\nx-evil: 1"})),
        _ => answer("204 No Content", &[], b""),
    }
}

fn login(body: &Value, seen: &Seen) -> (&'static str, Value) {
    let app = seen.header("x-app") == STANDARD.encode(USER);
    let right = json!({"login": {"user": USER, "password": PASSWORD, "remember": true}});
    if app && *body == right {
        let next = format!("http://{}", seen.header("host"));
        ("200 OK", json!({"next": next, "ticket": "ticket-1"}))
    } else {
        ("403 Forbidden", json!({"message": "wrong user or password"}))
    }
}

fn session(token: &str) -> Value {
    json!({"session": {"token": token, "life": "600", "renew": format!("renew-{token}"), "area": "north"}})
}

fn opens(seen: &Seen) -> bool {
    let authorization = seen.header("authorization");
    seen.header("x-api-key") == KEY
        || authorization == format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")))
        || authorization.strip_prefix("Vendor ").is_some_and(is_signed)
        || ["Bearer token-1", "Bearer token-2"].contains(&authorization.as_str())
}

/// Signed with the second half of the key, for us, and not yet ended.
fn is_signed(token: &str) -> bool {
    let secret = hex(TWO_HALVES.split_once(':').unwrap().1);
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.set_audience(&["/admin/"]);
    let key = jsonwebtoken::DecodingKey::from_secret(&secret);
    jsonwebtoken::decode::<Value>(token, &key, &rules)
        .is_ok_and(|read| read.header.kid.as_deref() == Some("61af") && read.claims["iat"].is_i64())
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
