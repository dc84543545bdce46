//! Templates: every placeholder has someone who fills it, and filled URLs are URLs.

use domain::provider::Provider;
use url::Url;

use super::Lints;
use super::fields::fields_with_examples;
use crate::catalog::Entry;
use crate::clouds::{CloudValues, Clouds};
use crate::filled::is_filled;
use crate::hosts::lookup;
use crate::templates;

pub(super) fn lint(entry: &Entry, clouds: &Clouds, lints: &mut Lints) {
    let provider = &entry.provider;
    let family = provider.cloud_family.as_deref().unwrap_or_default();
    let members: Vec<&CloudValues> =
        clouds.names(family).filter_map(|name| clouds.values(family, name).ok()).collect();
    if provider.cloud_family.is_some() && members.is_empty() {
        lints.add("cloud_family", format!("`{family}` has no clouds"));
    }
    for (key, template) in templates::named(provider) {
        for path in template.paths().filter(|path| !is_filled(path, &key, provider, &members)) {
            lints.add(&key, format!("nobody fills ${{{path}}}"));
        }
    }
    if members.is_empty() {
        filled_urls(provider, None, lints);
    }
    members.iter().for_each(|cloud| filled_urls(provider, Some(cloud), lints));
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
