//! From an untyped definition to [`Provider`]: the keys' names end here.

mod account_requests;
mod auth;
mod fields;
mod file;
mod host_parts;
mod ignored;
mod proxy;
mod tree;

use domain::ProviderName;
use domain::provider::{GuideStep, Provider, ScriptNames, WebhookRules, WebhookSecret};
use indexmap::IndexMap;
use serde_json::Value;

pub(crate) use file::{OWN_FIELD_KEYS, OWN_KEYS, OWN_PROXY_KEYS, ProviderFile};
pub(crate) use host_parts::{host_paths, urls};
pub use ignored::Ignored;

use crate::error::CatalogError;
use crate::read::{Node, Written};

/// A definition in every form that this crate needs.
pub(crate) struct Converted {
    pub(crate) provider: Provider,
    pub(crate) file: ProviderFile,
    pub(crate) ignored: Vec<Ignored>,
}

/// Converts an alias-resolved definition.
///
/// # Errors
/// An unknown key, a value of the wrong type, a template that cannot be parsed, a name outside contract §1.10. The
/// error carries the definition's file, line and name.
pub(crate) fn convert(written: &Written, body: &IndexMap<String, Node>) -> Result<Converted, CatalogError> {
    convert_inner(written, body).map_err(|problem| written.error(problem))
}

fn idle_days(days: Option<u16>) -> Result<Option<u16>, String> {
    match days {
        Some(0 | 366..) => Err("refresh_idle_days: must be 1 to 365".to_owned()),
        days => Ok(days),
    }
}

fn convert_inner(written: &Written, body: &IndexMap<String, Node>) -> Result<Converted, String> {
    let name = ProviderName::parse(&written.name).map_err(|error| error.to_string())?;
    // Through text, because a JSON map in memory sorts its keys and the order of fields means something.
    let text = serde_json::to_string(body).map_err(|error| error.to_string())?;
    let file = typed(&text)?;
    let proxy = file.proxy.as_ref().map(proxy::proxy).transpose()?;
    let mut provider = Provider {
        name,
        shown_resources: proxy::shown(&file.shown_resources, proxy.as_ref())?,
        refresh_idle_days: idle_days(file.refresh_idle_days)?,
        display_name: file.display_name.clone(),
        categories: file.categories.clone(),
        auth: auth::auth(&file)?,
        proxy,
        connection_config: fields::fields("connection_config", &file.connection_config)?,
        credentials: fields::fields("credentials", &file.credentials)?,
        integration_config: fields::fields("integration_config", &file.integration_config)?,
        assertion_option: fields::fields("assertion_option", &file.assertion_option)?,
        cloud_family: file.cloud_family.clone(),
        docs: file.docs.clone(),
        docs_connect: file.docs_connect.clone(),
        setup_guide_url: file.setup_guide_url.clone(),
        setup_guide: file
            .setup_guide
            .iter()
            .map(|step| GuideStep { title: step.title.clone(), text: step.text.trim().to_owned() })
            .collect(),
        post_connection: account_requests::lookups(&file.post_connection)?,
        pre_connection_deletion: account_requests::farewells(&file.pre_connection_deletion)?,
        webhooks: webhooks(&file),
        scripts: ScriptNames {
            post_connection: named(file.post_connection_script.as_ref()),
            credentials_verification: named(file.credentials_verification_script.as_ref()),
            pre_connection_deletion: named(file.pre_connection_deletion_script.as_ref()),
        },
    };
    host_parts::mark(&mut provider);
    parse_every_template(&serde_json::from_str(&text).map_err(|error| error.to_string())?)?;
    let ignored = ignored::ignored(body, &file, provider.auth.mode());
    Ok(Converted { provider, file, ignored })
}

fn typed(text: &str) -> Result<ProviderFile, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        // Positions in that text mean nothing to whoever wrote the YAML, and neither does the list of all keys.
        let problem = problem.split(" at line ").next().unwrap_or_default();
        let problem = problem.split(", expected one of").next().unwrap_or_default();
        let problem = problem.replace("unknown field", "unknown key");
        // The path ends with the unknown key itself.
        let path = match problem.starts_with("unknown key") {
            true => path.rsplit_once('.').map_or(".", |(outer, _)| outer).to_owned(),
            false => path,
        };
        if path == "." { problem } else { format!("{path}: {problem}") }
    })
}

fn webhooks(file: &ProviderFile) -> WebhookRules {
    WebhookRules {
        routing_script: named(file.webhook_routing_script.as_ref()),
        secret: if file.webhook_user_defined_secret {
            WebhookSecret::UserDefined
        } else {
            WebhookSecret::None
        },
        allowed_query_params: file.webhook_allowed_query_params.clone(),
    }
}

/// An alias takes a script away by naming none.
fn named(script: Option<&String>) -> Option<String> {
    script.filter(|name| !name.is_empty()).cloned()
}

/// Parses templates under keys that are not run too, so that a broken file is refused when it is read.
fn parse_every_template(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if text.contains("${") => tree::template("template", text).map(drop),
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
