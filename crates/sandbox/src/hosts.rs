//! The names under which the sandbox is reached. One listener serves them all, told apart by the Host header.

use crate::directory::seed;

/// The name that a local resolver must know for Entra ID and Graph.
const LOCAL: &str = "localhost";
/// Microsoft's own names, met when a client comes through a CONNECT proxy.
const REAL_LOGIN: &str = "login.microsoftonline.com";
const REAL_GRAPH: &str = "graph.microsoft.com";
const REAL_SHAREPOINT: &str = ".sharepoint.com";
const LOCAL_SHAREPOINT: &str = ".sharepoint.localhost";

/// The sandbox's public origins, all on one port (or Microsoft's own names, when the caller used those).
#[derive(Debug, Clone)]
pub struct Hosts {
    scheme: &'static str,
    port: u16,
    naming: Naming,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    Local,
    Microsoft,
}

/// What a host name serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// Entra ID, and Graph paths too: `localhost`, `127.0.0.1`, `[::1]`; with `/_control` and `/_files`.
    Everything,
    /// Entra ID alone: `login.microsoftonline.com`.
    Login,
    /// Graph alone.
    Graph,
    /// SharePoint of the tenant with this name.
    SharePoint(String),
    Unknown,
}

impl Hosts {
    /// The local names on `port`; `scheme` is `http` or `https`.
    pub fn new(scheme: &'static str, port: u16) -> Self {
        Self { scheme, port, naming: Naming::Local }
    }

    /// The names to use in an answer to a caller who used `origin`.
    pub(crate) fn of_origin(origin: &str) -> Self {
        let scheme = if origin.starts_with("https://") { "https" } else { "http" };
        let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        let (name, port) = split_port(authority);
        let default = if scheme == "https" { 443 } else { 80 };
        let naming = match name.ends_with(REAL_SHAREPOINT) || name == REAL_LOGIN || name == REAL_GRAPH {
            true => Naming::Microsoft,
            false => Naming::Local,
        };
        Self { scheme, port: port.unwrap_or(default), naming }
    }

    /// Entra ID: `http://localhost:PORT` (MSAL needs a name that every resolver knows).
    pub fn login(&self) -> String {
        self.named(LOCAL, REAL_LOGIN)
    }

    /// Microsoft Graph: `http://graph.localhost:PORT`; the plain `localhost` answers Graph paths too.
    pub fn graph(&self) -> String {
        self.named("graph.localhost", REAL_GRAPH)
    }

    /// SharePoint of the tenant called `name`: `http://contoso.sharepoint.localhost:PORT`.
    pub fn sharepoint(&self, name: &str) -> String {
        self.named(&format!("{name}{LOCAL_SHAREPOINT}"), &format!("{name}{REAL_SHAREPOINT}"))
    }

    /// Pre-authenticated downloads and uploads, on another host than Graph: `http://127.0.0.1:PORT`.
    pub fn files(&self) -> String {
        self.named("127.0.0.1", &format!("{}{REAL_SHAREPOINT}", seed::CONTOSO_NAME))
    }

    fn named(&self, local: &str, microsoft: &str) -> String {
        let name = match self.naming {
            Naming::Local => local,
            Naming::Microsoft => microsoft,
        };
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => format!("{}://{name}", self.scheme),
            (scheme, port) => format!("{scheme}://{name}:{port}"),
        }
    }
}

/// Splits `name:port`, leaving the brackets of an IPv6 address on the name.
pub(crate) fn split_port(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (authority, None),
        },
        _ => (authority, None),
    }
}

/// What the host of `authority` (a Host header) serves.
pub(crate) fn role(authority: &str) -> Role {
    let name = split_port(authority).0.to_ascii_lowercase();
    if let Some(tenant) = sharepoint_name(&name) {
        return Role::SharePoint(tenant.to_owned());
    }
    match name.as_str() {
        LOCAL | "127.0.0.1" | "[::1]" => Role::Everything,
        REAL_LOGIN | "login.localhost" | "login.windows.net" | "login.microsoft.com" | "sts.windows.net" => {
            Role::Login
        }
        REAL_GRAPH | "graph.localhost" => Role::Graph,
        _ => Role::Unknown,
    }
}

/// The tenant's name in a SharePoint host name, real or ours.
pub(crate) fn sharepoint_name(host: &str) -> Option<&str> {
    let name = host.strip_suffix(REAL_SHAREPOINT).or_else(|| host.strip_suffix(LOCAL_SHAREPOINT))?;
    (!name.is_empty() && !name.contains('.')).then_some(name)
}

/// Whether `host` (without port) is one of Graph's names; `localhost` counts, it answers Graph paths.
pub(crate) fn is_graph(host: &str) -> bool {
    matches!(host, REAL_GRAPH | "graph.localhost" | LOCAL | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_roles() {
        assert_eq!(role("localhost:3004"), Role::Everything);
        assert_eq!(role("[::1]:3004"), Role::Everything);
        assert_eq!(role("GRAPH.localhost"), Role::Graph);
        assert_eq!(role("contoso.sharepoint.localhost:1"), Role::SharePoint("contoso".into()));
        assert_eq!(role("contoso.sharepoint.com"), Role::SharePoint("contoso".into()));
        assert_eq!(role("a.b.sharepoint.com"), Role::Unknown);
        assert_eq!(role("evil.example"), Role::Unknown);
    }

    #[test]
    fn answers_use_the_names_that_the_caller_used() {
        let local = Hosts::of_origin("http://graph.localhost:3004");
        assert_eq!(local.files(), "http://127.0.0.1:3004");
        assert_eq!(local.sharepoint("contoso"), "http://contoso.sharepoint.localhost:3004");
        let real = Hosts::of_origin("https://graph.microsoft.com");
        assert_eq!(real.login(), "https://login.microsoftonline.com");
        assert_eq!(real.files(), "https://contoso.sharepoint.com");
    }
}
