//! `currentuser` and `siteusers`.

use serde_json::json;

use crate::sites::{Need, Site, SiteUser, actor, login_name};

use super::Call;
use super::entity::{Answer, Entity};
use super::error::{Outcome, SpError};
use super::target::{Target, UserKey};

pub(super) fn act(call: &Call<'_>, target: &Target) -> Outcome<Answer> {
    match target {
        Target::CurrentUser => {
            call.expect("GET")?;
            call.read(Need::Read, |site| call.one(current(call, site)))
        }
        Target::Users => {
            call.expect("GET")?;
            call.read(Need::Read, |site| call.many(site.users.iter().map(entity).collect()))
        }
        Target::User(key) => {
            call.expect("GET")?;
            call.read(Need::Read, |site| call.one(entity(find(site, key)?)))
        }
        Target::EnsureUser(named) => ensure(call, named.as_deref()),
        _ => Err(SpError::not_allowed()),
    }
}

/// Makes a person of the tenant a user of the site, if they are not one yet.
fn ensure(call: &Call<'_>, named: Option<&str>) -> Outcome<Answer> {
    call.expect("POST")?;
    let body = call.body()?;
    let login = named.or_else(|| body.get("logonName").and_then(|name| name.as_str())).unwrap_or_default();
    let upn = login.rsplit('|').next().unwrap_or(login);
    let known = call.world.directory.user(upn).filter(|user| user.tenant_id == call.key.tenant_id);
    call.change(Need::Write, |site| {
        if let Some(person) = known {
            site.ensure_user(Some(&actor(&person)));
        }
        call.one(entity(find(site, &UserKey::LoginName(login.to_owned()))?))
    })
}

fn find<'a>(site: &'a Site, key: &UserKey) -> Outcome<&'a SiteUser> {
    let found = match key {
        UserKey::Id(id) => site.user(*id),
        UserKey::Email(email) => site.users.iter().find(|user| user.email.eq_ignore_ascii_case(email)),
        UserKey::LoginName(name) => site.users.iter().find(|user| {
            login_name(user).eq_ignore_ascii_case(name)
                || (!name.is_empty() && user.email.eq_ignore_ascii_case(name))
        }),
    };
    found.ok_or_else(|| {
        let code = "-2146232832, Microsoft.SharePoint.SPException";
        SpError::new(http::StatusCode::NOT_FOUND, code, "User cannot be found.")
    })
}

/// The caller as a site user; who never came here before has no number yet.
pub(super) fn current(call: &Call<'_>, site: &Site) -> Entity {
    let known = site.user_id_of(call.caller.as_ref()).and_then(|id| site.user(id));
    let stranger = || call.caller.as_ref().map(SiteUser::new).unwrap_or_default();
    known.map_or_else(|| entity(&stranger()), entity)
}

pub(super) fn entity(user: &SiteUser) -> Entity {
    let mut entity = Entity::new("SP.User", format!("Web/GetUserById({})", user.id));
    entity.deferred(&["Alerts", "Groups"]);
    entity.values([
        ("Id", json!(user.id)),
        ("IsHiddenInUI", json!(false)),
        ("LoginName", json!(login_name(user))),
        ("Title", json!(user.title)),
        ("PrincipalType", json!(1)),
        ("Email", json!(user.email)),
        ("Expiration", json!("")),
        ("IsEmailAuthenticationGuestUser", json!(false)),
        ("IsShareByEmailGuestUser", json!(false)),
        ("IsSiteAdmin", json!(user.admin)),
        ("UserPrincipalName", json!(user.email)),
    ]);
    entity
}
