//! One value against one field.

use domain::provider::{Field, HostPart};
use url::{Host, Url};

/// Longest value, bytes (contract §2.2 takes as much for `integration_config`).
const MAX_BYTES: usize = 8_192;
/// Longest value of which something becomes a host, bytes (RFC 1035 §2.3.4, with room for a scheme and a path).
const MAX_HOST_BYTES: usize = 512;
/// Most steps back that a pattern with look-around may take.
const MAX_BACKTRACKS: usize = 100_000;
/// Largest compiled pattern, bytes.
const MAX_PATTERN_SIZE: usize = 1 << 20;

/// Whether a value may have line breaks, as a PEM key has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// Checks text that is not empty. The message never repeats the value: it may be a secret.
pub(super) fn check(field: &Field, text: &str, lines: Lines) -> Result<(), String> {
    check_text(text, lines)?;
    if !field.choices.is_empty() && !field.choices.iter().any(|choice| choice == text) {
        return Err(format!("must be one of {}", field.choices.join(", ")));
    }
    if let Some(pattern) = &field.pattern {
        let matches = matches(pattern, text, field.host_part)
            .ok_or_else(|| format!("cannot be checked: this version cannot read its pattern {pattern}"))?;
        if !matches {
            return Err(expectation(field));
        }
    }
    if let Some(format) = &field.format
        && !has_format(format, text)
    {
        return Err(expectation(field));
    }
    // A host is checked even when the pattern is sound: a foreign file's pattern is not our promise.
    if field.host_part == HostPart::Yes && !is_host_part(text) {
        return Err(expectation(field));
    }
    Ok(())
}

/// Checks text under a key that no field declares but a URL uses.
pub(super) fn check_undeclared(text: &str, host_part: HostPart) -> Result<(), String> {
    check_text(text, Lines::One)?;
    if host_part == HostPart::Yes && !text.is_empty() && !is_host_part(text) {
        return Err("becomes part of a host and must be a host name or an https URL".to_owned());
    }
    Ok(())
}

fn check_text(text: &str, lines: Lines) -> Result<(), String> {
    if text.len() > MAX_BYTES {
        return Err(format!("must be at most {MAX_BYTES} bytes"));
    }
    let allowed = |c: char| lines == Lines::Many && matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(|c| c.is_control() && !allowed(c)) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(())
}

/// What a right value is, in the definition's own words where it has any.
pub(super) fn expectation(field: &Field) -> String {
    let mut text = match (&field.expects, &field.format, &field.pattern) {
        (Some(expects), _, _) => return format!("a {} is {expects}", subject(field)),
        (None, Some(format), _) => format!("a {} is a {format}", subject(field)),
        (None, None, Some(pattern)) => format!("a {} matches {pattern}", subject(field)),
        (None, None, None) => format!("a {}", subject(field)),
    };
    if let Some(example) = &field.example {
        text.push_str(&format!(", for example {example}"));
    }
    text
}

fn subject(field: &Field) -> String {
    if field.title.is_empty() { field.name.clone() } else { field.title.to_lowercase() }
}

/// Whether a pattern matches; `None` when it cannot be read, or costs too much on this text.
///
/// A value that becomes part of a host must match whole, whatever the pattern forgets to anchor.
fn matches(pattern: &str, text: &str, host_part: HostPart) -> Option<bool> {
    match host_part {
        HostPart::Yes => matches_whole(pattern, text),
        HostPart::No => compiled(pattern)?.is_match(text).ok(),
    }
}

/// Whether the whole text matches; `None` as in [`matches`].
pub(crate) fn matches_whole(pattern: &str, text: &str) -> Option<bool> {
    compiled(&format!("^(?:{pattern})$"))?.is_match(text).ok()
}

/// A pattern as the field's files write it: with look-around, which costs time, and so under a limit.
pub(crate) fn compiled(pattern: &str) -> Option<fancy_regex::Regex> {
    fancy_regex::RegexBuilder::new(pattern)
        .backtrack_limit(MAX_BACKTRACKS)
        .delegate_size_limit(MAX_PATTERN_SIZE)
        .build()
        .ok()
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "hostname" => is_host_name(text),
        "uri" => Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()),
        "uuid" => is_uuid(text),
        "email" => text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty()
                && !user.contains(char::is_whitespace)
                && host.contains('.')
                && is_host_name(host)
        }),
        // An unknown format is a promise that nobody can check.
        _ => true,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A host name (with an optional port), or labels of one.
fn is_host_name(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.len() <= 253
        && host.split('.').all(label)
        && port.is_none_or(|port| !port.is_empty() && port.parse::<u16>().is_ok())
}

/// Text that may stand in the authority of a URL: labels, a host with a port and a path, or a whole https URL.
///
/// What it keeps out is whatever would end the authority early or hide it: `@`, `?`, `#`, `\`, white space.
pub fn is_host_part(text: &str) -> bool {
    if text.len() > MAX_HOST_BYTES
        || text.contains(['@', '?', '#', '\\', '%'])
        || text.contains(char::is_whitespace)
    {
        return false;
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let authority = rest.split('/').next().unwrap_or_default();
    // A server on the developer's own machine has no certificate; the address guard refuses it all the same unless the
    // operator exempted it.
    let local = authority.split(':').next() == Some("localhost");
    if scheme != "https" && !(scheme == "http" && local) {
        return false;
    }
    is_host_name(authority) && !is_dotted_address(authority)
}

/// `10.0.0.1` and its kin; a bare number stays, because it may be an account's own label.
fn is_dotted_address(authority: &str) -> bool {
    let parsed = Url::parse(&format!("https://{authority}/"));
    authority.contains('.') && !matches!(parsed.as_ref().map(Url::host), Ok(Some(Host::Domain(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_part_cannot_leave_its_place() {
        for good in [
            "contoso",
            "1234567",
            "a.b.example",
            "a.example:8443",
            "https://a.example/path",
            "a.example/path",
            "http://localhost:3333/mcp",
        ] {
            assert!(is_host_part(good), "{good}");
        }
        for bad in [
            "evil.example/@",
            "u@evil.example",
            "evil.example#",
            "evil.example?",
            "a\\b",
            "a b",
            "",
            "-a",
            "a..b",
            "http://a.example",
            "http://localhost.evil.example",
            "file:///etc/passwd",
            "https://[::1]",
            "a:99999",
            "a:",
            "a%2eb",
            "https://10.0.0.1/",
            "10.0.0.1",
            "0x7f.1",
        ] {
            assert!(!is_host_part(bad), "{bad}");
        }
    }

    #[test]
    fn formats_are_checked() {
        assert!(has_format("uuid", "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"));
        assert!(!has_format("uuid", "8eaef023-2b34-4da1-9baa-8bc8c9d6a49"));
        assert!(has_format("email", "a@b.example") && !has_format("email", "a@b"));
        assert!(has_format("uri", "https://a.example/x") && !has_format("uri", "javascript:alert(1)"));
        assert!(has_format("hostname", "a.example") && !has_format("hostname", "a.example/x"));
    }
}
