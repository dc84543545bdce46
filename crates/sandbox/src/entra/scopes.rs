//! The `scope` parameter: which resources, which permissions, and what may not stand together.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::directory::{ResourceId, Tenant, permissions};
use crate::hosts;

/// Most scopes read from one request.
const MOST: usize = 200;

/// An API that tokens are made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Resource {
    Graph,
    /// One SharePoint host by its tenant's name; empty means the host of whichever tenant signs in.
    SharePoint(String),
}

impl Resource {
    pub fn id(&self) -> ResourceId {
        match self {
            Self::Graph => ResourceId::Graph,
            Self::SharePoint(_) => ResourceId::SharePoint,
        }
    }

    /// Microsoft's own name of the resource, the `aud` of its tokens.
    pub fn audience(&self) -> String {
        match self {
            Self::Graph => "https://graph.microsoft.com".into(),
            Self::SharePoint(name) => format!("https://{name}.sharepoint.com"),
        }
    }

    /// Reads a resource as Microsoft names it (URI or application id) or by the sandbox's own origin.
    pub fn parse(written: &str) -> Option<Self> {
        let written = written.trim_end_matches('/').to_ascii_lowercase();
        if written == ResourceId::Graph.app_id() {
            return Some(Self::Graph);
        }
        if written == ResourceId::SharePoint.app_id() {
            return Some(Self::SharePoint(String::new()));
        }
        let authority = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"))?;
        let host = hosts::split_port(authority).0;
        match hosts::sharepoint_name(host) {
            Some(name) => Some(Self::SharePoint(name.to_owned())),
            None => hosts::is_graph(host).then_some(Self::Graph),
        }
    }

    /// The resource as it is in `tenant`: a SharePoint host of another tenant has no principal there.
    pub fn in_tenant(&self, tenant: &Tenant) -> Result<Self, Failure> {
        match self {
            Self::SharePoint(name) if name.is_empty() && tenant.has_sharepoint() => {
                Ok(Self::SharePoint(tenant.name.clone()))
            }
            Self::SharePoint(name) if *name != tenant.name || !tenant.has_sharepoint() => {
                Err(unknown_resource(&self.audience(), &tenant.display_name))
            }
            known => Ok(known.clone()),
        }
    }
}

/// AADSTS500011.
pub(crate) fn unknown_resource(resource: &str, tenant: &str) -> Failure {
    Failure::new(
        500011,
        format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if \
             the application has not been installed by the administrator of the tenant or consented to by any user \
             in the tenant. You might have sent your authentication request to the wrong tenant."
        ),
    )
}

/// What a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScopeRequest {
    /// In the order in which they were named.
    pub resources: Vec<ResourceScopes>,
    /// `openid`, `profile`, `email`, `offline_access`.
    pub oidc: BTreeSet<String>,
}

/// The permissions asked of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourceScopes {
    pub resource: Resource,
    pub names: Names,
    /// The prefix as the caller wrote it (`https://graph.microsoft.com/`), empty for short names.
    pub prefix: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Names {
    /// `.default`: whatever the registration and the grants say.
    Default,
    Listed(BTreeSet<String>),
}

impl ScopeRequest {
    /// Reads `scope`. `.default` beside resource scopes is AADSTS70011.
    pub fn parse(scope: &str) -> Result<Self, Failure> {
        let mut out = Self::default();
        for word in scope.split_ascii_whitespace().take(MOST) {
            match permissions::OIDC.iter().find(|known| known.eq_ignore_ascii_case(word)) {
                Some(known) => {
                    out.oidc.insert((*known).to_owned());
                }
                None => out.add(word, scope)?,
            }
        }
        let defaults = out.resources.iter().filter(|asked| asked.names == Names::Default).count();
        if defaults > 0 && out.resources.len() > 1 {
            return Err(mixed(scope));
        }
        if out.resources.is_empty() && !out.oidc.is_empty() {
            out.resources.push(ResourceScopes::graph());
        }
        Ok(out)
    }

    /// The v1 endpoint's `resource`, which always means the registration's permissions.
    pub fn of_resource(resource: Resource, written: &str) -> Self {
        let asked = ResourceScopes { resource, names: Names::Default, prefix: written.to_owned() };
        let oidc = permissions::OIDC.iter().map(|name| (*name).to_owned()).collect();
        Self { resources: vec![asked], oidc }
    }

    fn add(&mut self, word: &str, whole: &str) -> Result<(), Failure> {
        let (prefix, name) = match word.rsplit_once('/') {
            Some((resource, name)) => (resource, name),
            None => ("", word),
        };
        if name.is_empty() {
            return Err(invalid(whole, word));
        }
        let resource = match prefix {
            "" => Resource::Graph,
            written => Resource::parse(written).ok_or_else(|| unknown_resource(written, "of the request"))?,
        };
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let names = match name {
            ".default" => Names::Default,
            listed => Names::Listed(BTreeSet::from([canonical(resource.id(), listed)])),
        };
        match self.resources.iter_mut().find(|asked| asked.resource == resource) {
            None => self.resources.push(ResourceScopes { resource, names, prefix }),
            Some(asked) => match (&mut asked.names, names) {
                (Names::Default, Names::Default) => {}
                (Names::Listed(known), Names::Listed(more)) => known.extend(more),
                _ => return Err(mixed(whole)),
            },
        }
        Ok(())
    }
}

impl ResourceScopes {
    /// Graph without a named permission: what a request for OpenID Connect scopes alone gets a token for.
    pub fn graph() -> Self {
        Self { resource: Resource::Graph, names: Names::Listed(BTreeSet::new()), prefix: String::new() }
    }
}

/// The permission's published spelling, or the name as given when there is none such.
fn canonical(resource: ResourceId, name: &str) -> String {
    permissions::find(resource, name).map_or(name, |permission| permission.name).to_owned()
}

fn mixed(scope: &str) -> Failure {
    Failure::new(
        70011,
        format!(
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter \
             'scope' is not valid. The scope '{scope}' is not valid. .default scope can't be combined with \
             resource-specific scopes."
        ),
    )
}

/// AADSTS70011 for one word of the scope.
pub(crate) fn invalid(scope: &str, word: &str) -> Failure {
    Failure::new(
        70011,
        format!(
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter \
             'scope' ('{scope}') is not valid. The scope {word} is not valid."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_may_stand_beside_oidc_scopes_only() {
        let legal = ScopeRequest::parse(".default offline_access").unwrap();
        assert_eq!(legal.resources[0].names, Names::Default);
        assert!(legal.oidc.contains("offline_access"));
        for mix in [
            ".default Files.Read",
            "Files.Read https://graph.microsoft.com/.default",
            ".default https://contoso.sharepoint.com/AllSites.Read",
        ] {
            assert_eq!(ScopeRequest::parse(mix).unwrap_err().code, 70011, "{mix}");
        }
    }

    #[test]
    fn a_resource_has_several_names() {
        for name in [
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/",
            "http://graph.localhost:3004",
            "00000003-0000-0000-c000-000000000000",
        ] {
            assert_eq!(Resource::parse(name), Some(Resource::Graph), "{name}");
        }
        let contoso = Some(Resource::SharePoint("contoso".into()));
        assert_eq!(Resource::parse("http://contoso.sharepoint.localhost:9"), contoso);
        assert_eq!(Resource::parse("https://evil.example"), None);
        assert_eq!(ScopeRequest::parse("https://graph.microsoft.com//.default").unwrap().resources.len(), 1);
    }
}
