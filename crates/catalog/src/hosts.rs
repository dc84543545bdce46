//! Which origins belong to a connection's API (DESIGN §5 "Tokens and hosts").

use domain::provider::Provider;
use serde_json::{Map, Value};
use url::Url;

use crate::clouds::CloudValues;

/// An origin that the definition itself names, or hosts that an operator allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// Scheme, host and port, exactly; http only where the cloud's own variables say so (the sandbox).
    Exact(String),
    /// https on the default port, a host or its direct children.
    Host(HostPattern),
}

/// `contoso.sharepoint.com`, or `*.sharepoint.com` for exactly one leading label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    host: String,
    any_label: AnyLabel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnyLabel {
    Yes,
    No,
}

/// A host pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not an allowed host: {problem}")]
pub struct InvalidHostPattern {
    /// As written.
    pub pattern: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl HostPattern {
    /// Parses an entry of an integration's `allowed_hosts`.
    ///
    /// # Errors
    /// Schemes, ports, paths, user names, a `*` anywhere but as the whole first label, and a `*.` over fewer than
    /// two labels (it would allow a whole top-level domain).
    pub fn parse(pattern: &str) -> Result<Self, InvalidHostPattern> {
        let error = |problem| InvalidHostPattern { pattern: pattern.to_owned(), problem };
        let (any_label, host) = match pattern.strip_prefix("*.") {
            Some(rest) => (AnyLabel::Yes, rest),
            None => (AnyLabel::No, pattern),
        };
        if host.contains(['*', '/', ':', '@', '?', '#', '\\']) || host.contains(char::is_whitespace) {
            return Err(error("write a host name, with at most `*.` before it"));
        }
        let url = Url::parse(&format!("https://{host}/")).map_err(|_| error("not a host name"))?;
        let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
        if host.is_empty() || (any_label == AnyLabel::Yes && !host.contains('.')) {
            return Err(error("`*.` needs at least two labels after it"));
        }
        if any_label == AnyLabel::Yes && !matches!(url.host(), Some(url::Host::Domain(_))) {
            return Err(error("`*.` cannot stand before an address"));
        }
        Ok(Self { host, any_label })
    }

    /// Whether a host, lower-case as [`Url`] gives it, matches.
    pub fn matches(&self, host: &str) -> bool {
        match self.any_label {
            AnyLabel::No => host == self.host,
            AnyLabel::Yes => {
                host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == self.host)
            }
        }
    }
}

/// Whether `host` matches an entry of an `allowed_hosts` list; an unusable entry matches nothing.
pub fn host_matches(pattern: &str, host: &str) -> bool {
    HostPattern::parse(pattern).is_ok_and(|pattern| pattern.matches(&host.to_ascii_lowercase()))
}

impl AllowedOrigin {
    /// Whether requests of this connection may go to `url`.
    pub fn allows(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        match self {
            Self::Exact(origin) => url.origin().ascii_serialization() == *origin,
            Self::Host(pattern) => {
                url.scheme() == "https"
                    && url.port().is_none()
                    && url.host_str().is_some_and(|host| pattern.matches(host))
            }
        }
    }
}

/// Whether any of the origins allows `url`.
pub fn url_is_allowed(allowed: &[AllowedOrigin], url: &Url) -> bool {
    allowed.iter().any(|origin| origin.allows(url))
}

/// The origins that the definition allows for one connection besides that of its base URL.
///
/// One whose placeholders have no value is left out. `connection_config` must have passed
/// [`crate::validate_connection_config`].
pub fn further_origins(
    provider: &Provider,
    cloud: Option<&CloudValues>,
    connection_config: &Map<String, Value>,
) -> Vec<AllowedOrigin> {
    let Some(proxy) = &provider.proxy else { return Vec::new() };
    let values = |path: &str| lookup(path, cloud, connection_config);
    let mut allowed = Vec::new();
    for host in &proxy.hosts {
        if let Some(origin) = host.resolve(&values).ok().and_then(|text| origin(&text))
            && !allowed.contains(&origin)
        {
            allowed.push(origin);
        }
    }
    allowed
}

