//! Making tokens and the token endpoint's successful answer, in v2 and v1 dress.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::grant::RefreshGrant;
use super::scopes::{Resource, ResourceScopes};
use super::sealed::Kind;
use crate::directory::{App, Tenant, User, permissions};
use crate::principal::ClientProof;
use crate::random;
use crate::world::World;

/// Which generation of endpoint is speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Version {
    V1,
    V2,
}

/// What the token endpoint answers when it agrees.
#[derive(Clone)]
pub struct TokenAnswer {
    /// The access token (a bearer secret).
    pub access_token: String,
    /// Present when `offline_access` was granted.
    pub refresh_token: Option<String>,
    /// Present when `openid` was asked for.
    pub id_token: Option<String>,
    /// The granted scopes, separated by spaces.
    pub scope: String,
    /// Seconds until the access token ends.
    pub expires_in: i64,
    /// The tenant's GUID (`tid`).
    pub tenant_id: String,
    /// The user's object id (`oid`); `None` for an app on its own.
    pub user_id: Option<String>,
    /// The whole answer as the endpoint would send it.
    pub raw: Value,
}

impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .field("tenant_id", &self.tenant_id)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// For whom tokens are made.
pub(super) struct Subject<'a> {
    pub tenant: &'a Tenant,
    pub app: &'a App,
    pub user: Option<&'a User>,
    pub proof: ClientProof,
    /// The login origin the caller used; it is the issuer of id tokens.
    pub login: &'a str,
}

/// What goes into the answer beside the access token.
pub(super) struct Extras<'a> {
    pub version: Version,
    pub oidc: &'a BTreeSet<String>,
    pub nonce: Option<&'a str>,
    pub client_info: bool,
    pub refresh: Option<RefreshGrant>,
}

/// Mints everything for one resource.
pub(super) fn answer(
    world: &World,
    subject: &Subject<'_>,
    asked: &ResourceScopes,
    extras: Extras<'_>,
) -> TokenAnswer {
    let now_s = world.clock.now_ms().div_euclid(1000);
    let expires_in = access_life(world);
    let granted = match subject.user {
        Some(user) => {
            let (tenant, app) = (&subject.tenant.id, &subject.app.id);
            world.directory.granted_scopes(tenant, app, &user.id, asked.resource.id())
        }
        None => BTreeSet::new(),
    };
    let short: Vec<&str> =
        granted.iter().map(String::as_str).filter(|name| *name != "offline_access").collect();
    let access_token = access_token(world, subject, &asked.resource, &short, now_s, expires_in);
    let refresh_token = extras.refresh.map(|grant| world.entra.sealer.seal(Kind::RefreshToken, &grant));
    let id_token = (extras.oidc.contains("openid") && subject.user.is_some())
        .then(|| id_token(world, subject, extras.version, extras.nonce, None));
    let scope = shown_scope(asked, &short, extras.oidc, subject.user);
    let mut raw = envelope(extras.version, asked, now_s, expires_in);
    raw["access_token"] = Value::from(access_token.as_str());
    if subject.user.is_some() {
        raw["scope"] = Value::from(scope.as_str());
    }
    if let Some(token) = &refresh_token {
        raw["refresh_token"] = Value::from(token.as_str());
    }
    if let Some(token) = &id_token {
        raw["id_token"] = Value::from(token.as_str());
    }
    if let Some(user) = subject.user.filter(|_| extras.client_info) {
        raw["client_info"] = Value::from(client_info(user));
    }
    TokenAnswer {
        access_token,
        refresh_token,
        id_token,
        scope,
        expires_in,
        tenant_id: subject.tenant.id.clone(),
        user_id: subject.user.map(|user| user.id.clone()),
        raw,
    }
}

/// The answer without its tokens. The v1 endpoint writes numbers as strings.
fn envelope(version: Version, asked: &ResourceScopes, now_s: i64, life_s: i64) -> Value {
    match version {
        Version::V2 => json!({ "token_type": "Bearer", "expires_in": life_s, "ext_expires_in": life_s }),
        Version::V1 => json!({
            "token_type": "Bearer",
            "expires_in": life_s.to_string(),
            "ext_expires_in": life_s.to_string(),
            "expires_on": (now_s + life_s).to_string(),
            "not_before": (now_s - 300).to_string(),
            "resource": if asked.prefix.is_empty() { asked.resource.audience() } else { asked.prefix.clone() },
        }),
    }
}

/// 60 to 90 minutes less a second, at random, unless `/_control` fixed a life.
fn access_life(world: &World) -> i64 {
    match world.entra.access_life_s.load(Ordering::Relaxed) {
        0 => 3599 + i64::from(u16::from_le_bytes(random::bytes::<2>())) % 1800,
        fixed => fixed,
    }
}

