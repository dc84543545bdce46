//! OAuth 2: code flow, client credentials, MCP.

use domain::provider::{
    AuthorizeUrlStyle, BodyFormat, ClientCertificate, ClientCredentials, ClientRegistration, CodeAnswerPaths,
    CodeGrant, EmptyParams, Encoding, McpOAuth2, McpOAuth2Generic, OAuth2, Pkce,
};
use domain::template::{Template, TemplateTree};

use super::{
    Lack, answered_expiry, body_format, client_auth, expiry_unit, installed, required_template, scope_rules,
    scope_separator, token_life, token_url,
};
use crate::convert::file::ProviderFile;
use crate::convert::tree::{nested_parameters, optional, parameters, template};
use crate::read::Node;

/// Where an MCP server's address is when the definition does not say.
const MCP_SERVER_URL: &str = "${connectionConfig.mcp_server_url}";

/// A code flow whose tokens come from `token_url`.
pub(super) fn oauth2(file: &ProviderFile, token_url: Template) -> Result<OAuth2, Lack> {
    let installation = installed::outbound(file)?;
    let authorization_url = optional("authorization_url", file.authorization_url.as_deref())?;
    if authorization_url.is_none() && installation.is_none() {
        return Err(Lack::Missing("`authorization_url` is missing".to_owned()));
    }
    let code_parameter = file.authorization_code_param_in_callback.as_deref().unwrap_or("code");
    Ok(OAuth2 {
        authorization_url,
        authorize_style: style(file)?,
        sign_in_url: optional("sign_in_url", file.sign_in_url.as_deref())?,
        token_url,
        refresh_url: optional("refresh_url", file.refresh_url.as_deref())?,
        authorization_params: without(
            parameters("authorization_params", &file.authorization_params)?,
            "response_type",
            "code",
        ),
        token_params: token_params(file)?,
        // Kept whole: what is declared here replaces `token_params`, even if it is the grant type alone.
        refresh_params: parameters("refresh_params", refresh_params(file))?,
        token_headers: parameters("token_headers", &file.token_headers)?,
        scope_separator: scope_separator(file),
        default_scopes: file.default_scopes.clone(),
        client_auth: client_auth(file)?,
        body_format: body_format(file.body_format.as_deref(), BodyFormat::Form)?,
        pkce: if file.disable_pkce { Pkce::Off } else { Pkce::S256 },
        code_parameter: code_parameter.to_owned(),
        grant: grant(file, code_parameter)?,
        tokens_at: file.alternate_access_token_response_path.clone(),
        answer: answer(file)?,
        token_response_metadata: file.token_response_metadata.clone(),
        refresh_response_metadata: file.refresh_token_response_metadata.clone(),
        redirect_uri_metadata: file.redirect_uri_metadata.clone(),
        expiry_unit: expiry_unit(file)?,
        token_life: token_life(file)?,
        expiration_buffer_seconds: file.token_expiration_buffer,
        installation,
        scope_rules: scope_rules(file)?,
    })
}

/// `refresh_token_params` beside a code flow is an older spelling of `refresh_params`.
fn refresh_params(file: &ProviderFile) -> &indexmap::IndexMap<String, Node> {
    if file.refresh_params.is_empty() { &file.refresh_token_params } else { &file.refresh_params }
}

fn token_params(file: &ProviderFile) -> Result<Vec<(String, Template)>, Lack> {
    let params = parameters("token_params", &file.token_params)?;
    // Contract §5.2: another grant type in a code flow is an error when somebody connects; here it is one at once.
    let foreign =
        params.iter().find(|(name, value)| name == "grant_type" && value.source() != "authorization_code");
    match foreign {
        Some((_, grant)) => {
            Err(Lack::Missing(format!("token_params.grant_type `{grant}` is not of a code flow")))
        }
        None => Ok(without(params, "grant_type", "authorization_code")),
    }
}

