use domain::ProviderName;

use super::*;
use crate::catalog::Catalog;

#[test]
fn our_own_definitions_have_no_lints() {
    let catalog = Catalog::embedded().unwrap();
    assert_eq!(catalog.broken(), Vec::<&crate::CatalogError>::new());
    assert_eq!(catalog.list().len(), crate::embedded::definitions().count(), "one definition a file");
    let lints: Vec<String> = catalog
        .list()
        .flat_map(|entry| {
            let name = entry.provider.name.as_str().to_owned();
            lint(entry, catalog.clouds())
                .into_iter()
                .map(move |lint| format!("{name}: {}: {}", lint.key, lint.message))
        })
        .collect();
    assert!(lints.is_empty(), "{}", lints.join("\n"));
}

#[test]
fn a_careless_definition_is_told_everything() {
    let yaml = "careless:\n  display_name: ''\n  auth_mode: OAUTH2\n  \
        authorization_url: https://${connectionConfig.nobody}/a\n  token_url: http://x.example/t\n  \
        cloud_family: microsoft\n  scope_rules: entra\n  default_scopes: [.default, Files.Read]\n  docs: nowhere\n  \
        connection_config:\n    host: {type: string, pattern: '[a-z]+', example: A}\n    \
        broken: {type: string, title: B, description: b, example: b, format: shoe}\n  \
        proxy:\n    base_url: https://${connectionConfig.host}\n    headers: {x: '${base64(${y})}', z: '${cloud.moon}'}\n";
    let catalog = Catalog::embedded().unwrap().with_file("careless.yaml", yaml).unwrap();
    let entry = catalog.get(&ProviderName::parse("careless").unwrap()).unwrap();
    let lints = lint(entry, catalog.clouds());
    let has = |key: &str, part: &str| {
        assert!(
            lints.iter().any(|lint| lint.key == key && lint.message.contains(part)),
            "{key} {part}: {lints:#?}"
        );
    };
    has("display_name", "empty");
    has("categories", "empty");
    has("authorization_url", "nobody fills ${connectionConfig.nobody}");
    has("url", "`http://x.example/t` is not an https URL");
    has("default_scopes", "AADSTS70011");
    has("docs", "not an https URL");
    has("sources", "no page");
    has("connection_config.host", "not anchored");
    has("connection_config.host", "no title");
    has("connection_config.host", "its own example is refused");
    has("connection_config.broken", "not a format");
    has("proxy.retry", "how long to wait nor");
    has("proxy.headers.x", "nobody fills ${y}");
    has("proxy.headers.z", "nobody fills ${cloud.moon}");
}
