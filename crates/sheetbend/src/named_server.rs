//! A server that the operator names on the command line, asked over HTTP.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use egress::{Body, Egress, EgressOptions, FetchPolicy, PolicyClass};
use http::{Request, Response, header};

/// A server by address and key.
pub struct NamedServer {
    egress: Egress,
    url: String,
    key: String,
}

/// Bounds of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the answer.
    pub max_bytes: usize,
    /// From the first byte to the last.
    pub total: Duration,
}

impl NamedServer {
    /// A server that the address guard lets pass, wherever it stands.
    ///
    /// # Errors
    /// The address is no URL with a host.
    pub fn new(url: &str, key: &str) -> anyhow::Result<Self> {
        let parsed = url::Url::parse(url).with_context(|| url.to_owned())?;
        let host = parsed.host_str().with_context(|| format!("{url} names no host"))?;
        let port = parsed.port_or_known_default().unwrap_or(443);
        // The operator names this one server, wherever it stands.
        let exemptions = vec![format!("{host}:{port}").parse()?];
        let egress = Egress::new(EgressOptions { exemptions, ..EgressOptions::default() })?;
        Ok(Self { egress, url: url.trim_end_matches('/').to_owned(), key: key.to_owned() })
    }

    /// Its address, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request to a path of the server, with the key.
    ///
    /// # Errors
    /// It cannot be reached, or does not answer within the limits.
    pub async fn send(
        &self,
        mut request: Request<Bytes>,
        path: &str,
        limits: Limits,
    ) -> anyhow::Result<Response<Bytes>> {
        *request.uri_mut() = format!("{}{path}", self.url).parse()?;
        let authorization = format!("Bearer {}", self.key).parse().context("the key")?;
        request.headers_mut().insert(header::AUTHORIZATION, authorization);
        let Limits { max_bytes, total } = limits;
        let policy = FetchPolicy { class: PolicyClass::PublicOrLoopback, max_bytes, total };
        self.egress.fetch_bytes(request.map(Body::from), &policy).await.with_context(|| self.url.clone())
    }
}
