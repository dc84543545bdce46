//! Tokens for further resources: one Entra grant opens Graph, SharePoint and the file picker.
//!
//! Invariant: a minted token leaves only for the exact origin that is its audience, and that origin is the tenant's
//! own: learnt from the API with the connection's token, or entered by the operator, never taken from a request.

use std::sync::Arc;

use domain::credentials::Credentials;
use domain::operation::{OperationKind, OperationState};
use domain::provider::{Auth, CodeGrant, Resource};
use domain::template::{Template, Values};
use domain::{ConnectionRow, Secret};
use egress::Body;
use http::{Request, header};
use moka::sync::Cache;
use serde_json::{Value, json};
use store::{LearnedHost, ResourceToken};

use super::account::Account;
use super::problem::TokenProblem;
use super::schemes::{Party, TokenRequest, client_credentials, oauth2};
use super::token_answer::TokenAnswer;
use super::{renewal, token_endpoint};
use crate::context::Context;
use crate::error::Error;
use crate::operations::OperationFacts;

/// A token for one resource.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The bearer token.
    pub token: Secret,
    /// Its end, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The only origin it goes to.
    pub origin: String,
    /// The version of the credentials it was minted with.
    version: i64,
}

type Key = (ConnectionRow, String);

/// Mints and keeps tokens for further resources.
pub struct Resources {
    context: Arc<Context>,
    minted: Cache<Key, Arc<Minted>>,
    /// Origins by connection and resource, as learnt for one authorization (its `seal_id`).
    origins: Cache<(String, String), String>,
    gates: Cache<Key, Arc<tokio::sync::Mutex<()>>>,
}

/// A minted token is renewed this long before its end.
const MARGIN_MS: i64 = 5 * 60 * 1000;

impl Resources {
    /// Nothing minted yet.
    pub fn new(context: Arc<Context>) -> Self {
        let size = 10_000;
        Self {
            context,
            minted: Cache::builder().max_capacity(size).build(),
            origins: Cache::builder().max_capacity(size).build(),
            gates: Cache::builder().max_capacity(size).build(),
        }
    }

    /// The token for an origin, when the definition lists it as a resource and it is the tenant's own.
    ///
    /// # Errors
    /// It is one, but no token can be had.
    pub async fn token_for_origin(&self, account: &Account, origin: &str) -> Result<Option<Secret>, Error> {
        for resource in resources(account) {
            if !could_be(&self.context, account, resource, origin) {
                continue;
            }
            if self.origin(account, resource).await? == origin {
                return self.token(account, resource).await.map(|minted| Some(minted.token.clone()));
            }
        }
        Ok(None)
    }

    /// Whether an origin has the form of the provider's base or of one of its resources, but for another tenant than
    /// the connection's. Only asked of origins that [`Self::token_for_origin`] has no token for, and only of providers
    /// whose tokens are good for one audience each.
    pub fn is_of_another_tenant(&self, account: &Account, origin: &str) -> bool {
        let Some(proxy) = &account.integration.entry.provider.proxy else { return false };
        let templates = proxy.resources.iter().map(|resource| &resource.origin).chain([&proxy.base_url]);
        let party = account.integration.party(&self.context, account.client(), &account.connection.config);
        !proxy.resources.is_empty() && any_tenants(&party, origin, templates)
    }

    /// The token for a resource by its name in the definition or by its origin.
    ///
    /// # Errors
    /// The definition does not list it, it is another tenant's, or no token can be had.
    pub async fn token_for_resource(&self, account: &Account, wanted: &str) -> Result<Arc<Minted>, Error> {
        let origin = wanted.trim_end_matches('/');
        for resource in resources(account) {
            let named = resource.name == wanted;
            if named
                || (could_be(&self.context, account, resource, origin)
                    && self.origin(account, resource).await? == origin)
            {
                return self.token(account, resource).await;
            }
        }
        let known: Vec<&str> = resources(account).iter().map(|resource| resource.name.as_str()).collect();
        Err(Error::refused(
            "unknown_resource",
            format!(
                "`{wanted}` is not a resource of this connection's provider and tenant; known are: {}",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            ),
        ))
    }

    async fn token(&self, account: &Account, resource: &Resource) -> Result<Arc<Minted>, Error> {
        let key = (account.connection.row, resource.name.clone());
        if let Some(minted) = self.kept(account, &key) {
            return Ok(minted);
        }
        let gate = self.gates.get_with(key.clone(), Arc::default);
        let _turn = gate.lock().await;
        if let Some(minted) = self.kept(account, &key) {
            return Ok(minted);
        }
        let origin = self.origin(account, resource).await?;
        let minted = match self.stored(account, resource, &origin).await? {
            Some(minted) => minted,
            None => self.mint(account, resource, origin).await?,
        };
        let minted = Arc::new(minted);
        self.minted.insert(key, minted.clone());
        Ok(minted)
    }

    fn kept(&self, account: &Account, key: &Key) -> Option<Arc<Minted>> {
        let fresh = |minted: &Arc<Minted>| {
            minted.version == account.connection.credentials_version
                && is_fresh(minted.expires_at_ms, self.context.now_ms())
        };
        self.minted.get(key).filter(fresh)
    }

