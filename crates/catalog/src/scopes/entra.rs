//! Entra ID's rules on scope sets (reference/microsoft.md §1.7, "`.default` rules").

use super::{ScopeRuleError, ScopeWarning};

/// Scopes of OpenID Connect, which belong to no resource.
const OIDC: &[&str] = &["openid", "profile", "email", "offline_access"];
/// Microsoft Graph's application id, which may stand for its URL.
const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

/// A delegated set, for the authorize endpoint.
pub(super) fn check_delegated(
    scopes: &[String],
    graph: Option<&str>,
) -> Result<Vec<ScopeWarning>, ScopeRuleError> {
    let defaults: Vec<&str> = resource_scopes(scopes).filter(|scope| is_default(scope)).collect();
    let others: Vec<&str> = resource_scopes(scopes).filter(|scope| !is_default(scope)).collect();
    if let Some(default) = defaults.first()
        && (!others.is_empty() || defaults.len() > 1)
    {
        let beside = if others.is_empty() { defaults[1..].join("`, `") } else { others.join("`, `") };
        return Err(ScopeRuleError {
            rule: "AADSTS70011",
            cause: format!("`{default}` cannot be combined with other resource scopes (`{beside}`)."),
            remedy:
                "Either remove `.default` and list every scope, or keep `.default` alone; openid, profile, \
                     email and offline_access may stand beside it."
                    .to_owned(),
        });
    }
    let mut warnings = Vec::new();
    if !scopes.iter().any(|scope| is_oidc(scope) && scope.eq_ignore_ascii_case("offline_access")) {
        warnings.push(ScopeWarning {
            code: "missing_offline_access",
            message: "without offline_access there is no refresh token: the connection ends with its first \
                      access token, after about an hour. Add offline_access."
                .to_owned(),
        });
    }
    if resources(scopes, graph).len() > 1 {
        warnings.push(ScopeWarning {
            code: "several_resources",
            message:
                "the scopes belong to several resources: the user consents to all, the connection's token is \
                      for the first, and the others are minted by `resource=`."
                    .to_owned(),
        });
    }
    Ok(warnings)
}

/// A client-credentials set: exactly one `{resource}/.default`.
pub(super) fn check_client_credentials(scopes: &[String]) -> Result<(), ScopeRuleError> {
    match scopes {
        [scope] if is_default(scope) && !resource(scope).is_empty() => Ok(()),
        _ => Err(ScopeRuleError {
            rule: "AADSTS1002012",
            cause: format!(
                "client credentials take exactly one scope of the form {{resource}}/.default, not `{}`.",
                scopes.join(" ")
            ),
            remedy:
                "Use for example https://graph.microsoft.com/.default and grant the application permissions \
                     in the app registration."
                    .to_owned(),
        }),
    }
}

/// A token request names one resource.
pub(super) fn check_one_resource(scopes: &[String], graph: Option<&str>) -> Result<(), ScopeRuleError> {
    let found = resources(scopes, graph);
    if found.len() <= 1 {
        return Ok(());
    }
    Err(ScopeRuleError {
        rule: "AADSTS28000",
        cause: format!("a token request takes the scopes of one resource, not of {}.", found.join(" and ")),
        remedy: "Ask for one resource's scopes; tokens for another are minted from the same connection by \
                 `resource=`."
            .to_owned(),
    })
}

/// The scopes of the first resource and those of OIDC.
pub(super) fn first_resource_only(scopes: &[String], graph: Option<&str>) -> Vec<String> {
    let Some(first) = resource_scopes(scopes).map(|scope| canonical(scope, graph)).next() else {
        return scopes.to_vec();
    };
    scopes.iter().filter(|scope| is_oidc(scope) || canonical(scope, graph) == first).cloned().collect()
}

fn resource_scopes(scopes: &[String]) -> impl Iterator<Item = &str> {
    scopes.iter().map(String::as_str).filter(|scope| !is_oidc(scope))
}

fn is_oidc(scope: &str) -> bool {
    OIDC.iter().any(|oidc| scope.eq_ignore_ascii_case(oidc))
}

fn is_default(scope: &str) -> bool {
    scope.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(".default"))
}

/// What stands before the permission's name; empty means Graph.
fn resource(scope: &str) -> &str {
    scope.rfind('/').map_or("", |at| &scope[..at])
}

/// One spelling for each resource.
fn canonical(scope: &str, graph: Option<&str>) -> String {
    const GRAPH: &str = "Microsoft Graph";
    let resource = resource(scope).trim_end_matches('/').to_ascii_lowercase();
    let is_graph = resource.is_empty()
        || resource == GRAPH_APP_ID
        || resource == "https://graph.microsoft.com"
        || graph.is_some_and(|graph| graph.trim_end_matches('/').eq_ignore_ascii_case(&resource));
    if is_graph { GRAPH.to_owned() } else { resource }
}

/// The distinct resources, in order.
fn resources(scopes: &[String], graph: Option<&str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for resource in resource_scopes(scopes).map(|scope| canonical(scope, graph)) {
        if !found.contains(&resource) {
            found.push(resource);
        }
    }
    found
}
