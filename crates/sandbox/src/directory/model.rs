//! The nouns of the directory.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A tenant: an organisation, or the one that holds all personal accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tenant {
    /// GUID, lower case (`tid`).
    pub id: String,
    /// The name in its SharePoint host, for example `contoso`.
    pub name: String,
    pub display_name: String,
    /// Verified domains; each may stand for the id in an authority URL.
    pub domains: Vec<String>,
    pub kind: TenantKind,
    pub user_consent: UserConsent,
}

impl Tenant {
    /// Whether the tenant has a SharePoint host; the one of personal accounts has none.
    pub fn has_sharepoint(&self) -> bool {
        self.kind == TenantKind::Work
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TenantKind {
    Work,
    /// The tenant of personal accounts (`consumers`).
    Personal,
}

/// Whether users who are not administrators may consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UserConsent {
    Allowed,
    AdminsOnly,
}

/// A person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    /// Object id (`oid`), GUID, lower case.
    pub id: String,
    pub tenant_id: String,
    pub upn: String,
    pub display_name: String,
    pub given_name: String,
    pub surname: String,
    pub job_title: String,
    pub standing: Standing,
    #[serde(default)]
    pub disabled: bool,
    /// A sign-in rule that Conditional Access applies to every renewal, set through `/_control`.
    #[serde(default)]
    pub access_rule: AccessRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    Member,
    Admin,
}

/// What Conditional Access says about a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccessRule {
    #[default]
    None,
    /// Refresh tokens of sign-ins before this moment (`seq`) need a second factor: AADSTS50076.
    MfaSince(i64),
    /// AADSTS53003.
    Blocked,
}

/// Who may sign in to an app (`signInAudience`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Audience {
    SingleTenant,
    MultiTenant,
    MultiTenantAndPersonal,
}

/// An app registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct App {
    /// Client id.
    pub id: String,
    pub name: String,
    pub home_tenant: String,
    pub audience: Audience,
    pub redirect_uris: Vec<RedirectUri>,
    pub secrets: Vec<AppSecret>,
    pub certificates: Vec<AppCertificate>,
    /// Permissions of the registration (what `.default` means), by resource.
    pub required: BTreeMap<ResourceId, RequiredPermissions>,
    /// "Allow public client flows": device code without a credential.
    pub public_client_flows: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RedirectUri {
    pub uri: String,
    pub kind: RedirectKind,
}

/// The platform of a redirect URI; it decides how codes are redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RedirectKind {
    /// Confidential: a secret or assertion is needed, no `Origin` header may be sent.
    Web,
    /// PKCE and an `Origin` header; refresh tokens end 24 hours after the sign-in.
    Spa,
    /// Mobile and desktop.
    Native,
}

/// A client secret, kept as its hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AppSecret {
    /// The *secret ID* of the portal, which people paste by mistake.
    pub id: String,
    pub sha256: String,
    /// First three characters, as the portal shows.
    pub hint: String,
    /// End of validity, Unix milliseconds; `None` never ends.
    pub expires_ms: Option<i64>,
}

/// A certificate registered for client assertions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AppCertificate {
    /// base64url SHA-1 of the DER (`x5t`).
    pub x5t: String,
    /// base64url SHA-256 of the DER (`x5t#S256`).
    pub x5t_s256: String,
    pub subject: String,
    /// PKCS#1 `RSAPublicKey`, base64.
    pub public_key: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RequiredPermissions {
    pub delegated: BTreeSet<String>,
    pub application: BTreeSet<String>,
}

/// An API whose permissions are granted as one: every SharePoint host shares one service principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResourceId {
    Graph,
    SharePoint,
}

impl ResourceId {
    /// The first-party application id.
    pub fn app_id(self) -> &'static str {
        match self {
            Self::Graph => "00000003-0000-0000-c000-000000000000",
            Self::SharePoint => "00000003-0000-0ff1-ce00-000000000000",
        }
    }

    pub fn display_name(self) -> &'static str {
        match self {
            Self::Graph => "Microsoft Graph",
            Self::SharePoint => "SharePoint Online",
        }
    }
}

/// What a tenant has granted to an app on one resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub tenant_id: String,
    pub app_id: String,
    pub resource: ResourceId,
    pub by: ConsentBy,
    /// Delegated scopes.
    #[serde(default)]
    pub scopes: BTreeSet<String>,
    /// Application roles; only an administrator grants them.
    #[serde(default)]
    pub roles: BTreeSet<String>,
}

/// For whom a consent holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConsentBy {
    /// Granted by an administrator for everybody.
    Everyone,
    User(String),
}
