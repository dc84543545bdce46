//! Form fields (contract §4.3).

use domain::provider::{Condition, Display, Field, HostPart, Presence};
use indexmap::IndexMap;

use super::file::FieldFile;
use crate::connection_config::compiled;

/// Most fields of one form; the field's largest has 11.
const MAX_FIELDS: usize = 64;
/// Place of a field without `order`: behind all that have one, in the file's order.
const UNORDERED: i32 = i32::MAX;

/// The fields in the order of the form.
pub(super) fn fields(form: &str, map: &IndexMap<String, FieldFile>) -> Result<Vec<Field>, String> {
    if map.len() > MAX_FIELDS {
        return Err(format!("{form}: more than {MAX_FIELDS} fields in one form"));
    }
    for (name, file) in map {
        if !matches!(file.kind.as_deref(), None | Some("string")) {
            return Err(format!("{form}.{name}.type: must be string"));
        }
        // A value in clear may become a part of a URL, and then its pattern guards something. The field's file has one
        // such pattern among its credentials, where it guards nothing: `ignored` names it.
        if form != "credentials" && has_bad_pattern(file) {
            return Err(format!("{form}.{name}.pattern: is not a regular expression"));
        }
    }
    let mut fields: Vec<Field> = map.iter().map(|(name, file)| field(name, file)).collect();
    fields.sort_by_key(|field| field.order);
    Ok(fields)
}

/// Whether a pattern is there and cannot be read.
pub(super) fn has_bad_pattern(file: &FieldFile) -> bool {
    file.pattern.as_deref().is_some_and(|pattern| compiled(pattern).is_none())
}

fn field(name: &str, file: &FieldFile) -> Field {
    Field {
        name: name.to_owned(),
        title: file.title.clone(),
        description: file.description.clone(),
        example: file.example.clone(),
        pattern: file.pattern.clone().filter(|pattern| compiled(pattern).is_some()),
        format: file.format.clone(),
        expects: file.expects.clone(),
        order: file.order.unwrap_or(UNORDERED),
        default_value: file.default_value.clone(),
        prefix: file.prefix.clone(),
        suffix: file.suffix.clone(),
        choices: file.choices.clone(),
        presence: presence(file),
        display: display(file),
        host_part: if file.host_part { HostPart::Yes } else { HostPart::No },
        doc_section: file.doc_section.clone(),
        warnings: file.warnings.iter().map(|(value, text)| (value.clone(), text.clone())).collect(),
        visible_when: file
            .visible_when
            .as_ref()
            .map(|condition| Condition { field: condition.field.clone(), equals: condition.equals.clone() }),
    }
}

fn presence(file: &FieldFile) -> Presence {
    if file.automated {
        Presence::Automated
    } else if file.optional {
        Presence::Optional
    } else {
        Presence::Required
    }
}

fn display(file: &FieldFile) -> Display {
    if file.hidden {
        Display::Hidden
    } else if file.secret {
        Display::Secret
    } else {
        Display::Clear
    }
}
