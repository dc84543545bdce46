//! Which origin is the tenant's own: learnt from the API with the connection's token, or entered by the operator,
//! never taken from a request.

use domain::provider::Resource;
use domain::template::{Template, Values};
use egress::Body;
use http::{Request, header};
use serde_json::Value;
use store::LearnedHost;

use super::Resources;
use crate::context::Context;
use crate::credentials::account::Account;
use crate::credentials::schemes::Party;
use crate::error::Error;

impl Resources {
    /// The tenant's own origin of a resource: from the definition alone, from memory, from the database, or learnt.
    pub(super) async fn origin(&self, account: &Account, resource: &Resource) -> Result<String, Error> {
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
pub(super) fn could_be(context: &Context, account: &Account, resource: &Resource, origin: &str) -> bool {
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

/// Whether an origin has the form of one of the templates for some tenant.
pub(super) fn any_tenants<'a>(
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
