//! From YAML text to named, ordered, untyped definitions, under limits.

mod node;

use indexmap::IndexMap;
use serde_saphyr::Spanned;

pub(crate) use node::Node;

use crate::error::CatalogError;

/// Largest accepted file, bytes; the field's own 981 entries are 0.9 MB.
const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;
/// Deepest nesting; the field's deepest is 6.
const MAX_DEPTH: usize = 24;
/// Most definitions in one file.
const MAX_DEFINITIONS: usize = 5_000;
/// Most nodes in one file, those that YAML aliases repeat included.
const MAX_NODES: usize = 200_000;
/// Most events that YAML aliases (`*a`) may repeat: none of the known files uses one.
const MAX_REPLAYED_EVENTS: usize = 10_000;

/// One definition as written, before its alias is resolved.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) name: String,
    pub(crate) body: IndexMap<String, Node>,
}

impl Written {
    pub(crate) fn error(&self, problem: impl Into<String>) -> CatalogError {
        CatalogError {
            file: self.file.clone(),
            line: Some(self.line),
            provider: Some(self.name.clone()),
            problem: problem.into(),
        }
    }
}

/// Reads a file of definitions: a map from provider name to definition.
pub(crate) fn definitions(file: &str, text: &str) -> Result<Vec<Written>, CatalogError> {
    let map: IndexMap<String, Spanned<Node>> = yaml(file, text)?;
    if map.len() > MAX_DEFINITIONS {
        return Err(CatalogError::of_file(file, None, format!("more than {MAX_DEFINITIONS} definitions")));
    }
    let lines: Vec<&str> = text.lines().collect();
    map.into_iter()
        .map(|(name, node)| {
            let line = line_of_name(&lines, &name, node.referenced.line());
            let written = Written { file: file.to_owned(), line, name, body: IndexMap::new() };
            match node.value {
                Node::Map(body) => Ok(Written { body, ..written }),
                _ => Err(written.error("a definition is a map of keys")),
            }
        })
        .collect()
}

/// The line of a definition's name, at or above the position of its value: that of a block map is its first key.
fn line_of_name(lines: &[&str], name: &str, value: u64) -> u64 {
    let is_name = |line: &str| {
        let line = line.trim_start_matches(['\'', '"']);
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches(['\'', '"', ' ']).starts_with(':'))
    };
    let last = usize::try_from(value).unwrap_or(usize::MAX).min(lines.len());
    let found = lines[..last].iter().rposition(|line| is_name(line));
    found.map_or(value.max(1), |at| at as u64 + 1)
}

/// Reads one YAML document under this crate's limits.
pub(crate) fn yaml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, CatalogError> {
    if text.len() > MAX_FILE_BYTES {
        let problem = format!("larger than {MAX_FILE_BYTES} bytes");
        return Err(CatalogError::of_file(file, None, problem));
    }
    serde_saphyr::from_str_with_options(text, limits()).map_err(|error| {
        let line = error.location().map(|location| location.line());
        CatalogError::of_file(file, line, in_our_words(&error.without_snippet().to_string()))
    })
}

/// Without what the reader tells its programmers, and without the line, which stands before the message already.
fn in_our_words(message: &str) -> String {
    let message = message.replace(", set DuplicateKeyPolicy in Options if acceptable", "");
    match message
        .rsplit_once(" at line ")
        .and_then(|(text, place)| Some((text, place.split_once(", column ")?.1)))
    {
        Some((text, column)) if column.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{text} (column {column})")
        }
        _ => message,
    }
}

fn limits() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_FILE_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPLAYED_EVENTS,
            max_replay_stack_depth: 8,
        },
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_keep_their_order_and_know_their_line() {
        let written =
            definitions("f.yaml", "# c\nb:\n  # d\n  x: 1\n\n'a':\n  y: [true, null, 1.5, '${z}']\n")
                .unwrap();
        let seen: Vec<_> = written.iter().map(|w| (w.name.as_str(), w.line)).collect();
        assert_eq!(seen, [("b", 2), ("a", 6)]);
        assert_eq!(
            serde_json::to_string(&written[1].body).unwrap(),
            r#"{"y":[true,null,1.5,"${z}"]}"#,
            "scalars keep their types"
        );
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = definitions("f.yaml", "a:\n  b: 1\n  c: [1,\n").unwrap_err();
        assert_eq!(error.file, "f.yaml");
        assert!(error.line.is_some(), "{error}");
        let error = definitions("f.yaml", "a:\n  b: 1\na:\n  b: 2\n").unwrap_err();
        assert_eq!(error.to_string(), "f.yaml:3: duplicate mapping key: a (column 1)");
        let error = definitions("f.yaml", "ok:\n  b: 1\nbad: text\n").unwrap_err();
        assert_eq!(error.provider.as_deref(), Some("bad"));
    }

    #[test]
    fn bombs_are_refused() {
        let mut laughs = String::from("a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]\n");
        for (name, of) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
            laughs.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 10].join(",")));
        }
        assert!(definitions("bomb.yaml", &laughs).is_err());
        let deep = format!("a: {}{}", "[".repeat(1_000), "]".repeat(1_000));
        assert!(definitions("deep.yaml", &deep).is_err());
        let large = format!("a:\n  b: {}", "x".repeat(MAX_FILE_BYTES));
        assert!(definitions("large.yaml", &large).unwrap_err().problem.contains("larger than"));
        let many: String = (0..=MAX_DEFINITIONS).map(|n| format!("p{n}: {{}}\n")).collect();
        assert!(definitions("many.yaml", &many).unwrap_err().problem.contains("more than"));
        assert!(definitions("two.yaml", "a: {}\n---\nb: {}\n").is_err());
    }
}
