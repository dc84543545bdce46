//! From an untyped definition to [`Provider`]: the keys' names end here.

mod auth;
mod fields;
mod file;
mod host_parts;
mod proxy;
mod unsupported;

use domain::ProviderName;
use domain::provider::Provider;
use domain::template::Template;
use indexmap::IndexMap;
use serde_json::Value;

pub(crate) use file::{OWN_FIELD_KEYS, OWN_KEYS, OWN_PROXY_KEYS, ProviderFile};
pub(crate) use host_parts::{host_paths, urls};

use crate::error::CatalogError;
use crate::read::{Node, Written};

/// A definition in every form that this crate needs.
pub(crate) struct Converted {
    pub(crate) provider: Provider,
    pub(crate) file: ProviderFile,
    /// Keys that change how the definition works and that this version does not run.
    pub(crate) not_run: Vec<String>,
}

/// Converts an alias-resolved definition.
///
/// # Errors
/// A value of the wrong type, a template that cannot be parsed, a name outside contract §1.10, an auth mode that
/// lacks what it needs. The error carries the definition's file, line and name.
pub(crate) fn convert(written: &Written, body: &IndexMap<String, Node>) -> Result<Converted, CatalogError> {
    convert_inner(written, body).map_err(|problem| written.error(problem))
}

fn convert_inner(written: &Written, body: &IndexMap<String, Node>) -> Result<Converted, String> {
    let name = ProviderName::parse(&written.name).map_err(|error| error.to_string())?;
    // Through text, because a JSON map in memory sorts its keys and the order of fields means something.
    let text = serde_json::to_string(body).map_err(|error| error.to_string())?;
    let file: ProviderFile = serde_json::from_str(&text).map_err(|error| {
        let text = error.to_string();
        // Positions in that text mean nothing to whoever wrote the YAML.
        text.split(" at line ").next().unwrap_or_default().to_owned()
    })?;
    let not_run = unsupported::keys(&file);
    let proxy = file.proxy.as_ref().map(proxy::proxy).transpose()?;
    let mut provider = Provider {
        name,
        shown_resources: proxy::shown(&file.shown_resources, proxy.as_ref())?,
        display_name: file.display_name.clone(),
        auth: auth::auth(&file, &not_run)?,
        proxy,
        connection_config: fields::fields(&file.connection_config)?,
        credentials: fields::fields(&file.credentials)?,
        cloud_family: file.cloud_family.clone(),
        docs: file.docs.clone(),
    };
    host_parts::mark(&mut provider);
    parse_every_template(&serde_json::from_str(&text).map_err(|error| error.to_string())?)?;
    Ok(Converted { provider, file, not_run })
}

/// Parses a template and says which key it stands under.
fn template(key: &str, source: &str) -> Result<Template, String> {
    Template::parse(source).map_err(|error| format!("{key}: {error}"))
}

/// Parses parameters whose values are templates; numbers and booleans are taken as their text.
fn parameters(key: &str, map: &IndexMap<String, Value>) -> Result<Vec<(String, Template)>, String> {
    map.iter()
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text.clone())),
            Value::Number(_) | Value::Bool(_) => Some((name, value.to_string())),
            // Maps and lists are reported by `unsupported`.
            _ => None,
        })
        .map(|(name, text)| Ok((name.clone(), template(&format!("{key}.{name}"), &text)?)))
        .collect()
}

/// Parses templates under keys that are not run too, so that a broken file is refused when it is read.
fn parse_every_template(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if text.contains("${") => template("template", text).map(drop),
        Value::Array(items) => items.iter().try_for_each(parse_every_template),
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            // Descriptions and examples are prose.
            if matches!(key.as_str(), "description" | "example" | "title") {
                return Ok(());
            }
            parse_every_template(value).map_err(|problem| match problem.strip_prefix("template: ") {
                Some(rest) => format!("{key}: {rest}"),
                None => problem,
            })
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
