//! XML bodies of token requests and answers as JSON trees: an element a key, `$name` an attribute.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Elements within elements that are read; deeper ones make the answer unreadable.
const DEEPEST: usize = 64;
/// Elements that are read.
const MOST: usize = 10_000;

/// A document from a tree; entries of a list repeat their element.
pub fn document(root: &Map<String, Value>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    root.iter().for_each(|(name, value)| element(&mut out, name, value));
    out
}

fn element(out: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        return items.iter().for_each(|item| element(out, name, item));
    }
    out.push('<');
    out.push_str(name);
    let children: Vec<(&String, &Value)> = match value {
        Value::Object(map) => map.iter().collect(),
        _ => Vec::new(),
    };
    for (key, value) in &children {
        if let Some(attribute) = key.strip_prefix('$') {
            out.push_str(&format!(" {attribute}=\"{}\"", escape(text(value))));
        }
    }
    out.push('>');
    match value {
        Value::Object(_) => {
            for (key, value) in children.into_iter().filter(|(key, _)| !key.starts_with('$')) {
                element(out, key, value);
            }
        }
        other => out.push_str(&escape(text(other))),
    }
    out.push_str(&format!("</{name}>"));
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The tree of a document; attributes are left out, repeated elements become a list.
///
/// Entities are not expanded but the five of XML, so a document cannot grow; `None` for what is no such document.
pub fn tree(document: &str) -> Option<Map<String, Value>> {
    let mut reader = Reader::from_str(document);
    let mut open: Vec<(String, Map<String, Value>, String)> = vec![Default::default()];
    let mut seen = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                seen += 1;
                if seen > MOST || open.len() > DEEPEST {
                    return None;
                }
                let name = std::str::from_utf8(start.local_name().into_inner()).ok()?.to_owned();
                open.push((name, Map::new(), String::new()));
            }
            Event::Empty(start) => {
                let name = std::str::from_utf8(start.local_name().into_inner()).ok()?.to_owned();
                put(&mut open.last_mut()?.1, name, Value::String(String::new()));
            }
            Event::Text(piece) => open.last_mut()?.2.push_str(&piece.decode().ok()?),
            Event::CData(piece) => open.last_mut()?.2.push_str(&piece.decode().ok()?),
            Event::GeneralRef(reference) => {
                let name = reference.decode().ok()?;
                let character = match reference.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => named(&name)?,
                };
                open.last_mut()?.2.push(character);
            }
            Event::End(_) => {
                let (name, children, text) = open.pop()?;
                let value = match children.is_empty() {
                    true => Value::String(text.trim().to_owned()),
                    false => Value::Object(children),
                };
                put(&mut open.last_mut()?.1, name, value);
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    let (_, root, _) = open.pop()?;
    (open.is_empty() && !root.is_empty()).then_some(root)
}

fn named(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

fn put(map: &mut Map<String, Value>, name: String, value: Value) {
    match map.get_mut(&name) {
        None => _ = map.insert(name, value),
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_becomes_a_document_and_an_answer_a_tree() {
        let asked = json!({"request": {"control": {"senderid": "a&b<c>"}, "content": {"function": {"$id": "1\"", "get": ""}}}});
        let written = document(asked.as_object().unwrap());
        assert_eq!(
            written,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><request><control><senderid>a&amp;b&lt;c&gt;</senderid></control>\
             <content><function id=\"1&quot;\"><get></get></function></content></request>"
        );
        let answer = "<?xml version='1.0'?><r xmlns='u' a='1'><s>x &amp; y &#65;</s><i>1</i><i>2</i><e/><n:q xmlns:n='v'>z</n:q></r>";
        let read = Value::Object(tree(answer).unwrap());
        assert_eq!(read, json!({"r": {"s": "x & y A", "i": ["1", "2"], "e": "", "q": "z"}}));
    }

    #[test]
    fn what_is_no_plain_document_is_refused() {
        let laughs = "<!DOCTYPE r [<!ENTITY a 'aaaa'>]><r>&a;</r>";
        let deep = format!("{}x{}", "<a>".repeat(100), "</a>".repeat(100));
        let wide = format!("<r>{}</r>", "<a>x</a>".repeat(10_001));
        for none in ["", "text", "<a>", "<a></b>", "<r>&unknown;</r>", laughs, &deep, &wide] {
            assert!(tree(none).is_none(), "{}", &none[..none.len().min(40)]);
        }
    }
}
