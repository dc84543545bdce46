//! To which hosts an integration's own secret may go, where a connection's values form the host (DESIGN §5 "Hosts
//! that a person types").

use domain::provider::{Auth, Display, Field, OAuth2, Provider};
use domain::template::{Template, Values};
use url::Url;

use crate::authority::{Bit, authorities, has_fixed_domain};
use crate::connection_config::{is_host_part, matches_whole};
use crate::hosts::host_matches;
use crate::templates;

/// A host that would get the integration's secret and that nobody vouches for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{field} decides which host is sent this integration's secret, and neither the definition nor the integration \
     vouches for {host}; an operator adds it by PATCH /integrations/<key> with {{\"allowed_hosts\":[\"{host}\"]}}"
)]
pub struct SecretHost {
    /// The setting, for example `hostname`.
    pub field: String,
    /// The host it leads to; the value itself where that is none.
    pub host: String,
}

/// The URLs to which the integration's secret is sent, the code exchange first.
pub fn secret_urls(provider: &Provider) -> Vec<&Template> {
    let mut urls = match &provider.auth {
        Auth::OAuth1(auth) => vec![&auth.request_url, &auth.token_url],
        Auth::OAuth2(auth) => code_flow(auth),
        // What the app's key signs is as good as the key while it lasts.
        Auth::App(auth) => vec![&auth.token_url],
        Auth::Custom(auth) => {
            let mut urls = code_flow(&auth.user);
            urls.push(&auth.app.token_url);
            urls
        }
        Auth::McpOAuth2(auth) => code_flow(&auth.oauth2),
        // Each request whose fields or headers take a secret that the operator entered.
        Auth::TwoStep(auth) => {
            let steps = std::iter::once(&auth.request).chain(&auth.additional_steps).chain(&auth.refresh);
            steps
                .filter(|step| {
                    let params = step.params.iter().flat_map(|(_, tree)| tree.templates());
                    let headers = step.headers.iter().map(|(_, template)| template);
                    params.map(|(_, template)| template).chain(headers).any(|part| has_secret(provider, part))
                })
                .map(|step| &step.url)
                .collect()
        }
        _ => Vec::new(),
    };
    if let Some(proxy) = &provider.proxy {
        let sent = templates::named(provider)
            .into_iter()
            .any(|(key, template)| key.starts_with("proxy.") && has_secret(provider, template));
        if sent || matches!(provider.auth, Auth::InstallPlugin(_)) {
            urls.push(&proxy.base_url);
            urls.extend(&proxy.hosts);
        }
    }
    urls
}

fn code_flow(auth: &OAuth2) -> Vec<&Template> {
    let mut urls = vec![&auth.token_url];
    urls.extend(&auth.refresh_url);
    urls
}

/// Whether a template takes a secret that belongs to the integration.
fn has_secret(provider: &Provider, template: &Template) -> bool {
    template.paths().any(|path| {
        let name = path.strip_prefix("credentials.").or_else(|| path.strip_prefix("integrationConfig."));
        path == "clientSecret"
            || name.is_some_and(|name| {
                provider
                    .integration_config
                    .iter()
                    .any(|field| field.name == name && field.display == Display::Secret)
            })
    })
}

/// Checks every URL to which the integration's secret is sent; one whose values are not all there is left out, as no
/// request can be made of it.
///
/// # Errors
/// The first setting that leads to a host nobody vouches for.
pub fn check_secret_hosts(
    provider: &Provider,
    values: &dyn Values,
    allowed_hosts: &[String],
) -> Result<(), SecretHost> {
    secret_urls(provider)
        .into_iter()
        .try_for_each(|url| check_secret_host(provider, url, values, allowed_hosts))
}

