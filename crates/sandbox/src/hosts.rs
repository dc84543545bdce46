//! The names under which the sandbox is reached. One listener serves them all, told apart by the Host header.

/// The sandbox's public origins, all on one port.
#[derive(Debug, Clone)]
pub struct Hosts {
    scheme: &'static str,
    port: u16,
}

impl Hosts {
    pub fn new(scheme: &'static str, port: u16) -> Self {
        Self { scheme, port }
    }

    /// Entra ID: `http://localhost:PORT` (MSAL needs a name that every resolver knows).
    pub fn login(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.port)
    }

    /// Microsoft Graph: `http://graph.localhost:PORT`; the plain `localhost` answers Graph paths too.
    pub fn graph(&self) -> String {
        format!("{}://graph.localhost:{}", self.scheme, self.port)
    }

    /// SharePoint of the tenant called `name`: `http://contoso.sharepoint.localhost:PORT`.
    pub fn sharepoint(&self, name: &str) -> String {
        format!("{}://{name}.sharepoint.localhost:{}", self.scheme, self.port)
    }

    /// Pre-authenticated downloads and uploads, on another host than Graph: `http://127.0.0.1:PORT`.
    pub fn files(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }
}
