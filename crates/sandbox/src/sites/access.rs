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

#[cfg(test)]
mod tests {
    use super::super::model::Grant;
    use super::super::{SiteKey, Sites};
    use super::*;
    use crate::principal::ClientProof;

    fn app(roles: &[&str], scopes: &[&str]) -> Principal {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Principal {
            tenant_id: String::new(),
            app_id: "app".to_owned(),
            user_id: None,
            scopes: owned(scopes),
            roles: owned(roles),
            proof: ClientProof::Certificate,
        }
    }

    #[test]
    fn permissions_are_ordered_and_selected_needs_a_grant() {
        let tenant_id = crate::directory::seed::CONTOSO.to_owned();
        let key = SiteKey { tenant_id, path: String::new() };
        let mut site = Sites::default().read(&key, Clone::clone).expect("site");
        assert!(allows(&app(&["Sites.ReadWrite.All"], &[]), &site, Need::Write));
        assert!(!allows(&app(&["Sites.ReadWrite.All"], &[]), &site, Need::Manage));
        assert!(allows(&app(&[], &["AllSites.Manage"]), &site, Need::Read));
        assert!(!allows(&app(&["Files.ReadWrite.All"], &[]), &site, Need::Read));
        let selected = app(&["Sites.Selected"], &[]);
        assert!(!allows(&selected, &site, Need::Read));
        let (id, app_id, app_name) = ("1".to_owned(), "app".to_owned(), String::new());
        site.grants.push(Grant { id, app_id, app_name, roles: vec!["write".to_owned()] });
        assert!(allows(&selected, &site, Need::Write));
        assert!(!allows(&selected, &site, Need::FullControl));
        assert!(!allows(&app(&["User.Read.All"], &[]), &site, Need::Read), "a grant alone is not enough");
    }
}
