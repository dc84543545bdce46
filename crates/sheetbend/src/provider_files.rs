//! The operator's provider files: the folder `providers/` of the data directory and `--provider-file`, read at the
//! start and again whenever one of them changes.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use catalog::{Catalog, CatalogError};
use server::SharedApp;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at; a look costs one `stat` a file.
const LOOK: Duration = Duration::from_secs(1);
/// Largest file that is read at all, bytes; the reader's own limit is lower and names itself.
const MAX_BYTES: u64 = 64 << 20;

/// Where the operator's definitions are, over what they lie, and what they looked like last.
pub struct ProviderFiles {
    base: Catalog,
    folder: Option<PathBuf>,
    given: Vec<PathBuf>,
    seen: Vec<Look>,
}

/// What a look at a file sees.
type Look = (PathBuf, Option<SystemTime>, u64);

impl ProviderFiles {
    /// The files over the shipped definitions; those that are `given` win over those of the folder.
    ///
    /// # Errors
    /// The shipped definitions cannot be read.
    pub fn of(
        data_dir: Option<&Path>,
        given: &[PathBuf],
        sandbox_cloud: &[(&'static str, String)],
    ) -> Result<Self, CatalogError> {
        let mut base = Catalog::embedded()?;
        if !sandbox_cloud.is_empty() {
            base = base.with_cloud("microsoft", "sandbox", sandbox_cloud.iter().cloned());
        }
        let folder = data_dir.map(|dir| dir.join("providers"));
        let mut files = Self { base, folder, given: given.to_vec(), seen: Vec::new() };
        files.seen = files.look();
        Ok(files)
    }

    /// The catalogue at a start. A broken file of the folder is left out and told in the log, because a server that
    /// does not come up again helps nobody; one that was named on the command line is an error.
    ///
    /// # Errors
    /// A file of the command line cannot be read.
    pub fn load(&self) -> Result<Catalog, CatalogError> {
        let mut catalog = self.base.clone();
        for path in self.in_folder() {
            match with_path(&catalog, &path) {
                Ok(with) => catalog = with,
                Err(error) => tracing::error!(%error, "a provider file is unusable and is left out"),
            }
        }
        self.given.iter().try_fold(catalog, |catalog, path| with_path(&catalog, path))
    }

    /// The catalogue of files that are all sound.
    ///
    /// # Errors
    /// The first file that cannot be read.
    pub fn load_strictly(&self) -> Result<Catalog, CatalogError> {
        self.paths().iter().try_fold(self.base.clone(), |catalog, path| with_path(&catalog, path))
    }

    /// Looks once: a new catalogue if a file changed and all are sound.
    ///
    /// # Errors
    /// The first file that cannot be read; it is told once, until it changes again.
    pub fn run_once(&mut self) -> Result<Option<Catalog>, CatalogError> {
        let look = self.look();
        if look == self.seen {
            return Ok(None);
        }
        self.seen = look;
        self.load_strictly().map(Some)
    }

    /// Looks every second until `cancel`; a broken file leaves what runs untouched.
    pub async fn run(mut self, app: SharedApp, cancel: CancellationToken) {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let looked = tokio::task::spawn_blocking(move || {
                let outcome = self.run_once();
                (self, outcome)
            });
            let Ok((files, outcome)) = looked.await else { return };
            self = files;
            match outcome {
                Ok(None) => {}
                Ok(Some(catalog)) => {
                    app.services.replace_catalog(catalog);
                    tracing::info!("the provider files were read again");
                }
                Err(error) => {
                    tracing::error!(%error, "a provider file is unusable; the definitions stay as they were");
                }
            }
        }
    }

    /// The shipped definitions alone.
    pub fn shipped(&self) -> &Catalog {
        &self.base
    }

    /// Every file, weakest first.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.in_folder().into_iter().chain(self.given.iter().cloned()).collect()
    }