fn grant(file: &ProviderFile, code_parameter: &str) -> Result<CodeGrant, Lack> {
    match file.grant.as_deref() {
        // Without our `grant` key, `tenant` in place of a code means a consent whose tenant nobody would prove.
        None if code_parameter == "tenant" => {
            Err(Lack::Missing("`grant: admin_consent` and `sign_in_url` are missing".to_owned()))
        }
        None => Ok(CodeGrant::AuthorizationCode),
        Some("admin_consent") => Ok(CodeGrant::AdminConsent),
        Some(other) => Err(Lack::Wrong(format!("grant: `{other}` is not admin_consent"))),
    }
}

/// Where the answer holds what, where the definition says so.
fn answer(file: &ProviderFile) -> Result<Option<CodeAnswerPaths>, String> {
    let Some(response) = &file.token_response else { return Ok(None) };
    Ok(Some(CodeAnswerPaths {
        token: response.token.clone(),
        refresh_token: response.refresh_token.clone(),
        expiry: answered_expiry(response)?,
    }))
}

fn style(file: &ProviderFile) -> Result<AuthorizeUrlStyle, String> {
    let mut style = AuthorizeUrlStyle {
        fragment: file.authorization_url_fragment.clone(),
        replacements: file
            .authorization_url_replacements
            .iter()
            .map(|(from, to)| (from.clone(), to.clone()))
            .collect(),
        ..AuthorizeUrlStyle::default()
    };
    if file.authorization_url_skip_empty {
        style.empty_params = EmptyParams::Dropped;
    }
    for part in file.authorization_url_skip_encode.iter().chain(&file.token_url_skip_encode) {
        match part.as_str() {
            "scopes" => style.scopes = Encoding::Verbatim,
            "base_url" => style.base_url = Encoding::Verbatim,
            other => {
                return Err(format!(
                    "authorization_url_skip_encode: `{other}` is neither scopes nor base_url"
                ));
            }
        }
    }
    Ok(style)
}

/// Client credentials.
pub(super) fn client_credentials(file: &ProviderFile) -> Result<ClientCredentials, Lack> {
    Ok(ClientCredentials {
        token_url: token_url(file)?,
        token_params: without(
            parameters("token_params", &file.token_params)?,
            "grant_type",
            "client_credentials",
        ),
        token_headers: parameters("token_headers", &file.token_headers)?,
        scope_separator: scope_separator(file),
        default_scopes: file.default_scopes.clone(),
        client_auth: client_auth(file)?,
        body_format: body_format(file.body_format.as_deref(), BodyFormat::Form)?,
        client_certificate: if file.require_client_certificate {
            ClientCertificate::Required
        } else {
            ClientCertificate::No
        },
        token_response_metadata: file.token_response_metadata.clone(),
        expiry_unit: expiry_unit(file)?,
        token_life: token_life(file)?,
        expiration_buffer_seconds: file.token_expiration_buffer,
        scope_rules: scope_rules(file)?,
    })
}

/// The code flow of a known MCP server.
pub(super) fn mcp(file: &ProviderFile) -> Result<McpOAuth2, Lack> {
    let registration = match file.client_registration.as_deref() {
        None | Some("static") => ClientRegistration::Static,
        Some("cimd") => ClientRegistration::MetadataDocument,
        Some("dynamic") => ClientRegistration::Dynamic {
            url: required_template("registration_url", file.registration_url.as_deref())?,
            params: TemplateTree::Map(nested_parameters("registration_params", &file.registration_params)?),
        },
        Some(other) => {
            return Err(Lack::Wrong(format!(
                "client_registration: `{other}` is not one of static, dynamic and cimd"
            )));
        }
    };
    Ok(McpOAuth2 { oauth2: oauth2(file, token_url(file)?)?, registration })
}

/// Any MCP server.
pub(super) fn mcp_generic(file: &ProviderFile) -> Result<McpOAuth2Generic, Lack> {
    Ok(McpOAuth2Generic {
        server_url: template("mcp_server_url", MCP_SERVER_URL)?,
        default_scopes: file.default_scopes.clone(),
    })
}

/// Drops a parameter that the grant sets anyway, so that it cannot be sent twice.
fn without(params: Vec<(String, Template)>, name: &str, value: &str) -> Vec<(String, Template)> {
    params.into_iter().filter(|(key, template)| key != name || template.source() != value).collect()
}
