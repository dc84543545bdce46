//! The world at first start: tenants, users and apps with fixed ids.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{
    AccessRule, App, AppSecret, Audience, Consent, ConsentBy, RedirectKind, RedirectUri, RequiredPermissions,
    ResourceId, Standing, Tenant, TenantKind, User, UserConsent,
};
use super::state::DirectoryState;
use crate::random;

pub(crate) const CONTOSO: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const FABRIKAM: &str = "22222222-3333-4444-8555-666666666666";
pub(crate) const NORTHWIND: &str = "33333333-4444-4555-8666-777777777777";
/// Microsoft's own id of the tenant of personal accounts.
pub(crate) const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

pub(crate) const CONTOSO_NAME: &str = "contoso";

pub(crate) const ADA: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const MEGAN: &str = "aaaaaaaa-0000-4000-8000-000000000002";
pub(crate) const ALEX: &str = "aaaaaaaa-0000-4000-8000-000000000003";
pub(crate) const FABRIKAM_ADMIN: &str = "aaaaaaaa-0000-4000-8000-000000000004";
pub(crate) const NORA: &str = "aaaaaaaa-0000-4000-8000-000000000005";
pub(crate) const NORTHWIND_ADMIN: &str = "aaaaaaaa-0000-4000-8000-000000000006";
pub(crate) const PAT: &str = "aaaaaaaa-0000-4000-8000-000000000007";

/// Signs in users of Contoso only.
pub(crate) const SINGLE_TENANT_APP: &str = "00000000-0000-4000-a000-000000000001";
/// Signs in users of every organisation.
pub(crate) const MULTI_TENANT_APP: &str = "00000000-0000-4000-a000-000000000002";
/// Signs in users of every organisation, and personal accounts.
pub(crate) const MULTI_AND_PERSONAL_APP: &str = "00000000-0000-4000-a000-000000000003";
/// Acts as itself (client credentials) in Contoso.
pub(crate) const DAEMON_APP: &str = "00000000-0000-4000-a000-000000000004";

/// When the secrets called `…-old` ended: 1 January 2020.
const OLD_SECRET_ENDED_MS: i64 = 1_577_836_800_000;

const REDIRECT_URIS: [&str; 4] = [
    "http://localhost:3003/oauth/callback",
    "http://127.0.0.1:3003/oauth/callback",
    "http://localhost/cb",
    "https://localhost/oauth/callback",
];

const DELEGATED: [&str; 6] = [
    "Files.ReadWrite",
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "User.Read",
    "offline_access",
];

pub(super) fn state() -> DirectoryState {
    DirectoryState { tenants: tenants(), users: users(), apps: apps(), consents: consents() }
}

fn tenants() -> Vec<Tenant> {
    let work = |id: &str, name: &str, display: &str, user_consent| Tenant {
        id: id.into(),
        name: name.into(),
        display_name: display.into(),
        domains: vec![format!("{name}.onmicrosoft.com"), format!("{name}.example")],
        kind: TenantKind::Work,
        user_consent,
    };
    vec![
        work(CONTOSO, CONTOSO_NAME, "Contoso", UserConsent::Allowed),
        work(FABRIKAM, "fabrikam", "Fabrikam", UserConsent::AdminsOnly),
        work(NORTHWIND, "northwind", "Northwind Traders", UserConsent::AdminsOnly),
        Tenant {
            id: CONSUMERS.into(),
            name: "consumers".into(),
            display_name: "Personal account".into(),
            domains: vec![],
            kind: TenantKind::Personal,
            user_consent: UserConsent::Allowed,
        },
    ]
}

fn users() -> Vec<User> {
    let person = |id: &str, tenant: &str, upn: &str, name: (&str, &str), job_title: &str, standing| User {
        id: id.into(),
        tenant_id: tenant.into(),
        upn: upn.into(),
        display_name: format!("{} {}", name.0, name.1),
        given_name: name.0.into(),
        surname: name.1.into(),
        job_title: job_title.into(),
        standing,
        disabled: false,
        access_rule: AccessRule::None,
    };
    use Standing::{Admin, Member};
    vec![
        person(ADA, CONTOSO, "ada@contoso.example", ("Ada", "Lovelace"), "Analyst", Admin),
        person(MEGAN, CONTOSO, "megan@contoso.example", ("Megan", "Bowen"), "Marketing Manager", Member),
        person(ALEX, FABRIKAM, "alex@fabrikam.example", ("Alex", "Wilber"), "Buyer", Member),
        person(
            FABRIKAM_ADMIN,
            FABRIKAM,
            "admin@fabrikam.example",
            ("Fabrikam", "Admin"),
            "Administrator",
            Admin,
        ),
        person(NORA, NORTHWIND, "nora@northwind.example", ("Nora", "Berg"), "Trader", Member),
        person(
            NORTHWIND_ADMIN,
            NORTHWIND,
            "admin@northwind.example",
            ("Northwind", "Admin"),
            "Administrator",
            Admin,
        ),
        person(PAT, CONSUMERS, "pat@outlook.example", ("Pat", "Doe"), "", Member),
    ]
}

