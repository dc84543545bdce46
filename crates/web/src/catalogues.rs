//! The connect page's languages hold the same texts with the same placeholders.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources;

const LANGUAGES: [&str; 7] = ["en", "de", "es", "fr", "ja", "pt", "zh"];

/// A catalogue's texts by key. Each stands on a line of its own: `key: "text",`.
fn catalogue(language: &str) -> BTreeMap<String, String> {
    let sources = sources::read();
    let source = String::from_utf8(sources[&format!("connect/i18n/{language}.ts")].to_vec()).unwrap();
    let lines = source.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .map(|line| {
            let (key, text) = line.split_once(": \"").unwrap_or_else(|| panic!("{language}: {line}"));
            let text = text.strip_suffix("\",").unwrap_or_else(|| panic!("{language}: {line}"));
            assert!(!text.contains(['"', '\\']), "{language}: {key} needs typographic quotes");
            (key.to_owned(), text.to_owned())
        })
        .collect()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name)).collect()
}

#[test]
fn every_language_has_every_text_with_its_placeholders() {
    let english = catalogue("en");
    assert!(english.len() > 100, "{}", english.len());
    for language in LANGUAGES {
        let own = catalogue(language);
        let keys = |of: &BTreeMap<String, String>| of.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&own), keys(&english), "{language}");
        for (key, text) in &own {
            assert_eq!(placeholders(text), placeholders(&english[key]), "{language}: {key}");
            assert!(!text.trim().is_empty() && text.trim() == text, "{language}: {key}");
        }
        let same = own.iter().filter(|(key, text)| english[*key] == **text).count();
        assert!(language == "en" || same <= 4, "{language}: {same} texts are English still");
    }
}

#[test]
fn every_text_is_used_and_every_used_text_is_there() {
    let english = catalogue("en");
    let code: String = sources::read()
        .iter()
        .filter(|(path, _)| path.starts_with("connect/") && !path.starts_with("connect/i18n/"))
        .filter(|(path, _)| path.ends_with(".ts") || path.ends_with(".tsx"))
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    // The type checker holds the other direction: `t` takes only keys of the catalogue.
    let titles = ["pageTitle"];
    let unused: Vec<&String> = english
        .keys()
        .filter(|key| !titles.contains(&key.as_str()) && !code.contains(&format!("\"{key}\"")))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
