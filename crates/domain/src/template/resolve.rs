//! From parts and values to text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Part, Unresolved, UnresolvedReason, Values};

pub(super) fn parts(
    parts: &[Part],
    values: &dyn Values,
    encode: &dyn Fn(&str, String) -> String,
) -> Result<String, Unresolved> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Path(path) => {
                let value = values.get(path).ok_or_else(|| Unresolved::no_value(path))?;
                text.push_str(&encode(path, value));
            }
            Part::Call { name, arguments } => {
                text.push_str(&encode(name, call(name, arguments, values)?));
            }
            Part::Now(stamp) => {
                let now_ms = values.now_ms().ok_or_else(|| Unresolved {
                    path: "now".to_owned(),
                    reason: UnresolvedReason::UnsupportedFunction,
                })?;
                let stamped = stamp.of(now_ms).ok_or_else(|| Unresolved {
                    path: "now".to_owned(),
                    reason: UnresolvedReason::BadArgument,
                })?;
                text.push_str(&encode("now", stamped));
            }
        }
    }
    Ok(text)
}

/// Arguments are resolved without encoding: a function takes values, not pieces of a URL.
fn call(name: &str, arguments: &[Vec<Part>], values: &dyn Values) -> Result<String, Unresolved> {
    let arguments = arguments
        .iter()
        .map(|argument| parts(argument, values, &|_, value| value))
        .collect::<Result<Vec<_>, _>>()?;
    if name == "base64" {
        return Ok(STANDARD.encode(arguments.join(", ")));
    }
    values.call(name, &arguments).map_err(|reason| Unresolved { path: name.to_owned(), reason })
}