fn apps() -> Vec<App> {
    vec![
        app(
            SINGLE_TENANT_APP,
            1,
            "Sandbox single-tenant app",
            Audience::SingleTenant,
            delegated_permissions(),
        ),
        app(MULTI_TENANT_APP, 2, "Sandbox multi-tenant app", Audience::MultiTenant, both_permissions()),
        app(
            MULTI_AND_PERSONAL_APP,
            3,
            "Sandbox app for everyone",
            Audience::MultiTenantAndPersonal,
            delegated_permissions(),
        ),
        App {
            public_client_flows: false,
            ..app(DAEMON_APP, 4, "Sandbox daemon", Audience::SingleTenant, daemon_permissions())
        },
    ]
}

fn app(
    id: &str,
    number: u8,
    name: &str,
    audience: Audience,
    required: BTreeMap<ResourceId, RequiredPermissions>,
) -> App {
    let redirect = |uri: &str| RedirectUri { uri: uri.into(), kind: RedirectKind::Web };
    App {
        id: id.into(),
        name: name.into(),
        home_tenant: CONTOSO.into(),
        audience,
        redirect_uris: REDIRECT_URIS.into_iter().map(redirect).collect(),
        secrets: vec![
            secret(&format!("sandbox-secret-{number}-a"), None),
            secret(&format!("sandbox-secret-{number}-b"), None),
            secret(&format!("sandbox-secret-{number}-old"), Some(OLD_SECRET_ENDED_MS)),
        ],
        certificates: vec![],
        required,
        public_client_flows: true,
    }
}

/// A secret record for `value`; the value itself is not kept.
pub(super) fn secret(value: &str, expires_ms: Option<i64>) -> AppSecret {
    AppSecret {
        id: random::guid_from(&format!("secret id of {value}")),
        sha256: random::sha256_hex(value.as_bytes()),
        hint: value.chars().take(3).collect(),
        expires_ms,
    }
}

fn delegated_permissions() -> BTreeMap<ResourceId, RequiredPermissions> {
    let delegated =
        |names: &[&str]| RequiredPermissions { delegated: set(names), application: BTreeSet::new() };
    BTreeMap::from([
        (ResourceId::Graph, delegated(&DELEGATED)),
        (ResourceId::SharePoint, delegated(&["AllSites.Write", "MyFiles.Write"])),
    ])
}

/// The multi-tenant app also acts as itself where an administrator has consented.
fn both_permissions() -> BTreeMap<ResourceId, RequiredPermissions> {
    let mut out = delegated_permissions();
    let application = daemon_permissions();
    for (resource, permissions) in &mut out {
        permissions.application =
            application.get(resource).map(|of| of.application.clone()).unwrap_or_default();
    }
    out
}

fn daemon_permissions() -> BTreeMap<ResourceId, RequiredPermissions> {
    let application =
        |names: &[&str]| RequiredPermissions { delegated: BTreeSet::new(), application: set(names) };
    let graph = ["Files.ReadWrite.All", "Sites.FullControl.All", "Sites.ReadWrite.All", "User.Read.All"];
    BTreeMap::from([
        (ResourceId::Graph, application(&graph)),
        (ResourceId::SharePoint, application(&graph[1..])),
    ])
}

fn consents() -> Vec<Consent> {
    let mut out: Vec<Consent> = daemon_permissions()
        .into_iter()
        .map(|(resource, permissions)| Consent {
            tenant_id: CONTOSO.into(),
            app_id: DAEMON_APP.into(),
            resource,
            by: ConsentBy::Everyone,
            scopes: BTreeSet::new(),
            roles: permissions.application,
        })
        .collect();
    out.extend([MULTI_TENANT_APP, MULTI_AND_PERSONAL_APP].map(|app_id| Consent {
        tenant_id: FABRIKAM.into(),
        app_id: app_id.into(),
        resource: ResourceId::Graph,
        by: ConsentBy::Everyone,
        scopes: set(&DELEGATED),
        roles: BTreeSet::new(),
    }));
    out
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
