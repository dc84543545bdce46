//! A person's browser as far as plain HTTP goes: cookies by host, redirects one by one, forms sent as written.

use std::collections::BTreeMap;

use super::{Answer, Server};

/// A browser without scripts.
#[derive(Default)]
pub struct Person {
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Every address visited, in order.
    pub visited: Vec<String>,
}

/// A page that a person stands on.
pub struct Page {
    /// Its address.
    pub url: url::Url,
    /// What came.
    pub answer: Answer,
}

impl Page {
    /// The text between tags.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for character in self.answer.text().chars() {
            match character {
                '<' => inside = true,
                '>' => inside = false,
                other if !inside => text.push(other),
                _ => {}
            }
        }
        text
    }
}

impl Person {
    /// Opens an address and follows redirects, but not to one that starts with `stop`.
    pub async fn open(&mut self, server: &Server, url: &str, stop: Option<&str>) -> Page {
        let url = url::Url::parse(url).unwrap();
        self.go(server, "GET", url, String::new(), stop).await
    }

    /// Sends the page's form that has a button with this value or text.
    pub async fn press(&mut self, server: &Server, page: &Page, button: &str, stop: Option<&str>) -> Page {
        let html = page.answer.text();
        let form = forms(&html)
            .into_iter()
            .find_map(|form| form.with_button(button))
            .unwrap_or_else(|| panic!("no button {button} on {}: {html}", page.url));
        let target = page.url.join(&form.action).unwrap();
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(&form.fields);
        self.go(server, "POST", target, body.finish(), stop).await
    }

    async fn go(
        &mut self,
        server: &Server,
        method: &str,
        url: url::Url,
        body: String,
        stop: Option<&str>,
    ) -> Page {
        let (mut method, mut url, mut body) = (method.to_owned(), url, body);
        for _ in 0..20 {
            self.visited.push(url.to_string());
            let host = url.host_str().unwrap_or_default().to_owned();
            let cookie = self.cookie(&host);
            let mut headers = vec![("cookie", cookie.as_str()), ("accept", "text/html")];
            if method == "POST" {
                headers.push(("content-type", "application/x-www-form-urlencoded"));
            }
            let answer = server.send(&method, url.as_str(), &headers, body.clone()).await;
            self.keep(&host, &answer);
            let location = answer.header("location").to_owned();
            if !answer.status.is_redirection() || location.is_empty() {
                return Page { url, answer };
            }
            let next = url.join(&location).unwrap();
            if stop.is_some_and(|stop| next.as_str().starts_with(stop)) {
                return Page { url: next, answer };
            }
            (method, url, body) = ("GET".to_owned(), next, String::new());
        }
        panic!("too many redirects: {:?}", self.visited);
    }

    fn cookie(&self, host: &str) -> String {
        let pairs = self.cookies.get(host).into_iter().flatten();
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, host: &str, answer: &Answer) {
        let jar = self.cookies.entry(host.to_owned()).or_default();
        for line in answer.headers.get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }

    /// The values of a host's cookies.
    pub fn cookies_of(&self, host: &str) -> Vec<String> {
        self.cookies.get(host).into_iter().flatten().map(|(_, value)| value.clone()).collect()
    }
}

struct Form {
    action: String,
    fields: Vec<(String, String)>,
    buttons: Vec<(String, String, String)>,
}

impl Form {
    fn with_button(mut self, wanted: &str) -> Option<Self> {
        let is = |(_, value, text): &&(String, String, String)| value == wanted || text == wanted;
        let (name, value, _) = self.buttons.iter().find(is)?.clone();
        if !name.is_empty() {
            self.fields.push((name, value));
        }
        Some(self)
    }
}

fn forms(html: &str) -> Vec<Form> {
    html.split("<form").skip(1).map(|part| form(part.split("</form>").next().unwrap_or_default())).collect()
}

fn form(html: &str) -> Form {
    let action = attribute(html.split('>').next().unwrap_or_default(), "action").unwrap_or_default();
    let tags = |name: &str| -> Vec<(String, String)> {
        html.split(&format!("<{name}"))
            .skip(1)
            .filter_map(|rest| {
                let (tag, after) = rest.split_once('>')?;
                let text = after.split('<').next().unwrap_or_default();
                Some((tag.to_owned(), text.trim().to_owned()))
            })
            .collect()
    };
    let fields = tags("input")
        .iter()
        .filter_map(|(tag, _)| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect();
    let buttons = tags("button")
        .into_iter()
        .map(|(tag, text)| {
            let text_of = |name| attribute(&tag, name).unwrap_or_default();
            (text_of("name"), text_of("value"), text)
        })
        .collect();
    Form { action, fields, buttons }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}="))?;
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([' ', '>', '/']).next()?,
    };
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    let named =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
