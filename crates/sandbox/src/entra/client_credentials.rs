//! The client credentials grant: an app acting as itself, in one tenant, with `.default` of one resource.

use std::collections::BTreeSet;

use super::authority::Authority;
use super::client_auth;
use super::failure::Failure;
use super::mint::{self, Extras, Subject, TokenAnswer, Version};
use super::scopes::{Names, ResourceScopes, ScopeRequest};
use super::token::Call;
use crate::principal::ClientProof;

impl Call<'_> {
    /// Answers `grant_type=client_credentials`.
    pub(super) fn client_credentials(&self, authority: &Authority) -> Result<TokenAnswer, Failure> {
        let Authority::Tenant(tenant) = authority else {
            return Err(Failure::new(
                9001023,
                "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations \
                 or tenant-specific endpoint.",
            ));
        };
        let app = &self.client.app;
        if self.client.proof == ClientProof::None {
            return Err(client_auth::no_credential());
        }
        if !self.world.directory.app_is_in_tenant(&tenant.id, &app.id) {
            return Err(client_auth::unknown_app(&app.id, &tenant.display_name));
        }
        let request = match self.version {
            Version::V1 => {
                let written = self.form.get("resource").ok_or_else(|| Failure::missing("resource"))?;
                self.v1_resource(written, tenant)?
            }
            Version::V2 => self.default_of_one_resource()?,
        };
        let mut asked = request.resources.into_iter().next().unwrap_or_else(ResourceScopes::graph);
        asked.resource = asked.resource.in_tenant(tenant)?;
        let subject =
            Subject { tenant, app, user: None, proof: self.client.proof, login: &self.request.origin };
        let extras = Extras {
            version: self.version,
            oidc: &BTreeSet::new(),
            nonce: None,
            client_info: false,
            refresh: None,
        };
        Ok(mint::answer(self.world, &subject, &asked, extras))
    }

    /// Client credentials want exactly `{resource}/.default`.
    fn default_of_one_resource(&self) -> Result<ScopeRequest, Failure> {
        let scope = self.form.get("scope").ok_or_else(|| Failure::missing("scope"))?;
        let words = scope.split_ascii_whitespace().count();
        let request = ScopeRequest::parse(scope);
        let several = request.as_ref().is_ok_and(|request| request.resources.len() > 1);
        if several || (words > 1 && scope.matches(".default").count() > 1) {
            return Err(Failure::new(
                700022,
                format!(
                    "The provided value for the input parameter 'scope' ('{scope}') is not valid because it contains \
                    more than one resource."
                ),
            ));
        }
        let request = request?;
        match request.resources.first() {
            Some(asked) if asked.names == Names::Default && request.oidc.is_empty() => Ok(request),
            _ => Err(Failure::new(
                1002012,
                format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value \
                     with /.default suffixed to the resource identifier (application ID URI)."
                ),
            )),
        }
    }
}
