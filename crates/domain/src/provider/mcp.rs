//! MCP servers: OAuth 2.1 with a client that may register itself.

use super::oauth2::OAuth2;
use crate::template::{Template, TemplateTree};

/// OAuth 2.1 of one known MCP server.
#[derive(Debug, Clone)]
pub struct McpOAuth2 {
    /// The code flow.
    pub oauth2: OAuth2,
    /// Where the client comes from.
    pub registration: ClientRegistration,
}

/// Where an OAuth client comes from (`client_registration`).
#[derive(Debug, Clone)]
pub enum ClientRegistration {
    /// The operator registered it and entered id and secret.
    Static,
    /// Registered by us when the integration is made (RFC 7591).
    Dynamic {
        /// The registration endpoint.
        url: Template,
        /// Added to the registration request.
        params: TemplateTree,
    },
    /// Its id is the URL of a metadata document that we serve.
    MetadataDocument,
}

/// OAuth 2.1 of any MCP server, discovered from its address (RFC 9728, RFC 8414).
#[derive(Debug, Clone)]
pub struct McpOAuth2Generic {
    /// The server's address: `${connectionConfig.mcp_server_url}` unless the definition says otherwise.
    pub server_url: Template,
    /// Asked for when neither integration nor discovery names scopes.
    pub default_scopes: Vec<String>,
}
