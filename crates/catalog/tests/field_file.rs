//! The field's own catalogue, where the checkout's surroundings have it: every entry is read and converted.

use std::path::PathBuf;

use catalog::Catalog;
use domain::provider::{Auth, AuthMode};

/// `$SHEETBEND_SHARED`, or `shared` beside the repository.
fn field_file() -> Option<PathBuf> {
    let shared = std::env::var_os("SHEETBEND_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    Some(shared.join("contract/providers.yaml")).filter(|file| file.exists())
}

#[test]
fn every_entry_of_the_field_s_file_is_read() {
    let Some(file) = field_file() else {
        eprintln!("skipped: no contract/providers.yaml in $SHEETBEND_SHARED or ../shared");
        return;
    };
    let text = std::fs::read_to_string(file).unwrap();
    let own = Catalog::embedded().unwrap();
    let all = own.with_file("field.yaml", &text).unwrap_or_else(|error| panic!("{error}"));

    let only_ours =
        own.list().filter(|entry| !text.contains(&format!("\n{}:\n", entry.provider.name))).count();
    assert_eq!(all.list().len() - only_ours, 981);

    // Definitions that are ours alone are not counted.
    let of_the_field = || all.list().filter(|entry| entry.place.0 == "field.yaml");
    let count = |mode: AuthMode| of_the_field().filter(|entry| entry.provider.auth.mode() == mode).count();
    assert!(count(AuthMode::OAuth2) > 340, "{}", count(AuthMode::OAuth2));
    assert_eq!(count(AuthMode::ApiKey), 323);
    assert_eq!(count(AuthMode::Basic), 97);
    for mode in AuthMode::ALL {
        assert!(count(mode) > 0, "{mode}");
    }
    for entry in all.list() {
        let raw = entry.raw.as_object().unwrap();
        assert_eq!(raw["auth_mode"], entry.provider.auth.mode().as_str(), "{}", entry.provider.name);
        assert_eq!(raw["name"], entry.provider.name.as_str());
        assert!(!raw.contains_key("alias"));
    }
    let incomplete: Vec<_> = all
        .list()
        .filter_map(|entry| match &entry.provider.auth {
            Auth::Incomplete(incomplete) => Some(format!("{}: {}", entry.provider.name, incomplete.problem)),
            _ => None,
        })
        .collect();
    let expected = [
        "certn-partner: `token_url` is missing",
        "microsoft-admin: `grant: admin_consent` and `sign_in_url` are missing",
    ];
    assert_eq!(incomplete, expected, "nothing else may be unusable");
    let mut ignored: Vec<String> = all
        .list()
        .flat_map(|entry| {
            let mode = entry.provider.auth.mode();
            entry.ignored.iter().map(move |ignored| format!("{mode} {}: {}", ignored.key, ignored.reason))
        })
        .collect();
    ignored.sort();
    ignored.dedup();
    insta::assert_snapshot!("ignored_keys", ignored.join("\n"));
    println!("{} of 981 entries load", all.list().len() - only_ours);
}
