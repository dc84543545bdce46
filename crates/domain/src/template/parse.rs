//! From text to parts. The grammar is small: text, `${path}`, `${name(parts)}`, `${now…:format}`.

use super::Part;

/// Nesting of function calls that a definition may use; the field's deepest is 3.
const MAX_DEPTH: usize = 16;

/// Splits at ` || ` outside placeholders and parses each alternative.
pub(super) fn alternatives(source: &str) -> Result<Vec<Vec<Part>>, &'static str> {
    let mut found = Vec::new();
    let mut rest = source;
    loop {
        let (parts, end) = parts(rest, Until::Separator, 0)?;
        found.push(parts);
        match end {
            Some(end) => rest = &rest[end..],
            None => return Ok(found),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Until {
    /// The end of the text or ` || `.
    Separator,
    /// The `)}` that closes a call.
    CallEnd,
}

/// Parses until the terminator; returns the parts and where the text after the terminator begins.
fn parts(source: &str, until: Until, depth: usize) -> Result<(Vec<Part>, Option<usize>), &'static str> {
    const SEPARATOR: &str = " || ";
    if depth > MAX_DEPTH {
        return Err("function calls are nested too deeply");
    }
    let mut found = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if until == Until::Separator && rest.starts_with(SEPARATOR) {
            push_text(&mut found, &mut text);
            return Ok((found, Some(at + SEPARATOR.len())));
        }
        if until == Until::CallEnd && rest.starts_with(")}") {
            push_text(&mut found, &mut text);
            return Ok((found, Some(at + 2)));
        }
        if let Some(inner) = rest.strip_prefix("${") {
            push_text(&mut found, &mut text);
            let (part, length) = placeholder(inner, depth)?;
            found.push(part);
            at += 2 + length;
        } else {
            let character = rest.chars().next().unwrap_or_default();
            text.push(character);
            at += character.len_utf8();
        }
    }
    if until == Until::CallEnd {
        return Err("a function call without `)}`");
    }
    push_text(&mut found, &mut text);
    Ok((found, None))
}

/// Parses what follows `${`; returns the part and the length up to and with the closing brace.
fn placeholder(inner: &str, depth: usize) -> Result<(Part, usize), &'static str> {
    if let Some(part) = clock_format(inner)? {
        return Ok(part);
    }
    let name_length = inner.find(|c: char| !is_path_character(c)).ok_or("`${` without `}`")?;
    let name = &inner[..name_length];
    match &inner[name_length..] {
        _ if name.trim().is_empty() => Err("an empty placeholder"),
        after if after.starts_with('}') => Ok((Part::Path(name.trim().to_owned()), name_length + 1)),
        after if after.starts_with('(') => {
            let (argument, end) = parts(&after[1..], Until::CallEnd, depth + 1)?;
            let end = end.ok_or("a function call without `)}`")?;
            Ok((Part::Call { name: name.to_owned(), argument }, name_length + 1 + end))
        }
        _ => Err("a placeholder is a dotted path or a function call"),
    }
}

/// `now:FORMAT` and `now±N:unit:FORMAT`; plain `now` is a path.
fn clock_format(inner: &str) -> Result<Option<(Part, usize)>, &'static str> {
    let Some(after) = inner.strip_prefix("now") else { return Ok(None) };
    if !after.starts_with([':', '+', '-']) {
        return Ok(None);
    }
    let end = after.find('}').ok_or("`${` without `}`")?;
    let argument = vec![Part::Text(after[..end].to_owned())];
    Ok(Some((Part::Call { name: "now".to_owned(), argument }, "now".len() + end + 1)))
}

fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn push_text(parts: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
}
