//! How calls of one connection go: base, credentials, headers and the origins it may reach. Made once per opened
//! account, so that the path of a call only copies.

use catalog::AllowedOrigin;
use domain::connection::Connection;
use domain::credentials::{Credentials, TwoStepCredentials};
use domain::provider::RetryHints;
use domain::template::{Template, Values};
use http::header::{self, HeaderName, HeaderValue};

use super::target;
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::schemes::Party;
use crate::credentials::token_endpoint::USER_AGENT;

/// How calls of one connection go.
#[derive(Debug)]
pub struct ProxyPlan {
    /// The base URL without a trailing slash.
    pub base: String,
    /// Its origin.
    pub base_origin: String,
    /// `Authorization`, marked sensitive.
    pub authorization: Option<HeaderValue>,
    /// The provider's headers and our defaults, strongest first.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Query parameters added to every call.
    pub query: Vec<(String, String)>,
    /// Origins that belong to the connection.
    pub allowed: Vec<AllowedOrigin>,
    /// Where the provider says how long to wait.
    pub hints: RetryHints,
}

struct PlanValues<'a> {
    party: &'a Party<'a>,
    credentials: &'a Credentials,
    metadata: Option<&'a serde_json::Map<String, serde_json::Value>>,
}

impl Values for PlanValues<'_> {
    fn get(&self, path: &str) -> Option<String> {
        if path == "accessToken" {
            return self.credentials.access_token().map(|token| token.expose().to_owned());
        }
        if let Some(name) = path.strip_prefix("metadata.") {
            return crate::credentials::schemes::config_text(self.metadata?, name);
        }
        if let (Some(name), Credentials::TwoStep(own)) = (path.strip_prefix("credentials."), self.credentials)
        {
            return two_step_field(own, name);
        }
        self.party.get(path)
    }
}

fn two_step_field(own: &TwoStepCredentials, name: &str) -> Option<String> {
    own.field(name).map(|value| value.expose().to_owned())
}

impl ProxyPlan {
    /// Resolves the definition's proxy block for a connection.
    ///
    /// # Errors
    /// In words: what is missing.
    pub fn make(
        context: &Context,
        open: &OpenIntegration,
        connection: &Connection,
        credentials: &Credentials,
    ) -> Result<Self, String> {
        let provider = &open.entry.provider;
        let proxy = provider
            .proxy
            .as_ref()
            .ok_or_else(|| format!("the provider {} has no API to forward to", provider.name))?;
        let party = open.party(context, open.client.clone(), &connection.config);
        let values = PlanValues { party: &party, credentials, metadata: connection.metadata.as_ref() };
        let missing = |missing: domain::template::Unresolved| {
            format!("`{}` is not set in the connection config, so there is no base URL", missing.path)
        };
        let base = proxy.base_url.resolve(&values).map_err(missing)?.trim_end_matches('/').to_owned();
        let base_origin =
            target::origin(&base).ok_or_else(|| "the base URL is not a valid URL".to_owned())?;
        let mut allowed = catalog::allowed_origins(provider, open.cloud_values(context), &connection.config)
            .map_err(missing)?;
        let hosts = &open.integration.settings.allowed_hosts;
        allowed.extend(
            hosts.iter().filter_map(|host| catalog::HostPattern::parse(host).ok()).map(AllowedOrigin::Host),
        );
        Ok(Self {
            base,
            base_origin,
            authorization: authorization(credentials, &proxy.headers),
            headers: headers(&proxy.headers, &values),
            query: proxy
                .query
                .iter()
                .filter_map(|(name, template)| Some((name.clone(), template.resolve(&values).ok()?)))
                .collect(),
            allowed,
            hints: proxy.retry.clone(),
        })
    }

    /// Whether requests of this connection may go to a URL.
    pub fn allows(&self, url: &url::Url) -> bool {
        (url.username().is_empty()
            && url.password().is_none()
            && url.origin().ascii_serialization() == self.base_origin)
            || catalog::url_is_allowed(&self.allowed, url)
    }
}

/// A bearer value, unless the definition writes the token into a header of its own.
fn authorization(credentials: &Credentials, headers: &[(String, Template)]) -> Option<HeaderValue> {
    let own = headers.iter().any(|(_, template)| template.paths().any(|path| path == "accessToken"));
    match credentials.access_token() {
        Some(token) if !own && !token.is_empty() => bearer(token),
        _ => None,
    }
}

/// `Authorization: Bearer …`, marked sensitive.
pub fn bearer(token: &domain::Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether a placeholder may stand for a secret: everything but what is readable anyway. A header that holds one is
/// kept out of the log and does not follow a redirect to a stranger.
fn is_secret(path: &str) -> bool {
    !["connectionConfig.", "metadata.", "cloud.", "now", "random"].iter().any(|known| path.starts_with(known))
}

/// The definition's headers (those without a value are left out), then our default `User-Agent`.
fn headers(definition: &[(String, Template)], values: &PlanValues<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let mut out = Vec::with_capacity(definition.len() + 1);
    for (name, template) in definition {
        let Ok(text) = template.resolve(values) else { continue };
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&text))
        {
            value.set_sensitive(template.paths().any(is_secret));
            out.push((name, value));
        }
    }
    out.push((header::USER_AGENT, HeaderValue::from_static(USER_AGENT)));
    out
}
