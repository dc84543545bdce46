//! A definition as `GET /providers` shows it.

use domain::provider::Provider;
use serde_json::{Map, Value};

use crate::clouds::Clouds;
use crate::convert::{OWN_FIELD_KEYS, OWN_KEYS, OWN_PROXY_KEYS};

/// Keys of ours that the connect page shows people.
const FOR_PEOPLE: &[&str] = &["mark", "expects"];

fn kept_back<'a>(own: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    own.iter().copied().filter(|key| !FOR_PEOPLE.contains(key))
}

/// The definition as the wire shows it.
pub(crate) fn public(provider: &Provider, mut raw: Value, clouds: &Clouds) -> Value {
    if let Value::Object(map) = &mut raw {
        kept_back(OWN_KEYS).for_each(|key| drop(map.remove(key)));
        if let Some(Value::Object(proxy)) = map.get_mut("proxy") {
            OWN_PROXY_KEYS.iter().for_each(|key| drop(proxy.remove(*key)));
        }
        for form in ["connection_config", "credentials", "integration_config", "assertion_option"] {
            if let Some(Value::Object(fields)) = map.get_mut(form) {
                fields.values_mut().filter_map(Value::as_object_mut).for_each(strip_own_field_keys);
            }
        }
        map.insert("name".to_owned(), Value::String(provider.name.as_str().to_owned()));
    }
    let global =
        provider.cloud_family.as_deref().and_then(|family| clouds.values(family, Clouds::DEFAULT).ok());
    if let Some(global) = global {
        let placeholders: Vec<(String, &str)> =
            global.variables().map(|(name, value)| (format!("${{cloud.{name}}}"), value)).collect();
        fill(&mut raw, &placeholders);
    }
    raw
}

fn strip_own_field_keys(field: &mut Map<String, Value>) {
    kept_back(OWN_FIELD_KEYS).for_each(|key| drop(field.remove(key)));
}

/// Replaces placeholders in every text below `value`.
fn fill(value: &mut Value, placeholders: &[(String, &str)]) {
    match value {
        Value::String(text) if text.contains("${cloud.") => {
            for (placeholder, replacement) in placeholders {
                *text = text.replace(placeholder, replacement);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, placeholders)),
        Value::Object(map) => map.values_mut().for_each(|item| fill(item, placeholders)),
        _ => {}
    }
}
