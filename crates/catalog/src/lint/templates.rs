//! Templates: every placeholder has someone who fills it, and filled URLs are URLs.

use domain::provider::{Auth, Provider, Resource};
use domain::template::Template;
use url::Url;

use super::Lints;
use super::fields::fields_with_examples;
use crate::catalog::Entry;
use crate::clouds::{CloudValues, Clouds};
use crate::hosts::lookup;

/// Placeholders that the services fill: what an operator entered, the resource that is being minted for, the signed
/// assertion, the connection's own token.
const FILLED_BY_SERVICES: &[&str] = &[
    "integration.scopes",
    "integration.tenantName",
    "resource.origin",
    "resource.scope",
    "assertion",
    "accessToken",
];

pub(super) fn lint(entry: &Entry, clouds: &Clouds, lints: &mut Lints) {
    let provider = &entry.provider;
    let family = provider.cloud_family.as_deref().unwrap_or_default();
    let members: Vec<&CloudValues> =
        clouds.names(family).filter_map(|name| clouds.values(family, name).ok()).collect();
    if provider.cloud_family.is_some() && members.is_empty() {
        lints.add("cloud_family", format!("`{family}` has no clouds"));
    }
    for (key, template) in named_templates(provider) {
        for function in template.functions() {
            lints.add(&key, format!("`{function}` is not supported by this version"));
        }
        for path in template.paths().filter(|path| !is_filled(path, &key, provider, &members)) {
            lints.add(&key, format!("nobody fills ${{{path}}}"));
        }
    }
    if members.is_empty() {
        filled_urls(provider, None, lints);
    }
    members.iter().for_each(|cloud| filled_urls(provider, Some(cloud), lints));
}

fn is_filled(path: &str, key: &str, provider: &Provider, clouds: &[&CloudValues]) -> bool {
    if path.starts_with("cloud.") {
        return !clouds.is_empty() && clouds.iter().all(|cloud| cloud.by_path(path).is_some());
    }
    if let Some(name) = path.strip_prefix("connectionConfig.") {
        return provider.connection_config.iter().any(|field| field.name == name);
    }
    if let Some(name) = path.strip_prefix("credentials.") {
        return provider.credentials.iter().any(|field| field.name == name);
    }
    let of_resource = |part: &str| key.starts_with("proxy.resources.") && key.ends_with(part);
    match path {
        "origin" => of_resource(".scope"),
        "discovered.label" => of_resource(".origin"),
        _ => FILLED_BY_SERVICES.contains(&path),
    }
}

/// Every template with the key it stands under.
fn named_templates(provider: &Provider) -> Vec<(String, &Template)> {
    let mut found: Vec<(String, &Template)> = Vec::new();
    let list = |key: &str, params: &[(String, Template)]| -> Vec<String> {
        params.iter().map(|(name, _)| format!("{key}.{name}")).collect()
    };
    let mut maps: Vec<(&str, &[(String, Template)])> = Vec::new();
    match &provider.auth {
        Auth::OAuth2(auth) => {
            found.push(("authorization_url".to_owned(), &auth.authorization_url));
            found.push(("token_url".to_owned(), &auth.token_url));
            found.extend(auth.sign_in_url.iter().map(|url| ("sign_in_url".to_owned(), url)));
            maps.push(("authorization_params", &auth.authorization_params));
            maps.push(("token_params", &auth.token_params));
            maps.push(("refresh_params", &auth.refresh_params));
        }
        Auth::OAuth2Cc(auth) => {
            found.push(("token_url".to_owned(), &auth.token_url));
            maps.push(("token_params", &auth.token_params));
        }
        Auth::TwoStep(auth) => {
            found.push(("token_url".to_owned(), &auth.token_url));
            maps.push(("token_params", &auth.token_params));
            if let Some(assertion) = &auth.assertion {
                found.push(("assertion.payload.aud".to_owned(), &assertion.audience));
                found.push(("assertion.payload.iss".to_owned(), &assertion.issuer));
            }
        }
        Auth::None | Auth::Unsupported(_) => {}
    }
    if let Some(proxy) = &provider.proxy {
        found.push(("proxy.base_url".to_owned(), &proxy.base_url));
        found.extend(proxy.hosts.iter().map(|host| ("proxy.hosts".to_owned(), host)));
        for Resource { name, origin, scope, .. } in &proxy.resources {
            found.push((format!("proxy.resources.{name}.origin"), origin));
            found.push((format!("proxy.resources.{name}.scope"), scope));
        }
        maps.push(("proxy.headers", &proxy.headers));
        maps.push(("proxy.query", &proxy.query));
    }
    for (key, params) in maps {
        found.extend(list(key, params).into_iter().zip(params.iter().map(|(_, template)| template)));
    }
    found
}

/// Fills every URL with the fields' examples and looks whether it is one.
fn filled_urls(provider: &Provider, cloud: Option<&CloudValues>, lints: &mut Lints) {
    let examples = fields_with_examples(provider);
    let values = |path: &str| match path {
        "discovered.label" | "integration.tenantName" => Some("contoso".to_owned()),
        _ => lookup(path, cloud, &examples),
    };
    let cloud_name = cloud.map_or("no cloud", CloudValues::name);
    for url in crate::convert::urls(provider) {
        match url.resolve(&values) {
            Err(error) => lints.add("url", format!("{cloud_name}: {url}: {error}")),
            Ok(text) => {
                let sound = Url::parse(&text).is_ok_and(|parsed| {
                    parsed.has_host() && parsed.username().is_empty() && parsed.fragment().is_none()
                });
                if !sound || !text.starts_with("https://") {
                    lints.add("url", format!("{cloud_name}: `{text}` is not an https URL"));
                }
            }
        }
    }
}
