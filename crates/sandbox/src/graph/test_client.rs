//! A caller for tests: enters Graph by `dispatch`, as the HTTP edge and `$batch` do.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::api::{ApiRequest, ApiResponse};
use crate::files::ADA;
use crate::options::SandboxOptions;
use crate::principal::{ClientProof, Principal};
use crate::world::World;

/// A clock that tests move.
pub(crate) struct FakeClock(pub AtomicI64);

impl domain::Clock for FakeClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A world and a token.
pub(crate) struct Client {
    pub world: World,
    pub clock: Arc<FakeClock>,
    pub principal: Principal,
    pub headers: HeaderMap,
}

/// A decoded answer.
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub json: Value,
}

impl Answer {
    /// The first- and second-level codes of an error.
    pub fn codes(&self) -> (String, String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&self.json["error"]["code"]), text(&self.json["error"]["innerError"]["code"]))
    }
}

impl Client {
    /// Ada with a token for her files.
    pub fn ada() -> Self {
        Self::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let clock = Arc::new(FakeClock(AtomicI64::new(1_795_280_000_000)));
        let mut options = SandboxOptions::new(clock.clone());
        change(&mut options);
        let world = World::open(options).unwrap();
        let principal = Principal {
            tenant_id: crate::CONTOSO.into(),
            app_id: crate::MULTI_TENANT_APP.into(),
            user_id: Some(ADA.into()),
            scopes: vec!["Files.ReadWrite".into(), "User.Read".into()],
            roles: vec![],
            proof: ClientProof::Secret,
        };
        Self { world, clock, principal, headers: HeaderMap::new() }
    }

    /// Turns the token into an app-only one.
    pub fn app_only(mut self, roles: &[&str]) -> Self {
        self.principal.user_id = None;
        self.principal.scopes.clear();
        self.principal.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        self
    }

    pub fn header(&mut self, name: &'static str, value: &str) {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }

    pub async fn send(&self, method: Method, url: &str, body: impl Into<Bytes>) -> Answer {
        let url = url.strip_prefix("http://graph.localhost:9/v1.0").unwrap_or(url);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let request = ApiRequest {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: self.headers.clone(),
            body: body.into(),
            principal: self.principal.clone(),
            origin: "http://graph.localhost:9".into(),
            prefix: "/v1.0".into(),
        };
        answer(super::dispatch(&self.world, request).await)
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, "").await
    }

    pub async fn delete(&self, url: &str) -> Answer {
        self.send(Method::DELETE, url, "").await
    }

    pub async fn post(&self, url: &str, body: Value) -> Answer {
        self.send(Method::POST, url, body.to_string()).await
    }

    pub async fn patch(&self, url: &str, body: Value) -> Answer {
        self.send(Method::PATCH, url, body.to_string()).await
    }

    /// Follows the redirect of a download, without a token.
    pub async fn download(&self, url: &str, headers: &HeaderMap) -> Answer {
        let redirect = self.get(url).await;
        assert_eq!(redirect.status, 302, "{:?}", redirect.body);
        let location = redirect.headers["location"].to_str().unwrap().to_owned();
        let token = location.strip_prefix("http://127.0.0.1:9/_files/").unwrap().to_owned();
        answer(crate::files::download_response(&self.world, &token, headers))
    }
}

pub(crate) fn answer(response: ApiResponse) -> Answer {
    Answer {
        status: response.status.as_u16(),
        json: serde_json::from_slice(&response.body).unwrap_or_default(),
        headers: response.headers,
        body: response.body,
    }
}