/// The origin of a URL; `https://*.example.com` is a pattern.
fn origin(text: &str) -> Option<AllowedOrigin> {
    if let Some(host) = text.strip_prefix("https://").filter(|host| host.starts_with("*.")) {
        return HostPattern::parse(host).ok().map(AllowedOrigin::Host);
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    (url.username().is_empty() && url.password().is_none())
        .then(|| AllowedOrigin::Exact(url.origin().ascii_serialization()))
}

/// A template value from the cloud or the connection config; empty counts as absent.
pub(crate) fn lookup(
    path: &str,
    cloud: Option<&CloudValues>,
    connection_config: &Map<String, Value>,
) -> Option<String> {
    if let Some(value) = cloud.and_then(|cloud| cloud.by_path(path)) {
        return Some(value.to_owned());
    }
    let name = path.strip_prefix("connectionConfig.")?;
    value_at(connection_config, name)?.as_str().filter(|value| !value.is_empty()).map(str::to_owned)
}

/// A value under its own name, or at a dotted path (`installation.apiEndPoint`).
pub(crate) fn value_at<'a>(connection_config: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = connection_config.get(name) {
        return Some(value);
    }
    let mut steps = name.split('.');
    let first = connection_config.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

#[cfg(test)]
mod tests {
    use domain::ProviderName;

    use super::*;
    use crate::catalog::Catalog;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn patterns_are_exact_or_one_label() {
        assert!(host_matches("contoso.sharepoint.com", "Contoso.SharePoint.com"));
        assert!(host_matches("*.sharepoint.com", "contoso.sharepoint.com"));
        for (pattern, host) in [
            ("*.sharepoint.com", "sharepoint.com"),
            ("*.sharepoint.com", "a.b.sharepoint.com"),
            ("*.sharepoint.com", "evilsharepoint.com"),
            ("sharepoint.com", "contoso.sharepoint.com"),
            ("*", "x"),
        ] {
            assert!(!host_matches(pattern, host), "{pattern} {host}");
        }
        for broken in
            ["", "*.com", "*", "a.*.com", "https://a.com", "a.com:443", "u@a.com", "a.com/x", "*.1.2.3.4"]
        {
            assert!(HostPattern::parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn an_operator_s_host_means_https_on_the_default_port() {
        let allowed = [AllowedOrigin::Host(HostPattern::parse("*.contoso.com").unwrap())];
        assert!(url_is_allowed(&allowed, &url("https://a.contoso.com/x")));
        assert!(url_is_allowed(&allowed, &url("https://a.contoso.com:443/x")));
        for refused in [
            "http://a.contoso.com/",
            "https://a.contoso.com:8443/",
            "https://user@a.contoso.com/",
            "https://a.contoso.com.evil.example/",
            "https://a.contoso.com@evil.example/",
        ] {
            assert!(!url_is_allowed(&allowed, &url(refused)), "{refused}");
        }
    }

    #[test]
    fn a_connection_s_further_origins_come_from_its_cloud_and_config() {
        let text = "own:\n  display_name: Own\n  auth_mode: NONE\n  cloud_family: microsoft\n  proxy:\n    \
                    base_url: https://api.example\n    hosts:\n      - ${cloud.scheme}://\
                    ${connectionConfig.tenant}.${cloud.sharepoint_domain}\n      - https://up.example\n";
        let catalog = Catalog::embedded().unwrap().with_file("own.yaml", text).unwrap().with_cloud(
            "microsoft",
            "sandbox",
            [("scheme", "http"), ("sharepoint_domain", "sharepoint.localhost:1")],
        );
        let own = &catalog.get(&ProviderName::parse("own").unwrap()).unwrap().provider;
        let mut config = Map::new();
        let allowed = further_origins(own, None, &config);
        assert_eq!(allowed, [AllowedOrigin::Exact("https://up.example".to_owned())]);
        config.insert("tenant".to_owned(), Value::from("contoso"));
        let sandbox = catalog.clouds().values("microsoft", "sandbox").unwrap();
        let allowed = further_origins(own, Some(sandbox), &config);
        assert!(url_is_allowed(&allowed, &url("http://contoso.sharepoint.localhost:1/_api/web")));
        assert!(!url_is_allowed(&allowed, &url("http://contoso.sharepoint.localhost:2/_api/web")));
        assert!(!url_is_allowed(&allowed, &url("https://contoso.sharepoint.localhost:1/_api/web")));
        assert!(!url_is_allowed(&allowed, &url("http://fabrikam.sharepoint.localhost:1/_api/web")));
    }
}
