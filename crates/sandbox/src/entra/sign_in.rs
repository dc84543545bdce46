//! Signing in without a browser: what the token endpoint answers after a user agreed, for `sheetbend dev` and tests.

use std::collections::BTreeSet;

use super::consent::{self, Wanted};
use super::failure::Failure;
use super::grant::RefreshGrant;
use super::mint::{self, Extras, Subject, TokenAnswer, Version};
use super::scopes::{Names, ResourceScopes, ScopeRequest};
use crate::directory::{App, ConsentBy, ResourceId, Tenant, User};
use crate::principal::ClientProof;
use crate::random;
use crate::world::World;

/// Who signs in to what.
#[derive(Debug, Clone)]
pub(crate) struct SignIn<'a> {
    pub app_id: &'a str,
    pub upn: &'a str,
    /// The `scope` parameter; several resources may be named, tokens are for the first.
    pub scope: &'a str,
    /// The login origin, issuer of the id token.
    pub login: &'a str,
}

/// Records consent and mints tokens, as if the user had signed in and agreed to everything.
pub(crate) fn sign_in(world: &World, asked: &SignIn<'_>) -> Result<TokenAnswer, Failure> {
    let app = world.directory.app(asked.app_id);
    let app = app.ok_or_else(|| super::client_auth::unknown_app(asked.app_id, "sandbox"))?;
    let user = world.directory.user(asked.upn);
    let user =
        user.ok_or_else(|| Failure::new(50034, format!("The user '{}' does not exist.", asked.upn)))?;
    let tenant = world.directory.tenant(&user.tenant_id);
    let tenant =
        tenant.ok_or_else(|| Failure::new(90002, format!("Tenant '{}' not found.", user.tenant_id)))?;
    let now_ms = world.clock.now_ms();
    let mut scope = ScopeRequest::parse(asked.scope)?;
    for resource in &mut scope.resources {
        resource.resource = resource.resource.in_tenant(&tenant)?;
        record_consent(world, &app, &user, &tenant, resource, &scope.oidc)?;
    }
    scope.resources.truncate(1);
    let resource = scope.resources.first().cloned().unwrap_or_else(ResourceScopes::graph);
    let subject = Subject {
        tenant: &tenant,
        app: &app,
        user: Some(&user),
        proof: ClientProof::Secret,
        login: asked.login,
    };
    let oidc = scope.oidc.clone();
    let refresh = oidc.contains("offline_access").then(|| RefreshGrant {
        tenant: tenant.id.clone(),
        user: user.id.clone(),
        app: app.id.clone(),
        seq: world.entra.next_seq(now_ms),
        issued_ms: now_ms,
        scope,
        public: false,
        ends_ms: None,
        salt: random::token::<360>(),
    });
    let extras = Extras { version: Version::V2, oidc: &oidc, nonce: None, client_info: false, refresh };
    Ok(mint::answer(world, &subject, &resource, extras))
}

/// The user agrees to all that is asked of one resource; `.default` means the whole registration, as on the page.
fn record_consent(
    world: &World,
    app: &App,
    user: &User,
    tenant: &Tenant,
    asked: &ResourceScopes,
    oidc: &BTreeSet<String>,
) -> Result<(), Failure> {
    let mut wanted = match &asked.names {
        Names::Listed(names) => Wanted::from([(asked.resource.id(), names.clone())]),
        Names::Default => {
            app.required.iter().map(|(resource, required)| (*resource, required.delegated.clone())).collect()
        }
    };
    if let Some(graph) = wanted.get_mut(&ResourceId::Graph) {
        graph.extend(oidc.iter().cloned());
        graph.insert("User.Read".into());
    }
    let by = ConsentBy::User(user.id.clone());
    consent::record(&world.directory, tenant, app, &by, &wanted, &Wanted::new())
        .map_err(|error| Failure::new(90033, format!("The sandbox cannot write: {error}.")))
}