/// Checks one URL template of a definition; one to which no secret of the integration is sent passes.
///
/// # Errors
/// As [`check_secret_hosts`].
pub fn check_secret_host(
    provider: &Provider,
    url: &Template,
    values: &dyn Values,
    allowed_hosts: &[String],
) -> Result<(), SecretHost> {
    if !secret_urls(provider).contains(&url) {
        return Ok(());
    }
    let Ok(resolved) = url.resolve(values) else { return Ok(()) };
    // The alternative that was taken is the first whose placeholders all have values.
    let taken = authorities(url)
        .zip(url.alternatives())
        .find(|(_, pieces)| {
            pieces.iter().all(|piece| match piece {
                domain::template::Piece::Text(_) => true,
                domain::template::Piece::Placeholder(path) => values.get(path).is_some(),
            })
        })
        .map(|(bits, _)| bits);
    let Some(bits) = taken else { return Ok(()) };
    for (at, bit) in bits.iter().enumerate() {
        let Bit::Open(path) = bit else { continue };
        let value = values.get(path).unwrap_or_default();
        if !is_vouched_for(field(provider, path), &value, has_fixed_domain(&bits, at))
            && !is_allowed(&resolved, allowed_hosts)
        {
            let host = Url::parse(&resolved).ok().and_then(|url| url.host_str().map(str::to_owned));
            let field = path.rsplit_once("onfig.").map_or(*path, |(_, name)| name).to_owned();
            return Err(SecretHost { field, host: host.unwrap_or(value) });
        }
    }
    Ok(())
}

fn field<'a>(provider: &'a Provider, path: &str) -> Option<&'a Field> {
    let (fields, name) = match path.split_once('.')? {
        ("connectionConfig", name) => (&provider.connection_config, name),
        ("credentials", name) => (&provider.credentials, name),
        _ => return None,
    };
    fields.iter().find(|field| field.name == name)
}

/// Whether the definition vouches for a value in a host.
fn is_vouched_for(field: Option<&Field>, value: &str, fixed_domain: bool) -> bool {
    if field.is_some_and(|field| field.choices.iter().any(|choice| choice == value)) {
        return true;
    }
    let pattern = field.and_then(|field| field.pattern.as_deref());
    let matches = |text: &str| pattern.is_some_and(|pattern| matches_whole(pattern, text) == Some(true));
    if fixed_domain {
        // Whatever it is, it stays a part of the definition's domain as long as it is labels.
        return is_labels(value) && (pattern.is_none() && !value.contains('.') || matches(value));
    }
    matches(value) && is_host_part(value) && !probes(value).iter().any(|probe| matches(probe))
}

fn is_labels(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 253
        && value.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// Values that lead elsewhere: a pattern that takes one of them says what a host looks like, not whose it is.
fn probes(value: &str) -> Vec<String> {
    const FOREIGN: &[&str] =
        &["evil", "evil.example", "login.evil-host.example.com", "evil.io", "evil.co.uk"];
    let mut found: Vec<String> = FOREIGN.iter().map(|host| (*host).to_owned()).collect();
    found.extend(FOREIGN.iter().map(|host| format!("https://{host}")));
    for before in ["evil.example/", "evil.example/.", "evil.example:443/", "https://evil.example/"] {
        found.push(format!("{before}{value}"));
    }
    found.push(format!("{value}.evil.example"));
    // `eu.evilacme.com` in place of `eu.acme.com`, where a dot was not anchored; `euxacme.com`, where not escaped.
    if let Some(at) = domain_start(value) {
        found.push(format!("{}evil{}", &value[..at], &value[at..]));
        found.push(format!("evil{}", &value[at..]));
        found.extend(value[..at].strip_suffix('.').map(|before| format!("{before}x{}", &value[at..])));
    }
    found.retain(|probe| probe != value);
    found
}

/// Where the domain that somebody registered begins: `acme.com` in `eu.acme.com/x`, `acme.co.uk` in `a.acme.co.uk`.
fn domain_start(value: &str) -> Option<usize> {
    let host_at = value.find("://").map_or(0, |at| at + 3);
    let host = value[host_at..].split(['/', ':']).next()?;
    let labels: Vec<&str> = host.split('.').collect();
    let (top, second) = (labels.last()?, labels.get(labels.len().checked_sub(2)?)?);
    let count = if second.len() <= 3 && top.len() == 2 { 3 } else { 2 };
    let skipped: usize =
        labels.iter().take(labels.len().checked_sub(count)?).map(|label| label.len() + 1).sum();
    Some(host_at + skipped)
}

fn is_allowed(resolved: &str, allowed_hosts: &[String]) -> bool {
    Url::parse(resolved).is_ok_and(|url| {
        let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        plain
            && url.port().is_none()
            && url
                .host_str()
                .is_some_and(|host| allowed_hosts.iter().any(|allowed| host_matches(allowed, host)))
    })
}

#[cfg(test)]
mod tests;
