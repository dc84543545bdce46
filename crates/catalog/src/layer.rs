//! One layer of definitions over the layers below: the compiled-in files, or one file of an operator.

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use crate::alias;
use crate::catalog::{Difference, Entry};
use crate::clouds::Clouds;
use crate::convert;
use crate::error::CatalogError;
use crate::public::public;
use crate::read::{self, Written};

/// Definitions by name, and where the others are.
#[derive(Debug)]
pub(crate) struct Layer {
    slots: IndexMap<String, Slot>,
    below: Option<Arc<Layer>>,
}

/// One definition: read when first asked for, then kept.
#[derive(Debug)]
struct Slot {
    source: Source,
    written: OnceLock<Result<Written, CatalogError>>,
    entry: OnceLock<Result<Arc<Entry>, CatalogError>>,
}

/// Where a definition's text is.
#[derive(Debug, Clone)]
enum Source {
    /// A file of its own, named after the definition.
    File { name: String },
    /// It was read with the others of its file.
    Read,
}

impl Layer {
    /// The compiled-in files, unread: each is named after its only definition.
    pub(crate) fn of_files(files: impl Iterator<Item = (String, String)>) -> Self {
        let slots = files
            .map(|(name, file)| {
                let slot = Slot {
                    source: Source::File { name: file },
                    written: OnceLock::new(),
                    entry: OnceLock::new(),
                };
                (name, slot)
            })
            .collect();
        Self { slots, below: None }
    }

    /// The definitions of one file, unconverted.
    pub(crate) fn read(file: &str, text: &str, below: Arc<Layer>) -> Result<Self, CatalogError> {
        let slots = read::definitions(file, text)?
            .into_iter()
            .map(|written| {
                let name = written.name.clone();
                let slot = Slot {
                    source: Source::Read,
                    written: OnceLock::from(Ok(written)),
                    entry: OnceLock::new(),
                };
                (name, slot)
            })
            .collect();
        Ok(Self { slots, below: Some(below) })
    }

    /// The same layers with nothing converted, for other clouds.
    pub(crate) fn unconverted(&self) -> Self {
        let slot = |slot: &Slot| Slot {
            source: slot.source.clone(),
            written: slot.written.clone(),
            entry: OnceLock::new(),
        };
        Self {
            slots: self.slots.iter().map(|(name, old)| (name.clone(), slot(old))).collect(),
            below: self.below.as_ref().map(|below| Arc::new(below.unconverted())),
        }
    }

    /// Converts every definition of this layer.
    ///
    /// # Errors
    /// The first that cannot be converted.
    pub(crate) fn convert_all(&self, clouds: &Clouds) -> Result<(), CatalogError> {
        self.slots.values().try_for_each(|slot| self.converted(slot, clouds).clone().map(drop))
    }

    /// A definition of this layer or of one below.
    pub(crate) fn entry(&self, name: &str, clouds: &Clouds) -> Option<&Result<Arc<Entry>, CatalogError>> {
        match (self.slots.get(name), &self.below) {
            (Some(slot), _) => Some(self.converted(slot, clouds)),
            (None, Some(below)) => below.entry(name, clouds),
            (None, None) => None,
        }
    }

    /// Every name of this layer and those below, some perhaps twice.
    pub(crate) fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let own = self.slots.keys().map(String::as_str);
        match &self.below {
            Some(below) => Box::new(own.chain(below.names())),
            None => Box::new(own),
        }
    }

    /// A definition as written, with the layer that it stands in.
    pub(crate) fn find(&self, name: &str) -> Option<Result<(&Written, &Layer), &CatalogError>> {
        match (self.slots.get(name), &self.below) {
            (Some(slot), _) => Some(slot.written(name).as_ref().map(|written| (written, self))),
            (None, Some(below)) => below.find(name),
            (None, None) => None,
        }
    }

    /// The layer under this one.
    pub(crate) fn below(&self) -> Option<&Layer> {
        self.below.as_deref()
    }

    fn converted<'a>(&'a self, slot: &'a Slot, clouds: &Clouds) -> &'a Result<Arc<Entry>, CatalogError> {
        slot.entry.get_or_init(|| {
            let name = self.slots.iter().find(|(_, other)| std::ptr::eq(*other, slot)).map(|(name, _)| name);
            let written = slot.written(name.map_or("", String::as_str)).as_ref().map_err(Clone::clone)?;
            entry(written, self, clouds).map(Arc::new)
        })
    }
}

impl Slot {
    fn written(&self, name: &str) -> &Result<Written, CatalogError> {
        self.written.get_or_init(|| match &self.source {
            Source::Read => Err(CatalogError::of_file("", None, "a definition without text")),
            Source::File { name: file } => {
                let text = crate::embedded::text(file).unwrap_or_default();
                let mut found = read::definitions(file, &text)?;
                match (found.pop(), found.is_empty()) {
                    (Some(written), true) if written.name == name => Ok(written),
                    _ => Err(CatalogError::of_file(
                        file,
                        None,
                        format!("must define `{name}` and nothing else"),
                    )),
                }
            }
        })
    }
}

fn entry(written: &Written, layer: &Layer, clouds: &Clouds) -> Result<Entry, CatalogError> {
    let body = alias::resolve(written, layer)?;
    let converted = convert::convert(written, &body)?;
    let raw = serde_json::to_value(&body).map_err(|error| written.error(error.to_string()))?;
    let differs = converted.file.differs.iter().map(|file| Difference {
        key: file.key.clone(),
        why: file.why.clone(),
        source: file.source.clone(),
    });
    Ok(Entry {
        raw: public(&converted.provider, raw, clouds),
        sources: converted.file.sources.clone(),
        differs: differs.collect(),
        ignored: converted.ignored,
        place: (written.file.clone(), written.line),
        provider: Arc::new(converted.provider),
        file: converted.file,
    })
}
