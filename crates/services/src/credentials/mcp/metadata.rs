//! What servers say of themselves: protected resources (RFC 9728 §2) and authorization servers (RFC 8414 §2).

use domain::provider::ClientAuth;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// Lists are cut here; longer ones are nobody's honest answer.
const MOST: usize = 100;

/// An authorization server as it describes itself (RFC 8414 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerMetadata {
    /// Its name, a URL; equal to the one that its metadata were asked under (RFC 8414 §3.3).
    pub issuer: String,
    /// Where the browser is sent.
    pub authorization_endpoint: String,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: String,
    /// Where clients register (RFC 7591).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// Scopes that may be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How clients may prove themselves; empty means `client_secret_basic`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// PKCE methods; an honest absence means that the server does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// A client may be named by the URL of its metadata document.
    #[serde(default)]
    pub client_id_metadata_document_supported: bool,
    /// The callback carries `iss` (RFC 9207 §3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// A protected resource as it describes itself (RFC 9728 §2).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResourceMetadata {
    /// Its identifier, a URL.
    pub resource: String,
    /// Issuers of the authorization servers that it trusts.
    #[serde(default)]
    pub authorization_servers: Vec<String>,
    /// Scopes that it knows.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
}

/// Why a description cannot be used, for people.
pub type Flaw = String;

/// Only https; http to this very machine, which the address guard refuses unless the operator exempted it.
pub fn secure(text: &str) -> Result<Url, Flaw> {
    let url = Url::parse(text).map_err(|_| format!("`{}` is not a URL", short(text)))?;
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let clear = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if url.host().is_some() && clear && (url.scheme() == "https" || (url.scheme() == "http" && loopback)) {
        return Ok(url);
    }
    Err(format!("`{}` is not an https URL without user name and fragment", short(text)))
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

impl ServerMetadata {
    /// Reads the answer of a metadata URL that was made from `issuer`.
    ///
    /// # Errors
    /// What is missing or against RFC 8414; another issuer than was asked.
    pub fn read(body: &[u8], issuer: &Url) -> Result<Self, Flaw> {
        let mut found: Self = serde_json::from_slice(body)
            .map_err(|_| "the authorization server's metadata are not those of RFC 8414".to_owned())?;
        // §3.3; a slash at the end is written or left out as people like.
        if found.issuer.trim_end_matches('/') != issuer.as_str().trim_end_matches('/') {
            let (asked, said) = (issuer.as_str(), short(&found.issuer));
            return Err(format!("the authorization server {asked} calls itself {said} (RFC 8414 §3.3)"));
        }
        secure(&found.authorization_endpoint)?;
        secure(&found.token_endpoint)?;
        if let Some(endpoint) = &found.registration_endpoint {
            secure(endpoint)?;
        }
        if found
            .code_challenge_methods_supported
            .as_ref()
            .is_some_and(|all| !all.iter().any(|one| one == "S256"))
        {
            return Err("the authorization server does not support PKCE with S256".to_owned());
        }
        found.scopes_supported.truncate(MOST);
        found.token_endpoint_auth_methods_supported.truncate(MOST);
        Ok(found)
    }

    /// How a client with a secret proves itself: what the server supports, in the order of our liking.
    pub fn client_auth(&self) -> ClientAuth {
        let supports =
            |method: &str| self.token_endpoint_auth_methods_supported.iter().any(|one| one == method);
        // RFC 8414 §2: without a list it is `client_secret_basic`.
        if supports("client_secret_post") { ClientAuth::Body } else { ClientAuth::Basic }
    }

    /// The client's `token_endpoint_auth_method` to register with.
    pub fn registered_auth_method(&self) -> &'static str {
        let supports =
            |method: &str| self.token_endpoint_auth_methods_supported.iter().any(|one| one == method);
        if supports("client_secret_post") {
            "client_secret_post"
        } else if supports("none") && !supports("client_secret_basic") {
            "none"
        } else {
            "client_secret_basic"
        }
    }

    /// Where the metadata of an issuer may stand, in the order to try (RFC 8414 §3.1, OpenID Connect Discovery §4.1).
    pub fn locations(issuer: &Url) -> Vec<Url> {
        let path = issuer.path().trim_matches('/').to_owned();
        let at = |path: String| {
            let mut url = issuer.clone();
            url.set_query(None);
            url.set_path(&path);
            url
        };
        if path.is_empty() {
            return ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]
                .map(|path| at(path.to_owned()))
                .to_vec();
        }
        vec![
            at(format!("/.well-known/oauth-authorization-server/{path}")),
            at(format!("/.well-known/openid-configuration/{path}")),
            at(format!("/{path}/.well-known/openid-configuration")),
        ]
    }
}

