//! Controls over apps, consents, users and tenants.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::Call;
use super::answers::{Answer, Refused, done};
use crate::directory::{
    AccessRule, App, AppCertificate, Consent, ConsentBy, Directory, RedirectKind, RedirectUri, ResourceId,
    UserConsent,
};
use crate::random;

pub(super) fn apps(call: &Call<'_>) -> Answer {
    Ok(json!({ "apps": call.world.directory.apps() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRedirect {
    uri: String,
    #[serde(default = "web_kind")]
    kind: RedirectKind,
}

fn web_kind() -> RedirectKind {
    RedirectKind::Web
}

pub(super) fn add_redirect_uri(call: &Call<'_>, id: &str) -> Answer {
    let new: NewRedirect = call.read()?;
    url::Url::parse(&new.uri).map_err(|error| Refused::Invalid(format!("uri: {error}")))?;
    change(call, id, |app| {
        app.redirect_uris.retain(|known| known.uri != new.uri);
        app.redirect_uris.push(RedirectUri { uri: new.uri, kind: new.kind });
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSecret {
    value: String,
    #[serde(default)]
    expires_ms: Option<i64>,
}

pub(super) fn add_secret(call: &Call<'_>, id: &str) -> Answer {
    let new: NewSecret = call.read()?;
    let record = Directory::secret_record(&new.value, new.expires_ms);
    change(call, id, |app| {
        app.secrets.retain(|known| known.sha256 != record.sha256);
        app.secrets.push(record);
    })
}

pub(super) fn remove_secret(call: &Call<'_>, id: &str) -> Answer {
    let old: NewSecret = call.read()?;
    let hash = random::sha256_hex(old.value.as_bytes());
    change(call, id, |app| app.secrets.retain(|known| known.sha256 != hash))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCertificate {
    #[serde(default)]
    pem: Option<String>,
    #[serde(default)]
    der: Option<String>,
}

pub(super) fn add_certificate(call: &Call<'_>, id: &str) -> Answer {
    let new: NewCertificate = call.read()?;
    let bytes = match (new.pem, new.der) {
        (Some(pem), None) => pem.into_bytes(),
        (None, Some(der)) => {
            STANDARD.decode(der).map_err(|error| Refused::Invalid(format!("der: {error}")))?
        }
        _ => return Err(Refused::Invalid("give one of pem, der".into())),
    };
    let read = AppCertificate::read(&bytes).map_err(|fault| Refused::Invalid(fault.to_string()))?;
    let shown = json!({ "x5t": read.x5t, "x5t_s256": read.x5t_s256, "subject": read.subject });
    change(call, id, |app| {
        app.certificates.retain(|known| known.x5t_s256 != read.x5t_s256);
        app.certificates.push(read);
    })?;
    Ok(shown)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldCertificate {
    #[serde(default)]
    x5t_s256: Option<String>,
}

pub(super) fn remove_certificates(call: &Call<'_>, id: &str) -> Answer {
    let old: OldCertificate = call.read()?;
    change(call, id, |app| {
        app.certificates.retain(|known| old.x5t_s256.as_ref().is_some_and(|thumb| known.x5t_s256 != *thumb));
    })
}

fn change(call: &Call<'_>, id: &str, change: impl FnOnce(&mut App)) -> Answer {
    match call.world.directory.change_app(id, change)? {
        Some(_) => done(),
        None => Err(Refused::NotFound(format!("no app '{id}'"))),
    }
}

pub(super) fn consents(call: &Call<'_>) -> Answer {
    Ok(json!({ "consents": call.world.directory.consents() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentBody {
    tenant: String,
    app: String,
    #[serde(default)]
    user: Option<String>,
    #[serde(default = "graph")]
    resource: ResourceId,
    #[serde(default)]
    scopes: BTreeSet<String>,
    #[serde(default)]
    roles: BTreeSet<String>,
}

fn graph() -> ResourceId {
    ResourceId::Graph
}

/// Tenant, app and user by their ids.
struct Named {
    tenant: String,
    app: String,
    user: Option<String>,
}

fn named(call: &Call<'_>, body: &ConsentBody) -> Result<Named, Refused> {
    let directory = &call.world.directory;
    let tenant = directory.tenant(&body.tenant).or_else(|| directory.tenant_by_name(&body.tenant));
    let tenant = tenant.ok_or_else(|| Refused::NotFound(format!("no tenant '{}'", body.tenant)))?;
    let app = directory.app(&body.app).ok_or_else(|| Refused::NotFound(format!("no app '{}'", body.app)))?;
    let user = match &body.user {
        None => None,
        Some(name) => {
            let user = directory.user(name).ok_or_else(|| Refused::NotFound(format!("no user '{name}'")))?;
            Some(user.id)
        }
    };
    Ok(Named { tenant: tenant.id, app: app.id, user })
}

pub(super) fn grant(call: &Call<'_>) -> Answer {
    let body: ConsentBody = call.read()?;
    let Named { tenant, app, user } = named(call, &body)?;
    call.world.directory.grant(Consent {
        tenant_id: tenant,
        app_id: app,
        resource: body.resource,
        by: user.map_or(ConsentBy::Everyone, ConsentBy::User),
        scopes: body.scopes,
        roles: body.roles,
    })?;
    done()
}

pub(super) fn revoke(call: &Call<'_>) -> Answer {
    let body: ConsentBody = call.read()?;
    let Named { tenant, app, user } = named(call, &body)?;
    let gone = call.world.directory.revoke_consents(&tenant, &app, user.as_deref())?;
    Ok(json!({ "revoked": gone }))
}

pub(super) fn users(call: &Call<'_>) -> Answer {
    let directory = &call.world.directory;
    let tenants = directory.tenants();
    let users: Vec<_> = tenants.iter().flat_map(|tenant| directory.users_of(&tenant.id)).collect();
    Ok(json!({ "tenants": tenants, "users": users }))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rule {
    None,
    Mfa,
    Blocked,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserChange {
    #[serde(default)]
    disabled: Option<bool>,
    #[serde(default)]
    rule: Option<Rule>,
}

pub(super) fn change_user(call: &Call<'_>, id: &str) -> Answer {
    let asked: UserChange = call.read()?;
    let seq = call.world.entra.next_seq(call.world.clock.now_ms());
    let changed = call.world.directory.change_user(id, |user| {
        user.disabled = asked.disabled.unwrap_or(user.disabled);
        match asked.rule {
            Some(Rule::None) => user.access_rule = AccessRule::None,
            Some(Rule::Mfa) => user.access_rule = AccessRule::MfaSince(seq),
            Some(Rule::Blocked) => user.access_rule = AccessRule::Blocked,
            None => {}
        }
    })?;
    match changed {
        Some(user) => Ok(json!(user)),
        None => Err(Refused::NotFound(format!("no user '{id}'"))),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ConsentRule {
    Allowed,
    AdminsOnly,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantChange {
    user_consent: ConsentRule,
}

pub(super) fn change_tenant(call: &Call<'_>, id: &str) -> Answer {
    let asked: TenantChange = call.read()?;
    let rule = match asked.user_consent {
        ConsentRule::Allowed => UserConsent::Allowed,
        ConsentRule::AdminsOnly => UserConsent::AdminsOnly,
    };
    match call.world.directory.set_user_consent(id, rule)? {
        Some(()) => done(),
        None => Err(Refused::NotFound(format!("no tenant '{id}'"))),
    }
}
