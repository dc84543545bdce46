//! The ways to name a site: `root`, host, `host:/path:`, `host,site,web`, a bare site id.

use percent_encoding::percent_decode_str;

use crate::sites::{SharePointHost, Site, SiteKey, Sites};

use super::answer::GraphError;

/// What a path under `/sites` leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// `/sites` itself: a search.
    All,
    /// One site and the decoded segments after it.
    One { key: SiteKey, rest: Vec<String> },
}

/// Resolves a path that begins with `/sites`.
pub(super) fn parse(
    sites: &Sites,
    tenant_id: &str,
    host: &SharePointHost,
    path: &str,
) -> Result<Address, GraphError> {
    let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let segments: Vec<String> =
        path.trim_matches('/').split('/').skip(1).filter(|part| !part.is_empty()).map(decoded).collect();
    let Some((first, rest)) = segments.split_first() else { return Ok(Address::All) };
    if first.eq_ignore_ascii_case("getAllSites") {
        return Ok(Address::All);
    }
    let (named, relative, rest) = match first.strip_suffix(':') {
        Some(named) => {
            let (relative, rest) = by_path(rest);
            (named, relative, rest)
        }
        None => (first.as_str(), String::new(), rest),
    };
    let base = base_site(sites, tenant_id, host, named)?;
    let path = format!("{}{relative}", base.path);
    let same = |site: &Site| site.path.eq_ignore_ascii_case(&path);
    let key = sites.find(tenant_id, same).into_iter().next().ok_or_else(|| GraphError::not_found("site"))?;
    Ok(Address::One { key, rest: rest.to_vec() })
}

/// Splits `sites, x:, lists` into `/sites/x` and `lists`; without a closing colon all of it is the path.
fn by_path(segments: &[String]) -> (String, &[String]) {
    let end = segments.iter().position(|segment| segment.ends_with(':'));
    let (inside, rest) = match end {
        Some(end) => (&segments[..=end], &segments[end + 1..]),
        None => (segments, &[][..]),
    };
    let path: String = inside.iter().map(|part| format!("/{}", part.trim_end_matches(':'))).collect();
    (path.trim_end_matches('/').to_owned(), rest)
}

fn base_site(
    sites: &Sites,
    tenant_id: &str,
    host: &SharePointHost,
    named: &str,
) -> Result<SiteKey, GraphError> {
    let root = SiteKey { tenant_id: tenant_id.to_owned(), path: String::new() };
    if named.eq_ignore_ascii_case("root") || host.is(named) {
        return Ok(root);
    }
    let parts: Vec<&str> = named.split(',').collect();
    let wanted = match parts.as_slice() {
        [name, site_id, web_id] if host.is(name) => (*site_id, Some(*web_id)),
        [name, site_id] if host.is(name) => (*site_id, None),
        [site_id] => (*site_id, None),
        _ => return Err(GraphError::bad_request("Invalid hostname for this tenancy")),
    };
    let fits = |site: &Site| {
        site.site_id.eq_ignore_ascii_case(wanted.0)
            && wanted.1.is_none_or(|web| site.web_id.eq_ignore_ascii_case(web))
    };
    let found = sites.find(tenant_id, fits).into_iter().next();
    found.ok_or_else(|| {
        if wanted.0.contains('.') {
            GraphError::bad_request("Invalid hostname for this tenancy")
        } else {
            GraphError::not_found("site")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTOSO: &str = "11111111-2222-4333-8444-555555555555";

    fn resolve(path: &str) -> Option<(String, Vec<String>)> {
        let host = SharePointHost::seen_from("http://graph.localhost:3004", "contoso");
        match parse(&Sites::default(), CONTOSO, &host, path).ok()? {
            Address::All => None,
            Address::One { key, rest } => Some((key.path, rest)),
        }
    }

    fn found(path: &str, rest: &[&str]) -> Option<(String, Vec<String>)> {
        Some((path.to_owned(), rest.iter().map(|part| (*part).to_owned()).collect()))
    }

    #[test]
    fn every_form_finds_its_site() {
        let host = "contoso.sharepoint.localhost:3004";
        assert_eq!(resolve("/sites/root"), found("", &[]));
        assert_eq!(resolve(&format!("/sites/{host}")), found("", &[]));
        assert_eq!(resolve("/sites/contoso.sharepoint.localhost/lists"), found("", &["lists"]));
        assert_eq!(resolve(&format!("/sites/{host}:/sites/projects")), found("/sites/projects", &[]));
        let list = resolve(&format!("/sites/{host}:/sites/projects:/lists/My%20List/items"));
        assert_eq!(list, found("/sites/projects", &["lists", "My List", "items"]));
        let site = Sites::default()
            .read(&SiteKey { tenant_id: CONTOSO.to_owned(), path: "/sites/team".to_owned() }, Clone::clone)
            .expect("team");
        let by_id = resolve(&format!("/sites/{host},{},{}/drive", site.site_id, site.web_id));
        assert_eq!(by_id, found("/sites/team", &["drive"]));
        assert_eq!(resolve(&format!("/sites/{}", site.site_id)), found("/sites/team", &[]));
    }

    #[test]
    fn other_tenants_and_unknown_sites_are_not_found() {
        assert_eq!(resolve("/sites/fabrikam.sharepoint.localhost:3004"), None);
        assert_eq!(resolve("/sites/root:/sites/nope"), None);
        assert_eq!(
            resolve("/sites/contoso.sharepoint.localhost,00000000-0000-0000-0000-000000000000,x"),
            None
        );
    }
}
