//! A browser without a window: cookies by host, redirects one by one, Microsoft's pages filled in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Server};

/// A person with a browser of their own.
pub struct Visitor<'a> {
    server: &'a Server,
    jar: BTreeMap<(String, String), String>,
}

/// Where a sign-in ended: our callback's URL, not visited yet.
pub struct Returned {
    pub url: String,
}

impl Returned {
    /// A parameter of the callback's query.
    pub fn param(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&self.url).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl<'a> Visitor<'a> {
    /// A new browser.
    pub fn new(server: &'a Server) -> Self {
        Self { server, jar: BTreeMap::new() }
    }

    /// Visits a page; redirects are not followed.
    pub async fn get(&mut self, url: &str) -> Answer {
        self.visit("GET", url, "").await
    }

    /// Opens the sign-in of a new session on an integration; the answer redirects to the provider.
    pub async fn begin(&mut self, integration: &str, body: Value, query: &str) -> Answer {
        let made = self.server.api("POST", "/connect/sessions", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let token = made.json()["data"]["token"].as_str().unwrap().to_owned();
        let base = self.server.url();
        self.get(&format!("{base}/oauth/connect/{integration}?connect_session_token={token}{query}")).await
    }

    /// Signs in with the page that `answer` redirects to, and comes back with the callback's URL unvisited.
    pub async fn sign_in(&mut self, answer: &Answer, user: &str) -> Returned {
        let mut url = answer.header("location").to_owned();
        let callback = format!("{}/oauth/callback", self.server.url());
        let mut page = self.get(&url).await;
        for _ in 0..8 {
            let to = page.header("location").to_owned();
            if to.starts_with(&callback) {
                return Returned { url: to };
            }
            page = if to.is_empty() {
                self.fill(&url, &page.text(), user).await
            } else {
                url = url::Url::parse(&url).unwrap().join(&to).unwrap().to_string();
                self.get(&url).await
            };
        }
        panic!("the sign-in did not end: {}", page.text());
    }

    async fn fill(&mut self, url: &str, page: &str, user: &str) -> Answer {
        let action = attribute(page, "action=\"").unwrap_or_else(|| panic!("no form: {page}"));
        let flow = attribute(page, "name=flow value=\"").unwrap_or_default();
        let field =
            if page.contains("Permissions requested") { ("decision", "accept") } else { ("username", user) };
        let body = serde_urlencoded::to_string([("flow", flow.as_str()), field]).unwrap();
        let target = url::Url::parse(url).unwrap().join(&action).unwrap();
        self.visit("POST", target.as_str(), &body).await
    }

    /// The whole of it: session, sign-in, consent, callback. The callback's answer.
    pub async fn connect(&mut self, integration: &str, user: &str) -> Answer {
        let begun = self.begin(integration, session(integration), "").await;
        assert_eq!(begun.status, 302, "{}", begun.text());
        let returned = self.sign_in(&begun, user).await;
        self.get(&returned.url).await
    }

    async fn visit(&mut self, method: &str, url: &str, form: &str) -> Answer {
        let host = url::Url::parse(url).unwrap().authority().to_owned();
        let mine = self.jar.iter().filter(|((of, _), _)| *of == host);
        let cookies: Vec<String> = mine.map(|((_, name), value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![("accept", "text/html")];
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let answer = self.server.send(method, url, &headers, form.to_owned()).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.jar.insert((host.clone(), name.trim().to_owned()), value.to_owned());
        }
        answer
    }
}

/// A session that may connect one integration.
pub fn session(integration: &str) -> Value {
    json!({"end_user": {"id": "tester"}, "allowed_integrations": [integration]})
}

/// The quoted text after `mark`.
fn attribute(html: &str, mark: &str) -> Option<String> {
    let from = html.find(mark)? + mark.len();
    let text = &html[from..];
    Some(text[..text.find('"')?].replace("&amp;", "&"))
}
