//! OData query options.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::answer::GraphError;

/// The query options of a request or of one `$expand` term; names are kept without `$`, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Options {
    pairs: Vec<(String, String)>,
}

/// One term of `$expand`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expand {
    pub name: String,
    pub options: Options,
}

impl Options {
    pub fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self { pairs: pairs.map(|(name, value)| (plain(&name), value.into_owned())).collect() }
    }

    fn nested(text: &str) -> Self {
        let pairs = split_outside_brackets(text, ';');
        let pair = |part: &str| {
            let (name, value) = part.split_once('=')?;
            Some((plain(name.trim()), value.trim().to_owned()))
        };
        Self { pairs: pairs.into_iter().filter_map(pair).collect() }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn expands(&self) -> Vec<Expand> {
        let text = self.get("expand").unwrap_or_default();
        let parts = split_outside_brackets(text, ',');
        let expand = |part: &str| match part.split_once('(') {
            Some((name, inside)) => Expand {
                name: name.trim().to_owned(),
                options: Self::nested(inside.strip_suffix(')').unwrap_or(inside)),
            },
            None => Expand { name: part.to_owned(), options: Self::default() },
        };
        parts.into_iter().map(expand).collect()
    }

    pub fn expand(&self, name: &str) -> Option<Options> {
        self.expands()
            .into_iter()
            .find(|expand| expand.name.eq_ignore_ascii_case(name))
            .map(|expand| expand.options)
    }

    pub fn select(&self) -> Option<Vec<String>> {
        let text = self.get("select")?;
        let names: Vec<String> =
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        (!names.is_empty()).then_some(names)
    }

    /// `$top`, at most `max`.
    pub fn top(&self, default: usize, max: usize) -> Result<usize, GraphError> {
        let Some(text) = self.get("top") else { return Ok(default) };
        match text.parse::<usize>() {
            Ok(top) if top > 0 => Ok(top.min(max)),
            _ => Err(GraphError::bad_request(format!("Invalid value '{text}' for $top."))),
        }
    }

    /// This query again with another continuation.
    pub fn continued(&self, name: &str, value: &str) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        let kept = self
            .pairs
            .iter()
            .filter(|(found, _)| !matches!(found.as_str(), "skiptoken" | "token" | "deltatoken"));
        for (found, value) in kept {
            out.append_pair(&format!("${found}"), value);
        }
        out.append_pair(name, value);
        out.finish().replace("%24", "$")
    }
}

fn plain(name: &str) -> String {
    name.trim_start_matches('$').to_ascii_lowercase()
}

fn split_outside_brackets(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0_usize);
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if char == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Keeps the selected properties; annotations stay.
pub(super) fn keep_selected(entity: &mut Map<String, Value>, select: Option<&[String]>, always: &[&str]) {
    let Some(select) = select else { return };
    if select.iter().any(|name| name == "*") {
        return;
    }
    let wanted = |name: &str| {
        name.starts_with('@')
            || always.contains(&name)
            || select
                .iter()
                .any(|chosen| chosen.split('/').next().is_some_and(|top| top.eq_ignore_ascii_case(name)))
    };
    entity.retain(|name, _| wanted(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_options_are_split_outside_brackets() {
        let options =
            Options::parse("%24expand=columns,items(expand=fields($select=Title,Status);$top=3)&$top=7");
        assert_eq!(options.top(200, 5000).ok(), Some(7));
        assert!(options.expand("columns").is_some());
        let items = options.expand("items").expect("items");
        assert_eq!(items.top(1, 10).ok(), Some(3));
        let fields = items.expand("fields").expect("fields");
        assert_eq!(fields.select(), Some(vec!["Title".to_owned(), "Status".to_owned()]));
    }

    #[test]
    fn a_next_link_keeps_the_other_options() {
        let options = Options::parse("$top=2&$expand=fields&$skiptoken=old");
        assert_eq!(options.continued("$skiptoken", "a=b"), "$top=2&$expand=fields&$skiptoken=a%3Db");
    }
}
