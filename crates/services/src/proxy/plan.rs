//! How calls of one connection go: base, credentials, headers and the origins it may reach. Made once per opened
//! account, so that the path of a call only copies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::AllowedOrigin;
use domain::connection::Connection;
use domain::credentials::Credentials;
use domain::provider::{Provider, ProxyDefinition, RedirectHeaders, RetryHints};
use domain::template::Template;
use domain::{Secret, template};
use http::header::{self, HeaderName, HeaderValue};

use super::each_attempt::EachAttempt;
use super::target;
use super::values::{self, Subject, SubjectValues};
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::credentials::client_identity;
use crate::credentials::token_endpoint::USER_AGENT;
use crate::environments::OverrideHosts;

/// How calls of one connection go.
#[derive(Debug)]
pub struct ProxyPlan {
    /// The base URL without a trailing slash.
    pub base: String,
    /// Its origin.
    pub base_origin: String,
    /// `Authorization` where it is the same for every call, marked sensitive.
    pub authorization: Option<HeaderValue>,
    /// The provider's headers and our defaults, strongest first.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Query parameters added to every call, in place of the caller's of the same name.
    pub query: Vec<(String, String)>,
    /// What is made anew for every attempt; nearly all connections have nothing of it.
    pub each_attempt: Option<Box<EachAttempt>>,
    /// Origins that belong to the connection besides the base's.
    pub allowed: Vec<AllowedOrigin>,
    /// Where the environment lets a base-URL override lead.
    pub override_hosts: OverrideHosts,
    /// Where the provider says how long to wait.
    pub hints: RetryHints,
    /// What becomes of headers on a redirect to another origin, where the caller says nothing.
    pub redirect_headers: RedirectHeaders,
    /// The certificate that is shown where [`Self::authorization`] goes.
    pub identity: Option<egress::ClientIdentity>,
    /// Secrets that stand in the URL of every call.
    in_url: Vec<Secret>,
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
        Self::of(context, &Subject::connected(open, connection, credentials))
    }

    /// As [`Self::make`], for credentials that are no connection yet.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn of(context: &Context, subject: &Subject<'_>) -> Result<Self, String> {
        let open = subject.open;
        let provider = &open.entry.provider;
        let proxy = forwarding(provider)?;
        let values = subject.values(context);
        let missing = |missing: template::Unresolved| {
            format!("`{}` is not set in the connection config, so there is no base URL", missing.path)
        };
        let own_hosts = &open.integration.settings.allowed_hosts;
        catalog::check_secret_host(provider, &proxy.base_url, &values, own_hosts)
            .map_err(|refused| refused.to_string())?;
        let base = proxy.base_url.resolve(&values).map_err(missing)?;
        Self::at(context, subject, &base)
    }

    /// The same for a base that the definition names itself, where its usual one is not known yet.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn at(context: &Context, subject: &Subject<'_>, base: &str) -> Result<Self, String> {
        let open = subject.open;
        let provider = &open.entry.provider;
        let proxy = forwarding(provider)?;
        let values = subject.values(context);
        let base = base.trim_end_matches('/').to_owned();
        let base_origin =
            target::origin(&base).ok_or_else(|| "the base URL is not a valid URL".to_owned())?;
        let mut allowed = catalog::further_origins(provider, open.cloud_values(context), subject.config);
        let hosts = &open.integration.settings.allowed_hosts;
        allowed.extend(
            hosts.iter().filter_map(|host| catalog::HostPattern::parse(host).ok()).map(AllowedOrigin::Host),
        );
        let query = proxy.query.iter();
        let query: Vec<_> =
            query.filter_map(|(name, value)| Some((name.clone(), value.resolve(&values).ok()?))).collect();
        let each_attempt = EachAttempt::of(context, subject, proxy)?;
        let identity = client_identity::of(context, &provider.auth, subject.credentials)
            .map_err(|missing| missing.to_string())?;
        Ok(Self {
            identity,
            in_url: in_url(&proxy.base_url, &proxy.query, &values),
            base,
            base_origin,
            authorization: authorization(subject.credentials, &proxy.headers),
            headers: headers(&proxy.headers, &values),
            query,
            each_attempt,
            allowed,
            override_hosts: open.override_hosts,
            hints: proxy.retry.clone(),
            redirect_headers: proxy.redirect_headers,
        })
    }

    /// Puts onto a request of the definition's own what every call carries, each where nothing stands yet.
    pub fn dress<B>(&self, request: &mut http::Request<B>) {
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(value) = &self.authorization {
            headers.entry(header::AUTHORIZATION).or_insert_with(|| value.clone());
        }
        if let Some(identity) = &self.identity {
            request.extensions_mut().insert(identity.clone());
        }
    }

    /// Whether requests of this connection may go to a URL.
    pub fn allows(&self, url: &url::Url) -> bool {
        (url.username().is_empty()
            && url.password().is_none()
            && url.origin().ascii_serialization() == self.base_origin)
            || catalog::url_is_allowed(&self.allowed, url)
            || self.override_hosts == OverrideHosts::AnyPublic && is_plain_https(url)
    }

    /// Keeps the secrets that a further template puts into URLs out of what [`Self::masked`] shows.
    pub fn hide(&mut self, template: &Template, values: &SubjectValues<'_>) {
        let secrets = template.paths().filter(|path| values::is_secret(path));
        let secrets = secrets.filter_map(|path| template::Values::get(values, path));
        self.in_url.extend(secrets.flat_map(|secret| spelled(&secret).collect::<Vec<_>>()));
    }

    /// A URL of this connection as the log may show it: without the secrets that the definition puts into it.
    pub fn masked(&self, url: String) -> String {
        self.in_url.iter().fold(url, |url, secret| url.replace(secret.expose(), "REDACTED"))
    }
}

