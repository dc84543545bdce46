//! Where a request goes: scheme, host and port, read from its URI and nothing else.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::Uri;

use crate::error::EgressError;

/// The two schemes the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// A host as the guard sees it: an address that can be judged now, or a name to resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    Name(&'a str),
    Ip(IpAddr),
}

/// The destination of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) scheme: Scheme,
    /// As written in the URI, IPv6 in brackets.
    pub(crate) text: &'a str,
    pub(crate) host: Host<'a>,
    pub(crate) port: u16,
}

impl<'a> Target<'a> {
    /// Reads the destination of an absolute URI.
    ///
    /// # Errors
    /// `InvalidTarget` when the scheme is not http(s), or the authority carries user information, a malformed
    /// port, or a host that different readers would take for different hosts.
    pub(crate) fn of(uri: &'a Uri) -> Result<Self, EgressError> {
        let scheme = match uri.scheme_str() {
            Some("https") => Scheme::Https,
            Some("http") => Scheme::Http,
            Some(other) => return Err(invalid(format!("scheme {other:?} is neither http nor https"))),
            None => return Err(invalid("the URL is not absolute")),
        };
        let authority = uri.authority().ok_or_else(|| invalid("the URL names no host"))?;
        let text = authority.host();
        let port = authority.port();
        // What is left of the authority besides host and port is user information or a malformed port.
        let understood = text.len() + port.as_ref().map_or(0, |p| p.as_str().len() + 1);
        if understood != authority.as_str().len() {
            return Err(invalid("the URL's authority must be host or host:port, nothing else"));
        }
        let port = port.map_or(scheme.default_port(), |p| p.as_u16());
        Ok(Self { scheme, text, host: Host::parse(text)?, port })
    }

    /// `host:port`, for messages and for CONNECT.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.text, self.port)
    }

    /// Whether the two share scheme, host and port (RFC 6454 §4).
    pub(crate) fn same_origin(&self, other: &Target<'_>) -> bool {
        self.scheme == other.scheme && self.port == other.port && self.text.eq_ignore_ascii_case(other.text)
    }

    /// Whether this is the machine itself by its written name, before any resolving.
    pub(crate) fn is_local(&self) -> bool {
        match self.host {
            Host::Name(name) => is_localhost(name),
            Host::Ip(ip) => ip.to_canonical().is_loopback(),
        }
    }
}

impl Scheme {
    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl<'a> Host<'a> {
    /// Reads a host. Canonical dotted-quad and bracketed IPv6 are addresses; any other spelling that some
    /// resolver takes for an address (`127.1`, `0x7f.1`, `2130706433`, RFC 6943 §3.1.1) is an error, so that
    /// nobody downstream can read it differently.
    pub(crate) fn parse(text: &'a str) -> Result<Self, EgressError> {
        if let Some(inside) = text.strip_prefix('[') {
            let inside = inside.strip_suffix(']').ok_or_else(|| invalid("an IPv6 host lacks its ']'"))?;
            let v6 = Ipv6Addr::from_str(inside).map_err(|_| {
                invalid("the host in brackets is not an IPv6 address (zones are not accepted)")
            })?;
            return Ok(Self::Ip(IpAddr::V6(v6)));
        }
        if text.is_empty() || text.len() > 254 {
            return Err(invalid("the host is empty or longer than 253 characters"));
        }
        if let Some(bad) =
            text.bytes().find(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')))
        {
            return Err(invalid(format!(
                "the host contains {:?}; write it in ASCII (punycode)",
                char::from(bad)
            )));
        }
        let bare = text.strip_suffix('.').unwrap_or(text);
        let last = bare.rsplit('.').next().unwrap_or(bare);
        if !ends_in_number(last) {
            return Ok(Self::Name(text));
        }
        match Ipv4Addr::from_str(text) {
            Ok(v4) => Ok(Self::Ip(IpAddr::V4(v4))),
            Err(_) => {
                Err(invalid(format!("host {text:?} is a number: write an IPv4 address as four decimals")))
            }
        }
    }
}

/// The WHATWG "ends in a number" rule for a host's last label.
fn ends_in_number(label: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    match label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")) {
        Some(hex) => hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => digits(label),
    }
}

/// Whether `name` is `localhost` or below it; such names are loopback by RFC 6761 §6.3.
pub(crate) fn is_localhost(name: &str) -> bool {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let last = bare.rsplit('.').next().unwrap_or(bare);
    last.eq_ignore_ascii_case("localhost")
}

fn invalid(reason: impl Into<String>) -> EgressError {
    EgressError::InvalidTarget { reason: reason.into() }
}

/// An exact `host:port` that the operator exempts from the address guard.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    host: String,
    port: u16,
}

impl HostPort {
    /// An exemption for a listener of our own, e.g. the sandbox's.
    #[must_use]
    pub fn new(ip: IpAddr, port: u16) -> Self {
        let host = match ip {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        Self { host, port }
    }

    pub(crate) fn covers(&self, target: &Target<'_>) -> bool {
        self.port == target.port && self.host.eq_ignore_ascii_case(target.text)
    }
}

impl FromStr for HostPort {
    type Err = EgressError;

    /// Reads `host:port`; the port is required, IPv6 stands in brackets.
    fn from_str(text: &str) -> Result<Self, EgressError> {
        let wanted = || invalid(format!("exemption {text:?} is not host:port"));
        let (host, port) = text.rsplit_once(':').ok_or_else(wanted)?;
        let port: u16 = port.parse().map_err(|_| wanted())?;
        match Host::parse(host)? {
            Host::Ip(ip) => Ok(Self::new(ip, port)),
            Host::Name(name) => Ok(Self { host: name.to_ascii_lowercase(), port }),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
