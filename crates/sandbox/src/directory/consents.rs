//! Who has granted what to which app.

use std::collections::BTreeSet;
use std::io;

use super::Directory;
use super::model::{Consent, ConsentBy, ResourceId};

impl Directory {
    /// Delegated scopes that `app` may use for `user` on `resource`: their own grants and the administrator's.
    pub fn granted_scopes(
        &self,
        tenant: &str,
        app: &str,
        user: &str,
        resource: ResourceId,
    ) -> BTreeSet<String> {
        let by_or_for = |consent: &&Consent| match &consent.by {
            ConsentBy::Everyone => true,
            ConsentBy::User(id) => id == user,
        };
        self.lock()
            .consents
            .iter()
            .filter(|consent| is_of(consent, tenant, app) && consent.resource == resource)
            .filter(by_or_for)
            .flat_map(|consent| consent.scopes.iter().cloned())
            .collect()
    }

    /// Application roles granted to `app` on `resource`.
    pub fn granted_roles(&self, tenant: &str, app: &str, resource: ResourceId) -> BTreeSet<String> {
        self.lock()
            .consents
            .iter()
            .filter(|consent| is_of(consent, tenant, app) && consent.resource == resource)
            .flat_map(|consent| consent.roles.iter().cloned())
            .collect()
    }

    /// Whether the app has a service principal in the tenant: at home, or since anybody consented there.
    pub fn app_is_in_tenant(&self, tenant: &str, app: &str) -> bool {
        let state = self.lock();
        state.apps.iter().any(|known| known.id == app && known.home_tenant == tenant)
            || state.consents.iter().any(|consent| is_of(consent, tenant, app))
    }

    pub fn consents(&self) -> Vec<Consent> {
        self.lock().consents.clone()
    }

    /// Adds to what is granted; grants add up and are never narrowed by a later, smaller one.
    pub fn grant(&self, consent: Consent) -> io::Result<()> {
        self.write(|state| {
            let same = |known: &&mut Consent| {
                is_of(known, &consent.tenant_id, &consent.app_id)
                    && known.resource == consent.resource
                    && known.by == consent.by
            };
            match state.consents.iter_mut().find(same) {
                Some(known)
                    if known.scopes.is_superset(&consent.scopes)
                        && known.roles.is_superset(&consent.roles) =>
                {
                    return None;
                }
                Some(known) => {
                    known.scopes.extend(consent.scopes);
                    known.roles.extend(consent.roles);
                }
                None => state.consents.push(consent),
            }
            Some(())
        })
        .map(drop)
    }

    /// Takes back the grants of an app in a tenant: one user's, or everybody's when `user` is `None`.
    ///
    /// Returns how many grants went.
    pub fn revoke_consents(&self, tenant: &str, app: &str, user: Option<&str>) -> io::Result<usize> {
        let gone = self.write(|state| {
            let before = state.consents.len();
            state.consents.retain(|consent| {
                let of_user = user.is_none_or(|user| consent.by == ConsentBy::User(user.to_owned()));
                !(is_of(consent, tenant, app) && of_user)
            });
            Some(before - state.consents.len())
        })?;
        Ok(gone.unwrap_or_default())
    }
}

fn is_of(consent: &Consent, tenant: &str, app: &str) -> bool {
    consent.tenant_id == tenant && consent.app_id == app
}
