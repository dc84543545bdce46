//! Reading `Location` (RFC 9110 §10.2.2, RFC 3986 §5) without changing a byte that a signature may cover.

use http::Uri;

/// Where `location` leads from `base`; `None` when it leads nowhere over http(s).
///
/// An absolute URL passes as it is but for bytes that cannot stand in a request line, which are percent-encoded
/// (servers do send spaces). Fragments are dropped.
pub(crate) fn resolve(base: &Uri, location: &[u8]) -> Option<Uri> {
    let text = encode(location.trim_ascii());
    let reference = text.split('#').next().unwrap_or_default();
    let scheme = base.scheme_str()?;
    let authority = base.authority()?.as_str();
    if let Some((given, rest)) = reference.split_once("://").filter(|(given, _)| is_scheme(given)) {
        return format!("{}://{rest}", given.to_ascii_lowercase()).parse().ok().filter(is_web);
    }
    let rebuilt = if let Some(rest) = reference.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if reference.starts_with('/') {
        format!("{scheme}://{authority}{}", without_dots(reference))
    } else if reference.starts_with('?') {
        format!("{scheme}://{authority}{}{reference}", base.path())
    } else if reference.is_empty() || has_scheme(reference) {
        return None;
    } else {
        let directory = base.path().rsplit_once('/').map_or("", |(directory, _)| directory);
        format!("{scheme}://{authority}{}", without_dots(&format!("{directory}/{reference}")))
    };
    rebuilt.parse().ok()
}

fn is_web(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https"))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Whether a relative-looking reference is another scheme's (`mailto:`, `data:`).
fn has_scheme(reference: &str) -> bool {
    reference
        .split(['/', '?'])
        .next()
        .and_then(|first| first.split_once(':'))
        .is_some_and(|(s, _)| is_scheme(s))
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            0..=0x20 | 0x7f.. | b'"' | b'<' | b'>' | b'`' | b'\\' => text.push_str(&format!("%{byte:02X}")),
            _ => text.push(char::from(byte)),
        }
    }
    text
}

/// Removes `.` and `..` segments from a path with query (RFC 3986 §5.2.4).
fn without_dots(path_and_query: &str) -> String {
    let (path, query) = match path_and_query.find('?') {
        Some(at) => path_and_query.split_at(at),
        None => (path_and_query, ""),
    };
    if !path.contains("/.") {
        return path_and_query.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_as_rfc_3986_says_and_absolute_ones_keep_their_bytes() {
        let base: Uri = "http://a/b/c/d;p?q".parse().expect("base");
        // The first block is RFC 3986 §5.4.1 and §5.4.2.
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("g..", "http://a/b/c/g.."),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("HTTPS://h/x'y(z)%2f?sig=a'b%2B$|^{}", "https://h/x'y(z)%2f?sig=a'b%2B$|^{}"),
            ("https://h/a b?c d", "https://h/a%20b?c%20d"),
            ("https://h/a/../b", "https://h/a/../b"),
        ] {
            let resolved = resolve(&base, reference.as_bytes()).map(|uri| uri.to_string());
            assert_eq!(resolved.as_deref(), Some(expected), "{reference}");
        }
        for nowhere in ["", "#top", "mailto:a@b", "ftp://h/x", "data:text/plain,x"] {
            assert_eq!(resolve(&base, nowhere.as_bytes()), None, "{nowhere}");
        }
    }
}
