//! Tenants, users, app registrations and consents.

mod certificate;
mod consents;
pub(crate) mod model;
pub(crate) mod permissions;
pub(crate) mod seed;
mod state;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use model::{
    AccessRule, App, AppCertificate, AppSecret, Audience, Consent, ConsentBy, RedirectKind, RedirectUri,
    ResourceId, Standing, Tenant, TenantKind, User, UserConsent,
};

use crate::snapshot;
use state::DirectoryState;

const FILE: &str = "directory.json";

/// Tenants, users, app registrations and consents. Reads give copies; every write reaches the disk before it returns.
pub(crate) struct Directory {
    state: Mutex<DirectoryState>,
    dir: Option<PathBuf>,
}

impl Directory {
    /// The directory stored in `dir`, or the seeded one.
    pub fn open(dir: Option<&Path>) -> io::Result<Self> {
        let stored = dir.map(|dir| snapshot::read(dir, FILE)).transpose()?.flatten();
        Ok(Self { state: Mutex::new(stored.unwrap_or_else(seed::state)), dir: dir.map(Path::to_owned) })
    }

    /// The tenant with this GUID or verified domain; `common` and its kin are not tenants.
    pub fn tenant(&self, id_or_domain: &str) -> Option<Tenant> {
        let wanted = id_or_domain.to_ascii_lowercase();
        let found = |tenant: &&Tenant| tenant.id == wanted || tenant.domains.contains(&wanted);
        self.lock().tenants.iter().find(found).cloned()
    }

    /// The tenant whose SharePoint host begins with `name`.
    pub fn tenant_by_name(&self, name: &str) -> Option<Tenant> {
        let found = |tenant: &&Tenant| tenant.kind == TenantKind::Work && tenant.name == name;
        self.lock().tenants.iter().find(found).cloned()
    }

    pub fn tenants(&self) -> Vec<Tenant> {
        self.lock().tenants.clone()
    }

    /// The user with this object id or user principal name, compared without case.
    pub fn user(&self, id_or_upn: &str) -> Option<User> {
        let found = |user: &&User| {
            user.id.eq_ignore_ascii_case(id_or_upn) || user.upn.eq_ignore_ascii_case(id_or_upn)
        };
        self.lock().users.iter().find(found).cloned()
    }

    /// The users of a tenant, in the order in which they were made.
    pub fn users_of(&self, tenant_id: &str) -> Vec<User> {
        self.lock().users.iter().filter(|user| user.tenant_id == tenant_id).cloned().collect()
    }

    pub fn app(&self, client_id: &str) -> Option<App> {
        self.lock().apps.iter().find(|app| app.id.eq_ignore_ascii_case(client_id)).cloned()
    }

    pub fn apps(&self) -> Vec<App> {
        self.lock().apps.clone()
    }

    /// Changes one user; `None` when there is no such user.
    pub fn change_user(&self, id_or_upn: &str, change: impl FnOnce(&mut User)) -> io::Result<Option<User>> {
        self.write(|state| {
            let found = |user: &&mut User| {
                user.id.eq_ignore_ascii_case(id_or_upn) || user.upn.eq_ignore_ascii_case(id_or_upn)
            };
            let user = state.users.iter_mut().find(found)?;
            change(user);
            Some(user.clone())
        })
    }

    /// Changes one app registration; `None` when there is no such app.
    pub fn change_app(&self, client_id: &str, change: impl FnOnce(&mut App)) -> io::Result<Option<App>> {
        self.write(|state| {
            let app = state.apps.iter_mut().find(|app| app.id.eq_ignore_ascii_case(client_id))?;
            change(app);
            Some(app.clone())
        })
    }

    /// Sets whether the users of a tenant may consent; `None` when there is no such tenant.
    pub fn set_user_consent(&self, tenant: &str, rule: UserConsent) -> io::Result<Option<()>> {
        self.write(|state| {
            let found = |known: &&mut Tenant| known.id == tenant || known.name == tenant;
            state.tenants.iter_mut().find(found)?.user_consent = rule;
            Some(())
        })
    }

    /// A secret record for `value`, to be pushed to an app.
    pub fn secret_record(value: &str, expires_ms: Option<i64>) -> AppSecret {
        seed::secret(value, expires_ms)
    }

    fn lock(&self) -> MutexGuard<'_, DirectoryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `change` and writes the whole directory, unless `change` found nothing.
    fn write<T>(&self, change: impl FnOnce(&mut DirectoryState) -> Option<T>) -> io::Result<Option<T>> {
        let mut state = self.lock();
        let Some(out) = change(&mut state) else { return Ok(None) };
        if let Some(dir) = &self.dir {
            snapshot::write(dir, FILE, &*state)?;
        }
        Ok(Some(out))
    }
}
