//! The languages of the pages that end a sign-in, and their texts: the catalogues under `web/`, which the connect page
//! shares.

use std::collections::BTreeMap;

use crate::sources;

/// Languages with catalogues.
pub(crate) const LANGUAGES: [&str; 7] = ["en", "de", "es", "fr", "ja", "pt", "zh"];
/// A browser names a handful of languages; more are not looked at.
const MOST_WANTED: usize = 20;

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language(&'static str);

impl Language {
    /// What the page before spoke, else the best of what the browser would rather read (`Accept-Language`, RFC 9110
    /// §12.5.4), else English.
    pub fn choose(spoken: Option<&str>, accepted: Option<&str>) -> Self {
        let known = |tag: &str| {
            let primary = tag.trim().split('-').next()?.to_ascii_lowercase();
            LANGUAGES.iter().find(|own| **own == primary).map(|own| Self(own))
        };
        let wanted = || {
            let mut wanted: Vec<(f32, &str)> = accepted?
                .split(',')
                .take(MOST_WANTED)
                .map(weighted)
                .filter(|(weight, _)| *weight > 0.0)
                .collect();
            wanted.sort_by(|one, other| other.0.total_cmp(&one.0));
            wanted.into_iter().find_map(|(_, tag)| known(tag))
        };
        spoken.and_then(known).or_else(wanted).unwrap_or(Self("en"))
    }

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        self.0
    }

    /// Whether it is the one that the server's own words are in.
    pub(crate) fn is_english(self) -> bool {
        self.0 == "en"
    }
}

/// A language range with its weight, 1 where it has none.
fn weighted(range: &str) -> (f32, &str) {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
    let weight = parameters.trim().strip_prefix("q=").and_then(|text| text.trim().parse().ok());
    (weight.filter(|weight: &f32| weight.is_finite()).unwrap_or(1.0), tag)
}

/// A language's texts.
pub(crate) struct Texts {
    /// Whose they are.
    pub(crate) language: Language,
    own: BTreeMap<String, String>,
}

impl Texts {
    /// What the pages can say: the connect page's texts and those of the pages alone.
    pub(crate) fn of(language: Language) -> Self {
        let folders = ["connect/i18n", "connect/i18n/later", "pages/i18n"];
        let own =
            folders.iter().flat_map(|folder| catalogue(&format!("{folder}/{}.ts", language.tag()))).collect();
        Self { language, own }
    }

    /// A text with its placeholders filled in one pass.
    pub(crate) fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut rest = self.own.get(key).map_or("", String::as_str);
        let mut said = String::with_capacity(rest.len() + 32);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
            said.push_str(before);
            said.push_str(value);
            rest = after;
        }
        said.push_str(rest);
        said
    }

    /// Title and text for a code that the catalogues have words for.
    pub(crate) fn of_code(&self, code: &str) -> Option<(String, String)> {
        self.of_kind(&kind_of(code)?)
    }

    /// Title and text of a kind of problem.
    pub(crate) fn of_kind(&self, kind: &str) -> Option<(String, String)> {
        let (title, text) = (self.own.get(&format!("{kind}Title"))?, self.own.get(&format!("{kind}Text"))?);
        // Some speak of the provider by its name, which these pages do not always know.
        (!title.contains('{') && !text.contains('{')).then(|| (title.clone(), text.clone()))
    }
}

/// Codes that only these pages meet, or tell apart.
const OWN_KINDS: [(&str, &str); 5] = [
    ("admin_link_gone", "gone"),
    ("installed_without_state", "installed"),
    ("no_state", "over"),
    ("state_unknown", "over"),
    ("state_other_browser", "over"),
];

fn kind_of(code: &str) -> Option<String> {
    if let Some((_, kind)) = OWN_KINDS.iter().find(|(own, _)| *own == code) {
        return Some((*kind).to_owned());
    }
    let kinds = catalogue("connect/codes.ts");
    kinds.into_iter().find(|(_, codes)| codes.split(' ').any(|one| one == code)).map(|(kind, _)| kind)
}

/// The entries of a file in which each stands on a line of its own: `key: "text",`. Tests hold all catalogues to it.
pub(crate) fn catalogue(path: &str) -> BTreeMap<String, String> {
    let Some(bytes) = sources::one(path) else { return BTreeMap::new() };
    let source = String::from_utf8_lossy(&bytes);
    let entry = |line: &str| {
        let (key, text) = line.strip_prefix("  ")?.split_once(": \"")?;
        Some((key.to_owned(), text.strip_suffix("\",")?.to_owned()))
    };
    source.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_before_goes_before_the_browser_and_its_weights() {
        let cases = [
            (None, None, "en"),
            (Some("de"), Some("fr"), "de"),
            (Some("de-AT"), None, "de"),
            (Some("xx"), Some("fr"), "fr"),
            (Some(""), Some("ja;q=0.5, zh-Hans-CN ; q=0.9, en;q=0.1"), "zh"),
            (None, Some("da, nl;q=0.8, PT-br;q=0.7"), "pt"),
            (None, Some("es;q=0, en"), "en"),
            (None, Some("de;q=NaN, *;q=inf, fr;q=2"), "fr"),
            (None, Some(",;;q=,,"), "en"),
        ];
        for (spoken, accepted, tag) in cases {
            assert_eq!(Language::choose(spoken, accepted).tag(), tag, "{spoken:?} {accepted:?}");
        }
    }

    #[test]
    fn placeholders_are_filled_once_and_codes_have_words() {
        let texts = Texts::of(Language("de"));
        assert_eq!(texts.say("doneTitle", &[("name", "{name} & Co")]), "{name} & Co ist verbunden");
        assert_eq!(
            texts.of_code("AADSTS53003").unwrap().0,
            "Die Richtlinie Ihrer Organisation verhindert diese Anmeldung"
        );
        assert_eq!(texts.of_code("admin_link_gone").unwrap().0, "Dieser Link gilt nicht mehr");
        // It names the provider.
        assert_eq!(texts.of_code("AADSTS50057"), None);
        assert_eq!(texts.of_code("something_else"), None);
    }
}
