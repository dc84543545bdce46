//! Somebody at the dashboard: a cookie, and what its page sends along.

use serde_json::{Value, json};

use super::{Answer, Server};

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
