//! Finds the parameters that become part of a host (DESIGN §5 "Hosts that a person types").

use domain::provider::{Auth, ClientRegistration, HostPart, OAuth2, Provider};
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

/// Every URL that the browser or a request may go to.
pub(crate) fn urls(provider: &Provider) -> Vec<&Template> {
    let mut urls = auth_urls(&provider.auth);
    if let Some(proxy) = &provider.proxy {
        urls.push(&proxy.base_url);
        urls.extend(&proxy.hosts);
        urls.extend(proxy.resources.iter().map(|resource| &resource.origin));
        urls.extend(proxy.verification.iter().flat_map(|verification| &verification.base_url));
    }
    urls
}

fn auth_urls(auth: &Auth) -> Vec<&Template> {
    match auth {
        Auth::OAuth1(auth) => vec![&auth.request_url, &auth.authorization_url, &auth.token_url],
        Auth::OAuth2(auth) => code_flow_urls(auth),
        Auth::OAuth2Cc(auth) => vec![&auth.token_url],
        Auth::TwoStep(auth) => std::iter::once(&auth.request)
            .chain(&auth.additional_steps)
            .chain(&auth.refresh)
            .map(|step| &step.url)
            .collect(),
        Auth::Bill(auth) => vec![&auth.token_url],
        Auth::App(auth) => vec![&auth.installation_url, &auth.token_url],
        Auth::Custom(auth) => {
            let mut urls = code_flow_urls(&auth.user);
            urls.push(&auth.app.token_url);
            urls
        }
        Auth::McpOAuth2(auth) => {
            let mut urls = code_flow_urls(&auth.oauth2);
            if let ClientRegistration::Dynamic { url, .. } = &auth.registration {
                urls.push(url);
            }
            urls
        }
        Auth::McpOAuth2Generic(auth) => vec![&auth.server_url],
        Auth::ApiKey
        | Auth::Basic
        | Auth::None
        | Auth::Jwt(_)
        | Auth::Signature(_)
        | Auth::Tba(_)
        | Auth::AwsSigV4
        | Auth::InstallPlugin(_)
        | Auth::Incomplete(_) => Vec::new(),
    }
}

fn code_flow_urls(auth: &OAuth2) -> Vec<&Template> {
    let mut urls = vec![&auth.token_url];
    urls.extend(&auth.authorization_url);
    urls.extend(&auth.sign_in_url);
    urls.extend(&auth.refresh_url);
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
