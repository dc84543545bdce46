//! A tenant's SharePoint host name, as it stands in URLs and site ids.

/// The tenants of the sandbox that have SharePoint, with the name their host begins with.
const NAMES: [(&str, &str); 3] = [
    ("11111111-2222-4333-8444-555555555555", "contoso"),
    ("22222222-3333-4444-8555-666666666666", "fabrikam"),
    ("33333333-4444-4555-8666-777777777777", "northwind"),
];

/// `contoso` for contoso's tenant id; personal accounts have no SharePoint.
pub(crate) fn sharepoint_name(tenant_id: &str) -> Option<&'static str> {
    NAMES.iter().find(|(id, _)| *id == tenant_id).map(|(_, name)| *name)
}

pub(super) fn tenants() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.into_iter()
}

/// Where a tenant's SharePoint is reached, seen from the origin a request came in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharePointHost {
    /// Host with port when it is not the scheme's default: `contoso.sharepoint.localhost:3004`.
    pub authority: String,
    /// `http://contoso.sharepoint.localhost:3004`.
    pub origin: String,
}

impl SharePointHost {
    /// Real Microsoft names lead to `contoso.sharepoint.com`; all others to the sandbox's own name on the same port.
    pub fn seen_from(request_origin: &str, tenant_name: &str) -> Self {
        let (scheme, authority) = request_origin.split_once("://").unwrap_or(("http", request_origin));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
            _ => (authority, None),
        };
        let real = host.ends_with(".microsoft.com") || host.ends_with(".sharepoint.com");
        let domain = if real { "sharepoint.com" } else { "sharepoint.localhost" };
        let authority = match port {
            Some(port) => format!("{tenant_name}.{domain}:{port}"),
            None => format!("{tenant_name}.{domain}"),
        };
        Self { origin: format!("{scheme}://{authority}"), authority }
    }

    /// Whether a host named in a URL is this one; the port may be left out.
    pub fn is(&self, host: &str) -> bool {
        let bare = self.authority.split(':').next().unwrap_or_default();
        host.eq_ignore_ascii_case(&self.authority) || host.eq_ignore_ascii_case(bare)
    }
}
