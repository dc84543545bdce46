//! Validates what people and customers' backends give as `connection_config`.

mod value;

pub use value::is_host_part;
pub(crate) use value::{compiled, matches_whole};

use domain::provider::{HostPart, Presence, Provider};
use domain::template::Piece;
use serde_json::{Map, Value};

use crate::authority::{Bit, authorities};
use crate::hosts::value_at;

/// Most keys of one connection config.
const MAX_KEYS: usize = 256;

/// What is wrong with one value, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The key.
    pub field: String,
    /// What would be right.
    pub message: String,
}

/// Checks the declared fields, fills their defaults, and keeps every other key as it is: the object is loose.
///
/// A value that stands in a URL must be text, also when no field declares it. An empty text counts as absent. Values
/// are checked against pattern, format, choices and, where they become part of a host, against what a host may be.
///
/// # Errors
/// Every problem, in the order of the form.
pub fn validate_connection_config(
    provider: &Provider,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<FieldProblem>> {
    let mut filled = given.clone();
    let mut problems = Vec::new();
    if given.len() > MAX_KEYS {
        return Err(vec![problem("connection_config", format!("takes at most {MAX_KEYS} keys"))]);
    }
    for field in &provider.connection_config {
        match given.get(&field.name) {
            Some(Value::String(text)) if !text.is_empty() => {
                if let Err(message) = value::check(field, text, value::Lines::One) {
                    problems.push(problem(&field.name, message));
                }
            }
            None | Some(Value::Null | Value::String(_)) => {
                fill_or_complain(field, &mut filled, &mut problems)
            }
            Some(_) => problems.push(problem(&field.name, "must be text".to_owned())),
        }
    }
    for (name, host_part) in undeclared_in_urls(provider) {
        match value_at(given, &name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                if let Err(message) = value::check_undeclared(text, host_part) {
                    problems.push(problem(&name, message));
                }
            }
            Some(_) => problems.push(problem(&name, "stands in a URL and must be text".to_owned())),
        }
    }
    problems.extend(leaving_their_place(provider, &filled));
    if problems.is_empty() { Ok(filled) } else { Err(problems) }
}

/// Values with a path, a port or a scheme where more of the host follows: `evil.example/x` in
/// `https://${subdomain}.vendor.com` would lead to another host. Right where nothing of the host follows.
fn leaving_their_place(provider: &Provider, given: &Map<String, Value>) -> Vec<FieldProblem> {
    let value = |path: &str| {
        let name = path.strip_prefix("connectionConfig.")?;
        Some((name.to_owned(), value_at(given, name)?.as_str().filter(|text| !text.is_empty())?))
    };
    let mut found: Vec<FieldProblem> = Vec::new();
    for template in crate::convert::urls(provider) {
        // The alternative that is taken is the first whose values are all there.
        let taken = authorities(template).zip(template.alternatives()).find(|(_, pieces)| {
            pieces.iter().all(|piece| match piece {
                Piece::Placeholder(path) if path.starts_with("connectionConfig.") => value(path).is_some(),
                _ => true,
            })
        });
        let bits = taken.map(|(bits, _)| bits).unwrap_or_default();
        for bit in bits.iter().take(bits.len().saturating_sub(1)) {
            let Bit::Open(path) = bit else { continue };
            if let Some((name, text)) = value(path)
                && text.contains(['/', ':'])
                && !found.iter().any(|problem| problem.field == name)
            {
                let text = "is only a part of a host name: it takes no scheme, port or path";
                found.push(problem(&name, text.to_owned()));
            }
        }
    }
    found
}

/// Checks the fields of a credentials form; every key must be a declared one, and values are never repeated.
///
/// Automated fields are the server's own and are refused here.
///
/// # Errors
/// Every problem, those of declared fields in the order of the form first.
pub fn validate_credentials(
    provider: &Provider,
    given: &Map<String, Value>,
) -> Result<(), Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let asked = || provider.credentials.iter().filter(|field| field.presence != Presence::Automated);
    for field in asked() {
        match given.get(&field.name) {
            Some(Value::String(text)) if !text.is_empty() => {
                if let Err(message) = value::check(field, text, value::Lines::Many) {
                    problems.push(problem(&field.name, message));
                }
            }
            None | Some(Value::Null | Value::String(_)) if field.presence == Presence::Required => {
                problems.push(problem(&field.name, format!("is required: {}", value::expectation(field))));
            }
            None | Some(Value::Null | Value::String(_)) => {}
            Some(_) => problems.push(problem(&field.name, "must be text".to_owned())),
        }
    }
    for name in given.keys().filter(|name| !asked().any(|field| field.name == **name)) {
        problems.push(problem(name, "is not a field of this provider".to_owned()));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Checks one value of a credentials form against its field; a field that is not declared takes any value.
///
/// # Errors
/// What would be right; the value is never repeated.
pub fn check_credential(provider: &Provider, name: &str, value: &str) -> Result<(), FieldProblem> {
    match provider.credentials.iter().find(|field| field.name == name) {
        Some(field) => value::check(field, value, value::Lines::Many).map_err(|text| problem(name, text)),
        None => Ok(()),
    }
}

fn fill_or_complain(
    field: &domain::provider::Field,
    filled: &mut Map<String, Value>,
    problems: &mut Vec<FieldProblem>,
) {
    if let Some(default) = &field.default_value {
        filled.insert(field.name.clone(), Value::String(default.clone()));
    } else if field.presence == Presence::Required {
        problems.push(problem(&field.name, format!("is required: {}", value::expectation(field))));
    }
}

/// Connection-config keys that stand in a URL of the definition without being declared, for example one that a
/// token answer fills; with whether they stand in the host.
fn undeclared_in_urls(provider: &Provider) -> Vec<(String, HostPart)> {
    let mut found: Vec<(String, HostPart)> = Vec::new();
    for template in crate::convert::urls(provider) {
        let host_paths = crate::convert::host_paths(template);
        for path in template.paths() {
            let Some(name) = path.strip_prefix("connectionConfig.") else { continue };
            let declared = provider.connection_config.iter().any(|field| field.name == name);
            if declared || found.iter().any(|(known, _)| known == name) {
                continue;
            }
            let part = if host_paths.contains(&path) { HostPart::Yes } else { HostPart::No };
            found.push((name.to_owned(), part));
        }
    }
    found
}

fn problem(field: &str, message: String) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message }
}

#[cfg(test)]
mod tests;
