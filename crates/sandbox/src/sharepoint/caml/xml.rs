//! As much XML as CAML needs: elements, attributes, text, the five entities.

/// An element.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub name: String,
    attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
    pub text: String,
}

const MAX_DEPTH: usize = 64;

impl Node {
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Parses a document of one element. The error is a sentence for the caller.
pub(super) fn parse(xml: &str) -> Result<Node, String> {
    let mut open: Vec<Node> = Vec::new();
    let mut rest = xml.trim();
    loop {
        let start = rest.find('<').ok_or("The view is not a closed XML element.")?;
        let text = &rest[..start];
        match open.last_mut() {
            Some(node) => node.text.push_str(&unescape(text)),
            None if text.trim().is_empty() => {}
            None => return Err("The view is not XML.".to_owned()),
        }
        let end = rest[start..].find('>').ok_or("An XML tag is not closed.")? + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with(['?', '!']) {
            continue;
        }
        let finished = if let Some(name) = tag.strip_prefix('/') {
            let node = open.pop().filter(|node| node.name == name.trim());
            Some(node.ok_or_else(|| format!("</{name}> closes nothing."))?)
        } else {
            let node = element(tag.trim_end_matches('/'))?;
            if tag.ends_with('/') {
                Some(node)
            } else {
                open.push(node);
                None
            }
        };
        if open.len() > MAX_DEPTH {
            return Err("The view is nested too deeply.".to_owned());
        }
        if let Some(node) = finished {
            match open.last_mut() {
                Some(parent) => parent.children.push(node),
                None => return Ok(node),
            }
        }
    }
}

fn element(tag: &str) -> Result<Node, String> {
    let tag = tag.trim();
    let end = tag.find(char::is_whitespace).unwrap_or(tag.len());
    let mut node = Node { name: tag[..end].to_owned(), ..Node::default() };
    let mut rest = tag[end..].trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("An XML attribute has no value.")?;
        let after = after.trim_start();
        let quote = after
            .chars()
            .next()
            .filter(|char| matches!(char, '"' | '\''))
            .ok_or("An XML attribute is not quoted.")?;
        let (value, after) = after[1..].split_once(quote).ok_or("An XML attribute is not closed.")?;
        node.attributes.push((name.trim().to_owned(), unescape(value)));
        rest = after.trim_start();
    }
    Ok(node)
}

fn unescape(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&amp;", "&")
}