    async fn stored(
        &self,
        account: &Account,
        resource: &Resource,
        origin: &str,
    ) -> Result<Option<Minted>, Error> {
        let context = &self.context;
        let connection = &account.connection;
        let found =
            context.store.resource_token(account.integration.scope, connection.row, &resource.name).await?;
        let Some(found) = found.filter(|found| is_fresh(found.expires_at_ms, context.now_ms())) else {
            return Ok(None);
        };
        let row = sealed_row(account, resource, origin);
        // A token of another authorization or host does not open at this place; it is minted anew.
        let Ok(clear) =
            context.vault.open(&vault::Place::new("resource_tokens", &row, "sealed"), &found.token)
        else {
            return Ok(None);
        };
        let token =
            String::from_utf8(clear.to_vec()).map_err(|_| Error::Corrupt("a stored token is not text"))?;
        Ok(Some(Minted {
            token: token.into(),
            expires_at_ms: found.expires_at_ms,
            origin: origin.to_owned(),
            version: connection.credentials_version,
        }))
    }

    async fn mint(&self, account: &Account, resource: &Resource, origin: String) -> Result<Minted, Error> {
        let context = &self.context;
        let started_at_ms = context.now_ms();
        let request = request(context, account, resource, &origin)?;
        let (facts, answer) = token_endpoint::ask(context, request).await;
        log(context, account, resource, &origin, started_at_ms, &facts, &answer);
        let answer = answer?;
        let row = sealed_row(account, resource, &origin);
        let place = vault::Place::new("resource_tokens", &row, "sealed");
        let sealed = context.vault.seal(&place, answer.access_token.expose().as_bytes())?;
        let stored = ResourceToken { token: sealed, expires_at_ms: answer.expires_at_ms };
        let scope = account.integration.scope;
        context
            .store
            .set_resource_token(scope, account.connection.row, &resource.name, &stored, context.now_ms())
            .await?;
        Ok(Minted {
            token: answer.access_token,
            expires_at_ms: answer.expires_at_ms,
            origin,
            version: account.connection.credentials_version,
        })
    }

    /// The tenant's own origin of a resource: from the definition alone, from memory, from the database, or learnt.
    async fn origin(&self, account: &Account, resource: &Resource) -> Result<String, Error> {
        if let Some(origin) = resolved(&self.context, account, resource, None) {
            return Ok(origin);
        }
        let key = (account.connection.seal_id.clone(), resource.name.clone());
        if let Some(origin) = self.origins.get(&key) {
            return Ok(origin);
        }
        let scope = account.integration.scope;
        let known = self.context.store.learned_hosts(scope, account.connection.row).await?;
        let learnt = known.into_iter().find(|host| host.resource == resource.name).map(|host| host.origin);
        let url = match learnt {
            Some(url) => url,
            None => {
                let url = self.discover(account, resource).await?;
                let learned_at_ms = self.context.now_ms();
                let host =
                    LearnedHost { resource: resource.name.clone(), origin: url.clone(), learned_at_ms };
                self.context.store.set_learned_host(scope, account.connection.row, &host).await?;
                url
            }
        };
        let origin = first_label(&url)
            .and_then(|label| resolved(&self.context, account, resource, Some(label)))
            .ok_or_else(|| unlearnt(resource, "the answer names no host"))?;
        self.origins.insert(key, origin.clone());
        Ok(origin)
    }

    /// Asks the API which host is the tenant's own.
    async fn discover(&self, account: &Account, resource: &Resource) -> Result<String, Error> {
        let discovery = resource
            .discovery
            .as_ref()
            .ok_or_else(|| unlearnt(resource, "the definition does not say how"))?;
        let plan = account.plan(&self.context).map_err(|problem| unlearnt(resource, problem))?;
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = egress::absolute(&plan.base_origin, &discovery.path)?;
        if let Some(authorization) = &plan.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        let response = self.context.egress.fetch_bytes(request, &self.context.settings.token).await?;
        if !response.status().is_success() {
            let why = format!("{} answered {}", discovery.path, response.status().as_u16());
            return Err(unlearnt(resource, &why));
        }
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let found = discovery
            .url_at
            .split('.')
            .try_fold(&body, |value, part| value.get(part))
            .and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| unlearnt(resource, "the answer names no host"))
    }
}

fn resources(account: &Account) -> &[Resource] {
    account.integration.entry.provider.proxy.as_ref().map_or(&[], |proxy| &proxy.resources)
}

fn is_fresh(expires_at_ms: Option<i64>, now_ms: i64) -> bool {
    expires_at_ms.is_some_and(|end| end - now_ms > MARGIN_MS)
}

/// A token is sealed to the authorization it came from and the origin it goes to.
fn sealed_row(account: &Account, resource: &Resource, origin: &str) -> String {
    format!("{} {} {origin}", account.connection.seal_id, resource.name)
}

fn first_label(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    url.host_str()?.split('.').next().map(str::to_owned)
}

