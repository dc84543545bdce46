//! Which scopes are asked for, and the rules that Entra ID imposes on a set of them (DESIGN §5).

mod entra;

use domain::provider::{Auth, CodeGrant, Provider, ScopeRules};

use crate::clouds::CloudValues;

/// Where the scopes of one request can come from, strongest first in the order of the fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScopeSources<'a> {
    /// `authorization_params.scope` of the connect session; `""` removes the parameter.
    pub parameter: Option<&'a str>,
    /// `oauth_scopes_override` of the connection config.
    pub session_override: Option<&'a [String]>,
    /// The integration's own scopes; empty means none are configured.
    pub configured: &'a [String],
    /// Fills `${cloud.…}` in the definition's default scopes.
    pub cloud: Option<&'a CloudValues>,
}

/// Where scopes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeOrigin {
    /// `authorization_params.scope`.
    Parameter,
    /// `oauth_scopes_override`.
    SessionOverride,
    /// The integration.
    Integration,
    /// The definition.
    Default,
}

/// The scopes of one authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveScopes {
    /// Each scope.
    pub list: Vec<String>,
    /// The value of the `scope` parameter; `None` when the parameter is removed.
    pub parameter: Option<String>,
    /// Where they came from.
    pub origin: ScopeOrigin,
    /// What is legal and probably not meant.
    pub warnings: Vec<ScopeWarning>,
}

/// A scope set that the authorization server refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {cause} {remedy}")]
pub struct ScopeRuleError {
    /// The server's own code, for example `AADSTS70011`.
    pub rule: &'static str,
    /// What is wrong, with the scopes.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

/// A scope set that is legal and probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeWarning {
    /// A stable name, for example `missing_offline_access`.
    pub code: &'static str,
    /// What will happen and what to do.
    pub message: String,
}

/// Splits scopes as people and the wire write them: by comma, by white space, or both.
pub fn parse_scope_list(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The scopes to ask for: the first source that gives any replaces all weaker ones, so configured scopes replace
/// the definition's `.default` (contract §5.1; the rule they would break together is AADSTS70011).
///
/// # Errors
/// The scopes break a rule of the authorization server.
pub fn effective_scopes(
    provider: &Provider,
    sources: &ScopeSources<'_>,
) -> Result<EffectiveScopes, ScopeRuleError> {
    let (list, origin, verbatim) = match (sources.parameter, sources.session_override) {
        (Some(text), _) => (parse_scope_list(text), ScopeOrigin::Parameter, Some(text)),
        (None, Some(list)) if !list.is_empty() => (list.to_vec(), ScopeOrigin::SessionOverride, None),
        _ if !sources.configured.is_empty() => (sources.configured.to_vec(), ScopeOrigin::Integration, None),
        _ => (default_scopes(provider, sources.cloud), ScopeOrigin::Default, None),
    };
    let removed = verbatim.is_some_and(|text| text.trim().is_empty());
    let warnings = if removed { Vec::new() } else { check_scopes(provider, sources.cloud, &list)? };
    let parameter = match verbatim {
        _ if removed || (list.is_empty() && verbatim.is_none()) => None,
        Some(text) => Some(text.to_owned()),
        None => Some(list.join(separator(provider))),
    };
    Ok(EffectiveScopes { list, parameter, origin, warnings })
}

/// Checks the scopes of an integration or of one authorization.
///
/// A set that spans several resources passes with a warning, because the authorize endpoint (and only it) takes one
/// (reference/microsoft.md §1.2): token requests must then send [`token_request_scopes`].
///
/// # Errors
/// The rule that the set breaks, as the authorization server would name it.
pub fn check_scopes(
    provider: &Provider,
    cloud: Option<&CloudValues>,
    scopes: &[String],
) -> Result<Vec<ScopeWarning>, ScopeRuleError> {
    // A signed request states its own scope when none is configured.
    if scopes.is_empty() && matches!(provider.auth, Auth::TwoStep(_)) {
        return Ok(Vec::new());
    }
    match scope_use(provider) {
        Some(ScopeUse::ClientCredentials) => entra::check_client_credentials(scopes).map(|()| Vec::new()),
        Some(ScopeUse::Delegated) => entra::check_delegated(scopes, graph(cloud)),
        None => Ok(Vec::new()),
    }
}

/// Checks the scopes of one token request: those of [`check_scopes`], and a single resource.
///
/// # Errors
/// As [`check_scopes`]; AADSTS28000 for several resources.
pub fn check_token_request_scopes(
    provider: &Provider,
    cloud: Option<&CloudValues>,
    scopes: &[String],
) -> Result<(), ScopeRuleError> {
    check_scopes(provider, cloud, scopes)?;
    match scope_use(provider) {
        Some(_) => entra::check_one_resource(scopes, graph(cloud)),
        None => Ok(()),
    }
}

/// The scopes that the token request after an authorization may carry: where the set spans several resources, those
/// of the first resource with the OIDC scopes; otherwise all.
pub fn token_request_scopes(
    provider: &Provider,
    cloud: Option<&CloudValues>,
    scopes: &[String],
) -> Vec<String> {
    match scope_use(provider) {
        Some(ScopeUse::Delegated) => entra::first_resource_only(scopes, graph(cloud)),
        _ => scopes.to_vec(),
    }
}

#[derive(Clone, Copy)]
enum ScopeUse {
    Delegated,
    ClientCredentials,
}

/// How the provider's scopes are used, where the Entra rules hold.
fn scope_use(provider: &Provider) -> Option<ScopeUse> {
    match &provider.auth {
        Auth::OAuth2(auth) if auth.scope_rules == ScopeRules::Entra => Some(match auth.grant {
            CodeGrant::AuthorizationCode => ScopeUse::Delegated,
            CodeGrant::AdminConsent => ScopeUse::ClientCredentials,
        }),
        Auth::OAuth2Cc(auth) if auth.scope_rules == ScopeRules::Entra => Some(ScopeUse::ClientCredentials),
        Auth::TwoStep(auth) if auth.scope_rules == ScopeRules::Entra => Some(ScopeUse::ClientCredentials),
        _ => None,
    }
}

fn graph(cloud: Option<&CloudValues>) -> Option<&str> {
    cloud.and_then(|cloud| cloud.get("graph"))
}

fn separator(provider: &Provider) -> &str {
    match &provider.auth {
        Auth::OAuth2(auth) => &auth.scope_separator,
        Auth::OAuth2Cc(auth) => &auth.scope_separator,
        _ => " ",
    }
}

/// The definition's scopes with the cloud's hosts filled in; one whose host the cloud lacks is left out.
fn default_scopes(provider: &Provider, cloud: Option<&CloudValues>) -> Vec<String> {
    let defaults = match &provider.auth {
        Auth::OAuth2(auth) => &auth.default_scopes,
        Auth::OAuth2Cc(auth) => &auth.default_scopes,
        _ => return Vec::new(),
    };
    let values = |path: &str| cloud.and_then(|cloud| cloud.by_path(path)).map(str::to_owned);
    defaults
        .iter()
        .filter_map(|scope| domain::template::Template::parse(scope).ok()?.resolve(&values).ok())
        .collect()
}

#[cfg(test)]
mod tests;
