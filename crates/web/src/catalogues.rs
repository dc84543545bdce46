//! The languages hold the same texts with the same placeholders, and are written as [`crate::texts`] reads them.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources;
use crate::texts::{LANGUAGES, catalogue};

/// Folders of catalogues that speak all languages.
const FOLDERS: [&str; 3] = ["connect/i18n", "connect/i18n/later", "pages/i18n"];
/// Titles of fields, which need no English: their keys are made of it.
const TITLES: &str = "connect/i18n/titles";

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name)).collect()
}

fn keys(of: &BTreeMap<String, String>) -> Vec<&String> {
    of.keys().collect()
}

#[test]
fn every_text_stands_on_a_line_of_its_own() {
    let sources = sources::read();
    let all = sources.keys().filter(|path| path.contains("/i18n/") && !path.ends_with("/index.ts"));
    let mut seen = 0;
    for path in all.map(String::as_str).chain(["connect/codes.ts"]) {
        let source = String::from_utf8(sources[path].to_vec()).unwrap();
        let lines: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        let read = catalogue(path);
        assert_eq!(read.len(), lines.len(), "{path}: a line that is no `key: \"text\",`, or a key twice");
        for (key, text) in &read {
            assert!(!text.contains(['"', '\\']), "{path}: {key} needs typographic quotes");
            assert!(!text.trim().is_empty() && text.trim() == text, "{path}: {key}");
        }
        seen += 1;
    }
    assert_eq!(seen, 7 * FOLDERS.len() + 6 + 1);
}

#[test]
fn every_language_has_every_text_with_its_placeholders() {
    for folder in FOLDERS {
        let english = catalogue(&format!("{folder}/en.ts"));
        assert!(english.len() > 10, "{folder}: {}", english.len());
        for language in LANGUAGES {
            let own = catalogue(&format!("{folder}/{language}.ts"));
            assert_eq!(keys(&own), keys(&english), "{folder}: {language}");
            for (key, text) in &own {
                assert_eq!(placeholders(text), placeholders(&english[key]), "{language}: {key}");
            }
            let same = own.iter().filter(|(key, text)| english[*key] == **text).count();
            assert!(language == "en" || same <= 2, "{folder}: {same} texts of {language} are English still");
        }
    }
}

#[test]
fn every_language_but_english_has_every_title() {
    let german = catalogue(&format!("{TITLES}/de.ts"));
    for language in LANGUAGES.into_iter().filter(|language| *language != "en") {
        let own = catalogue(&format!("{TITLES}/{language}.ts"));
        assert_eq!(keys(&own), keys(&german), "{language}");
        for (key, text) in &own {
            let (name, wanted) = (placeholders(text), key.ends_with("Of"));
            assert_eq!(name.contains("name"), wanted, "{language}: {key}");
            assert!(wanted || key.bytes().all(|byte| byte.is_ascii_lowercase()), "{key}");
        }
    }
}

#[test]
fn every_text_is_used_and_every_used_text_is_there() {
    let code: String = sources::read()
        .iter()
        .filter(|(path, _)| path.starts_with("connect/") && !path.starts_with("connect/i18n/"))
        .filter(|(path, _)| path.ends_with(".ts") || path.ends_with(".tsx"))
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    // The type checker holds the other direction: `t` takes only keys of the catalogues.
    let titles = ["pageTitle"];
    let unused: Vec<String> = FOLDERS[..2]
        .iter()
        .flat_map(|folder| catalogue(&format!("{folder}/en.ts")).into_keys())
        .filter(|key| !titles.contains(&key.as_str()) && !code.contains(&format!("\"{key}\"")))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