/// The origin for a label of the tenant's host; without one only what the operator or the definition says counts.
fn resolved(
    context: &Context,
    account: &Account,
    resource: &Resource,
    label: Option<String>,
) -> Option<String> {
    let extra: Vec<(&str, String)> = label.into_iter().map(|label| ("discovered.label", label)).collect();
    let mut party = account.integration.party(context, account.client(), &account.connection.config);
    party.extra = &extra;
    let text = resource.origin.resolve(&party).ok()?;
    crate::proxy::target::origin(&text)
}

/// Whether an origin could be the resource's for some tenant; asked before anything is sent anywhere.
fn could_be(context: &Context, account: &Account, resource: &Resource, origin: &str) -> bool {
    let Some(label) = first_label(origin) else { return false };
    let shorter = label.strip_suffix("-my").map(str::to_owned);
    [None, Some(label), shorter]
        .into_iter()
        .any(|label| resolved(context, account, resource, label).is_some_and(|candidate| candidate == origin))
}

/// Values under which every name that is not the cloud's stands for one label of a host.
struct AnyTenant<'a> {
    party: &'a Party<'a>,
    label: &'a str,
}

impl Values for AnyTenant<'_> {
    fn get(&self, path: &str) -> Option<String> {
        if path.starts_with("cloud.") { self.party.get(path) } else { Some(self.label.to_owned()) }
    }
}

fn any_tenants<'a>(
    party: &Party<'_>,
    origin: &str,
    mut templates: impl Iterator<Item = &'a Template>,
) -> bool {
    let Some(label) = first_label(origin) else { return false };
    let shorter = label.strip_suffix("-my").unwrap_or(&label);
    templates.any(|template| {
        [label.as_str(), shorter].iter().any(|&label| {
            let text = template.resolve(&AnyTenant { party, label }).ok();
            text.and_then(|text| crate::proxy::target::origin(&text)).is_some_and(|form| form == origin)
        })
    })
}

fn unlearnt(resource: &Resource, why: &str) -> Error {
    Error::refused(
        "resource_host_unknown",
        format!(
            "the tenant's own host for `{}` cannot be learnt: {why}; an operator can set `tenantName` in the \
             integration's connection config",
            resource.name
        ),
    )
}

fn request(
    context: &Context,
    account: &Account,
    resource: &Resource,
    origin: &str,
) -> Result<TokenRequest, Error> {
    let open = &account.integration;
    let named = [("origin", origin.to_owned())];
    let mut party: Party<'_> = open.party(context, account.client(), &account.connection.config);
    party.extra = &named;
    let scope = party.text(&resource.scope)?;
    let named = [("resource.origin", origin.to_owned()), ("resource.scope", scope.clone())];
    let mut party: Party<'_> = open.party(context, account.client(), &account.connection.config);
    party.extra = &named;
    let request = match (&open.entry.provider.auth, &account.credentials) {
        (Auth::OAuth2(scheme), Credentials::OAuth2(_)) if scheme.grant == CodeGrant::AdminConsent => {
            oauth2::mint_for_admin(scheme, &party, &[scope])?
        }
        (Auth::OAuth2(scheme), Credentials::OAuth2(own)) => {
            let token = own.refresh_token.as_ref().ok_or_else(|| {
                TokenProblem::developer(
                    "missing_refresh_token",
                    "A token for another resource needs a refresh token, and the connection has none.",
                    "Add `offline_access` to the integration's scopes, then the user connects again.",
                )
            })?;
            // Entra does not revoke a refresh token on use, so this one stays the connection's.
            oauth2::refresh(scheme, &party, token, Some(&scope))?
        }
        (Auth::OAuth2Cc(scheme), Credentials::OAuth2Cc(_)) => {
            client_credentials::request(scheme, &party, &[scope])?
        }
        (Auth::TwoStep(scheme), Credentials::TwoStep(own)) => {
            renewal::two_step_request(context, scheme, &party, own)?
        }
        _ => return Err(Error::refused("wrong_auth_mode", "these credentials cannot open another resource")),
    };
    Ok(request)
}

fn log(
    context: &Context,
    account: &Account,
    resource: &Resource,
    origin: &str,
    started_at_ms: i64,
    facts: &token_endpoint::TokenCallFacts,
    answer: &Result<TokenAnswer, TokenProblem>,
) {
    let operation = OperationFacts {
        kind: OperationKind::MintToken,
        integration: &account.integration.integration,
        connection: Some(account.connection.id.as_str()),
        created_at_ms: started_at_ms,
        detail: Some(json!({
            "resource": resource.name, "origin": origin,
            "request": {"method": facts.method.as_str(), "url": facts.url, "grant_type": facts.grant},
            "response": {"code": facts.status}, "duration_us": facts.duration.as_micros() as u64,
        })),
    };
    let state = if answer.is_ok() { OperationState::Success } else { OperationState::Failed };
    let error = answer.as_ref().err().map(|problem| format!("{}: {}", problem.code, problem.cause));
    context.log.ended(account.integration.scope, context.log.new_id(started_at_ms), &operation, state, error);
}
