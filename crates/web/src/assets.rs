//! The pages' files, built at first use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::asset::{Asset, hash};
use crate::face::{Built, Face};
use crate::problem::Problem;
use crate::sources::{self, Sources};

/// Everything that browsers load: the two faces and what the pages at a sign-in's end need.
#[derive(Debug)]
pub struct Assets {
    base_path: String,
    connect: Slot,
    dashboard: Slot,
    result: HashMap<String, Asset>,
}

/// A face, once somebody has asked for it.
#[derive(Debug, Default)]
struct Slot(Mutex<Option<(String, Arc<Built>)>>);

impl Assets {
    /// Reads the files of the pages at a sign-in's end; the faces wait. `base_path` is where the server hangs, `""` or
    /// `/base`.
    pub fn new(base_path: &str) -> Self {
        let result = sources::read()
            .into_iter()
            .filter(|(path, _)| !path.ends_with(".html"))
            .filter_map(|(path, bytes)| {
                let name = path.strip_prefix("pages/")?;
                Some((name.to_owned(), Asset::new(name, bytes)?))
            })
            .collect();
        let base_path = base_path.trim_end_matches('/').to_owned();
        Self { base_path, connect: Slot::default(), dashboard: Slot::default(), result }
    }

    /// A face's page. The first call builds the face: some milliseconds.
    ///
    /// # Errors
    /// The sources are wrong, which only a debug build can meet.
    pub fn page(&self, face: Face) -> Result<Asset, Problem> {
        Ok(self.built(face, cfg!(debug_assertions))?.page.clone())
    }

    /// A face's file by its name under `m/`. Names change with their content: they may be kept for ever.
    pub fn file(&self, face: Face, name: &str) -> Option<Asset> {
        self.built(face, false).ok()?.files.get(name).cloned()
    }

    /// A file that the pages at a sign-in's end load, by its name under `/pages/`.
    pub fn result_file(&self, name: &str) -> Option<&Asset> {
        self.result.get(name)
    }

    /// A debug build reads `web/` again for each page, so that an edit is seen at the next reload.
    fn built(&self, face: Face, again: bool) -> Result<Arc<Built>, Problem> {
        let slot = match face {
            Face::Connect => &self.connect,
            Face::Dashboard => &self.dashboard,
        };
        let mut kept = slot.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, built)) = kept.as_ref().filter(|_| !again) {
            return Ok(built.clone());
        }
        let sources = sources::read();
        let print = fingerprint(&sources);
        if let Some((_, built)) = kept.as_ref().filter(|(known, _)| *known == print) {
            return Ok(built.clone());
        }
        let built = Arc::new(Built::new(&sources, face, &self.base_path)?);
        *kept = Some((print, built.clone()));
        Ok(built)
    }
}

fn fingerprint(sources: &Sources) -> String {
    let mut all = String::new();
    for (path, bytes) in sources {
        all.push_str(path);
        all.push_str(&hash(bytes, 16));
    }
    hash(all.as_bytes(), 16)
}
