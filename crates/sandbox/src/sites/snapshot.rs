//! One JSON file a site.

use std::io;
use std::path::Path;

use crate::snapshot;

use super::model::Site;

/// Replaces each seeded site by its snapshot where there is one.
pub(super) fn load(dir: &Path, seeded: Vec<Site>) -> io::Result<Vec<Site>> {
    let one = |site: Site| Ok(snapshot::read(dir, &file_name(&site))?.unwrap_or(site));
    seeded.into_iter().map(one).collect()
}

pub(super) fn save(dir: &Path, site: &Site) -> io::Result<()> {
    snapshot::write(dir, &file_name(site), site)
}

fn file_name(site: &Site) -> String {
    let name = site.path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("root");
    format!("{}-{name}.json", site.tenant_id)
}
