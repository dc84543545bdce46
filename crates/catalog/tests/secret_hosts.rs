//! No definition, ours or the field's, sends an integration's secret to a host that a person made up.

use std::collections::BTreeMap;

use catalog::{Catalog, Entry, check_secret_host, secret_urls};
use url::Url;

/// Values that lead elsewhere if nobody looks; `{}` stands for the field's own example.
const HOSTILE: &[&str] = &[
    "evil.example",
    "evil.example/",
    "evil.example/{}",
    "evil.example/.{}",
    "evil.example#",
    "evil.example#.{}",
    "evil.example?x=",
    "evil.example\\",
    "evil.example:443",
    "u@evil.example",
    "{}@evil.example",
    "https://evil.example",
    "https://evil.example/{}",
    "https://{}@evil.example/",
    "{}.evil.example",
    "evil",
    "evil.example\u{0}",
    "evil.example%2f",
    "evil.example\t",
    "{}\n.evil.example",
];

fn definitions() -> (Catalog, bool) {
    let own = Catalog::embedded().unwrap();
    let shared = std::env::var_os("SHEETBEND_SHARED").map_or_else(
        || std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        std::path::PathBuf::from,
    );
    match std::fs::read_to_string(shared.join("contract/providers.yaml")) {
        Ok(text) => (own.with_file("field.yaml", &text).unwrap(), true),
        Err(_) => (own, false),
    }
}

/// What people give who mean no harm, by path.
fn honest(entry: &Entry) -> BTreeMap<String, String> {
    let fields = |prefix: &'static str, fields: &[domain::provider::Field]| {
        fields
            .iter()
            .map(|field| {
                let value = field.example.clone().or_else(|| field.choices.first().cloned());
                (format!("{prefix}.{}", field.name), value.unwrap_or_else(|| "acme".to_owned()))
            })
            .collect::<Vec<_>>()
    };
    let provider = &entry.provider;
    let mut values: BTreeMap<String, String> =
        fields("connectionConfig", &provider.connection_config).into_iter().collect();
    values.extend(fields("credentials", &provider.credentials));
    values
}

#[test]
fn no_definition_sends_the_secret_to_a_foreign_host() {
    let (catalog, with_field) = definitions();
    let (mut urls, mut refused, mut harmless) = (0, 0, 0);
    let own = Catalog::embedded().unwrap();
    for entry in catalog.list().chain(own.list()) {
        let honest = honest(entry);
        for url in secret_urls(&entry.provider) {
            urls += 1;
            for path in url.paths().filter(|path| !path.starts_with("cloud.")) {
                let example = honest.get(path).cloned().unwrap_or_else(|| "acme".to_owned());
                for hostile in HOSTILE {
                    let value = hostile.replace("{}", &example);
                    let values = |asked: &str| match asked {
                        _ if asked == path => Some(value.clone()),
                        "cloud.login" => Some("https://login.vendor.test".to_owned()),
                        _ => honest.get(asked).cloned(),
                    };
                    if check_secret_host(&entry.provider, url, &values, &[]).is_err() {
                        refused += 1;
                        continue;
                    }
                    harmless += 1;
                    // Even without the encoding that a request does, the host is the vendor's.
                    let Ok(text) = url.resolve(&values) else { continue };
                    let host = Url::parse(&text).ok().and_then(|url| url.host_str().map(str::to_owned));
                    assert!(
                        !host.as_deref().is_some_and(|host| host.ends_with("evil.example") || host == "evil"),
                        "{}: {url} with {path} = {value:?} goes to {host:?}",
                        entry.provider.name
                    );
                }
            }
        }
    }
    println!(
        "{urls} URLs take a secret (field's file: {with_field}); hostile values: {refused} refused, {harmless} harmless"
    );
    assert!(refused > 0 || !with_field);
}
