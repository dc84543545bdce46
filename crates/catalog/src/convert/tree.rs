//! Templates as they stand in a file: texts, parameters, whole JSON values.

use domain::template::{Template, TemplateTree};
use indexmap::IndexMap;
use serde_json::Value;

use crate::read::Node;

/// Parses a template, refuses unknown functions, and says which key it stands under.
pub(super) fn template(key: &str, source: &str) -> Result<Template, String> {
    let parsed = Template::parse(source).map_err(|error| format!("{key}: {error}"))?;
    match parsed.unknown_function() {
        Some(problem) => Err(format!("{key}: template `{source}`: {problem}")),
        None => Ok(parsed),
    }
}

/// As [`template`], for a key that may be absent; an empty text counts as absent.
pub(super) fn optional(key: &str, source: Option<&str>) -> Result<Option<Template>, String> {
    source.filter(|text| !text.is_empty()).map(|text| template(key, text)).transpose()
}

/// Parses parameters whose values are templates; numbers and booleans are taken as their text.
///
/// # Errors
/// A list, an object or null: what these would mean as a parameter is nobody's knowledge.
pub(super) fn parameters(key: &str, map: &IndexMap<String, Node>) -> Result<Vec<(String, Template)>, String> {
    map.iter()
        .map(|(name, node)| {
            let key = format!("{key}.{name}");
            let text = match node {
                Node::Text(text) => text.clone(),
                Node::Bool(flag) => flag.to_string(),
                Node::Int(number) => number.to_string(),
                Node::Float(number) => number.to_string(),
                Node::Null | Node::List(_) | Node::Map(_) => {
                    return Err(format!("{key}: must be a text, a number or a boolean"));
                }
            };
            Ok((name.clone(), template(&key, &text)?))
        })
        .collect()
}

/// Parses parameters that may be nested.
pub(super) fn nested_parameters(
    key: &str,
    map: &IndexMap<String, Node>,
) -> Result<Vec<(String, TemplateTree)>, String> {
    map.iter().map(|(name, node)| Ok((name.clone(), tree(&format!("{key}.{name}"), node)?))).collect()
}

/// Parses a JSON value whose texts are templates.
pub(super) fn tree(key: &str, node: &Node) -> Result<TemplateTree, String> {
    Ok(match node {
        Node::Null => TemplateTree::Literal(Value::Null),
        Node::Bool(flag) => TemplateTree::Literal(Value::Bool(*flag)),
        Node::Int(number) => TemplateTree::Literal(Value::from(*number)),
        Node::Float(number) => TemplateTree::Literal(Value::from(*number)),
        Node::Text(text) => TemplateTree::Text(template(key, text)?),
        Node::List(items) => TemplateTree::List(
            items
                .iter()
                .enumerate()
                .map(|(n, item)| tree(&format!("{key}.{n}"), item))
                .collect::<Result<_, _>>()?,
        ),
        Node::Map(map) => TemplateTree::Map(nested_parameters(key, map)?),
    })
}
