//! Somebody at the dashboard: a cookie, and what its page sends along.

use std::path::Path;
use std::process::Command;

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::{Answer, Server};

/// The first owner's address.
pub const EMAIL: &str = "ada@example.com";
/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery";

/// A browser's tab on the dashboard of a server.
#[derive(Clone)]
pub struct Desk {
    pub url: String,
    /// `sheetbend_session=…`
    pub cookie: String,
    /// What is sent with changes.
    pub csrf: String,
    /// `Sheetbend-Environment`.
    pub environment: String,
}

/// The token in a link's fragment.
pub fn token_of(link: &str) -> String {
    link.split_once("#token=").unwrap_or_else(|| panic!("no token in {link}")).1.trim().to_owned()
}

impl Desk {
    /// A tab where nobody is signed in.
    pub fn empty(server: &Server) -> Self {
        let url = server.url().to_owned();
        Self { url, cookie: String::new(), csrf: "1".into(), environment: "dev".into() }
    }

    /// The first owner, by the link that `dev` printed.
    pub async fn owner(server: &Server) -> Self {
        let link = server.facts["dashboard_url"].as_str().unwrap();
        let mut desk = Self::empty(server);
        let body =
            json!({"token": token_of(link), "email": "ada@example.com", "name": "Ada", "password": PASSWORD});
        desk.enter(server, "/internal/setup", body).await.ok();
        desk
    }

    /// Somebody whom the owner invited, at their desk.
    pub async fn invited(&self, server: &Server, email: &str, body: Value) -> Self {
        let mut invitation = json!({"email": email});
        invitation.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let answer = self.call(server, "POST", "/internal/users", Some(invitation)).await.ok();
        let token = token_of(answer["invitation_url"].as_str().unwrap());
        let mut desk = Self::empty(server);
        let body = json!({"token": token, "name": email, "password": PASSWORD});
        desk.enter(server, "/internal/invitations/accept", body).await.ok();
        desk
    }

    /// Signs in.
    pub async fn sign_in(server: &Server, email: &str) -> Self {
        let mut desk = Self::empty(server);
        let answer =
            desk.enter(server, "/internal/sign-in", json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.ok()["next"], "done");
        desk
    }

    /// Posts to a door, and keeps the cookie and the page's token that it gives.
    pub async fn enter(&mut self, server: &Server, door: &str, body: Value) -> Answer {
        let answer = self.call(server, "POST", door, Some(body)).await;
        let set = answer.header("set-cookie").to_owned();
        if let Some((pair, _)) = set.split_once(';') {
            pair.clone_into(&mut self.cookie);
        }
        if answer.status.is_success() && answer.json()["next"] == "done" {
            let session = self.call(server, "GET", "/internal/session", None).await.ok();
            session["csrf_token"].as_str().unwrap().clone_into(&mut self.csrf);
        }
        answer
    }

    /// Calls as the page does.
    pub async fn call(&self, server: &Server, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(server, method, path, body, &[]).await
    }

    /// As [`Self::call`], with other headers besides or in place of the page's.
    pub async fn call_with(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        body: Option<Value>,
        more: &[(&str, &str)],
    ) -> Answer {
        let mut headers = vec![
            ("cookie", self.cookie.as_str()),
            ("sheetbend-csrf", &self.csrf),
            ("sheetbend-environment", &self.environment),
            ("sec-fetch-site", "same-origin"),
        ];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        for (name, value) in more {
            headers.retain(|(known, _)| known != name);
            if !value.is_empty() {
                headers.push((name, value));
            }
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        server.send(method, &format!("{}{path}", self.url), &headers, body).await
    }

    /// The same person at work in another environment.
    pub fn working_in(&self, environment: &str) -> Self {
        Self { environment: environment.to_owned(), ..self.clone() }
    }
}

/// `sheetbend users …`: whether it succeeded, and what it printed.
pub fn users(data_dir: &Path, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sheetbend"));
    command.arg("users").arg("--data-dir").arg(data_dir).args(words);
    let output = command.output().unwrap();
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// RFC 6238, written anew: what an authenticator shows for a secret in base32, `ahead` steps from now.
pub fn code(secret: &str, ahead: i64) -> String {
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

/// Switches one-time passwords on: the secret, and the recovery codes.
pub async fn enrolled(server: &Server, owner: &Desk) -> (String, Vec<String>) {
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