    fn in_folder(&self) -> Vec<PathBuf> {
        let Some(entries) = self.folder.as_ref().and_then(|folder| std::fs::read_dir(folder).ok()) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
                !hidden && path.extension().is_some_and(|end| end == "yaml" || end == "yml")
            })
            .collect();
        paths.sort();
        paths
    }

    fn look(&self) -> Vec<Look> {
        self.paths()
            .into_iter()
            .map(|path| {
                let facts = std::fs::metadata(&path).ok();
                let modified = facts.as_ref().and_then(|facts| facts.modified().ok());
                (path, modified, facts.map_or(0, |facts| facts.len()))
            })
            .collect()
    }
}

/// A catalogue with the definitions of one more file.
fn with_path(catalog: &Catalog, path: &Path) -> Result<Catalog, CatalogError> {
    // A pipe among the files would be waited for, for ever; a device never ends.
    if std::fs::metadata(path).is_ok_and(|facts| !facts.is_file()) {
        return Err(problem(path, None, "not a regular file"));
    }
    catalog.with_file(&path.display().to_string(), &read(path)?)
}

/// A file's text.
///
/// # Errors
/// It cannot be read, is far too large or no UTF-8.
pub fn read(path: &Path) -> Result<String, CatalogError> {
    let failed = |error: std::io::Error| problem(path, None, error.to_string());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(problem(path, None, format!("larger than {MAX_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = sound.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        problem(path, Some(line), "not UTF-8")
    })
}

fn problem(path: &Path, line: Option<u64>, problem: impl Into<String>) -> CatalogError {
    CatalogError { file: path.display().to_string(), line, provider: None, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use domain::ProviderName;

    use super::*;

    fn write(dir: &Path, name: &str, text: &str) {
        std::fs::write(dir.join("providers").join(name), text).unwrap();
    }

    fn has(catalog: &Catalog, name: &str) -> bool {
        catalog.get(&ProviderName::parse(name).unwrap()).is_some()
    }

    #[test]
    fn a_change_is_seen_once_and_a_broken_file_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("providers")).unwrap();
        let sound = "acme: {display_name: Acme, auth_mode: NONE}\n";
        write(dir.path(), "a.yaml", sound);
        let mut files = ProviderFiles::of(Some(dir.path()), &[], &[]).unwrap();
        assert!(has(&files.load().unwrap(), "acme"));
        assert!(files.run_once().unwrap().is_none(), "nothing changed");
        write(dir.path(), "b.yaml", "bcme: {alias: acme}\n");
        assert!(has(&files.run_once().unwrap().unwrap(), "bcme"));
        write(dir.path(), "b.yaml", "bcme:\n  alias: acme\n  nonsense: 1\n");
        let error = files.run_once().unwrap_err().to_string();
        assert!(error.contains("b.yaml:3: bcme: unknown key `nonsense`"), "{error}");
        assert!(files.run_once().unwrap().is_none(), "told once");
        let at_start = files.load().unwrap();
        assert!(has(&at_start, "acme") && !has(&at_start, "bcme"), "a start leaves the broken file out");
        std::fs::remove_file(dir.path().join("providers/b.yaml")).unwrap();
        assert!(!has(&files.run_once().unwrap().unwrap(), "bcme"));
        std::fs::write(dir.path().join("providers/latin.yaml"), b"a:\n  display_name: \xe4\n").unwrap();
        assert!(files.run_once().unwrap_err().to_string().contains("latin.yaml:2: not UTF-8"));
        std::fs::remove_file(dir.path().join("providers/latin.yaml")).unwrap();
        assert!(files.run_once().unwrap().is_some());
        // Nobody ever writes into it, and nobody waits for that.
        let pipe = dir.path().join("providers/pipe.yaml");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(files.run_once().unwrap_err().to_string().contains("pipe.yaml: not a regular file"));
        std::fs::remove_file(pipe).unwrap();
        assert!(files.run_once().unwrap().is_some());
        write(dir.path(), ".hidden.yaml", "[");
        write(dir.path(), "notes.txt", "[");
        assert!(files.run_once().unwrap().is_none());
    }
}
