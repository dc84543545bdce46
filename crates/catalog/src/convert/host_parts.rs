//! Finds the parameters that become part of a host (DESIGN §5 "Hosts that a person types").

use domain::provider::{Auth, HostPart, Provider};
use domain::template::Template;

/// Marks every declared field that a URL of the definition uses before its path begins.
///
/// A definition may also say `host_part: true` itself; this makes sure that a foreign file, which knows no such
/// key, is held to the same rule.
pub(super) fn mark(provider: &mut Provider) {
    let mut used: Vec<String> = Vec::new();
    for template in urls(provider) {
        used.extend(host_paths(template).into_iter().map(str::to_owned));
    }
    let named = |prefix: &str, name: &str| {
        used.iter().any(|path| path.strip_prefix(prefix).is_some_and(|rest| rest == name))
    };
    for field in &mut provider.connection_config {
        if named("connectionConfig.", &field.name) {
            field.host_part = HostPart::Yes;
        }
    }
    for field in &mut provider.credentials {
        if named("credentials.", &field.name) {
            field.host_part = HostPart::Yes;
        }
    }
}

/// Every URL a request may go to.
pub(crate) fn urls(provider: &Provider) -> Vec<&Template> {
    let mut urls = Vec::new();
    match &provider.auth {
        Auth::OAuth2(auth) => {
            urls.extend([&auth.authorization_url, &auth.token_url]);
            urls.extend(&auth.sign_in_url);
        }
        Auth::OAuth2Cc(auth) => urls.push(&auth.token_url),
        Auth::TwoStep(auth) => urls.push(&auth.token_url),
        Auth::None | Auth::Unsupported(_) => {}
    }
    if let Some(proxy) = &provider.proxy {
        urls.push(&proxy.base_url);
        urls.extend(&proxy.hosts);
        urls.extend(proxy.resources.iter().map(|resource| &resource.origin));
    }
    urls
}

/// The placeholders that stand before the path in any alternative of a URL.
pub(crate) fn host_paths(url: &Template) -> Vec<&str> {
    url.source().split(" || ").flat_map(host_paths_of).collect()
}

fn host_paths_of(url: &str) -> impl Iterator<Item = &str> {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let authority_end = authority_end(url, after_scheme);
    url[..authority_end].split("${").skip(1).filter_map(|piece| piece.split('}').next())
}

/// Where the authority ends: at the first `/`, `?` or `#` outside a placeholder.
fn authority_end(url: &str, from: usize) -> usize {
    let mut inside = 0_u32;
    for (at, character) in url.char_indices().skip_while(|(at, _)| *at < from) {
        match character {
            '{' => inside += 1,
            '}' => inside = inside.saturating_sub(1),
            '/' | '?' | '#' if inside == 0 => return at,
            _ => {}
        }
    }
    url.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_before_the_path_is_a_host_part() {
        let parts = |url| host_paths_of(url).collect::<Vec<_>>();
        assert_eq!(
            parts("https://${connectionConfig.a}.x.com/${connectionConfig.b}"),
            ["connectionConfig.a"]
        );
        assert_eq!(parts("${connectionConfig.whole}/oauth/token"), ["connectionConfig.whole"]);
        assert_eq!(
            parts("${cloud.scheme}://${connectionConfig.t}.y"),
            ["cloud.scheme", "connectionConfig.t"]
        );
        assert_eq!(parts("https://x.com?y=${connectionConfig.q}").len(), 0);
        assert_eq!(parts("https://x.com:${connectionConfig.port}"), ["connectionConfig.port"]);
    }
}
