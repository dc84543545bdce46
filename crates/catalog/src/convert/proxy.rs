//! The `proxy` block (contract §4.2) with our `hosts` and `resources`.

use domain::provider::{Discovery, ProxyDefinition, Resource, RetryHints};
use indexmap::IndexMap;

use super::file::{ProxyFile, ResourceFile};
use super::{parameters, template};

pub(super) fn proxy(file: &ProxyFile) -> Result<ProxyDefinition, String> {
    Ok(ProxyDefinition {
        base_url: template("proxy.base_url", file.base_url.trim_end_matches('/'))?,
        headers: parameters("proxy.headers", &file.headers)?,
        query: parameters("proxy.query", &file.query)?,
        retry: RetryHints {
            after: file.retry.after.clone(),
            at: file.retry.at.clone(),
            error_codes: file.retry.error_code.clone(),
        },
        hosts: file.hosts.iter().map(|host| template("proxy.hosts", host)).collect::<Result<_, _>>()?,
        resources: file
            .resources
            .iter()
            .map(|(name, file)| resource(name, file))
            .collect::<Result<_, _>>()?,
    })
}

/// `shown_resources`: each names a resource of the proxy block.
pub(super) fn shown(
    file: &IndexMap<String, String>,
    proxy: Option<&ProxyDefinition>,
) -> Result<Vec<(String, String)>, String> {
    let known =
        |name: &str| proxy.is_some_and(|proxy| proxy.resources.iter().any(|resource| resource.name == name));
    file.iter()
        .map(|(key, name)| match known(name) {
            true => Ok((key.clone(), name.clone())),
            false => Err(format!("shown_resources.{key}: `{name}` is not one of proxy.resources")),
        })
        .collect()
}

fn resource(name: &str, file: &ResourceFile) -> Result<Resource, String> {
    let key = |part: &str| format!("proxy.resources.{name}.{part}");
    Ok(Resource {
        name: name.to_owned(),
        origin: template(&key("origin"), &file.origin)?,
        scope: template(&key("scope"), &file.scope)?,
        discovery: file
            .discovery
            .as_ref()
            .map(|found| Discovery { path: found.path.clone(), url_at: found.url_at.clone() }),
    })
}