fn forwarding(provider: &Provider) -> Result<&ProxyDefinition, String> {
    let proxy = provider.proxy.as_ref();
    proxy.ok_or_else(|| format!("the provider {} has no API to forward to", provider.name))
}

/// The ways in which a secret may stand in a URL: as it is, in a path, in a query. One of three characters or fewer is
/// left out: it would be found everywhere.
fn spelled(secret: &str) -> impl Iterator<Item = Secret> {
    let encoded = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let in_path = url::Url::parse("https://path.invalid").ok().map(|mut url| {
        url.set_path(secret);
        url.path().trim_start_matches('/').to_owned()
    });
    let all = std::iter::once(secret.to_owned()).chain(in_path).chain(std::iter::once(encoded));
    all.filter(|text| text.len() > 3).map(Secret::from)
}

/// What an environment that lets calls go anywhere still asks for; the address guard judges the rest.
fn is_plain_https(url: &url::Url) -> bool {
    url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
}

/// `Authorization` of a kind that sends the same in every call, unless the definition writes the secret into a header
/// of its own (contract §3.4).
fn authorization(credentials: &Credentials, headers: &[(String, Template)]) -> Option<HeaderValue> {
    let own = |names: &[&str]| {
        headers.iter().any(|(_, template)| template.paths().any(|path| names.contains(&path)))
    };
    if let Credentials::Basic(pair) | Credentials::InstallPlugin(pair) = credentials {
        let text = Secret::from(format!("{}:{}", pair.username.expose(), pair.password.expose()));
        return sensitive(&format!("Basic {}", STANDARD.encode(text.expose())));
    }
    let token = credentials.access_token().filter(|token| !token.is_empty())?;
    let elsewhere = own(&["accessToken"])
        || matches!(credentials, Credentials::TwoStep(_)) && own(&["credentials._cookies"]);
    if elsewhere { None } else { bearer(token) }
}

/// `Authorization: Bearer …`, marked sensitive.
pub fn bearer(token: &Secret) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {}", token.expose()))
}

/// A header value that neither prints nor goes into a compression table.
pub(super) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The definition's headers that do not look at the request (those without a value are left out), then our default
/// `User-Agent`.
fn headers(definition: &[(String, Template)], values: &SubjectValues<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let mut out = Vec::with_capacity(definition.len() + 1);
    for (name, template) in definition {
        if EachAttempt::makes(template) {
            continue;
        }
        let Ok(text) = template.resolve(values) else { continue };
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&text))
        {
            value.set_sensitive(template.paths().any(values::is_secret));
            out.push((name, value));
        }
    }
    out.push((header::USER_AGENT, HeaderValue::from_static(USER_AGENT)));
    out
}

/// The secrets that a definition puts into the URL, as they stand there.
fn in_url(base: &Template, query: &[(String, Template)], values: &SubjectValues<'_>) -> Vec<Secret> {
    let plain = |path| template::Values::get(values, path);
    let encoded = |text: String| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let in_base = base.paths().filter(|path| values::is_secret(path)).filter_map(plain);
    let in_query = query.iter().flat_map(|(_, template)| template.paths());
    let in_query = in_query.filter(|path| values::is_secret(path)).filter_map(plain).map(encoded);
    in_base.chain(in_query).filter(|text| text.len() > 3).map(Secret::from).collect()
}
