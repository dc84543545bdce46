//! People come in: setup, sign-in, one-time passwords, links; and who is kept out.

use crate::harness;

use std::path::Path;
use std::process::Command;

use aws_lc_rs::hmac;
use harness::desk::{Desk, PASSWORD, token_of};
use harness::{Server, Start};
use serde_json::{Value, json};

const EMAIL: &str = "ada@example.com";

/// `sheetbend users …`: whether it succeeded, and what it printed.
fn users(data_dir: &Path, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sheetbend"));
    command.arg("users").arg("--data-dir").arg(data_dir).args(words);
    let output = command.output().unwrap();
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn the_setup_link_makes_one_owner_once() {
    let server = Start::dev().start();
    let link = server.facts["dashboard_url"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/app/setup#token=", server.url())), "{link}");
    let mut desk = Desk::empty(&server);
    assert_eq!(desk.call(&server, "GET", "/internal/sign-in", None).await.ok()["setup_needed"], true);
    desk.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
    let body = |token: &str| json!({"token": token, "email": " Ada@Example.com ", "name": "Ada", "password": PASSWORD});
    desk.enter(&server, "/internal/setup", body(&"0".repeat(64))).await.refused(400, "invalid_link");
    let mut weak = body(&token_of(&link));
    weak["password"] = json!("short");
    desk.enter(&server, "/internal/setup", weak).await.refused(400, "invalid_body");
    let (done, another) = users(&server.data_dir, &["setup-link"]);
    assert!(done && another.starts_with(server.url()), "{another}");

    let answer = desk.enter(&server, "/internal/setup", body(&token_of(&link))).await;
    assert_eq!(answer.ok(), json!({"next": "done"}));
    let cookie = answer.header("set-cookie");
    for part in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "http on this machine: {cookie}");
    let session = desk.call(&server, "GET", "/internal/session", None).await;
    assert_eq!(session.header("cache-control"), "no-store");
    let session = session.ok();
    assert_eq!(session["user"]["email"], EMAIL);
    assert_eq!((&session["user"]["owner"], &session["user"]["totp"]), (&json!(true), &json!(false)));
    assert_eq!(session["environments"], json!([{"name": "dev", "role": "owner", "is_production": false}]));
    assert_eq!(session["dev"], true);
    for used in [link, another] {
        let answer = Desk::empty(&server).enter(&server, "/internal/setup", body(&token_of(&used))).await;
        answer.refused(400, "invalid_link");
    }
    let (done, why) = users(&server.data_dir, &["setup-link"]);
    assert!(!done && why.contains("set up already"), "{why}");
    assert_eq!(desk.call(&server, "GET", "/internal/sign-in", None).await.ok()["setup_needed"], false);
    let seen = std::fs::read(server.data_dir.join("sheetbend.db")).unwrap();
    assert!(!contains(&seen, PASSWORD.as_bytes()) && !contains(&seen, desk.cookie[18..].as_bytes()));
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_sign_in_takes_no_session_that_was_there_before() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let mut planted = Desk::empty(&server);
    planted.cookie = format!("sheetbend_session={}", "ab".repeat(32));
    let before = planted.cookie.clone();
    let body = json!({"email": EMAIL, "password": PASSWORD});
    planted.enter(&server, "/internal/sign-in", body.clone()).await.ok();
    assert_ne!(planted.cookie, before, "the token is ours, not the stranger's");
    let mut stranger = planted.clone();
    stranger.cookie = before;
    stranger.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
    // Signing in again ends the browser's former session, and no other.
    let former = planted.clone();
    planted.enter(&server, "/internal/sign-in", body).await.ok();
    former.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
    owner.call(&server, "GET", "/internal/session", None).await.ok();
    // Signing out ends it on the server, not only in the browser.
    let answer = planted.call(&server, "POST", "/internal/sign-out", Some(json!({}))).await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    planted.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
}

#[tokio::test]
async fn a_change_needs_the_page_s_token_and_no_other_site_s_browser() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let rename = || Some(json!({"name": "Eve"}));
    for wrong in [
        ("sheetbend-csrf", ""),
        ("sheetbend-csrf", "1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = owner.call_with(&server, "PATCH", "/internal/account", rename(), &[wrong]).await;
        answer.refused(403, "csrf");
        let answer =
            owner.call_with(&server, "DELETE", "/integrations/microsoft-excel", None, &[wrong]).await;
        answer.refused(403, "csrf");
    }
    let cross = [("sec-fetch-site", "cross-site")];
    owner.call_with(&server, "GET", "/connections", None, &cross).await.refused(403, "csrf");
    let body = || Some(json!({"email": EMAIL, "password": PASSWORD}));
    for wrong in
        [("sheetbend-csrf", ""), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]
    {
        let answer =
            Desk::empty(&server).call_with(&server, "POST", "/internal/sign-in", body(), &[wrong]).await;
        answer.refused(403, "csrf");
    }
    let form = [("content-type", "text/plain")];
    owner
        .call_with(&server, "PATCH", "/internal/account", rename(), &form)
        .await
        .refused(415, "invalid_content_type");
    // A page of another origin may not read answers with cookies: no credentials are allowed.
    let answer =
        owner.call_with(&server, "GET", "/connections", None, &[("origin", "https://evil.example")]).await;
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let origin = [("origin", server.url())];
    owner.call_with(&server, "PATCH", "/internal/account", rename(), &origin).await.ok();
    assert_eq!(owner.call(&server, "GET", "/internal/session", None).await.ok()["user"]["name"], "Eve");
}

#[tokio::test]
async fn guessing_ends_after_ten_and_tells_nothing_of_who_exists() {
    let server = Start::dev().start();
    Desk::owner(&server).await;
    let guess = async |email: &str| {
        let began = tokio::time::Instant::now();
        let body = json!({"email": email, "password": "wrong horse battery"});
        (Desk::empty(&server).enter(&server, "/internal/sign-in", body).await, began.elapsed())
    };
    let (known, mut known_took) = guess(EMAIL).await;
    let (unknown, mut unknown_took) = guess("nobody@example.com").await;
    assert_eq!(known.refused(401, "wrong_credentials"), unknown.refused(401, "wrong_credentials"));
    for _ in 0..4 {
        known_took = known_took.min(guess(EMAIL).await.1);
        unknown_took = unknown_took.min(guess("nobody@example.com").await.1);
    }
    let (fast, slow) = (known_took.min(unknown_took), known_took.max(unknown_took));
    assert!(fast * 3 > slow, "an unknown address takes {unknown_took:?}, a known one {known_took:?}");
    for _ in 0..5 {
        guess(EMAIL).await.0.refused(401, "wrong_credentials");
    }
    let (over, _) = guess(EMAIL).await;
    over.refused(429, "too_many_tries");
    assert!(over.header("retry-after").parse::<u32>().unwrap() > 800);
    let body = json!({"email": EMAIL, "password": PASSWORD});
    Desk::empty(&server).enter(&server, "/internal/sign-in", body).await.refused(429, "too_many_tries");
    for index in 0..35 {
        guess(&format!("user{index}@example.com")).await.0.refused(401, "wrong_credentials");
    }
    guess("another@example.com").await.0.refused(429, "too_many_tries");
}

/// RFC 6238, written anew: what an authenticator shows for a secret in base32, `ahead` steps from now.
fn code(secret: &str, ahead: i64) -> String {
    let digit = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
    let bits: String = secret.chars().map(|c| format!("{:05b}", digit(c))).collect();
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let seconds = tempfile::tempfile().unwrap().metadata().unwrap().modified().unwrap();
    let seconds = seconds.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let step = i64::try_from(seconds).unwrap() / 30 + ahead;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

async fn enrolled(server: &Server, owner: &Desk) -> (String, Vec<String>) {
    let enrolment = owner.call(server, "POST", "/internal/account/totp", Some(json!({}))).await.ok();
    let secret = enrolment["secret"].as_str().unwrap().to_owned();
    assert!(
        enrolment["uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/Sheetbend:ada%40example%2Ecom?secret=")
    );
    let wrong = Some(json!({"code": "000000"}));
    owner.call(server, "POST", "/internal/account/totp/confirm", wrong).await.refused(400, "invalid_body");
    let right = Some(json!({"code": code(&secret, -1)}));
    let codes = owner.call(server, "POST", "/internal/account/totp/confirm", right).await.ok();
    let codes =
        codes["recovery_codes"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
    (secret, codes.collect())
}

#[tokio::test]
async fn one_time_passwords_and_recovery_codes_work_once() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let (secret, recovery) = enrolled(&server, &owner).await;
    assert_eq!(recovery.len(), 10);
    let again = owner.call(&server, "POST", "/internal/account/totp", Some(json!({}))).await;
    again.refused(409, "conflict");
    let half = async || {
        let mut desk = Desk::empty(&server);
        let body = json!({"email": EMAIL, "password": PASSWORD});
        assert_eq!(desk.enter(&server, "/internal/sign-in", body).await.ok(), json!({"next": "totp"}));
        desk
    };
    let mut desk = half().await;
    desk.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
    desk.call(&server, "GET", "/connections", None).await.refused(401, "not_signed_in");
    let door = "/internal/sign-in/totp";
    desk.enter(&server, door, json!({"code": code(&secret, -1)})).await.refused(401, "wrong_code");
    desk.enter(&server, door, json!({"code": code(&secret, 5)})).await.refused(401, "wrong_code");
    let shown = code(&secret, 0);
    let first_half = desk.clone();
    assert_eq!(desk.enter(&server, door, json!({"code": shown.clone()})).await.ok(), json!({"next": "done"}));
    assert_ne!(desk.cookie, first_half.cookie, "the whole session has a token of its own");
    first_half
        .clone()
        .enter(&server, door, json!({"code": code(&secret, 1)}))
        .await
        .refused(401, "not_signed_in");
    assert_eq!(desk.call(&server, "GET", "/internal/session", None).await.ok()["user"]["totp"], true);

    let mut desk = half().await;
    desk.enter(&server, door, json!({"code": shown})).await.refused(401, "wrong_code");
    desk.enter(&server, door, json!({"code": recovery[3].to_uppercase()})).await.ok();
    let mut desk = half().await;
    desk.enter(&server, door, json!({"code": recovery[3]})).await.refused(401, "wrong_code");
    for _ in 0..9 {
        desk.enter(&server, door, json!({"code": "000000"})).await.refused(401, "wrong_code");
    }
    desk.enter(&server, door, json!({"code": recovery[4]})).await.refused(429, "too_many_tries");

    let path = "/internal/account/totp";
    owner
        .call(&server, "DELETE", path, Some(json!({"password": "wrong"})))
        .await
        .refused(400, "invalid_body");
    let (done, text) = users(&server.data_dir, &["disable-totp", EMAIL]);
    assert!(done, "{text}");
    Desk::sign_in(&server, EMAIL).await;
    let database = std::fs::read(server.data_dir.join("sheetbend.db")).unwrap();
    assert!(!contains(&database, secret.as_bytes()) && !contains(&database, recovery[5].as_bytes()));
}

#[tokio::test]
async fn links_work_once_and_end_what_came_before() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let body = json!({"email": "sue@example.com", "roles": {"dev": "support"}});
    let made = owner.call(&server, "POST", "/internal/users", Some(body.clone())).await;
    assert_eq!(made.status, 201);
    let made = made.ok();
    assert_eq!(
        (&made["user"]["invited"], &made["user"]["roles"]),
        (&json!(true), &json!({"dev": "support"}))
    );
    owner.call(&server, "POST", "/internal/users", Some(body)).await.refused(409, "conflict");
    let token = token_of(made["invitation_url"].as_str().unwrap());
    let stranger = Desk::empty(&server);
    let shown = stranger
        .call(&server, "POST", "/internal/invitations/show", Some(json!({"token": token})))
        .await
        .ok();
    assert_eq!((&shown["email"], &shown["purpose"]), (&json!("sue@example.com"), &json!("invite")));
    let accept = |token: &str, password: &str| json!({"token": token, "name": "Sue", "password": password});
    let mut sue = Desk::empty(&server);
    sue.enter(&server, "/internal/invitations/accept", accept(&token, PASSWORD)).await.ok();
    Desk::empty(&server)
        .enter(&server, "/internal/invitations/accept", accept(&token, PASSWORD))
        .await
        .refused(400, "invalid_link");

    let (done, first) = users(&server.data_dir, &["reset", "sue@example.com"]);
    let (also, link) = users(&server.data_dir, &["reset", "Sue@example.com"]);
    assert!(done && also && first != link);
    let stale = accept(&token_of(&first), PASSWORD);
    Desk::empty(&server)
        .enter(&server, "/internal/invitations/accept", stale)
        .await
        .refused(400, "invalid_link");
    sue.call(&server, "GET", "/internal/session", None).await.ok();
    let mut anew = Desk::empty(&server);
    anew.enter(&server, "/internal/invitations/accept", accept(&token_of(&link), "another horse battery"))
        .await
        .ok();
    sue.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
    let old = json!({"email": "sue@example.com", "password": PASSWORD});
    Desk::empty(&server).enter(&server, "/internal/sign-in", old).await.refused(401, "wrong_credentials");

    // A new password ends the other sessions and keeps this one.
    let mut other = Desk::empty(&server);
    let body = json!({"email": "sue@example.com", "password": "another horse battery"});
    other.enter(&server, "/internal/sign-in", body).await.ok();
    let change = |current: &str| Some(json!({"password": {"current": current, "new": PASSWORD}}));
    anew.call(&server, "PATCH", "/internal/account", change("wrong")).await.refused(400, "invalid_body");
    let sessions = anew.call(&server, "GET", "/internal/account/sessions", None).await.ok();
    assert_eq!(sessions["data"].as_array().unwrap().len(), 2);
    anew.call(&server, "PATCH", "/internal/account", change("another horse battery")).await.ok();
    other.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
    anew.call(&server, "GET", "/internal/session", None).await.ok();
    Desk::sign_in(&server, "sue@example.com").await;
}

#[tokio::test]
async fn a_session_is_ended_from_another_and_the_last_owner_stays() {
    let server = Start::dev().start();
    let owner = Desk::owner(&server).await;
    let lost = Desk::sign_in(&server, EMAIL).await;
    let sessions = owner.call(&server, "GET", "/internal/account/sessions", None).await.ok();
    let others: Vec<&Value> =
        sessions["data"].as_array().unwrap().iter().filter(|one| one["current"] == false).collect();
    let [other] = others[..] else { panic!("{sessions}") };
    assert_eq!(other["address"], "127.0.0.1");
    let path = format!("/internal/account/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(owner.call(&server, "DELETE", &path, None).await.status, 204);
    lost.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
    owner.call(&server, "DELETE", &path, None).await.refused(404, "not_found");

    let all = owner.call(&server, "GET", "/internal/users", None).await.ok();
    let own = format!("/internal/users/{}", all["data"][0]["id"].as_str().unwrap());
    owner.call(&server, "DELETE", &own, None).await.refused(409, "conflict");
    owner.call(&server, "PATCH", &own, Some(json!({"owner": false}))).await.refused(409, "conflict");
    // One who was only invited could not let anybody in.
    let body = json!({"email": "bob@example.com", "owner": true});
    let bob = owner.call(&server, "POST", "/internal/users", Some(body)).await.ok();
    owner.call(&server, "DELETE", &own, None).await.refused(409, "conflict");
    let token = token_of(bob["invitation_url"].as_str().unwrap());
    let mut desk = Desk::empty(&server);
    let body = json!({"token": token, "name": "Bob", "password": PASSWORD});
    desk.enter(&server, "/internal/invitations/accept", body).await.ok();
    assert_eq!(desk.call(&server, "DELETE", &own, None).await.status, 204);
    owner.call(&server, "GET", "/internal/session", None).await.refused(401, "not_signed_in");
}

#[tokio::test]
async fn behind_a_base_path_and_https_the_cookie_stays_there() {
    let key = "6f1c2a52-0d6d-4a41-9a52-7c9d4f3c1b2a";
    let server = Start::serve(key)
        .args(&["--base-path", "/sb", "--public-url", "https://connect.example.com"])
        .start();
    let (done, link) = users(&server.data_dir, &["setup-link"]);
    assert!(done && link.starts_with("https://connect.example.com/sb/app/setup#token="), "{link}");
    let port = listening_port(&server);
    let url = format!("http://127.0.0.1:{port}/sb/internal/setup");
    let body =
        json!({"token": token_of(&link), "email": EMAIL, "name": "Ada", "password": PASSWORD}).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("sheetbend-csrf", "1"),
        ("origin", "https://connect.example.com"),
    ];
    let answer = server.send("POST", &url, &headers, body).await;
    assert_eq!(answer.ok()["next"], "done");
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("; Path=/sb/;") && cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_a_session_ended_on_one_node_is_refused_on_the_other() {
    let database = testkit::databases::FreshDatabase::postgres().unwrap();
    let store::DatabaseUrl::Postgres(url) = database.url().clone() else { panic!("no PostgreSQL") };
    let words = ["--database-url", &url, "--encryption-key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];
    let key = "6f1c2a52-0d6d-4a41-9a52-7c9d4f3c1b2a";
    let (a, b) = (Start::serve(key).args(&words).start(), Start::serve(key).args(&words).start());
    let (done, link) = users(&a.data_dir, &["setup-link"]);
    assert!(done, "{link}");
    let body = json!({"token": token_of(&link), "email": EMAIL, "name": "Ada", "password": PASSWORD});
    let mut on_b = Desk::empty(&b);
    on_b.enter(&b, "/internal/setup", body.clone()).await.ok();
    let on_a = Desk { cookie: on_b.cookie.clone(), csrf: on_b.csrf.clone(), ..Desk::empty(&a) };
    on_a.call(&a, "GET", "/internal/session", None).await.ok();
    Desk::empty(&a).enter(&a, "/internal/setup", body).await.refused(400, "invalid_link");
    let (_, recovery) = enrolled(&a, &on_a).await;
    assert_eq!(recovery.len(), 10);
    assert_eq!(on_a.call(&a, "POST", "/internal/sign-out", Some(json!({}))).await.status, 204);
    let ended = tokio::time::Instant::now();
    while on_b.call(&b, "GET", "/internal/session", None).await.status != 401 {
        assert!(ended.elapsed() < std::time::Duration::from_secs(1), "still accepted");
    }
    on_b.call(&b, "GET", "/connections", None).await.refused(401, "not_signed_in");
}

/// What the process listens on: its public URL is somebody else's.
fn listening_port(server: &Server) -> String {
    let text = server.stderr();
    let at = text.find("127.0.0.1:").unwrap_or_else(|| panic!("{text}"));
    text[at + 10..].chars().take_while(char::is_ascii_digit).collect()
}