impl ResourceMetadata {
    /// Reads the metadata of the resource that `server` belongs to.
    ///
    /// # Errors
    /// Not RFC 9728's form, or the metadata of another resource (§3.3: then they must not be used).
    pub fn read(body: &[u8], server: &Url) -> Result<Self, Flaw> {
        let mut found: Self = serde_json::from_slice(body)
            .map_err(|_| "the MCP server's resource metadata are not those of RFC 9728".to_owned())?;
        let resource = secure(&found.resource)?;
        let mut own = server.path().to_owned();
        own.push('/');
        let under = own.starts_with(&format!("{}/", resource.path().trim_end_matches('/')));
        if resource.origin() != server.origin() || !under {
            let said = short(&found.resource);
            return Err(format!(
                "the MCP server's metadata are those of another resource, {said} (RFC 9728 §3.3)"
            ));
        }
        found.authorization_servers.truncate(MOST);
        found.scopes_supported.truncate(MOST);
        Ok(found)
    }

    /// Where the metadata of a resource may stand (RFC 9728 §3.1): under its path, then at the root.
    pub fn locations(server: &Url) -> Vec<Url> {
        let at = |path: String| {
            let mut url = server.clone();
            url.set_query(None);
            url.set_path(&path);
            url
        };
        let path = server.path().trim_matches('/');
        let root = at("/.well-known/oauth-protected-resource".to_owned());
        if path.is_empty() {
            return vec![root];
        }
        vec![at(format!("/.well-known/oauth-protected-resource/{path}")), root]
    }
}

/// `resource_metadata` of a `WWW-Authenticate: Bearer` challenge (RFC 9728 §5.1).
pub fn challenged_location(header: &str) -> Option<&str> {
    let (_, rest) = header.split_once("resource_metadata=")?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    }
}

/// A metadata object as the connection keeps it.
pub fn stored(metadata: &ServerMetadata) -> Value {
    serde_json::to_value(metadata).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn locations(urls: Vec<Url>) -> Vec<String> {
        urls.into_iter().map(String::from).collect()
    }

    /// RFC 8414 §3.1, RFC 9728 §3.1.
    #[test]
    fn well_known_paths_go_between_host_and_path() {
        let issuer = url("https://a.example/tenant1/");
        assert_eq!(
            locations(ServerMetadata::locations(&issuer)),
            [
                "https://a.example/.well-known/oauth-authorization-server/tenant1",
                "https://a.example/.well-known/openid-configuration/tenant1",
                "https://a.example/tenant1/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            locations(ResourceMetadata::locations(&url("https://a.example/mcp?x=1"))),
            [
                "https://a.example/.well-known/oauth-protected-resource/mcp",
                "https://a.example/.well-known/oauth-protected-resource",
            ]
        );
        assert_eq!(ServerMetadata::locations(&url("https://a.example")).len(), 2);
    }

    fn server(change: &[(&str, Value)]) -> Vec<u8> {
        let mut all = json!({
            "issuer": "https://a.example", "authorization_endpoint": "https://a.example/authorize",
            "token_endpoint": "https://a.example/token", "code_challenge_methods_supported": ["S256"],
        });
        for (key, value) in change {
            all[*key] = value.clone();
        }
        all.to_string().into_bytes()
    }

    #[test]
    fn a_server_that_describes_another_or_an_unsafe_one_is_refused() {
        let issuer = url("https://a.example/");
        assert!(ServerMetadata::read(&server(&[]), &issuer).is_ok());
        for (key, value) in [
            ("issuer", json!("https://evil.example")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("authorization_endpoint", json!("http://a.example/authorize")),
            ("token_endpoint", json!("https://user:pass@a.example/token")),
            ("token_endpoint", json!(5)),
            ("registration_endpoint", json!("ftp://a.example")),
            ("code_challenge_methods_supported", json!(["plain"])),
        ] {
            assert!(
                ServerMetadata::read(&server(&[(key, value.clone())]), &issuer).is_err(),
                "{key} {value}"
            );
        }
        assert!(ServerMetadata::read(b"<html>", &issuer).is_err());
    }

    #[test]
    fn resource_metadata_of_another_resource_are_not_used() {
        let mcp = url("https://a.example/mcp");
        let read = |resource: &str| {
            ResourceMetadata::read(json!({"resource": resource}).to_string().as_bytes(), &mcp)
        };
        for good in
            ["https://a.example/mcp", "https://a.example/", "https://a.example", "https://a.example/mcp/"]
        {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "https://b.example/mcp",
            "https://a.example/mc",
            "https://a.example/other",
            "http://a.example/mcp",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_challenge_names_the_metadata() {
        let quoted = r#"Bearer realm="x", resource_metadata="https://a.example/m", error="invalid_token""#;
        assert_eq!(challenged_location(quoted), Some("https://a.example/m"));
        assert_eq!(challenged_location("Bearer resource_metadata=https://a/m, x=y"), Some("https://a/m"));
        assert_eq!(challenged_location("Bearer"), None);
    }
}
