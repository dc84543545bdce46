//! The scopes of an authorization: the session's word, else the integration's, else the definition's.

use domain::connect::ConnectDefaults;
use domain::provider::OAuth2;

use super::sessions;
use crate::context::Context;
use crate::credentials::account::OpenIntegration;
use crate::error::Error;

/// What an authorization asks for.
pub struct AskedScopes {
    /// The `scope` parameter; `None` leaves it out.
    pub parameter: Option<String>,
    /// The `scope` of the token request, where it must be named.
    pub token_scope: Option<String>,
    /// Whether an id token will come.
    pub wants_id_token: bool,
}

/// The scopes of a provider whose definition has a code flow, by the rules of its family.
///
/// # Errors
/// The rule that they break.
pub fn of_definition(
    context: &Context,
    open: &OpenIntegration,
    defaults: Option<&ConnectDefaults>,
) -> Result<AskedScopes, Error> {
    let provider = &open.entry.provider;
    let cloud = open.cloud_values(context);
    let session_override = defaults.and_then(sessions::scopes_override);
    let sources = catalog::ScopeSources {
        parameter: defaults.and_then(|own| own.authorization_params.get("scope")).map(String::as_str),
        session_override: session_override.as_deref(),
        configured: &open.integration.scopes,
        cloud,
    };
    let effective = catalog::effective_scopes(provider, &sources)
        .map_err(|broken| Error::refused("invalid_oauth_scopes", broken.to_string()))?;
    let for_token = catalog::token_request_scopes(provider, cloud, &effective.list);
    Ok(AskedScopes {
        wants_id_token: effective.list.iter().any(|scope| scope == "openid"),
        token_scope: (for_token != effective.list).then(|| for_token.join(" ")),
        parameter: effective.parameter,
    })
}

/// The scopes of a flow that no family has rules for (MCP servers).
pub fn plain(open: &OpenIntegration, scheme: &OAuth2, defaults: Option<&ConnectDefaults>) -> AskedScopes {
    let named = defaults.and_then(|own| own.authorization_params.get("scope")).cloned();
    let listed = defaults.and_then(sessions::scopes_override).filter(|list| !list.is_empty());
    let list = listed.unwrap_or_else(|| match open.integration.scopes.as_slice() {
        [] => scheme.default_scopes.clone(),
        own => own.to_vec(),
    });
    let parameter = named.unwrap_or_else(|| list.join(&scheme.scope_separator));
    AskedScopes {
        wants_id_token: false,
        token_scope: None,
        parameter: Some(parameter).filter(|parameter| !parameter.is_empty()),
    }
}
