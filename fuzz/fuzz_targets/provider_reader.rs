//! A provider file of anybody: read or refused, never a panic, and what was read holds together.
#![no_main]

use std::sync::LazyLock;

use catalog::Catalog;
use libfuzzer_sys::fuzz_target;

static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().expect("shipped definitions"));

fuzz_target!(|text: &str| {
    let Ok(catalog) = SHIPPED.with_file("fuzz.yaml", text) else { return };
    for entry in catalog.list().filter(|entry| entry.place.0 == "fuzz.yaml") {
        // None of these may panic, whatever the definition says.
        let _ = catalog::lint(entry, catalog.clouds());
        let _ = catalog::secret_urls(&entry.provider);
        let _ = catalog::validate_connection_config(&entry.provider, &serde_json::Map::new());
        assert_eq!(entry.raw["name"], entry.provider.name.as_str());
    }
});
