//! Properties of the provider reader over files that nobody meant well with.

use std::sync::LazyLock;

use catalog::Catalog;
use domain::ProviderName;
use proptest::prelude::*;

/// Read once: these properties are about one file over the shipped ones.
static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().unwrap());

/// Lines that look like a definition and are broken somewhere.
fn almost_a_definition() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("  display_name: A".to_owned()),
        Just("  auth_mode: OAUTH2".to_owned()),
        Just("  auth_mode: TWO_STEP".to_owned()),
        Just("  token_url: https://${connectionConfig.h}/t".to_owned()),
        Just("  authorization_url: https://a.example".to_owned()),
        Just("  proxy: {base_url: 'https://${connectionConfig.h}.x.example'}".to_owned()),
        Just("  connection_config: {h: {title: H, pattern: '^[a-z]+$'}}".to_owned()),
        Just("  alias: microsoft".to_owned()),
        Just("  alias: a".to_owned()),
        "  [a-z_]{1,12}: .{0,20}",
        ".{0,30}",
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| format!("a:\n{}\n", lines.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_is_read_or_refused_with_its_name(text in almost_a_definition()) {
        match SHIPPED.with_file("hostile.yaml", &text) {
            Err(error) => {
                prop_assert!(error.to_string().starts_with("hostile.yaml"), "{error}");
                // A lone carriage return ends a line too (YAML 1.2 §5.4).
                let lines = text.replace("\r\n", "\n").matches(['\n', '\r']).count() as u64;
                prop_assert!(error.line.is_none_or(|line| (1..=lines + 1).contains(&line)), "{error} of {lines}");
            }
            Ok(catalog) => {
                for entry in ["a", "b"].iter().filter_map(|name| catalog.get(&ProviderName::parse(name).unwrap())) {
                    let _ = catalog::lint(entry, catalog.clouds());
                    prop_assert_eq!(&entry.raw["name"], entry.provider.name.as_str());
                }
            }
        }
    }

    #[test]
    fn a_host_that_was_let_through_is_under_the_definition_s_domain(value in "[a-zA-Z0-9./@#?:%_-]{1,30}") {
        let text = "a:\n  display_name: A\n  auth_mode: OAUTH2\n  authorization_url: https://a.example\n  \
            token_url: https://${connectionConfig.h}.vendor.example/t\n  connection_config: {h: {title: H}}\n";
        let catalog = SHIPPED.with_file("a.yaml", text).unwrap();
        let entry = catalog.get(&ProviderName::parse("a").unwrap()).unwrap();
        let values = |_: &str| Some(value.clone());
        for url in catalog::secret_urls(&entry.provider) {
            if catalog::check_secret_host(&entry.provider, url, &values, &[]).is_ok() {
                let text = url.resolve(&values).unwrap();
                if let Ok(parsed) = url::Url::parse(&text) {
                    prop_assert!(parsed.host_str().unwrap().ends_with(".vendor.example"), "{text}");
                    prop_assert!(parsed.username().is_empty(), "{text}");
                }
            }
        }
    }
}
