//! What a good definition has beyond being readable. Our own have no lints; a foreign file may have many.

mod fields;
mod templates;

use domain::provider::{Auth, Provider};
use url::Url;

use crate::catalog::Entry;
use crate::clouds::Clouds;
use crate::scopes::{ScopeSources, effective_scopes};

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// The key it is about, dotted.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

/// Everything that is wrong with a definition, in the clouds of its family.
pub fn lint(entry: &Entry, clouds: &Clouds) -> Vec<Lint> {
    let mut lints = Lints(Vec::new());
    shape(entry, &mut lints);
    links(entry, &mut lints);
    fields::lint(&entry.provider, &mut lints);
    templates::lint(entry, clouds, &mut lints);
    default_scopes(&entry.provider, clouds, &mut lints);
    lints.0
}

pub(crate) struct Lints(Vec<Lint>);

impl Lints {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push(Lint { key: key.into(), message: message.into() });
    }
}

fn shape(entry: &Entry, lints: &mut Lints) {
    if let Auth::Incomplete(incomplete) = &entry.provider.auth {
        lints.add("auth_mode", format!("{} cannot be used: {}", incomplete.mode, incomplete.problem));
    }
    if entry.provider.display_name.trim().is_empty() {
        lints.add("display_name", "is empty");
    }
    if entry.file.categories.is_empty() {
        lints.add("categories", "is empty");
    }
    match &entry.provider.proxy {
        None => lints.add("proxy", "is missing"),
        Some(proxy) if proxy.retry.after.is_empty() && proxy.retry.at.is_empty() => {
            lints.add("proxy.retry", "names no header that says how long to wait");
        }
        Some(_) => {}
    }
}

fn links(entry: &Entry, lints: &mut Lints) {
    let mut https = |key: &str, link: &str| {
        if Url::parse(link).map_or(true, |url| url.scheme() != "https") {
            lints.add(key, format!("`{link}` is not an https URL"));
        }
    };
    entry.sources.iter().for_each(|link| https("sources", link));
    entry.provider.docs.iter().for_each(|link| https("docs", link));
    if entry.sources.is_empty() {
        lints.add("sources", "names no page whose facts the definition states");
    }
    if entry.provider.docs.is_none() {
        lints.add("docs", "is missing");
    }
}

/// The defaults obey the rules that configured scopes must obey, in every cloud.
fn default_scopes(provider: &Provider, clouds: &Clouds, lints: &mut Lints) {
    let family = provider.cloud_family.as_deref().unwrap_or_default();
    for name in clouds.names(family) {
        let cloud = clouds.values(family, name).ok();
        match effective_scopes(provider, &ScopeSources { cloud, ..Default::default() }) {
            Err(error) => lints.add("default_scopes", format!("{name}: {error}")),
            Ok(scopes) => {
                for warning in scopes.warnings {
                    lints.add("default_scopes", format!("{name}: {}", warning.message));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
