//! `currentuser` and `siteusers`.

use serde_json::json;

use crate::sites::{Need, Site, SiteUser, login_name};

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
        // `ensureuser` is a POST; the other ways to name a user are reads.
        Target::User(key) => call.read(Need::Read, |site| call.one(entity(find(site, key)?))),
        _ => Err(SpError::not_allowed()),
    }
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

/// The caller as a site user; who never came here before is shown without a name.
pub(super) fn current(call: &Call<'_>, site: &Site) -> Entity {
    let oid = call.request.principal.user_id.as_deref().unwrap_or_default();
    match site.users.iter().find(|user| user.oid == oid) {
        Some(user) => entity(user),
        None => entity(&SiteUser {
            id: 0,
            oid: oid.to_owned(),
            title: oid.to_owned(),
            email: String::new(),
            admin: false,
        }),
    }
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
