//! MCP_OAUTH2 and MCP_OAUTH2_GENERIC as code flows (MCP specification, "Authorization"): OAuth 2.1 with PKCE and a
//! resource indicator (RFC 8707).

use std::borrow::Cow;

use domain::integration::Integration;
use domain::provider::{
    AuthorizeUrlStyle, BodyFormat, ClientAuth, CodeGrant, ExpiryUnit, McpOAuth2, OAuth2, Pkce, ScopeRules,
    TokenLife,
};
use domain::template::Template;

use crate::credentials::mcp::metadata::ServerMetadata;

/// How a client proves itself, by its `token_endpoint_auth_method` (RFC 7591 §2).
pub fn client_auth(method: &str) -> ClientAuth {
    if method == "client_secret_basic" { ClientAuth::Basic } else { ClientAuth::Body }
}

/// The code flow of a server that the definition knows, as the integration's client was registered for it.
pub fn known<'a>(scheme: &'a McpOAuth2, integration: &Integration) -> Cow<'a, OAuth2> {
    match &integration.settings.client_auth_method {
        None => Cow::Borrowed(&scheme.oauth2),
        Some(method) => Cow::Owned(OAuth2 { client_auth: client_auth(method), ..scheme.oauth2.clone() }),
    }
}

/// The code flow of a discovered server.
pub fn discovered(
    server: &ServerMetadata,
    resource: &str,
    auth_method: &str,
    default_scopes: Vec<String>,
) -> OAuth2 {
    let resource = vec![("resource".to_owned(), Template::literal(resource))];
    OAuth2 {
        authorization_url: Some(Template::literal(&server.authorization_endpoint)),
        token_url: Template::literal(&server.token_endpoint),
        authorization_params: resource.clone(),
        token_params: resource.clone(),
        refresh_params: resource,
        default_scopes,
        client_auth: client_auth(auth_method),
        ..nothing()
    }
}

/// A code flow that leads nowhere.
fn nothing() -> OAuth2 {
    OAuth2 {
        authorization_url: None,
        authorize_style: AuthorizeUrlStyle::default(),
        sign_in_url: None,
        token_url: Template::literal(""),
        refresh_url: None,
        authorization_params: Vec::new(),
        token_params: Vec::new(),
        refresh_params: Vec::new(),
        token_headers: Vec::new(),
        scope_separator: " ".to_owned(),
        default_scopes: Vec::new(),
        client_auth: ClientAuth::Body,
        body_format: BodyFormat::Form,
        pkce: Pkce::S256,
        code_parameter: "code".to_owned(),
        grant: CodeGrant::AuthorizationCode,
        tokens_at: None,
        answer: None,
        token_response_metadata: Vec::new(),
        refresh_response_metadata: Vec::new(),
        redirect_uri_metadata: Vec::new(),
        expiry_unit: ExpiryUnit::Seconds,
        token_life: TokenLife::AsAnswered,
        expiration_buffer_seconds: None,
        installation: None,
        scope_rules: ScopeRules::None,
    }
}
