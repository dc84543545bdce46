//! The running Nango, through its public API (contract §2.2, §2.4).

use std::time::Duration;

use anyhow::{Context as _, bail};
use http::Request;
use serde_json::Value;

use crate::named_server::{Limits, NamedServer};
use crate::operator::output::segment;

/// The other server.
pub struct Source(NamedServer);

/// Connections of one page.
const PAGE: usize = 1_000;
/// A list of ten thousand connections with their tags is smaller.
const LIMITS: Limits = Limits { max_bytes: 256 << 20, total: Duration::from_secs(60) };

impl Source {
    /// A server by address and secret key.
    ///
    /// # Errors
    /// The address is no URL.
    pub fn new(url: &str, key: &str) -> anyhow::Result<Self> {
        NamedServer::new(url, key).map(Self).context("--from")
    }

    /// The integrations, with their credentials where the key may see them.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses the key.
    pub async fn integrations(&self) -> anyhow::Result<Vec<Value>> {
        let list = self.get("/integrations").await?;
        let mut all = Vec::new();
        for one in list["data"].as_array().into_iter().flatten() {
            let key = one["unique_key"].as_str().unwrap_or_default();
            let whole = self.get(&format!("/integrations/{}?include=credentials", segment(key))).await?;
            all.push(whole["data"].clone());
        }
        Ok(all)
    }

    /// The connections, without credentials.
    ///
    /// # Errors
    /// As [`Self::integrations`].
    pub async fn connections(&self) -> anyhow::Result<Vec<Value>> {
        let mut all: Vec<Value> = Vec::new();
        for page in 0.. {
            let answer = self.get(&format!("/connections?limit={PAGE}&page={page}")).await?;
            let found = answer["connections"].as_array().cloned().unwrap_or_default();
            let last = found.len() < PAGE;
            // An older server knows no pages and answers the same list again.
            let known = found.first().is_some_and(|first| all.iter().any(|one| one["id"] == first["id"]));
            if !known {
                all.extend(found);
            }
            if last || known {
                break;
            }
        }
        Ok(all)
    }

    /// One connection with its credentials, refresh token included.
    ///
    /// # Errors
    /// As [`Self::integrations`]; a connection whose token cannot be refreshed there is refused there.
    pub async fn connection(&self, id: &str, integration: &str) -> anyhow::Result<Value> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("provider_config_key", integration).append_pair("refresh_token", "true");
        self.get(&format!("/connections/{}?{}", segment(id), query.finish())).await
    }

    /// The environment's variables.
    ///
    /// # Errors
    /// As [`Self::integrations`].
    pub async fn variables(&self) -> anyhow::Result<Vec<Value>> {
        let answer = self.get("/environment-variables").await?;
        Ok(answer.as_array().cloned().unwrap_or_default())
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.0.send(Request::default(), path, LIMITS).await?;
        let (status, route) = (answer.status(), path.split('?').next().unwrap_or_default());
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if !status.is_success() {
            let message = body["error"]["message"].as_str().unwrap_or_default();
            bail!("GET {route} answered {status}: {message}");
        }
        Ok(body)
    }
}
