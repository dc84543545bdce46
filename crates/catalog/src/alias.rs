//! `alias: other`: a shallow merge (contract §4). Nested maps such as `proxy` are replaced whole.

use indexmap::IndexMap;

use crate::error::CatalogError;
use crate::read::{Node, Written};

/// Resolves a definition's chain of aliases among `all`; the `alias` key itself goes.
///
/// # Errors
/// An alias to nothing, an alias that is not a name, and a cycle, each with the chain that led there.
pub(crate) fn resolve(
    all: &IndexMap<String, Written>,
    written: &Written,
) -> Result<IndexMap<String, Node>, CatalogError> {
    let mut chain = vec![written.name.as_str()];
    let mut layers = vec![&written.body];
    let mut current = written;
    while let Some(target) = current.body.get("alias") {
        let Node::Text(target) = target else {
            return Err(written.error("`alias` must be the name of another definition"));
        };
        chain.push(target);
        if chain[..chain.len() - 1].contains(&target.as_str()) {
            return Err(written.error(format!("aliases form a cycle: {}", chain.join(" → "))));
        }
        current = all
            .get(target)
            .ok_or_else(|| written.error(format!("alias of an unknown definition: {}", chain.join(" → "))))?;
        layers.push(&current.body);
    }
    let mut merged = IndexMap::new();
    for layer in layers.into_iter().rev() {
        merged.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    merged.shift_remove("alias");
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::definitions;

    fn resolved(yaml: &str, name: &str) -> Result<String, CatalogError> {
        let all: IndexMap<_, _> =
            definitions("f.yaml", yaml).unwrap().into_iter().map(|w| (w.name.clone(), w)).collect();
        resolve(&all, &all[name]).map(|body| serde_json::to_string(&body).unwrap())
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
}
