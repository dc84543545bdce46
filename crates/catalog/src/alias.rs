//! `alias: other`: a shallow merge (contract §4). Nested maps such as `proxy` are replaced whole.

use indexmap::IndexMap;

use crate::error::CatalogError;
use crate::layer::Layer;
use crate::read::{Node, Written};

/// Resolves a definition's chain of aliases; the `alias` key itself goes.
///
/// A name is looked for in the layer of the definition that uses it and in those below; a definition that is an alias
/// of its own name means the one below.
///
/// # Errors
/// An alias to nothing, an alias that is not a name, and a cycle, each with the chain that led there.
pub(crate) fn resolve(written: &Written, layer: &Layer) -> Result<IndexMap<String, Node>, CatalogError> {
    let mut chain = vec![written];
    let (mut current, mut layer) = (written, layer);
    while let Some(target) = current.body.get("alias") {
        let Node::Text(target) = target else {
            return Err(written.error("`alias` must be the name of another definition"));
        };
        let shown =
            || chain.iter().map(|link| link.name.as_str()).chain([target.as_str()]).collect::<Vec<_>>();
        let from = if *target == current.name { layer.below() } else { Some(layer) };
        let (next, next_layer) = match from.and_then(|from| from.find(target)) {
            Some(Ok(found)) => found,
            Some(Err(error)) => return Err(error.clone()),
            None => {
                let chain = shown().join(" → ");
                return Err(written.error(format!("alias of an unknown definition: {chain}")));
            }
        };
        if chain.iter().any(|link| std::ptr::eq(*link, next)) {
            return Err(written.error(format!("aliases form a cycle: {}", shown().join(" → "))));
        }
        chain.push(next);
        (current, layer) = (next, next_layer);
    }
    let mut merged = IndexMap::new();
    for link in chain.into_iter().rev() {
        merged.extend(link.body.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    merged.shift_remove("alias");
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn layered(below: &str, yaml: &str, name: &str) -> Result<String, CatalogError> {
        let empty = Arc::new(Layer::of_files(std::iter::empty()));
        let below = Arc::new(Layer::read("below.yaml", below, empty).unwrap());
        let layer = Layer::read("f.yaml", yaml, below).unwrap();
        let (written, found) = layer.find(name).unwrap().unwrap();
        resolve(written, found).map(|body| serde_json::to_string(&body).unwrap())
    }

    fn resolved(yaml: &str, name: &str) -> Result<String, CatalogError> {
        layered("{}", yaml, name)
    }

    #[test]
    fn the_nearer_definition_wins_whole_keys_in_any_file_order() {
        let yaml = "c: {alias: b, z: 3}\nb: {alias: a, p: {q: 2}}\na: {x: 1, p: {r: 1}}\n";
        assert_eq!(resolved(yaml, "c").unwrap(), r#"{"x":1,"p":{"q":2},"z":3}"#);
    }

    #[test]
    fn cycles_and_unknown_names_are_errors_that_show_the_chain() {
        let cycle = resolved("a: {alias: b}\nb: {alias: a}\n", "a").unwrap_err();
        assert!(cycle.problem.contains("a → b → a"), "{cycle}");
        assert!(resolved("a: {alias: a}\n", "a").is_err());
        assert!(resolved("a: {alias: nobody}\n", "a").unwrap_err().problem.contains("nobody"));
        assert!(resolved("a: {alias: [b]}\n", "a").is_err());
    }

    #[test]
    fn a_layer_extends_what_is_below_and_changes_nothing_there() {
        let below = "a: {x: 1, y: 1}\nb: {alias: a, z: 1}\n";
        assert_eq!(layered(below, "a: {alias: a, x: 2}\n", "a").unwrap(), r#"{"x":2,"y":1}"#);
        assert_eq!(layered(below, "a: {x: 2}\n", "b").unwrap(), r#"{"x":1,"y":1,"z":1}"#);
        assert_eq!(
            layered(below, "c: {alias: b, y: 2}\na: {x: 9}\n", "c").unwrap(),
            r#"{"x":1,"y":2,"z":1}"#
        );
    }
}