fn access_token(
    world: &World,
    subject: &Subject<'_>,
    resource: &Resource,
    scopes: &[&str],
    now_s: i64,
    life_s: i64,
) -> String {
    let Subject { tenant, app, user, proof, .. } = subject;
    let mut claims = json!({
        "aud": resource.audience(),
        "iss": format!("https://sts.windows.net/{}/", tenant.id),
        "iat": now_s, "nbf": now_s, "exp": now_s + life_s,
        "aio": random::token::<48>(),
        "app_displayname": app.name,
        "appid": app.id, "appidacr": proof.as_claim(),
        "idp": format!("https://sts.windows.net/{}/", tenant.id),
        "rh": random::token::<24>(),
        "tid": tenant.id, "uti": random::token::<16>(), "ver": "1.0",
        "wids": [random::guid_from(&tenant.id)],
        "xms_seq": world.entra.next_seq(world.clock.now_ms()),
    });
    match user {
        Some(user) => {
            claims["acr"] = json!("1");
            claims["amr"] = json!(["pwd"]);
            claims["family_name"] = json!(user.surname);
            claims["given_name"] = json!(user.given_name);
            claims["name"] = json!(user.display_name);
            claims["idtyp"] = json!("user");
            claims["oid"] = json!(user.id);
            claims["scp"] = json!(scopes.join(" "));
            claims["sub"] = json!(pairwise(&user.id, resource.id().app_id()));
            claims["unique_name"] = json!(user.upn);
            claims["upn"] = json!(user.upn);
        }
        None => {
            let principal = random::guid_from(&format!("service principal {} {}", tenant.id, app.id));
            claims["idtyp"] = json!("app");
            claims["oid"] = json!(principal);
            claims["sub"] = json!(principal);
            claims["roles"] = json!(world.directory.granted_roles(&tenant.id, &app.id, resource.id()));
        }
    }
    world.entra.signing.sign(&claims)
}

/// An id token; `code` adds `c_hash` (OpenID Connect Core §3.3.2.11).
pub(super) fn id_token(
    world: &World,
    subject: &Subject<'_>,
    version: Version,
    nonce: Option<&str>,
    code: Option<&str>,
) -> String {
    let Some(user) = subject.user else { return String::new() };
    let now_s = world.clock.now_ms().div_euclid(1000);
    let (issuer, ver) = match version {
        Version::V2 => (format!("{}/{}/v2.0", subject.login, subject.tenant.id), "2.0"),
        Version::V1 => (format!("https://sts.windows.net/{}/", subject.tenant.id), "1.0"),
    };
    let mut claims = json!({
        "aud": subject.app.id, "iss": issuer, "iat": now_s, "nbf": now_s, "exp": now_s + 3900,
        "name": user.display_name, "oid": user.id, "preferred_username": user.upn, "email": user.upn,
        "sub": pairwise(&user.id, &subject.app.id), "tid": subject.tenant.id,
        "rh": random::token::<24>(), "uti": random::token::<16>(), "ver": ver,
    });
    if version == Version::V1 {
        claims["upn"] = json!(user.upn);
        claims["unique_name"] = json!(user.upn);
    }
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    if let Some(code) = code {
        let hash = digest::digest(&digest::SHA256, code.as_bytes());
        claims["c_hash"] = json!(URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    }
    world.entra.signing.sign(&claims)
}

/// The subject id that differs from app to app.
fn pairwise(user: &str, app: &str) -> String {
    let hash = digest::digest(&digest::SHA256, format!("{user} {app}").as_bytes());
    URL_SAFE_NO_PAD.encode(hash)
}

/// `client_info`: who signed in, for clients that ask with `client_info=1`.
pub(super) fn client_info(user: &User) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "uid": user.id, "utid": user.tenant_id }).to_string())
}

/// The scopes as the answer names them: all that is granted on the resource, in the caller's spelling.
fn shown_scope(
    asked: &ResourceScopes,
    granted: &[&str],
    oidc: &BTreeSet<String>,
    user: Option<&User>,
) -> String {
    if user.is_none() {
        return String::new();
    }
    let is_oidc = |name: &str| permissions::OIDC.contains(&name);
    let prefix = match (&asked.resource, asked.prefix.as_str()) {
        (Resource::SharePoint(_), "") => format!("{}/", asked.resource.audience()),
        (_, written) if written.ends_with('/') || written.is_empty() => written.to_owned(),
        (_, written) => format!("{written}/"),
    };
    let mut words: BTreeSet<String> = oidc.iter().filter(|name| *name != "offline_access").cloned().collect();
    words.extend(granted.iter().map(|name| match is_oidc(name) {
        true => (*name).to_owned(),
        false => format!("{prefix}{name}"),
    }));
    words.into_iter().collect::<Vec<_>>().join(" ")
}
