//! The outbound proxies of the operator's network: which one a target goes through, if any.

use std::net::IpAddr;

use base64::Engine as _;
use http::HeaderValue;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::error::EgressError;
use crate::target::{Host, Scheme, Target};

/// Whether the outbound proxy is trusted to keep requests off internal addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrustProxy {
    /// Names are resolved here, judged by the guard and refused before the proxy hears of them.
    #[default]
    No,
    /// Only the proxy can resolve names; addresses written as numbers are still judged here.
    Yes,
}

/// One forward proxy, reached by plain HTTP. `Debug` does not show its credentials.
#[derive(Debug, Clone)]
pub struct OutboundProxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) authorization: Option<HeaderValue>,
}

/// The proxy settings of the process, as data: this crate reads no environment.
#[derive(Debug, Clone, Default)]
pub struct OutboundProxies {
    http: Option<OutboundProxy>,
    https: Option<OutboundProxy>,
    bypass: Vec<Bypass>,
}

#[derive(Debug, Clone, PartialEq)]
enum Bypass {
    Everything,
    /// A domain and all below it.
    Domain(String, Option<u16>),
    Net(IpNet, Option<u16>),
}

impl OutboundProxy {
    /// Reads `[http://][user:password@]host[:port]`; the port is 80 unless given.
    ///
    /// # Errors
    /// `Config` when it is no such URL; the message never repeats it, since it may hold a password.
    pub fn parse(text: &str) -> Result<Self, EgressError> {
        let config = |reason: &str| EgressError::Config { reason: format!("outbound proxy: {reason}") };
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&with_scheme).map_err(|e| config(&e.to_string()))?;
        if url.scheme() != "http" {
            return Err(config("only http:// proxies are supported (the tunnel inside is TLS all the same)"));
        }
        let host = url.host_str().ok_or_else(|| config("it names no host"))?.to_owned();
        let authorization = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(basic(user, password.unwrap_or_default())),
        };
        Ok(Self { host, port: url.port().unwrap_or(80), authorization })
    }

    /// `host:port`, without credentials.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

fn basic(user: &str, password: &str) -> HeaderValue {
    let mut pair: Vec<u8> = percent_decode_str(user).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let mut value = HeaderValue::try_from(text).expect("base64 is a valid header value");
    value.set_sensitive(true);
    value
}

impl OutboundProxies {
    /// Reads the values of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`; empty counts as absent.
    ///
    /// `NO_PROXY` is a comma list of names (with everything below them), addresses, CIDR ranges, each with an
    /// optional port, or `*`. Loopback and `localhost` never go through a proxy.
    ///
    /// # Errors
    /// `Config` when a proxy URL cannot be read.
    pub fn from_values(
        http: Option<&str>,
        https: Option<&str>,
        no_proxy: Option<&str>,
    ) -> Result<Self, EgressError> {
        let read = |value: Option<&str>| match value.map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => OutboundProxy::parse(text).map(Some),
        };
        let bypass = no_proxy.unwrap_or_default().split(',').filter_map(|item| Bypass::parse(item.trim()));
        Ok(Self { http: read(http)?, https: read(https)?, bypass: bypass.collect() })
    }

    /// The proxy that `target` goes through.
    pub(crate) fn for_target(&self, target: &Target<'_>) -> Option<&OutboundProxy> {
        let proxy = match target.scheme {
            Scheme::Http => self.http.as_ref(),
            Scheme::Https => self.https.as_ref(),
        }?;
        let direct = target.is_local() || self.bypass.iter().any(|rule| rule.covers(target));
        if direct { None } else { Some(proxy) }
    }
}

impl Bypass {
    fn parse(item: &str) -> Option<Self> {
        if item.is_empty() {
            return None;
        }
        if item == "*" {
            return Some(Self::Everything);
        }
        if let Some(net) = parse_net(item) {
            return Some(Self::Net(net, None));
        }
        let (host, port) = match item.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (item, None),
        };
        if let Some(net) = parse_net(host) {
            return Some(Self::Net(net, port));
        }
        let domain = host.strip_prefix("*.").unwrap_or(host).trim_matches('.');
        Some(Self::Domain(domain.to_ascii_lowercase(), port))
    }

    fn covers(&self, target: &Target<'_>) -> bool {
        let port_fits = |port: &Option<u16>| port.is_none_or(|p| p == target.port);
        match (self, target.host) {
            (Self::Everything, _) => true,
            (Self::Domain(domain, port), Host::Name(name)) => port_fits(port) && is_below(name, domain),
            (Self::Net(net, port), Host::Ip(ip)) => port_fits(port) && net.contains(&ip),
            _ => false,
        }
    }
}

fn parse_net(text: &str) -> Option<IpNet> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpNet>().ok().or_else(|| bare.parse::<IpAddr>().ok().map(IpNet::from))
}

fn is_below(name: &str, domain: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let Some(cut) = name.len().checked_sub(domain.len()) else { return false };
    // Host names are ASCII here, so cutting at a byte is safe.
    let (head, tail) = name.split_at(cut);
    tail.eq_ignore_ascii_case(domain) && (head.is_empty() || head.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(proxies: &OutboundProxies, uri: &str) -> bool {
        let uri: http::Uri = uri.parse().expect("test URI");
        proxies.for_target(&Target::of(&uri).expect("test target")).is_some()
    }

    #[test]
    fn no_proxy_matches_names_ports_and_ranges() {
        let list = "example.com, .corp.test,api.test:8443,10.0.0.0/8,[2001:db8::1]:443,*.wild.test";
        let p = OutboundProxies::from_values(Some("http://p:1"), Some("p:2"), Some(list)).expect("settings");
        for direct in [
            "https://example.com/",
            "https://EXAMPLE.com./",
            "https://a.example.com/",
            "http://x.corp.test/",
            "https://api.test:8443/",
            "http://10.1.2.3/",
            "https://[2001:db8::1]/",
            "https://a.wild.test/",
            "http://localhost:9/",
            "http://a.localhost/",
            "https://127.0.0.1/",
        ] {
            assert!(!through(&p, direct), "{direct} must go direct");
        }
        for proxied in ["https://badexample.com/", "https://api.test/", "http://11.1.2.3/", "https://com/"] {
            assert!(through(&p, proxied), "{proxied} must go through the proxy");
        }
        let all = OutboundProxies::from_values(Some("p"), None, Some("*")).expect("settings");
        assert!(!through(&all, "http://example.com/"));
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let p = OutboundProxy::parse("http://us%40er:p%3Ass@proxy.test:3128").expect("proxy");
        assert_eq!(p.authority(), "proxy.test:3128");
        // base64("us@er:p:ss")
        assert_eq!(p.authorization.as_ref().expect("credentials").as_bytes(), b"Basic dXNAZXI6cDpzcw==");
        let shown = format!("{p:?}");
        assert!(!shown.contains("p%3Ass") && !shown.contains("dXNAZXI6"), "{shown}");
        let refused = OutboundProxy::parse("socks5://user:hunter2@p").expect_err("unsupported").to_string();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
