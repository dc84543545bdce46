//! Who an endpoint is for: one tenant, or `common`, `organizations`, `consumers`.

use super::client_auth::unknown_app;
use super::failure::Failure;
use crate::directory::{App, Audience, Tenant, TenantKind, User};
use crate::world::World;

/// The first segment of the path.
#[derive(Debug, Clone)]
pub(super) enum Authority {
    Common,
    Organizations,
    Consumers,
    Tenant(Tenant),
}

impl Authority {
    /// AADSTS90002 when there is no such tenant.
    pub fn find(world: &World, segment: &str) -> Result<Self, Failure> {
        match segment.to_ascii_lowercase().as_str() {
            "common" => Ok(Self::Common),
            "organizations" => Ok(Self::Organizations),
            "consumers" => Ok(Self::Consumers),
            _ => match world.directory.tenant(segment) {
                Some(tenant) if tenant.kind == TenantKind::Personal => Ok(Self::Consumers),
                Some(tenant) => Ok(Self::Tenant(tenant)),
                None => Err(Failure::new(
                    90002,
                    format!(
                        "Tenant '{segment}' not found. Check to make sure you have the correct tenant ID and are signing \
                         into the correct cloud."
                    ),
                )),
            },
        }
    }

    /// Whether this app may be used here: single-tenant apps at home only.
    pub fn serve(&self, app: &App) -> Result<(), Failure> {
        match (app.audience, self) {
            (Audience::SingleTenant, Self::Tenant(tenant)) if tenant.id == app.home_tenant => Ok(()),
            (Audience::SingleTenant, Self::Tenant(tenant)) => Err(unknown_app(&app.id, &tenant.display_name)),
            (Audience::SingleTenant, _) => Err(single_tenant_on_shared(&app.id)),
            _ => Ok(()),
        }
    }

    /// Whether a user of this tenant may come in by this authority.
    pub fn admits(&self, tenant: &Tenant) -> bool {
        match self {
            Self::Common => true,
            Self::Organizations => tenant.kind == TenantKind::Work,
            Self::Consumers => tenant.kind == TenantKind::Personal,
            Self::Tenant(own) => own.id == tenant.id,
        }
    }
}

/// AADSTS50194: a single-tenant app on an authority that is for many.
fn single_tenant_on_shared(app_id: &str) -> Failure {
    Failure::new(
        50194,
        format!(
            "Application '{app_id}' is not configured as a multi-tenant application. Usage of the /common endpoint is not \
             supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the \
             application to be multi-tenant."
        ),
    )
}

/// AADSTS50020.
pub(super) fn not_in_tenant(user: &User, tenant: &str) -> Failure {
    Failure::new(
        50020,
        format!(
            "User account '{}' from identity provider 'https://sts.windows.net/{}/' does not exist in tenant '{tenant}' and \
             cannot access the application in that tenant. The account needs to be added as an external user in the \
             tenant first. Sign out and sign in again with a different account.",
            user.upn, user.tenant_id
        ),
    )
}
