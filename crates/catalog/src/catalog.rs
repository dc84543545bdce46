//! The catalogue: every definition by name, with the clouds that fill them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ProviderName;
use domain::provider::Provider;
use serde_json::Value;

use crate::clouds::Clouds;
use crate::convert::{Ignored, ProviderFile};
use crate::embedded;
use crate::error::CatalogError;
use crate::layer::Layer;
use crate::read;

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
    /// The file it stands in, and the line of its name.
    pub place: (String, u64),
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

/// Every definition by name: those that are compiled in, under those of an operator's files.
///
/// A compiled-in definition is read when it is first asked for, so that a start pays for none; a file of an operator
/// is read whole when it is added, so that a mistake is told at once.
#[derive(Debug, Clone)]
pub struct Catalog {
    top: Arc<Layer>,
    clouds: Arc<Clouds>,
}

impl Catalog {
    /// The definitions and clouds that are compiled in.
    ///
    /// # Errors
    /// None in a program whose tests passed: the files are part of the source.
    pub fn embedded() -> Result<Self, CatalogError> {
        let clouds = Clouds::parse(embedded::CLOUDS, &embedded::text(embedded::CLOUDS).unwrap_or_default())?;
        Ok(Self { top: Arc::new(Layer::of_files(embedded::definitions())), clouds: Arc::new(clouds) })
    }

    /// This catalogue with the definitions of one more file, which win over those of the same name and may be
    /// aliases of any; a definition that is an alias of its own name extends the one below.
    ///
    /// Aliases of the older definitions keep their meaning: what an operator replaces changes nothing else.
    ///
    /// # Errors
    /// The file cannot be read, or a definition cannot be converted. The catalogue stays as it was.
    pub fn with_file(&self, file: &str, text: &str) -> Result<Self, CatalogError> {
        let layer = Layer::read(file, text, self.top.clone())?;
        layer.convert_all(&self.clouds).map_err(|error| error.located(text))?;
        Ok(Self { top: Arc::new(layer), clouds: self.clouds.clone() })
    }

    /// This catalogue with a cloud added or replaced, as `sheetbend dev` does with `sandbox`.
    #[must_use]
    pub fn with_cloud(
        self,
        family: &str,
        name: &str,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let clouds = Clouds::clone(&self.clouds).with_cloud(family, name, variables);
        Self { top: Arc::new(self.top.unconverted()), clouds: Arc::new(clouds) }
    }

    /// The names of the definitions in a file and the lines (from 0) that each takes.
    ///
    /// # Errors
    /// The file cannot be read; what it defines is not looked at.
    pub fn outline(file: &str, text: &str) -> Result<Vec<(String, std::ops::Range<usize>)>, CatalogError> {
        let written = read::definitions(file, text)?;
        let starts: Vec<usize> = written
            .iter()
            .map(|written| usize::try_from(written.line).unwrap_or(usize::MAX).saturating_sub(1))
            .collect();
        let ends = starts.iter().skip(1).copied().chain([text.lines().count()]);
        Ok(written
            .iter()
            .zip(starts.iter().copied().zip(ends))
            .map(|(written, (start, end))| (written.name.clone(), start..end))
            .collect())
    }

    /// A definition by name.
    pub fn get(&self, name: &ProviderName) -> Option<&Arc<Entry>> {
        self.top.entry(name.as_str(), &self.clouds)?.as_ref().ok()
    }

    /// Every definition, by name. Reads all that nobody has asked for yet.
    pub fn list(&self) -> impl ExactSizeIterator<Item = &Arc<Entry>> {
        let names: BTreeMap<&str, ()> = self.top.names().map(|name| (name, ())).collect();
        let entries: Vec<&Arc<Entry>> =
            names.into_keys().filter_map(|name| self.top.entry(name, &self.clouds)?.as_ref().ok()).collect();
        entries.into_iter()
    }

    /// What is wrong with compiled-in definitions that cannot be converted; a test holds this empty.
    pub fn broken(&self) -> Vec<&CatalogError> {
        self.top.names().filter_map(|name| self.top.entry(name, &self.clouds)?.as_ref().err()).collect()
    }

    /// The clouds of every family.
    pub fn clouds(&self) -> &Clouds {
        &self.clouds
    }

    /// The same, for whoever keeps it.
    pub fn shared_clouds(&self) -> Arc<Clouds> {
        self.clouds.clone()
    }
}
