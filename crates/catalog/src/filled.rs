//! Who gives a placeholder its value.

use domain::provider::{Auth, OAuth2, Provider};

use crate::clouds::CloudValues;

/// Placeholders that the services fill: what an operator entered, the resource that is being minted for.
const BY_SERVICES: &[&str] =
    &["integration.scopes", "integration.tenantName", "resource.origin", "resource.scope", "random", "now"];
/// What a definition's headers may say about the request that they go with (contract §4.4).
const OF_THE_CALL: &[&str] = &[
    "method",
    "host",
    "path",
    "endpoint",
    "params",
    "urlCanonicalParams",
    "bodyCanonicalParams",
    "contentType",
];
/// What a connection config holds after an app was installed (contract §4.5).
const OF_AN_INSTALLATION: &[&str] = &["appPublicLink", "installation_id", "app_id"];

/// Whether somebody fills `path` under `key`; `clouds` are those of the definition's family.
pub(crate) fn is_filled(path: &str, key: &str, provider: &Provider, clouds: &[&CloudValues]) -> bool {
    if path.starts_with("cloud.") {
        return !clouds.is_empty() && clouds.iter().all(|cloud| cloud.by_path(path).is_some());
    }
    if path.starts_with("callback.") {
        return key.starts_with("installation_proof.matching.");
    }
    if let Some(name) = path.strip_prefix("connectionConfig.") {
        return in_connection_config(name, provider);
    }
    if let Some(name) = path.strip_prefix("credentials.") {
        // What ends a grant ends it for its refresh token.
        if name == "refresh_token" && key.starts_with("pre_connection_deletion.") {
            return matches!(provider.auth, Auth::OAuth2(_));
        }
        return in_credentials(name, provider);
    }
    if let Some(name) = path.strip_prefix("assertionOption.") {
        return key.starts_with("assertion.") && has(&provider.assertion_option, name);
    }
    if let Some(name) = path.strip_prefix("integrationConfig.") {
        return has(&provider.integration_config, name);
    }
    BY_SERVICES.contains(&path)
        || (OF_THE_CALL.contains(&path) && key.starts_with("proxy."))
        || of_the_mode(path, key, &provider.auth)
        || match path {
            "origin" => key.starts_with("proxy.resources.") && key.ends_with(".scope"),
            "discovered.label" => key.starts_with("proxy.resources.") && key.ends_with(".origin"),
            _ => false,
        }
}

fn of_the_mode(path: &str, key: &str, auth: &Auth) -> bool {
    let after_connecting = ["post_connection.", "pre_connection_deletion."];
    let in_proxy = key.starts_with("proxy.") || after_connecting.iter().any(|begin| key.starts_with(begin));
    match path {
        "apiKey" => matches!(auth, Auth::ApiKey),
        "username" | "password" => matches!(auth, Auth::Basic | Auth::InstallPlugin(_) | Auth::Signature(_)),
        // The integration's secret is no business of a request that the connection's own token makes.
        "clientSecret" if after_connecting.iter().any(|begin| key.starts_with(begin)) => false,
        "clientId" | "clientSecret" => has_client(auth),
        "accessToken" => in_proxy && has_token(auth),
        "assertion" => matches!(auth, Auth::TwoStep(scheme) if scheme.assertion.is_some()) && !in_proxy,
        "token" => matches!(auth, Auth::TwoStep(scheme) if scheme.jwt.is_some()) && !in_proxy,
        "refresh_token" => key.starts_with("refresh"),
        _ => path.strip_prefix("step").is_some_and(|rest| {
            let number = rest.split('.').next().and_then(|number| number.parse::<usize>().ok());
            number.is_some_and(|number| number > 0 && comes_before(number, key))
        }),
    }
}

/// Whether the answer of request `number` is there when the template under `key` is filled.
fn comes_before(number: usize, key: &str) -> bool {
    let step = key.strip_prefix("additional_steps.").and_then(|rest| rest.split('.').next());
    step.and_then(|step| step.parse::<usize>().ok()).is_some_and(|step| number <= step + 1)
}

fn has_client(auth: &Auth) -> bool {
    matches!(
        auth,
        Auth::OAuth1(_)
            | Auth::OAuth2(_)
            | Auth::OAuth2Cc(_)
            | Auth::Custom(_)
            | Auth::McpOAuth2(_)
            | Auth::McpOAuth2Generic(_)
    )
}

fn has_token(auth: &Auth) -> bool {
    !matches!(auth, Auth::ApiKey | Auth::Basic | Auth::None | Auth::InstallPlugin(_) | Auth::AwsSigV4)
}

fn in_credentials(name: &str, provider: &Provider) -> bool {
    // `${credentials.key.id}` is a part of the field `key`.
    let field = name.split('.').next().unwrap_or(name);
    let by_mode = match &provider.auth {
        Auth::Basic | Auth::Signature(_) | Auth::InstallPlugin(_) => matches!(name, "username" | "password"),
        Auth::ApiKey => name == "apiKey",
        Auth::OAuth2Cc(_) => matches!(name, "client_id" | "client_secret"),
        Auth::TwoStep(scheme) => name == "assertion" && scheme.assertion.is_some(),
        _ => false,
    };
    by_mode || has(&provider.credentials, field) || has(&provider.integration_config, field)
}

fn in_connection_config(name: &str, provider: &Provider) -> bool {
    has(&provider.connection_config, name)
        || has(&provider.integration_config, name)
        || answered(&provider.auth, name)
        || provider.post_connection.iter().any(|lookup| lookup.config.iter().any(|(key, _)| key == name))
        || match &provider.auth {
            Auth::App(_) | Auth::Custom(_) => OF_AN_INSTALLATION.contains(&name),
            Auth::McpOAuth2Generic(_) => name == "mcp_server_url",
            _ => false,
        }
}

/// Whether a token answer, a callback or a webhook brings the value.
fn answered(auth: &Auth, name: &str) -> bool {
    let of = |lists: &[&Vec<String>]| lists.iter().any(|list| list.iter().any(|path| path == name));
    let code_flow = |auth: &OAuth2| {
        of(&[&auth.token_response_metadata, &auth.refresh_response_metadata, &auth.redirect_uri_metadata])
            || auth.installation.as_ref().is_some_and(|outbound| of(&[&outbound.metadata]))
    };
    match auth {
        Auth::OAuth1(auth) => of(&[&auth.token_response_metadata, &auth.redirect_uri_metadata]),
        Auth::OAuth2(auth) => code_flow(auth),
        Auth::Custom(auth) => code_flow(&auth.user),
        Auth::McpOAuth2(auth) => code_flow(&auth.oauth2),
        Auth::OAuth2Cc(auth) => of(&[&auth.token_response_metadata]),
        Auth::TwoStep(auth) => of(&[&auth.token_response_metadata]),
        Auth::InstallPlugin(auth) => of(&[&auth.redirect_uri_metadata]),
        _ => false,
    }
}

fn has(fields: &[domain::provider::Field], name: &str) -> bool {
    fields.iter().any(|field| field.name == name)
}
