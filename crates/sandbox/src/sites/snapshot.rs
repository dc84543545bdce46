//! One JSON file a site, replaced whole by rename.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::model::Site;

/// Replaces each seeded site by its snapshot where there is one.
pub(super) fn load(dir: &Path, seeded: Vec<Site>) -> io::Result<Vec<Site>> {
    seeded.into_iter().map(|site| load_one(&file_of(dir, &site), site)).collect()
}

fn load_one(file: &Path, seeded: Site) -> io::Result<Site> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", file.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(seeded),
        Err(error) => Err(error),
    }
}

pub(super) fn save(dir: &Path, site: &Site) -> io::Result<()> {
    let file = file_of(dir, site);
    let fresh = file.with_extension("json.new");
    fs::write(&fresh, serde_json::to_vec(site)?)?;
    fs::rename(&fresh, &file)
}

fn file_of(dir: &Path, site: &Site) -> PathBuf {
    let name = site.path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("root");
    dir.join(format!("{}-{name}.json", site.tenant_id))
}
