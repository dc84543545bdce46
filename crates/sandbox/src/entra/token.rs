//! The token endpoint: which grant, from whom, for what.

use http::{Method, StatusCode};

use super::authority::{Authority, not_in_tenant};
use super::client_auth::{self, Client};
use super::code::CodeGrant;
use super::failure::{Failure, Ids};
use super::grant::{RefreshGrant, SPA_LIFE_MS, check_user};
use super::mint::{self, Extras, Subject, TokenAnswer, Version};
use super::request::EntraRequest;
use super::scopes::{Names, Resource, ResourceScopes, ScopeRequest, unknown_resource};
use super::sealed::Kind;
use crate::directory::{RedirectKind, Tenant, User};
use crate::principal::ClientProof;
use crate::random;
use crate::web::{self, Params, Reply};
use crate::world::World;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Answers `POST /{tenant}/oauth2/v2.0/token` and `/{tenant}/oauth2/token`.
pub(super) fn endpoint(world: &World, request: &EntraRequest, version: Version) -> Reply {
    let ids = Ids::of(world, &request.headers);
    match exchange(world, request, version) {
        Ok(answer) => {
            let mut reply = web::json(StatusCode::OK, &answer.raw);
            ids.mark(reply.headers_mut(), None);
            reply
        }
        Err(failure) => failure.to_reply(&ids, &request.origin),
    }
}

fn exchange(world: &World, request: &EntraRequest, version: Version) -> Result<TokenAnswer, Failure> {
    if request.method != Method::POST {
        return Err(Failure::new(900561, "The endpoint only accepts POST requests. Received a GET request."));
    }
    let form = request.form();
    let grant_type = form.get("grant_type").ok_or_else(|| Failure::missing("grant_type"))?;
    let authority = Authority::find(world, &request.authority)?;
    let call = Call {
        world,
        request,
        form: &form,
        version,
        client: client_auth::authenticate(world, request, &form)?,
    };
    authority.serve(&call.client.app)?;
    match grant_type {
        "authorization_code" => call.code(&authority),
        "refresh_token" => call.refresh(&authority),
        "client_credentials" => call.client_credentials(&authority),
        DEVICE_GRANT | "device_code" => call.device(),
        other => Err(Failure::new(70003, format!("The app requested an unsupported grant type '{other}'."))),
    }
}

/// One token request whose client is known.
pub(super) struct Call<'a> {
    pub world: &'a World,
    pub request: &'a EntraRequest,
    pub form: &'a Params,
    pub version: Version,
    pub client: Client,
}

