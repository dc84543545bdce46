//! What a sign-in still needs agreement for, and whether this person may give it.

use std::collections::{BTreeMap, BTreeSet};

use super::mint::Version;
use super::scopes::{Names, ScopeRequest};
use crate::directory::permissions::{self, Grantor};
use crate::directory::{
    App, Consent, ConsentBy, Directory, ResourceId, Standing, Tenant, TenantKind, User, UserConsent,
};

/// Delegated scopes by resource.
pub(super) type Wanted = BTreeMap<ResourceId, BTreeSet<String>>;

/// Whether the app insists on the consent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Insistence {
    /// Only what was never granted is asked for.
    Missing,
    /// `prompt=consent`: all of it.
    All,
}

/// What the consent page must show; empty means none is needed.
///
/// `.default` asks only when nothing of that resource was ever granted, and then for the whole registration.
pub(super) fn wanted(
    directory: &Directory,
    tenant: &Tenant,
    app: &App,
    user: &User,
    scope: &ScopeRequest,
    version: Version,
    insistence: Insistence,
) -> Wanted {
    let granted = |resource| directory.granted_scopes(&tenant.id, &app.id, &user.id, resource);
    let mut out = Wanted::new();
    let mut listed = false;
    for asked in &scope.resources {
        let id = asked.resource.id();
        let held = granted(id);
        match &asked.names {
            Names::Default if held.is_empty() || insistence == Insistence::All => {
                for (resource, required) in &app.required {
                    out.entry(*resource).or_default().extend(required.delegated.iter().cloned());
                }
            }
            Names::Default => {}
            Names::Listed(names) => {
                listed = true;
                let first_time = names.is_empty() && held.is_empty();
                let asked_names = names.iter().cloned().chain(first_time.then(|| "User.Read".to_owned()));
                let missing =
                    asked_names.filter(|name| insistence == Insistence::All || !held.contains(name));
                out.entry(id).or_default().extend(missing);
            }
        }
    }
    let held = granted(ResourceId::Graph);
    // `.default` and the v1 endpoint bring offline access along.
    let asks_offline = version == Version::V2 && listed && scope.oidc.contains("offline_access");
    out.retain(|_, names| !names.is_empty());
    if !out.is_empty() || (asks_offline && !held.contains("offline_access")) {
        let more = scope.oidc.iter().filter(|name| insistence == Insistence::All || !held.contains(*name));
        out.entry(ResourceId::Graph).or_default().extend(more.cloned());
    }
    out.retain(|_, names| !names.is_empty());
    out
}

/// Whether `user` may agree to this in `tenant`.
pub(super) fn may_consent(tenant: &Tenant, user: &User, wanted: &Wanted) -> bool {
    if tenant.kind == TenantKind::Personal || user.standing == Standing::Admin {
        return true;
    }
    let for_admins = |resource: &ResourceId, names: &BTreeSet<String>| {
        names.iter().any(|name| {
            permissions::find(*resource, name).is_some_and(|known| known.grantor == Grantor::Admin)
        })
    };
    tenant.user_consent == UserConsent::Allowed
        && !wanted.iter().any(|(resource, names)| for_admins(resource, names))
}

/// Titles and names for the consent page.
pub(super) fn shown(wanted: &Wanted) -> Vec<(String, String)> {
    let title = |resource: ResourceId, name: &str| {
        let known = permissions::find(resource, name).map(|permission| permission.title);
        known.map_or_else(|| name.to_owned(), str::to_owned)
    };
    wanted
        .iter()
        .flat_map(|(resource, names)| names.iter().map(|name| (*resource, name)))
        .map(|(resource, name)| (title(resource, name), format!("{} {name}", resource.display_name())))
        .collect()
}

/// Records what was agreed to.
pub(super) fn record(
    directory: &Directory,
    tenant: &Tenant,
    app: &App,
    by: &ConsentBy,
    scopes: &Wanted,
    roles: &Wanted,
) -> std::io::Result<()> {
    let resources: BTreeSet<ResourceId> = scopes.keys().chain(roles.keys()).copied().collect();
    for resource in resources {
        directory.grant(Consent {
            tenant_id: tenant.id.clone(),
            app_id: app.id.clone(),
            resource,
            by: by.clone(),
            scopes: scopes.get(&resource).cloned().unwrap_or_default(),
            roles: roles.get(&resource).cloned().unwrap_or_default(),
        })?;
    }
    Ok(())
}
