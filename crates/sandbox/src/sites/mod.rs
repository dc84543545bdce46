//! Sites, lists and list items: state and rules, no HTTP.

mod access;
mod changes;
mod columns;
mod edit;
mod filter;
mod ids;
mod library;
mod model;
mod names;
mod query;
mod seed;
mod snapshot;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

pub(crate) use access::{Need, allows};
pub(crate) use changes::{Change, ChangeKind};
pub(crate) use columns::{Column, ColumnKind, FieldError, built_in, coerce};
pub(crate) use edit::{EditError, TagForm};
pub(crate) use filter::{Dialect, Expr, Literal, Op, parse as parse_filter};
pub(crate) use ids::{iso, random_guid, stable_guid};
pub(crate) use library::{LIBRARY_FOLDER, actor, file_stamp, person, site_drive};
pub(crate) use model::{Grant, Item, List, Recycled, Site, SiteUser};
pub(crate) use names::{SharePointHost, sharepoint_name};
pub(crate) use query::{ItemQuery, Order, THRESHOLD, Throttled, login_name, title_of_user, version_label};

/// Names one site: a tenant and a server-relative path (`""` for the root site).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteKey {
    pub tenant_id: String,
    pub path: String,
}

/// Sites, lists and list items of all tenants.
///
/// Each change is written to its site's snapshot before the lock is released, so that snapshots never go back in time.
pub(crate) struct Sites {
    state: RwLock<Vec<Site>>,
    dir: Option<PathBuf>,
}

impl Default for Sites {
    fn default() -> Self {
        Self { state: RwLock::new(seed::sites()), dir: None }
    }
}

impl Sites {
    /// Reads `state_dir/sites/*.json`; a site without a snapshot is seeded.
    ///
    /// # Errors
    /// The directory cannot be made, or a snapshot cannot be read or parsed.
    pub fn open(state_dir: Option<&Path>) -> io::Result<Self> {
        let Some(state_dir) = state_dir else { return Ok(Self::default()) };
        let dir = state_dir.join("sites");
        let state = snapshot::load(&dir, seed::sites())?;
        Ok(Self { state: RwLock::new(state), dir: Some(dir) })
    }

    /// Looks at one site; `None` when there is no such site.
    pub fn read<T>(&self, key: &SiteKey, look: impl FnOnce(&Site) -> T) -> Option<T> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.iter().find(|site| site.is(key)).map(look)
    }

    /// Changes one site and stores it; `None` when there is no such site.
    pub fn change<T>(&self, key: &SiteKey, edit: impl FnOnce(&mut Site) -> T) -> Option<T> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let site = state.iter_mut().find(|site| site.is(key))?;
        let answer = edit(site);
        if let Some(dir) = &self.dir
            && let Err(error) = snapshot::save(dir, site)
        {
            tracing::error!(site = %site.path, %error, "the sandbox could not store a site");
        }
        Some(answer)
    }

    /// The sites of a tenant that `wanted` picks, the root site first.
    pub fn find(&self, tenant_id: &str, wanted: impl Fn(&Site) -> bool) -> Vec<SiteKey> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let of_tenant = state.iter().filter(|site| site.tenant_id == tenant_id && wanted(site));
        of_tenant.map(Site::key).collect()
    }

    /// Drops the change logs of a tenant's lists: delta tokens handed out before are answered with 410.
    pub fn forget_changes(&self, tenant_id: &str) {
        for key in self.find(tenant_id, |_| true) {
            self.change(&key, |site| site.lists.iter_mut().for_each(List::forget_changes));
        }
    }
}

#[cfg(test)]
mod tests;
