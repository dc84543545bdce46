//! The catalogue: every definition by name, with the clouds that fill them.

use std::sync::Arc;

use domain::ProviderName;
use domain::provider::Provider;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::alias;
use crate::clouds::Clouds;
use crate::convert::{self, Ignored, OWN_FIELD_KEYS, OWN_KEYS, OWN_PROXY_KEYS, ProviderFile};
use crate::embedded;
use crate::error::CatalogError;
use crate::read::{self, Written};

/// One definition, ready to use.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The definition as the rest of the program uses it.
    pub provider: Arc<Provider>,
    /// The definition as `GET /providers` shows it (contract §2.1): alias resolved, `name` added, the public keys
    /// of Nango's format only, `${cloud.…}` filled for the global cloud.
    pub raw: Value,
    /// Pages whose facts the definition states.
    pub sources: Vec<String>,
    /// Where the definition departs from the field's of the same name, and why.
    pub differs: Vec<Difference>,
    /// Keys that change nothing here.
    pub ignored: Vec<Ignored>,
    pub(crate) file: ProviderFile,
}

/// A departure from the field's definition of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs: `auth_mode`, `token_url`, `proxy.retry`, … (see `tests/compare.rs`).
    pub key: String,
    /// Why.
    pub why: String,
    /// The vendor's page that says so.
    pub source: String,
}

/// Every definition by name.
#[derive(Debug, Clone)]
pub struct Catalog {
    written: IndexMap<String, Written>,
    entries: IndexMap<ProviderName, Arc<Entry>>,
    clouds: Clouds,
}

impl Catalog {
    /// The definitions and clouds that are compiled in.
    ///
    /// # Errors
    /// None in a program whose tests passed: the files are part of the source.
    pub fn embedded() -> Result<Self, CatalogError> {
        let clouds = Clouds::parse("providers/clouds.yaml", embedded::CLOUDS)?;
        let empty = Self { written: IndexMap::new(), entries: IndexMap::new(), clouds };
        empty.overlaid(embedded::PROVIDERS)
    }

    /// This catalogue with the definitions of one more file, which win over those of the same name and may be
    /// aliases of any.
    ///
    /// # Errors
    /// The file cannot be read, or a definition (also an older one that is an alias of a replaced one) cannot be
    /// converted. The catalogue stays as it was.
    pub fn with_file(&self, file: &str, text: &str) -> Result<Self, CatalogError> {
        self.clone().overlaid(&[(file, text)])
    }

    /// This catalogue with a cloud added or replaced, as `sheetbend dev` does with `sandbox`.
    #[must_use]
    pub fn with_cloud(
        mut self,
        family: &str,
        name: &str,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        self.clouds = self.clouds.with_cloud(family, name, variables);
        self
    }

    /// A definition by name.
    pub fn get(&self, name: &ProviderName) -> Option<&Arc<Entry>> {
        self.entries.get(name)
    }

    /// Every definition, by name.
    pub fn list(&self) -> impl ExactSizeIterator<Item = &Arc<Entry>> {
        self.entries.values()
    }

    /// The clouds of every family.
    pub fn clouds(&self) -> &Clouds {
        &self.clouds
    }

    fn overlaid(mut self, files: &[(&str, &str)]) -> Result<Self, CatalogError> {
        for (file, text) in files {
            for written in read::definitions(file, text)? {
                self.written.insert(written.name.clone(), written);
            }
        }
        let mut entries = IndexMap::with_capacity(self.written.len());
        for written in self.written.values() {
            let entry = entry(&self.written, written, &self.clouds)?;
            entries.insert(entry.provider.name.clone(), Arc::new(entry));
        }
        entries.sort_unstable_keys();
        self.entries = entries;
        Ok(self)
    }
}

fn entry(all: &IndexMap<String, Written>, written: &Written, clouds: &Clouds) -> Result<Entry, CatalogError> {
    let body = alias::resolve(all, written)?;
    let converted = convert::convert(written, &body)?;
    let raw = serde_json::to_value(&body).map_err(|error| written.error(error.to_string()))?;
    Ok(Entry {
        raw: public(&converted.provider, raw, clouds),
        sources: converted.file.sources.clone(),
        differs: converted
            .file
            .differs
            .iter()
            .map(|file| Difference {
                key: file.key.clone(),
                why: file.why.clone(),
                source: file.source.clone(),
            })
            .collect(),
        ignored: converted.ignored,
        provider: Arc::new(converted.provider),
        file: converted.file,
    })
}

/// The definition as the wire shows it.
fn public(provider: &Provider, mut raw: Value, clouds: &Clouds) -> Value {
    if let Value::Object(map) = &mut raw {
        OWN_KEYS.iter().for_each(|key| drop(map.remove(*key)));
        if let Some(Value::Object(proxy)) = map.get_mut("proxy") {
            OWN_PROXY_KEYS.iter().for_each(|key| drop(proxy.remove(*key)));
        }
        for form in ["connection_config", "credentials"] {
            if let Some(Value::Object(fields)) = map.get_mut(form) {
                fields.values_mut().filter_map(Value::as_object_mut).for_each(strip_own_field_keys);
            }
        }
        map.insert("name".to_owned(), Value::String(provider.name.as_str().to_owned()));
    }
    let global =
        provider.cloud_family.as_deref().and_then(|family| clouds.values(family, Clouds::DEFAULT).ok());
    if let Some(global) = global {
        let placeholders: Vec<(String, &str)> =
            global.variables().map(|(name, value)| (format!("${{cloud.{name}}}"), value)).collect();
        fill(&mut raw, &placeholders);
    }
    raw
}

fn strip_own_field_keys(field: &mut Map<String, Value>) {
    OWN_FIELD_KEYS.iter().for_each(|key| drop(field.remove(*key)));
}

/// Replaces placeholders in every text below `value`.
fn fill(value: &mut Value, placeholders: &[(String, &str)]) {
    match value {
        Value::String(text) if text.contains("${cloud.") => {
            for (placeholder, replacement) in placeholders {
                *text = text.replace(placeholder, replacement);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, placeholders)),
        Value::Object(map) => map.values_mut().for_each(|item| fill(item, placeholders)),
        _ => {}
    }
}
