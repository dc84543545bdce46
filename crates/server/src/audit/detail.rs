//! What of a request's fields may stand in the audit log: values of a few by name, of all others the names.
//!
//! Invariant: a value is kept because its name is listed here, never because its name looks harmless.

use serde_json::{Map, Value, json};

/// Fields whose values are no secrets.
const PLAIN: &[&str] = &[
    "unique_key",
    "provider",
    "provider_config_key",
    "connection_id",
    "integration",
    "display_name",
    "email",
    "owner",
    "roles",
    "scopes",
    "environment_id",
    "key_id",
    "is_production",
    "to",
    "method",
];
/// Names listed at most.
const MOST: usize = 50;
/// Characters of a text.
const LONGEST: usize = 200;

/// The detail of a body or query.
pub(super) fn of(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut detail = Map::new();
    let mut names = Vec::new();
    for (name, value) in fields {
        match plain(value).filter(|_| PLAIN.contains(&name.as_str())) {
            Some(kept) => {
                detail.insert(name.clone(), kept);
            }
            None => add_names(&mut names, name, value),
        }
    }
    names.truncate(MOST);
    if !names.is_empty() {
        detail.insert("fields".to_owned(), json!(names));
    }
    detail
}

fn add_names(names: &mut Vec<String>, name: &str, value: &Value) {
    let name = short(name);
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            names.extend(inner.keys().take(MOST).map(|key| format!("{name}.{}", short(key))));
        }
        _ => names.push(name),
    }
}

/// Scalars, and lists and maps of scalars.
fn plain(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::String(short(text))),
        Value::Array(items) if items.len() <= MOST => {
            items.iter().map(scalar).collect::<Option<_>>().map(Value::Array)
        }
        Value::Object(items) if items.len() <= MOST => {
            let pairs = items.iter().map(|(key, value)| Some((short(key), scalar(value)?)));
            pairs.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.clone()),
    }
}

fn scalar(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::String(short(text))),
        Value::Array(_) | Value::Object(_) => None,
        other => Some(other.clone()),
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_out_unless_their_name_is_listed() {
        let body = json!({
            "unique_key": "excel", "scopes": ["a", "b"], "roles": {"dev": "support"},
            "credentials": {"type": "OAUTH2", "client_secret": "hunter2"}, "password": "hunter2",
            "variables": [{"name": "A", "value": "hunter2"}], "connection_id": {"nested": {"deep": "hunter2"}},
            "owner": null,
        });
        let detail = Value::Object(of(body.as_object().unwrap()));
        assert!(!detail.to_string().contains("hunter2"), "{detail}");
        assert_eq!(
            detail,
            json!({"unique_key": "excel", "scopes": ["a", "b"], "roles": {"dev": "support"}, "owner": null,
                "fields": ["connection_id.nested", "credentials.client_secret", "credentials.type", "password", "variables"]})
        );
        let long = json!({"email": "x".repeat(5_000), "k".repeat(5_000): 1});
        assert!(Value::Object(of(long.as_object().unwrap())).to_string().len() < 600);
    }
}
