//! A session that uses every kind of secret leaves none of them in the database, its write-ahead log, or the output.

use crate::harness;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use harness::connect::{CONTOSO, DAEMON, MULTI, integration, session_of, sign_in};
use harness::person::Person;
use harness::{Answer, Server, Start, eventually};
use serde_json::{Value, json};

const CLIENT_SECRET: &str = "client-secret-7f3a9c1e5b2d";
const KEY: &str = "mine";

/// A secret and what to call it when it is found.
struct Used(Vec<(&'static str, String)>);

impl Used {
    fn note(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        assert!(value.len() >= 12, "{name} is too short to look for: {value:?}");
        self.0.push((name, value));
    }

    fn note_parameters(&mut self, url: &url::Url, names: [&'static str; 2]) {
        for (key, value) in url.query_pairs() {
            if let Some(name) = names.iter().find(|name| **name == key) {
                self.note(name, value.into_owned());
            }
        }
    }
}

#[tokio::test]
async fn no_secret_is_written_in_clear_anywhere() {
    let mut server = Start::dev().args(&["--log-level", "debug"]).start();
    let mut used = Used(Vec::new());
    used.note("API key", server.key());
    connect_and_call(&server, &mut used).await;
    refused_calls(&server, &mut used).await;
    application(&server, &mut used).await;
    other_tokens(&server, &mut used).await;
    eventually("the log", async || {
        let found = server.api("GET", "/operations?type=proxy", None).await.json();
        (found["data"].as_array().unwrap().len() >= 2).then_some(())
    })
    .await;
    // Before the stop the newest pages are in the write-ahead log, after it in the database.
    assert!(server.data_dir.join("sheetbend.db-wal").metadata().unwrap().len() > 0);
    look_everywhere(&server.data_dir, &used);
    assert_eq!(server.stop(), Some(0));
    look_everywhere(&server.data_dir, &used);
    the_private_files_are_private(&server);
}

async fn connect_and_call(server: &Server, used: &mut Used) {
    let secret = json!({"value": CLIENT_SECRET, "expires_ms": 4_102_444_800_000_i64});
    let added = server.control(&format!("apps/{MULTI}/secrets"), secret).await;
    assert_eq!(added.status, 200, "{}", added.text());
    let client = json!({"credentials": {"type": "OAUTH2", "client_id": MULTI, "client_secret": CLIENT_SECRET,
        "scopes": "openid,offline_access,User.Read,Files.ReadWrite"}});
    integration(server, "microsoft", KEY, client).await;
    used.note("client secret", CLIENT_SECRET);
    let token = session_of(server, "u").await;
    used.note("connect session token", &token);
    typed_credentials(server, &token, used).await;
    let mut person = Person::default();
    let url = harness::connect::sign_in_url(server, KEY, &token, "");
    let consent = sign_in(&mut person, server, &url, "megan@contoso.example").await;
    let callback = format!("{}/oauth/callback", server.url());
    let back = person.press(server, &consent, "accept", Some(&callback)).await.url;
    used.note_parameters(&back, ["code", "state"]);
    // One of them is the page's language.
    for cookie in person.cookies_of("localhost").into_iter().filter(|cookie| cookie != "en") {
        used.note("browser cookie", cookie);
    }
    let page = person.open(server, back.as_str(), None).await;
    assert!(page.text().contains("connected"), "{}", page.text());
    let id =
        harness::connect::connections_of(server, "u").await[0]["connection_id"].as_str().unwrap().to_owned();
    note_tokens(server, KEY, &id, used).await;
    let more = [("nango-proxy-authorization-hint", "none"), ("x-api-key", "callers-own-secret-value")];
    used.note("a caller's own key", "callers-own-secret-value");
    let path = "/v1.0/me?access_token=secret-in-a-query-1";
    used.note("a token in a query", "secret-in-a-query-1");
    let me = server.proxy_with("GET", path, KEY, &id, &more, "").await;
    assert_eq!(me.status, 200, "{}", me.text());
    let path = format!("/connections/{id}?provider_config_key={KEY}&force_refresh=true");
    assert_eq!(server.api("GET", &path, None).await.status, 200);
    note_tokens(server, KEY, &id, used).await;
    let download =
        server.proxy("GET", &format!("/v1.0/me/drive/root/children?tempauth={id}xxxxxxxx"), KEY, &id).await;
    assert_eq!(download.status, 200, "{}", download.text());
}

/// What the connect page and the official SDK put into addresses.
async fn typed_credentials(server: &Server, token: &str, used: &mut Used) {
    let page = server.send("GET", &format!("{}/connect/?session_token={token}", server.url()), &[], "").await;
    assert_eq!(page.status, 200, "{}", page.text());
    used.note("a typed credential", "secret-that-a-person-typed");
    let typed = "&credentials%5Boauth_client_secret_override%5D=secret-that-a-person-typed";
    let url = harness::connect::sign_in_url(server, KEY, token, typed);
    assert!(server.send("GET", &url, &[], "").await.status.as_u16() < 500);
    let url = format!("{}/connect/admin-link/{KEY}?connect_session_token={token}", server.url());
    let made = server.send("POST", &url, &[("content-type", "application/json")], "{}").await.json();
    let link = made["url"].as_str().unwrap();
    used.note("admin link", link.rsplit('/').next().unwrap());
    assert!(server.send("GET", link, &[], "").await.status.is_redirection());
}

async fn note_tokens(server: &Server, key: &str, id: &str, used: &mut Used) {
    let path = format!("/connections/{id}?provider_config_key={key}&refresh_token=true");
    let shown = server.api("GET", &path, None).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    let credentials = &shown.json()["credentials"];
    for (name, value) in [
        ("access token", &credentials["access_token"]),
        ("refresh token", &credentials["refresh_token"]),
        ("id token", &credentials["raw"]["id_token"]),
        ("application token", &credentials["token"]),
    ] {
        if let Some(text) = value.as_str() {
            used.note(name, text);
        }
    }
}

/// Failures are where secrets like to slip out.
async fn refused_calls(server: &Server, used: &mut Used) {
    let wrong = "sb_dev_wrong-key-0123456789";
    used.note("a wrong API key", wrong);
    let bearer = format!("Bearer {wrong}");
    let refused =
        server.send("GET", &format!("{}/connections", server.url()), &[("authorization", &bearer)], "").await;
    assert_eq!(refused.status, 401);
    let token = session_of(server, "w").await;
    used.note("connect session token", &token);
    typed_credentials(server, &token, used).await;
    used.note("a wrong code", "wrong-code-0123456789");
    let mut person = Person::default();
    let url = harness::connect::sign_in_url(server, KEY, &token, "");
    let consent = sign_in(&mut person, server, &url, "nora@northwind.example").await;
    assert!(consent.text().contains("approval"), "{}", consent.text());
    let state = person.visited.iter().rev().find_map(|url| {
        let url = url::Url::parse(url).ok()?;
        url.query_pairs().find(|(key, _)| key == "state").map(|(_, value)| value.into_owned())
    });
    let state = state.unwrap();
    used.note("state", &state);
    let callback = format!("{}/oauth/callback?code=wrong-code-0123456789&state={state}", server.url());
    let failed = person.open(server, &callback, None).await;
    assert_eq!(failed.answer.status, 400, "{}", failed.text());
}

async fn application(server: &Server, used: &mut Used) {
    let token = session_of(server, "v1").await;
    let openssl = std::process::Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=own", "-keyout", "-",
        ])
        .output()
        .unwrap();
    let both = String::from_utf8(openssl.stdout).unwrap();
    let at = both.find("-----BEGIN CERTIFICATE").unwrap();
    let (private, certificate) = both.split_at(at);
    let added = server.control(&format!("apps/{DAEMON}/certificates"), json!({"pem": certificate})).await;
    assert_eq!(added.status, 200, "{}", added.text());
    for line in private.lines().filter(|line| line.len() > 40 && !line.starts_with('-')).skip(2).step_by(5) {
        used.note("private key", line);
    }
    let form =
        json!({"type": "TWO_STEP", "clientId": DAEMON, "privateKey": private, "certificate": certificate});
    let made = post(server, "/auth/two-step/sharepoint-online-v1", &token, form).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json()["connectionId"].as_str().unwrap().to_owned();
    note_tokens(server, "sharepoint-online-v1", &id, used).await;
    let wrong = json!({"type": "TWO_STEP", "clientId": DAEMON, "privateKey": private, "certificate": "no certificate"});
    let refused = post(server, "/auth/two-step/sharepoint-online-v1", &token, wrong).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
}

async fn post(server: &Server, path: &str, token: &str, body: Value) -> Answer {
    let query =
        format!("connect_session_token={token}&params[tenantId]={CONTOSO}&params[tenantName]=contoso");
    let url = format!("{}{path}?{query}", server.url());
    server.send("POST", &url, &[("content-type", "application/json")], body.to_string()).await
}

async fn other_tokens(server: &Server, used: &mut Used) {
    let path = "/connections/demo-sharepoint/token?provider_config_key=sharepoint-online&resource=sharepoint";
    let minted = server.api("GET", path, None).await;
    used.note("minted token", minted.json()["token"].as_str().unwrap());
    let imported = json!({"connection_id": "brought", "provider_config_key": KEY, "credentials": {"type": "OAUTH2",
        "access_token": "imported-access-0123456789", "refresh_token": "imported-refresh-0123456789"}});
    assert_eq!(server.api("POST", "/connections", Some(imported)).await.status, 201);
    used.note("imported token", "imported-access-0123456789");
    used.note("imported token", "imported-refresh-0123456789");
    let token = session_of(server, "a").await;
    let link = post(server, &format!("/connect/admin-link/{KEY}"), &token, json!({})).await;
    let link = link.json()["url"].as_str().unwrap().to_owned();
    used.note("admin link", link.rsplit('/').next().unwrap());
    assert_eq!(Person::default().open(server, &link, None).await.answer.status, 200);
}

/// Every file but the simulated Microsoft's and the three whose purpose is to hold a secret.
fn look_everywhere(data_dir: &Path, used: &Used) {
    const HOLDERS: [&str; 3] = ["api.key", "server.json", "encryption.key"];
    let mut knows_an_id = false;
    for entry in std::fs::read_dir(data_dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !path.is_file() || HOLDERS.contains(&name.as_str()) {
            let empty = ["sandbox", "admin.sock"].contains(&name.as_str());
            assert!(path.is_file() || empty, "look into {name} too");
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        // What is no secret stands there: the search finds what it looks for.
        knows_an_id |= text.contains("demo-sharepoint-v1");
        for (what, secret) in &used.0 {
            for piece in pieces(secret) {
                if let Some(at) = text.find(piece) {
                    let from = text[..at].char_indices().rev().nth(120).map_or(0, |(at, _)| at);
                    panic!("{what} stands in {name}, after {:?}", &text[from..at]);
                }
            }
        }
    }
    assert!(knows_an_id, "the database was not looked into");
}

/// The database cuts long values at its pages, and all JWTs begin alike: the middle and the end of a long one.
fn pieces(secret: &str) -> Vec<&str> {
    const PIECE: usize = 32;
    match secret.len() {
        0..=64 => vec![secret],
        length => vec![&secret[length / 2..length / 2 + PIECE], &secret[length - PIECE..]],
    }
}

fn the_private_files_are_private(server: &Server) {
    for name in ["api.key", "server.json", "encryption.key", "sheetbend.db"] {
        let mode = server.data_dir.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let mode = server.data_dir.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & 0o022, 0, "nobody else writes there");
}
