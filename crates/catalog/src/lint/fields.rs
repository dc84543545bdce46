//! Fields: people can fill them in, and what they fill in is checked.

use domain::provider::{Field, Presence, Provider};
use serde_json::{Map, Value};

use super::Lints;
use crate::connection_config::{compiled, validate_connection_config, validate_credentials};

const FORMATS: &[&str] = &["hostname", "uri", "uuid", "email"];

pub(super) fn lint(provider: &Provider, lints: &mut Lints) {
    for (form, fields) in [
        ("connection_config", &provider.connection_config),
        ("credentials", &provider.credentials),
        ("integration_config", &provider.integration_config),
        ("assertion_option", &provider.assertion_option),
    ] {
        for field in fields {
            lint_field(&format!("{form}.{}", field.name), field, lints);
        }
    }
    if let Err(problems) = validate_credentials(provider, &asked(&provider.credentials)) {
        for problem in problems.into_iter().filter(|problem| !problem.message.starts_with("is required")) {
            let key = format!("credentials.{}", problem.field);
            lints.add(key, format!("its own example is refused: {}", problem.message));
        }
    }
    let examples = fields_with_examples(provider);
    if let Err(problems) = validate_connection_config(provider, &examples) {
        for problem in problems {
            let key = format!("connection_config.{}", problem.field);
            lints.add(key, format!("its own example is refused: {}", problem.message));
        }
    }
}

fn lint_field(key: &str, field: &Field, lints: &mut Lints) {
    if field.presence != Presence::Automated && (field.title.is_empty() || field.description.is_none()) {
        lints.add(key, "has no title or no description");
    }
    if let Some(pattern) = &field.pattern {
        if compiled(pattern).is_none() {
            lints.add(key, "its pattern does not compile");
        }
        if !(pattern.starts_with('^') && pattern.ends_with('$')) {
            lints.add(key, "its pattern is not anchored");
        }
        if field.expects.is_none() {
            lints.add(key, "has a pattern but no `expects`, so people would read the pattern");
        }
        if field.example.is_none() {
            lints.add(key, "has a pattern but no example");
        }
    }
    if let Some(format) = &field.format
        && !FORMATS.contains(&format.as_str())
    {
        lints.add(key, format!("`{format}` is not a format"));
    }
    if field.host_part == domain::provider::HostPart::Yes
        && field.pattern.is_none()
        && field.choices.is_empty()
    {
        lints.add(key, "becomes part of a host and has neither pattern nor choices");
    }
}

/// Connection config made of the fields' own examples.
pub(super) fn fields_with_examples(provider: &Provider) -> Map<String, Value> {
    let mut config = examples(&provider.integration_config);
    config.extend(examples(&provider.connection_config));
    config
}

/// Values that people would give: the example, else the default, else the first choice. Fields that are not asked
/// have none where they belong to the credentials.
fn examples(fields: &[Field]) -> Map<String, Value> {
    fields
        .iter()
        .filter_map(|field| {
            let given = field.example.clone().or_else(|| field.default_value.clone());
            Some((field.name.clone(), given.or_else(|| field.choices.first().cloned())?.into()))
        })
        .collect()
}

/// Examples of what a form asks.
fn asked(fields: &[Field]) -> Map<String, Value> {
    let mut given = examples(fields);
    fields
        .iter()
        .filter(|field| field.presence == Presence::Automated)
        .for_each(|field| drop(given.remove(&field.name)));
    given
}
