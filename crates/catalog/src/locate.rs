//! The line of a key in a file, for people who read an error.

/// The line of the dotted `key` of the definition that begins on `line` (both from 1); as much of the way as the text
/// shows in block style.
pub(crate) fn line_of(text: &str, line: u64, key: &str) -> u64 {
    let start = usize::try_from(line).unwrap_or(usize::MAX);
    let (mut found, mut outer) = (line, 0);
    let mut rest = text.lines().enumerate().skip(start);
    for segment in key.split('.') {
        let mut own_indent = None;
        let next = rest.find(|(_, text)| {
            let trimmed = text.trim_start();
            let indent = text.len() - trimmed.len();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                return false;
            }
            // The keys of one map stand in one column; what stands deeper belongs to a sibling.
            let own = *own_indent.get_or_insert(indent);
            indent == own && indent > outer && names(trimmed, segment)
        });
        let Some((at, text)) = next else { break };
        found = at as u64 + 1;
        outer = text.len() - text.trim_start().len();
    }
    found
}

fn names(line: &str, key: &str) -> bool {
    let line = line.trim_start_matches(['\'', '"']);
    line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['\'', '"']).starts_with(':'))
}

/// The key that a problem's text begins with, or names as unknown.
pub(crate) fn key_of(problem: &str) -> Option<String> {
    if let Some((before, rest)) = problem.split_once("unknown key `") {
        let key = rest.split('`').next()?;
        return Some(if before.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", before.trim_end_matches(": "))
        });
    }
    let key = problem.split(": ").next()?;
    let is_key = !key.is_empty()
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '#' | '$'));
    is_key.then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "a:\n  x: 1\nb:\n  docs: y\n  # proxy: no\n  connection_config:\n    \
        proxy:\n      title: t\n  proxy:\n    retry:\n      after: [x]\n    base_url: z\nc:\n  proxy: {}\n";

    #[test]
    fn the_way_is_followed_as_far_as_it_goes() {
        assert_eq!(line_of(FILE, 3, "proxy.base_url"), 12);
        assert_eq!(line_of(FILE, 3, "proxy.retry.after"), 11);
        assert_eq!(line_of(FILE, 3, "connection_config.proxy.title"), 8);
        assert_eq!(line_of(FILE, 3, "proxy.nothing"), 9);
        assert_eq!(line_of(FILE, 1, "nothing"), 1);
    }

    #[test]
    fn a_problem_names_its_key() {
        assert_eq!(key_of("proxy.base_url: template `${`: x"), Some("proxy.base_url".to_owned()));
        assert_eq!(key_of("unknown key `proxi`"), Some("proxi".to_owned()));
        assert_eq!(key_of("proxy.retry: unknown key `x`"), Some("proxy.retry.x".to_owned()));
        assert_eq!(key_of("aliases form a cycle: a → b"), None);
    }
}
