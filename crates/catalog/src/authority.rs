//! What stands in the authority of a URL template, before any value is known.

use domain::template::{Piece, Template};

/// A piece of an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bit<'a> {
    /// Text of the definition, or a cloud's variable: nobody outside chooses it.
    Fixed(&'a str),
    /// A placeholder that a connection or an answer fills.
    Open(&'a str),
}

/// The authority of each alternative of a URL template.
pub(crate) fn authorities(url: &Template) -> impl Iterator<Item = Vec<Bit<'_>>> {
    url.alternatives().map(authority)
}

fn authority(pieces: Vec<Piece<'_>>) -> Vec<Bit<'_>> {
    let mut found = Vec::new();
    // Only a scheme's own placeholder is followed by `://`; any other that opens a URL stands for a whole base.
    let mut rest = match pieces.as_slice() {
        [Piece::Placeholder(_), Piece::Text(text), ..] if text.starts_with("://") => {
            let text = &text[3..];
            let mut rest = pieces[1..].to_vec();
            rest[0] = Piece::Text(text);
            rest
        }
        [Piece::Text(text), ..] => match text.find("://") {
            Some(at) => {
                let text = &text[at + 3..];
                let mut rest = pieces.clone();
                rest[0] = Piece::Text(text);
                rest
            }
            None => pieces,
        },
        _ => pieces,
    }
    .into_iter();
    for piece in rest.by_ref() {
        match piece {
            Piece::Text(text) => match text.find(['/', '?', '#']) {
                Some(end) => {
                    found.push(Bit::Fixed(&text[..end]));
                    break;
                }
                None => found.push(Bit::Fixed(text)),
            },
            Piece::Placeholder(path) if path.starts_with("cloud.") => found.push(Bit::Fixed(path)),
            Piece::Placeholder(path) => found.push(Bit::Open(path)),
        }
    }
    found.retain(|bit| *bit != Bit::Fixed(""));
    found
}

/// Whether `path` fills a part of the authority in any alternative.
pub fn is_host_placeholder(url: &Template, path: &str) -> bool {
    authorities(url).any(|bits| bits.contains(&Bit::Open(path)))
}

/// Whether the authority's end is the definition's own, so that whatever an open part holds stays under it.
pub(crate) fn has_fixed_domain(bits: &[Bit<'_>], at: usize) -> bool {
    let Some(Bit::Fixed(end)) = bits.last() else { return false };
    if bits.len() <= at + 1 {
        return false;
    }
    if end.starts_with("cloud.") {
        // A cloud's variable behind a dot is a domain.
        return matches!(bits.get(bits.len() - 2), Some(Bit::Fixed(text)) if text.ends_with('.'));
    }
    let host = end.split(':').next().unwrap_or_default();
    let Some((_, domain)) = host.split_once('.') else { return false };
    let labels: Vec<&str> = domain.split('.').collect();
    // `com` and `co.uk` belong to nobody; `okta.com` does.
    match labels.as_slice() {
        [] | [_] => false,
        [second, top] => !(second.len() <= 3 && top.len() == 2),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(url: &str) -> Vec<Bit<'static>> {
        let template: &'static Template = Box::leak(Box::new(Template::parse(url).unwrap()));
        authorities(template).next().unwrap()
    }

    fn fixed(url: &str) -> bool {
        let bits = bits(url);
        let at = bits.iter().position(|bit| matches!(bit, Bit::Open(_))).unwrap();
        has_fixed_domain(&bits, at)
    }

    #[test]
    fn the_authority_ends_where_the_path_begins() {
        use Bit::{Fixed, Open};
        assert_eq!(bits("https://${c.a}.x.com/${c.b}"), [Open("c.a"), Fixed(".x.com")]);
        assert_eq!(bits("${c.whole}/oauth"), [Open("c.whole")]);
        assert_eq!(bits("${cloud.login}/${c.t}/token"), [Fixed("cloud.login")]);
        assert_eq!(
            bits("${cloud.scheme}://${c.t}.${cloud.domain}"),
            [Open("c.t"), Fixed("."), Fixed("cloud.domain")]
        );
        assert_eq!(bits("https://x.com?y=${c.q}"), [Fixed("x.com")]);
        assert_eq!(bits("https://x.com:${c.port}/a"), [Fixed("x.com:"), Open("c.port")]);
    }

    #[test]
    fn a_domain_is_fixed_by_what_follows() {
        for url in [
            "https://${c.a}.okta.com/x",
            "https://${c.a}-api.centrastage.net",
            "https://${c.a}.auth.${c.b}.amazoncognito.com/x",
            "${cloud.scheme}://${c.a}.${cloud.domain}",
        ] {
            assert!(fixed(url), "{url}");
        }
        for url in [
            "https://${c.a}",
            "${c.a}/x",
            "https://${c.a}.com",
            "https://api.amazon.${c.a}/x",
            "https://${c.a}.co.uk/",
            "https://${c.a}okta/",
            "https://x.com:${c.a}/",
        ] {
            assert!(!fixed(url), "{url}");
        }
    }
}
