//! What a good definition has beyond being readable. Our own have no lints; a foreign file may have many.

mod fields;
mod templates;

use domain::provider::{Auth, Provider, RetryHints};
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

/// What `differs:` may name: what is compared with the field's definition of the same name.
pub const DIFFERENCES: &[&str] = &[
    "auth_mode",
    "authorization_url",
    "token_url",
    "disable_pkce",
    "scope_separator",
    "client_auth",
    "proxy.base_url",
    "proxy.retry",
    "proxy.paginate",
];

/// Everything that is wrong with a definition, in the clouds of its family.
pub fn lint(entry: &Entry, clouds: &Clouds) -> Vec<Lint> {
    let mut lints = Lints(Vec::new());
    shape(entry, &mut lints);
    links(entry, &mut lints);
    guide(&entry.provider, &mut lints);
    fields::lint(&entry.provider, &mut lints);
    templates::lint(entry, clouds, &mut lints);
    default_scopes(&entry.provider, clouds, &mut lints);
    lints.0
}

/// The line of a finding, where `text` is the file that the definition stands in.
pub fn lint_line(entry: &Entry, lint: &Lint, text: &str) -> u64 {
    crate::locate::line_of(text, entry.place.1, &lint.key)
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
        Some(proxy) if proxy.retry == RetryHints::default() => {
            lints.add("proxy.retry", "says neither how long to wait nor which statuses deserve a retry");
        }
        Some(_) => {}
    }
    for ignored in &entry.ignored {
        lints.add(&ignored.key, &ignored.reason);
    }
    differs(entry, lints);
    keys(&entry.provider, lints);
}

/// A key that a person gives is sent somewhere, and can be proved before it is stored.
fn keys(provider: &Provider, lints: &mut Lints) {
    if !matches!(provider.auth, Auth::ApiKey | Auth::Basic) {
        return;
    }
    let proved = provider.proxy.as_ref().is_some_and(|proxy| proxy.verification.is_some());
    if !proved && provider.scripts.credentials_verification.is_none() {
        lints.add(
            "proxy.verification",
            "is missing: a key that was mistyped would be found out by the first call",
        );
    }
    let sent = crate::templates::named(provider).into_iter().any(|(key, template)| {
        key.starts_with("proxy.")
            && template.paths().any(|path| matches!(path, "apiKey" | "credentials.apiKey"))
    });
    if matches!(provider.auth, Auth::ApiKey) && !sent {
        lints.add("proxy", "sends ${apiKey} nowhere");
    }
}

fn differs(entry: &Entry, lints: &mut Lints) {
    for difference in &entry.differs {
        if !DIFFERENCES.contains(&difference.key.as_str()) {
            lints.add("differs", format!("`{}` is not one of {}", difference.key, DIFFERENCES.join(", ")));
        }
        if difference.why.trim().is_empty() {
            lints.add("differs", format!("`{}` says no reason", difference.key));
        }
    }
}

fn links(entry: &Entry, lints: &mut Lints) {
    let mut https = |key: &str, link: &str| {
        if Url::parse(link).map_or(true, |url| url.scheme() != "https") {
            lints.add(key, format!("`{link}` is not an https URL"));
        }
    };
    entry.sources.iter().for_each(|link| https("sources", link));
    entry.differs.iter().for_each(|difference| https("differs", &difference.source));
    entry.provider.docs.iter().for_each(|link| https("docs", link));
    entry.provider.docs_connect.iter().for_each(|link| https("docs_connect", link));
    entry.provider.setup_guide_url.iter().for_each(|link| https("setup_guide_url", link));
    if let Some(mark) = &entry.file.mark
        && (mark.len() > 20 || !mark.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
    {
        lints.add("mark", format!("`{mark}` is not the name of a drawing"));
    }
    if entry.sources.is_empty() {
        lints.add("sources", "names no page whose facts the definition states");
    }
    if entry.provider.docs.is_none() {
        lints.add("docs", "is missing");
    }
}

/// A guide is read beside a form: short steps that name nothing but the redirect URI.
fn guide(provider: &Provider, lints: &mut Lints) {
    const MOST_STEPS: usize = 12;
    const LONGEST: usize = 600;
    if provider.setup_guide.len() > MOST_STEPS {
        lints.add("setup_guide", format!("has more than {MOST_STEPS} steps"));
    }
    for step in &provider.setup_guide {
        if step.title.trim().is_empty() || step.text.is_empty() {
            lints.add("setup_guide", "has a step without a title or a text");
        }
        if step.title.chars().count() > 80 || step.text.chars().count() > LONGEST {
            lints.add(
                "setup_guide",
                format!("`{}` is too long: 80 characters a title, {LONGEST} a text", step.title),
            );
        }
        if step.text.replace("${callback_url}", "").contains("${") {
            lints.add("setup_guide", format!("`{}` has another placeholder than callback_url", step.title));
        }
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