impl Call<'_> {
    fn code(&self, authority: &Authority) -> Result<TokenAnswer, Failure> {
        let code = self.form.get("code").ok_or_else(|| Failure::missing("code"))?;
        let now_ms = self.world.clock.now_ms();
        let entra = &self.world.entra;
        let invalid = || Failure::new(70000, "The provided value for the 'code' parameter is not valid.");
        let peek = |grant: &CodeGrant| (grant.redirect_kind, grant.tenant.clone());
        let (kind, tenant_id) =
            entra.with_code(code, |grant| grant.map(|grant| peek(grant))).ok_or_else(invalid)?;
        self.check_redirect_kind(kind)?;
        if matches!(authority, Authority::Tenant(tenant) if tenant.id != tenant_id) {
            return Err(Failure::new(
                700005,
                "Provided Authorization Code is intended to use against other tenant, thus rejected.",
            ));
        }
        let grant = entra.with_code(code, |grant| {
            let (redirect, verifier) = (self.form.get("redirect_uri"), self.form.get("code_verifier"));
            grant.ok_or_else(invalid)?.redeem(&self.client.app.id, redirect, verifier, now_ms)
        })?;
        let (user, tenant) = self.user_in_tenant(&grant.user, &grant.tenant)?;
        check_user(&user, grant.seq)?;
        let (asked, mut request) = self.asked(&grant.scope, &tenant, &user)?;
        request.oidc.extend(grant.scope.oidc.iter().cloned());
        let refresh = RefreshGrant {
            tenant: tenant.id.clone(),
            user: user.id.clone(),
            app: grant.app.clone(),
            seq: grant.seq,
            issued_ms: now_ms,
            scope: request,
            public: self.client.proof == ClientProof::None,
            ends_ms: (kind == RedirectKind::Spa).then_some(now_ms + SPA_LIFE_MS),
            salt: random::token::<360>(),
        };
        Ok(self.answer(&tenant, &user, &asked, refresh, grant.nonce.as_deref()))
    }

    /// Web redirect URIs want a credential and no `Origin`; single-page ones the reverse.
    fn check_redirect_kind(&self, kind: RedirectKind) -> Result<(), Failure> {
        let cross_origin = self.request.headers.contains_key("origin");
        let proven = self.client.proof != ClientProof::None;
        match kind {
            RedirectKind::Web if cross_origin => Err(Failure::new(
                9002326,
                "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
            )),
            RedirectKind::Web if !proven => Err(client_auth::no_credential()),
            RedirectKind::Spa if !cross_origin => Err(Failure::new(
                9002327,
                "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
            )),
            RedirectKind::Native if proven => Err(Failure::new(
                700025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )),
            _ => Ok(()),
        }
    }

    fn refresh(&self, authority: &Authority) -> Result<TokenAnswer, Failure> {
        let token = self.form.get("refresh_token").ok_or_else(|| Failure::missing("refresh_token"))?;
        let grant: RefreshGrant = self
            .world
            .entra
            .sealer
            .open(Kind::RefreshToken, token)
            .filter(|grant: &RefreshGrant| grant.app == self.client.app.id)
            .ok_or_else(|| {
                Failure::new(
                    70000,
                    "The provided value for the input parameter 'refresh_token' is not valid.",
                )
            })?;
        if self.client.proof == ClientProof::None && !grant.public {
            return Err(client_auth::no_credential());
        }
        let (user, tenant) = grant.check(self.world)?;
        if !authority.admits(&tenant) {
            return Err(not_in_tenant(&user, &self.request.authority));
        }
        let (asked, mut request) = self.asked(&grant.scope, &tenant, &user)?;
        request.oidc.extend(grant.scope.oidc.iter().cloned());
        let next = RefreshGrant {
            issued_ms: self.world.clock.now_ms(),
            scope: request,
            salt: random::token::<360>(),
            ..grant
        };
        Ok(self.answer(&tenant, &user, &asked, next, None))
    }

    fn device(&self) -> Result<TokenAnswer, Failure> {
        let code = self.form.get("device_code").or(self.form.get("code"));
        let code = code.ok_or_else(|| Failure::missing("device_code"))?;
        if self.client.proof == ClientProof::None && !self.client.app.public_client_flows {
            return Err(client_auth::no_credential());
        }
        let now_ms = self.world.clock.now_ms();
        let approved = self.world.entra.with_device_code(code, |grant| match grant {
            Some(grant) => grant.poll(&self.client.app.id, now_ms),
            None => {
                Err(Failure::new(70018, "Invalid verification code due to user typing in wrong user code."))
            }
        })?;
        let user = self.world.directory.user(&approved.user);
        let user =
            user.ok_or_else(|| Failure::new(50034, "The user account does not exist in the directory."))?;
        let (user, tenant) = self.user_in_tenant(&user.id, &user.tenant_id)?;
        check_user(&user, approved.seq)?;
        let (asked, request) = self.asked(&approved.scope, &tenant, &user)?;
        let refresh = RefreshGrant {
            tenant: tenant.id.clone(),
            user: user.id.clone(),
            app: self.client.app.id.clone(),
            seq: approved.seq,
            issued_ms: now_ms,
            scope: ScopeRequest { oidc: approved.scope.oidc.clone(), ..request },
            public: self.client.proof == ClientProof::None,
            ends_ms: None,
            salt: random::token::<360>(),
        };
        Ok(self.answer(&tenant, &user, &asked, refresh, None))
    }

    fn user_in_tenant(&self, user: &str, tenant: &str) -> Result<(User, Tenant), Failure> {
        let user = self.world.directory.user(user);
        let user =
            user.ok_or_else(|| Failure::new(50034, "The user account does not exist in the directory."))?;
        let tenant = self.world.directory.tenant(tenant);
        let tenant = tenant.ok_or_else(|| Failure::new(90002, "Tenant not found."))?;
        Ok((user, tenant))
    }

    /// What a token is wanted for: `scope` (or `resource`) of this request, else what the grant was made for.
    /// Exactly one resource, and only what the user or an administrator consented to.
    fn asked(
        &self,
        before: &ScopeRequest,
        tenant: &Tenant,
        user: &User,
    ) -> Result<(ResourceScopes, ScopeRequest), Failure> {
        let explicit = match (self.version, self.form.get("scope"), self.form.get("resource")) {
            (Version::V1, _, Some(resource)) => Some(self.v1_resource(resource, tenant)?),
            (Version::V1, ..) => None,
            (Version::V2, Some(scope), _) => Some(ScopeRequest::parse(scope)?),
            (Version::V2, None, _) => None,
        };
        let narrowed = explicit.is_some();
        let mut request = explicit.unwrap_or_else(|| before.clone());
        if narrowed && request.resources.len() > 1 {
            return Err(Failure::new(
                28000,
                format!(
                    "Provided value for the input parameter scope is not valid because it contains more than one resource. \
                     Scope {} is not valid.",
                    self.form.get("scope").unwrap_or_default()
                ),
            ));
        }
        request.resources.truncate(1);
        let mut asked = request.resources.first().cloned().unwrap_or_else(ResourceScopes::graph);
        asked.resource = asked.resource.in_tenant(tenant)?;
        request.resources = vec![asked.clone()];
        self.check_consent(&asked, tenant, user)?;
        Ok((asked, request))
    }

    /// The `resource` of the v1 endpoint.
    pub fn v1_resource(&self, written: &str, tenant: &Tenant) -> Result<ScopeRequest, Failure> {
        let resource =
            Resource::parse(written).ok_or_else(|| unknown_resource(written, &tenant.display_name))?;
        Ok(ScopeRequest::of_resource(resource, written))
    }

    /// AADSTS65001 when something asked for was never granted.
    fn check_consent(&self, asked: &ResourceScopes, tenant: &Tenant, user: &User) -> Result<(), Failure> {
        let app = &self.client.app;
        let granted = self.world.directory.granted_scopes(&tenant.id, &app.id, &user.id, asked.resource.id());
        let missing = match &asked.names {
            Names::Default => granted.is_empty(),
            Names::Listed(names) if names.is_empty() => granted.is_empty(),
            Names::Listed(names) => !names.is_subset(&granted),
        };
        match missing {
            false => Ok(()),
            true => Err(Failure::new(
                65001,
                format!(
                    "The user or administrator has not consented to use the application with ID '{}' named '{}'. Send an \
                     interactive authorization request for this user and resource.",
                    app.id, app.name
                ),
            )),
        }
    }

    fn answer(
        &self,
        tenant: &Tenant,
        user: &User,
        asked: &ResourceScopes,
        refresh: RefreshGrant,
        nonce: Option<&str>,
    ) -> TokenAnswer {
        let subject = Subject {
            tenant,
            app: &self.client.app,
            user: Some(user),
            proof: self.client.proof,
            login: &self.request.origin,
        };
        let oidc = refresh.scope.oidc.clone();
        let extras = Extras {
            version: self.version,
            oidc: &oidc,
            nonce,
            client_info: self.form.get("client_info") == Some("1"),
            refresh: oidc.contains("offline_access").then_some(refresh),
        };
        mint::answer(self.world, &subject, asked, extras)
    }
}
