//! Which permissions let a caller do what with a site.

use crate::principal::Principal;

use super::model::Site;

/// How much a call needs, in SharePoint's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    Read,
    Write,
    Manage,
    FullControl,
}

/// Whether a scope, a role or a `Sites.Selected` grant of the site gives what is needed.
pub(crate) fn allows(principal: &Principal, site: &Site, need: Need) -> bool {
    let granted = principal.scopes.iter().chain(&principal.roles);
    if granted.filter_map(|name| level(name)).any(|level| level >= need) {
        return true;
    }
    let selected = principal.roles.iter().chain(&principal.scopes).any(|role| role == "Sites.Selected");
    let grants = site.grants.iter().filter(|grant| grant.app_id == principal.app_id);
    selected
        && grants
            .flat_map(|grant| &grant.roles)
            .filter_map(|role| role_level(role))
            .any(|level| level >= need)
}

/// Graph's `Sites.*.All` and SharePoint's delegated `AllSites.*`.
fn level(permission: &str) -> Option<Need> {
    Some(match permission {
        "Sites.Read.All" | "AllSites.Read" => Need::Read,
        "Sites.ReadWrite.All" | "AllSites.Write" => Need::Write,
        "Sites.Manage.All" | "AllSites.Manage" => Need::Manage,
        "Sites.FullControl.All" | "AllSites.FullControl" => Need::FullControl,
        _ => return None,
    })
}

fn role_level(role: &str) -> Option<Need> {
    Some(match role {
        "read" => Need::Read,
        "write" => Need::Write,
        "manage" => Need::Manage,
        "fullcontrol" | "owner" => Need::FullControl,
        _ => return None,
    })
}
