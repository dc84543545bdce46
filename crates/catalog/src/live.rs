//! The catalogue of a running server, which an operator's files may replace.

use std::sync::{Arc, PoisonError, RwLock};

use domain::ProviderName;

use crate::catalog::{Catalog, Entry};
use crate::clouds::Clouds;

/// A catalogue that can be replaced while others read it.
///
/// Clouds stay what they were at the start: no file of an operator changes them.
#[derive(Debug)]
pub struct LiveCatalog {
    clouds: Arc<Clouds>,
    current: RwLock<Catalog>,
}

impl LiveCatalog {
    /// The catalogue of this moment; what it holds does not change under its reader.
    pub fn snapshot(&self) -> Catalog {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A definition by name.
    pub fn get(&self, name: &ProviderName) -> Option<Arc<Entry>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Every definition, by name.
    pub fn list(&self) -> Vec<Arc<Entry>> {
        self.snapshot().list().cloned().collect()
    }

    /// The clouds of every family.
    pub fn clouds(&self) -> &Clouds {
        &self.clouds
    }

    /// Replaces the catalogue. Whoever keeps an [`Entry`] must be told to look again.
    pub fn replace(&self, catalog: Catalog) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }
}

impl From<Catalog> for LiveCatalog {
    fn from(catalog: Catalog) -> Self {
        Self { clouds: catalog.shared_clouds(), current: RwLock::new(catalog) }
    }
}
