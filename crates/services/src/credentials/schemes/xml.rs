//! XML bodies of token requests and answers as JSON trees: an element a key, `$name` an attribute.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Elements within elements that are read; deeper ones make the answer unreadable.
const DEEPEST: usize = 64;
/// Elements that are read.
const MOST: usize = 10_000;

/// What a document is made from; unlike JSON's it keeps its order, which some vendors' schemas prescribe.
pub enum Node {
    /// The text of an element.
    Text(String),
    /// The element, repeated.
    List(Vec<Node>),
    /// The elements inside, and `$name` for attributes.
    Map(Vec<(String, Node)>),
}

/// A document from the elements of its first level, of which there is usually one.
pub fn document(root: &[(String, Node)]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    root.iter().for_each(|(name, node)| element(&mut out, name, node));
    out
}

fn element(out: &mut String, name: &str, node: &Node) {
    if let Node::List(items) = node {
        return items.iter().for_each(|item| element(out, name, item));
    }
    out.push('<');
    out.push_str(name);
    let inside: &[(String, Node)] = if let Node::Map(inside) = node { inside } else { &[] };
    for (key, value) in inside {
        if let (Some(attribute), Node::Text(text)) = (key.strip_prefix('$'), value) {
            out.push_str(&format!(" {attribute}=\"{}\"", escape(text.as_str())));
        }
    }
    out.push('>');
    if let Node::Text(text) = node {
        out.push_str(&escape(text.as_str()));
    }
    for (key, value) in inside.iter().filter(|(key, _)| !key.starts_with('$')) {
        element(out, key, value);
    }
    out.push_str(&format!("</{name}>"));
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
        let text = |text: &str| Node::Text(text.to_owned());
        let map = |inside: Vec<(&str, Node)>| {
            Node::Map(inside.into_iter().map(|(name, node)| (name.to_owned(), node)).collect())
        };
        let function = map(vec![
            ("$id", text("1\"")),
            ("get", text("")),
            ("item", Node::List(vec![text("x"), text("y")])),
        ]);
        let request = map(vec![
            ("control", map(vec![("senderid", text("a&b<c>"))])),
            ("content", map(vec![("function", function)])),
        ]);
        assert_eq!(
            document(&[("request".to_owned(), request)]),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><request><control><senderid>a&amp;b&lt;c&gt;</senderid></control>\
             <content><function id=\"1&quot;\"><get></get><item>x</item><item>y</item></function></content></request>"
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
