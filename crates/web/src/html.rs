//! The little HTML we write: text and attributes, always escaped.

/// Text that is already HTML. Made only by the functions here, so that nothing unescaped can slip in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Escaped text.
    pub(crate) fn text(text: &str) -> Self {
        Self(escape(text))
    }

    /// A fragment from our own source code.
    pub(crate) fn literal(source: &'static str) -> Self {
        Self(source.to_owned())
    }

    /// `<tag>text</tag>`.
    pub(crate) fn element(tag: &'static str, content: &Html) -> Self {
        Self(format!("<{tag}>{}</{tag}>", content.0))
    }

    /// A link that opens apart; nothing unless the address is http(s), since it may come from a provider.
    pub(crate) fn link(address: &str, text: &str) -> Option<Self> {
        let scheme = address.split_once("://")?.0;
        if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let (address, text) = (escape(address), escape(text));
        Some(Self(format!("<a href=\"{address}\" target=\"_blank\" rel=\"noopener noreferrer\">{text}</a>")))
    }

    /// ` name="value"`, ready to follow a tag's name.
    pub(crate) fn attribute(name: &'static str, value: &str) -> Self {
        Self(format!(" {name}=\"{}\"", escape(value)))
    }

    /// Adds what follows.
    pub(crate) fn push(&mut self, next: &Html) {
        self.0.push_str(&next.0);
    }

    /// The HTML's text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Html>>(parts: I) -> Self {
        let mut whole = Self::default();
        parts.into_iter().for_each(|part| whole.push(&part));
        whole
    }
}

/// Text for an element's content or a double-quoted attribute. Control characters that HTML forbids become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            other if other.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Fills `{{name}}` slots in one pass: what a slot brings is never searched for slots again.
///
/// # Panics
/// When the template names a slot that is not given: templates are our own, and a test fills each.
pub(crate) fn fill(template: &'static str, slots: &[(&'static str, Html)]) -> String {
    let mut page = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("a slot ends");
        let slot = slots.iter().find(|(known, _)| *known == name).expect("the slot is given");
        page.push_str(before);
        page.push_str(slot.1.as_str());
        rest = after;
    }
    page.push_str(rest);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_character_is_escaped() {
        assert_eq!(
            escape("<a href=\"x\" y='z'>&amp;"),
            "&lt;a href=&quot;x&quot; y=&#39;z&#39;&gt;&amp;amp;"
        );
        assert_eq!(escape("Zoë 🪢\n\tok"), "Zoë 🪢\n\tok");
        assert_eq!(escape("a\0b\r\u{1b}c\u{85}"), "a\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(
            Html::link("https://learn.microsoft.com/x?a=1&b=2", "t")
                .unwrap()
                .as_str()
                .contains("a=1&amp;b=2")
        );
        assert!(Html::link("HTTP://intranet/", "t").is_some());
        for address in [
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "data:text/html,x",
            "//host",
            " https:x",
            "",
        ] {
            assert!(Html::link(address, "t").is_none(), "{address}");
        }
        let hostile = Html::link("https://x/\"onclick=\"a", "<b>").unwrap();
        assert!(!hostile.as_str().contains("\"onclick") && hostile.as_str().contains("&lt;b&gt;"));
    }

    #[test]
    fn slots_are_filled_once() {
        let slots = [("a", Html::text("{{b}}")), ("b", Html::text("no"))];
        assert_eq!(fill("[{{a}}|{{b}}]", &slots), "[{{b}}|no]");
    }
}
