//! From parts and values to text.

use super::{Part, Unresolved, Values};

pub(super) fn parts(
    source: &[Part],
    values: &dyn Values,
    encode: &dyn Fn(&str, String) -> String,
) -> Result<String, Unresolved> {
    let mut text = String::new();
    for part in source {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Path(path) => {
                let value = values.get(path).ok_or_else(|| Unresolved::no_value(path))?;
                text.push_str(&encode(path, value));
            }
            Part::Call { name, argument } => {
                let arguments = resolve_arguments(argument, values)?;
                let result = values.call(name, &arguments).ok_or_else(|| Unresolved::function(name))?;
                text.push_str(&encode(name, result));
            }
        }
    }
    Ok(text)
}

/// The arguments of a call: split at the commas that the template itself has, so that a value with a comma stays one.
fn resolve_arguments(source: &[Part], values: &dyn Values) -> Result<Vec<String>, Unresolved> {
    let mut arguments = vec![String::new()];
    for part in source {
        match part {
            Part::Text(literal) => {
                let mut pieces = literal.split(',');
                append(&mut arguments, pieces.next().unwrap_or_default());
                arguments.extend(pieces.map(str::to_owned));
            }
            other => {
                let value = parts(std::slice::from_ref(other), values, &|_, value| value)?;
                append(&mut arguments, &value);
            }
        }
    }
    Ok(arguments)
}

fn append(arguments: &mut [String], text: &str) {
    if let Some(last) = arguments.last_mut() {
        last.push_str(text);
    }
}
