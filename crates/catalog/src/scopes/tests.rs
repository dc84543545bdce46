use std::sync::Arc;

use domain::ProviderName;

use super::*;
use crate::catalog::Catalog;

fn provider(catalog: &Catalog, name: &str) -> Arc<Provider> {
    catalog.get(&ProviderName::parse(name).unwrap()).unwrap().provider.clone()
}

fn list(text: &str) -> Vec<String> {
    parse_scope_list(text)
}

#[test]
fn default_is_refused_beside_resource_scopes_and_legal_beside_oidc() {
    let catalog = Catalog::embedded().unwrap();
    let excel = provider(&catalog, "microsoft-excel");
    let check = |text: &str| check_scopes(&excel, None, &list(text));
    assert_eq!(check(".default offline_access").unwrap(), []);
    assert_eq!(check(".default openid profile email offline_access").unwrap(), []);
    assert_eq!(check("https://graph.microsoft.com/.default offline_access").unwrap(), []);
    for mixed in [
        ".default Files.Read offline_access",
        "https://graph.microsoft.com/.default,Files.Read",
        "https://contoso.sharepoint.com/.default Files.Read",
        "https://contoso.sharepoint.com//.default https://graph.microsoft.com/.default",
    ] {
        let error = check(mixed).unwrap_err();
        assert_eq!(error.rule, "AADSTS70011", "{mixed}");
        assert!(error.to_string().contains("remove `.default`"), "{error}");
    }
}

#[test]
fn a_missing_offline_access_is_only_a_warning() {
    let catalog = Catalog::embedded().unwrap();
    let excel = provider(&catalog, "microsoft-excel");
    let warnings = check_scopes(&excel, None, &list("Files.Read")).unwrap();
    assert_eq!(warnings.iter().map(|w| w.code).collect::<Vec<_>>(), ["missing_offline_access"]);
}

#[test]
fn several_resources_may_be_consented_to_and_never_redeemed_together() {
    let catalog = Catalog::embedded().unwrap();
    let sharepoint = provider(&catalog, "sharepoint-online");
    let scopes =
        list("offline_access Sites.Read.All https://contoso.sharepoint.com/AllSites.Read Files.Read");
    let warnings = check_scopes(&sharepoint, None, &scopes).unwrap();
    assert_eq!(warnings[0].code, "several_resources");
    let error = check_token_request_scopes(&sharepoint, None, &scopes).unwrap_err();
    assert_eq!(error.rule, "AADSTS28000");
    let redeemed = token_request_scopes(&sharepoint, None, &scopes);
    assert_eq!(redeemed, ["offline_access", "Sites.Read.All", "Files.Read"]);
    check_token_request_scopes(&sharepoint, None, &redeemed).unwrap();
    let sandbox =
        Catalog::embedded().unwrap().with_cloud("microsoft", "t", [("graph", "http://graph.localhost:1")]);
    let cloud = sandbox.clouds().values("microsoft", "t").unwrap();
    let same = list("http://graph.localhost:1/Files.Read Sites.Read.All");
    check_token_request_scopes(&sharepoint, Some(cloud), &same).unwrap();
}

#[test]
fn client_credentials_take_one_default_of_a_named_resource() {
    let catalog = Catalog::embedded().unwrap();
    let certificate = provider(&catalog, "microsoft-oauth2-cc-cert");
    assert_eq!(check_scopes(&certificate, None, &[]).unwrap(), [], "its request states a scope of its own");
    assert!(check_scopes(&certificate, None, &list("Files.Read")).is_err());
    for name in ["microsoft-oauth2-cc", "microsoft-admin"] {
        let provider = provider(&catalog, name);
        check_scopes(&provider, None, &list("https://graph.microsoft.com/.default")).unwrap();
        for wrong in [
            ".default",
            "",
            "Files.Read",
            "https://a/.default https://b/.default",
            "https://a/.default openid",
        ] {
            let error = check_scopes(&provider, None, &list(wrong)).unwrap_err();
            assert_eq!(error.rule, "AADSTS1002012", "{name} {wrong}");
        }
    }
}

#[test]
fn the_strongest_source_replaces_all_others() {
    let catalog = Catalog::embedded().unwrap();
    let excel = provider(&catalog, "microsoft-excel");
    let cloud = catalog.clouds().values("microsoft", "global").unwrap();
    let (configured, overridden) =
        (list("offline_access,Files.ReadWrite"), list("offline_access Files.Read"));
    let mut sources = ScopeSources { cloud: Some(cloud), ..Default::default() };
    let ask = |sources: &ScopeSources<'_>| {
        let scopes = effective_scopes(&excel, sources).unwrap();
        (scopes.origin, scopes.parameter)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(ask(&sources), (ScopeOrigin::Default, text("offline_access .default")));
    sources.configured = &configured;
    assert_eq!(ask(&sources), (ScopeOrigin::Integration, text("offline_access Files.ReadWrite")));
    sources.session_override = Some(&overridden);
    assert_eq!(ask(&sources), (ScopeOrigin::SessionOverride, text("offline_access Files.Read")));
    sources.parameter = Some(".default offline_access");
    assert_eq!(ask(&sources), (ScopeOrigin::Parameter, text(".default offline_access")), "verbatim");
    sources.parameter = Some("");
    assert_eq!(ask(&sources), (ScopeOrigin::Parameter, None), "an empty value removes the parameter");
    sources.parameter = Some(".default Files.Read");
    assert_eq!(effective_scopes(&excel, &sources).unwrap_err().rule, "AADSTS70011");
}

#[test]
fn default_scopes_follow_the_cloud() {
    let catalog = Catalog::embedded().unwrap();
    let cc = provider(&catalog, "microsoft-oauth2-cc");
    for (cloud, expected) in [
        ("global", "https://graph.microsoft.com/.default"),
        ("usgov-dod", "https://dod-graph.microsoft.us/.default"),
    ] {
        let cloud = catalog.clouds().values("microsoft", cloud).unwrap();
        let scopes =
            effective_scopes(&cc, &ScopeSources { cloud: Some(cloud), ..Default::default() }).unwrap();
        assert_eq!(scopes.parameter.as_deref(), Some(expected));
    }
}
