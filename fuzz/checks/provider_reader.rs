//! A provider file of anybody: read or refused with its name and a line of it, never a panic, and what was read holds
//! together.

use std::sync::LazyLock;

use catalog::Catalog;

static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().expect("shipped definitions"));

pub fn check(text: &str) {
    let catalog = match SHIPPED.with_file("fuzz.yaml", text) {
        Ok(catalog) => catalog,
        Err(error) => {
            assert!(error.to_string().starts_with("fuzz.yaml"), "{error}");
            return;
        }
    };
    for entry in catalog.list().filter(|entry| entry.place.0 == "fuzz.yaml") {
        // None of these may panic, whatever the definition says.
        let _ = catalog::lint(entry, catalog.clouds());
        let _ = catalog::secret_urls(&entry.provider);
        let _ = catalog::validate_connection_config(&entry.provider, &serde_json::Map::new());
        assert_eq!(entry.raw["name"], entry.provider.name.as_str());
    }
}
