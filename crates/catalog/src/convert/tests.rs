use std::sync::Arc;

use domain::provider::{AssertionKey, Auth, AuthMode, ClientAuth, CodeGrant, Pkce, ScopeRules};

use super::*;
use crate::catalog::{Catalog, Entry};

fn read(body: &str) -> Result<Arc<Entry>, CatalogError> {
    let indented: String = body.lines().map(|line| format!("  {line}\n")).collect();
    let yaml = format!("# the name stands on line 2\nacme:\n  display_name: Acme\n{indented}");
    let catalog = Catalog::embedded().unwrap().with_file("acme.yaml", &yaml)?;
    Ok(catalog.get(&ProviderName::parse("acme").unwrap()).unwrap().clone())
}

fn own(name: &str) -> Arc<Entry> {
    Catalog::embedded().unwrap().get(&ProviderName::parse(name).unwrap()).unwrap().clone()
}

const CODE_FLOW: &str =
    "auth_mode: OAUTH2\nauthorization_url: https://a.example/a\ntoken_url: https://a.example/t\n";

#[test]
fn a_foreign_definition_with_a_signed_assertion_runs() {
    let entry = read(
        "auth_mode: TWO_STEP\nbody_format: form\ntoken_url: https://a.example/${connectionConfig.tenantId}\n\
         token_headers: {content-type: application/x-www-form-urlencoded}\n\
         token_params: {grant_type: client_credentials, client_assertion: '${credentials.assertion}'}\n\
         assertion: {type: jwt, key: '${credentials.privateKey}', lifetimeInSeconds: 3600,\n  \
         header: {alg: PS256, x5t#S256: '${credentials.certificateThumbprint}'},\n  \
         payload: {iss: '${credentials.clientId}', sub: '${credentials.clientId}', aud: 'https://a.example', jti: '${random}'}}\n\
         credentials: {assertion: {type: string, title: '', automated: true}}",
    )
    .unwrap();
    let Auth::TwoStep(auth) = &entry.provider.auth else { panic!("{:?}", entry.not_run) };
    let assertion = auth.assertion.as_ref().unwrap();
    assert_eq!((assertion.lifetime_seconds, assertion.key), (3600, AssertionKey::Given));
    let (_, param) = auth.token_params.iter().find(|(name, _)| name == "client_assertion").unwrap();
    assert_eq!(param.source(), "${assertion}", "the signed one, not a pasted one");
}

#[test]
fn our_certificate_definitions_hold_the_key_and_still_take_a_pasted_assertion() {
    for name in ["microsoft-oauth2-cc-cert", "sharepoint-online-v1"] {
        let entry = own(name);
        let Auth::TwoStep(auth) = &entry.provider.auth else { panic!("{name}") };
        let assertion = auth.assertion.as_ref().unwrap();
        assert_eq!((assertion.lifetime_seconds, assertion.key), (300, AssertionKey::HeldOrGiven));
        assert_eq!(assertion.audience, auth.token_url, "Entra ID wants the token endpoint as audience");
        let (_, param) = auth.token_params.iter().find(|(name, _)| name == "client_assertion").unwrap();
        let pasted = |path: &str| (path == "credentials.assertion").then(|| "pasted".to_owned());
        assert_eq!(param.resolve(&pasted).unwrap(), "pasted");
        let both = |path: &str| Some(path.to_owned());
        assert_eq!(param.resolve(&both).unwrap(), "assertion");
    }
}

#[test]
fn delegated_definitions_use_pkce_and_take_a_tenant() {
    let values = |path: &str| match path {
        "cloud.login" => Some("https://login.example".to_owned()),
        "connectionConfig.tenant" => Some("contoso.com".to_owned()),
        _ => None,
    };
    let no_tenant = |path: &str| (path == "cloud.login").then(|| "https://login.example".to_owned());
    for name in
        ["microsoft", "microsoft-excel", "sharepoint-online", "one-drive", "outlook", "microsoft-power-bi"]
    {
        let entry = own(name);
        let Auth::OAuth2(auth) = &entry.provider.auth else { panic!("{name}") };
        assert_eq!((auth.pkce, auth.client_auth), (Pkce::S256, ClientAuth::Body), "{name}");
        assert_eq!((auth.grant, auth.scope_rules), (CodeGrant::AuthorizationCode, ScopeRules::Entra));
        let authorize =
            |values: &dyn Fn(&str) -> Option<String>| auth.authorization_url.resolve(&values).unwrap();
        assert_eq!(authorize(&no_tenant), "https://login.example/common/oauth2/v2.0/authorize");
        assert_eq!(authorize(&values), "https://login.example/contoso.com/oauth2/v2.0/authorize");
    }
}

#[test]
fn admin_consent_proves_its_tenant_or_is_not_run() {
    let entry = own("microsoft-admin");
    let Auth::OAuth2(auth) = &entry.provider.auth else { panic!("OAUTH2") };
    assert_eq!((auth.grant, auth.code_parameter.as_str()), (CodeGrant::AdminConsent, "tenant"));
    assert!(auth.sign_in_url.is_some());
    let foreign = read(&format!("{CODE_FLOW}authorization_code_param_in_callback: tenant\n")).unwrap();
    assert_eq!(foreign.provider.auth.mode(), AuthMode::Unsupported("OAUTH2"));
}

#[test]
fn what_this_version_does_not_run_is_unsupported_and_named() {
    for (key, named) in [
        ("authorization_url_fragment: x", "authorization_url_fragment"),
        ("token_request_auth_method: custom", "token_request_auth_method"),
        ("body_format: xml", "body_format"),
        ("token_params: {variables: {a: b}}", "token_params (nested)"),
        ("token_headers: {x-version: '1'}", "token_headers"),
    ] {
        let entry = read(&format!("{CODE_FLOW}{key}\n")).unwrap();
        assert_eq!(entry.provider.auth.mode(), AuthMode::Unsupported("OAUTH2"), "{key}");
        assert_eq!(entry.not_run, [named]);
        assert_eq!(entry.raw["auth_mode"], "OAUTH2", "the wire still says what the file says");
    }
    let missing = read("auth_mode: OAUTH2_CC\n").unwrap();
    assert_eq!(missing.not_run, ["token_url (missing)"]);
    let wrong_grant = read(&format!("{CODE_FLOW}token_params: {{grant_type: password}}\n")).unwrap();
    assert_eq!(wrong_grant.provider.auth.mode(), AuthMode::Unsupported("OAUTH2"));
    let unknown = read("auth_mode: TELEPATHY\n").unwrap();
    assert_eq!(unknown.provider.auth.mode(), AuthMode::Unsupported("UNKNOWN"));
}

#[test]
fn mistakes_name_file_line_definition_and_key() {
    for (body, part) in [
        ("auth_mode: [OAUTH2]\n".to_owned(), "invalid type"),
        (format!("{CODE_FLOW}grant: telepathy\n"), "grant"),
        (format!("{CODE_FLOW}scope_rules: strict\n"), "scope_rules"),
        (format!("{CODE_FLOW}authorization_method: carrier-pigeon\n"), "authorization_method"),
        (format!("{CODE_FLOW}proxy: {{base_url: 'https://${{open'}}\n"), "base_url"),
        (format!("{CODE_FLOW}proxy: {{base_url: 'https://x', paginate: {{a: '${{}}'}}}}\n"), "a: template"),
        (format!("{CODE_FLOW}proxy: {{base_url: 'https://x', resources: {{r: {{origin: x}}}}}}\n"), "scope"),
        ("docs: https://x\n".to_owned(), "auth_mode"),
    ] {
        let error = read(&body).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("acme.yaml:2: acme: ") && text.contains(part), "{part}: {text}");
        assert!(!text.contains("column"), "{text}");
    }
    let name = Catalog::embedded().unwrap().with_file("n.yaml", "a/b: {display_name: x, auth_mode: NONE}\n");
    assert!(name.unwrap_err().to_string().contains("provider must be"));
}

#[test]
fn parameters_that_the_grant_sets_are_not_set_twice() {
    let entry = read(&format!(
        "{CODE_FLOW}authorization_params: {{response_type: code, access_type: offline, force: true}}\n\
         token_params: {{grant_type: authorization_code, audience: 7}}\nrefresh_params: {{grant_type: refresh_token}}\n"
    ))
    .unwrap();
    let Auth::OAuth2(auth) = &entry.provider.auth else { panic!("OAUTH2") };
    let text = |params: &[(String, Template)]| {
        params.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(text(&auth.authorization_params), ["access_type=offline", "force=true"]);
    assert_eq!(text(&auth.token_params), ["audience=7"]);
    assert_eq!(text(&auth.refresh_params), ["grant_type=refresh_token"]);
}

#[test]
fn fields_keep_the_order_of_the_form() {
    let entry = read(
        "auth_mode: NONE\nconnection_config:\n  zeta: {title: Z}\n  alpha: {title: A, order: 2}\n  beta: {title: B, order: 1}\n  \
         eta: {title: E}\n",
    )
    .unwrap();
    let names: Vec<_> = entry.provider.connection_config.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["beta", "alpha", "zeta", "eta"]);
}

#[test]
fn the_wire_sees_nango_s_keys_with_the_global_cloud_filled_in() {
    insta::assert_json_snapshot!("microsoft_excel", own("microsoft-excel").raw);
    insta::assert_json_snapshot!("microsoft_admin", own("microsoft-admin").raw);
    insta::assert_json_snapshot!("sharepoint_online_v1", own("sharepoint-online-v1").raw);
    for entry in Catalog::embedded().unwrap().list() {
        assert!(!entry.raw.to_string().contains("${cloud."), "{}", entry.provider.name);
    }
}

#[test]
fn a_token_for_another_resource_is_bought_by_the_same_request() {
    let entry = own("sharepoint-online-v1");
    let Auth::TwoStep(auth) = &entry.provider.auth else { panic!("TWO_STEP") };
    let (_, resource) = auth.token_params.iter().find(|(name, _)| name == "resource").unwrap();
    let base = |path: &str| match path {
        "cloud.scheme" => Some("https".to_owned()),
        "cloud.sharepoint_domain" => Some("sharepoint.com".to_owned()),
        "connectionConfig.tenantName" => Some("contoso".to_owned()),
        _ => None,
    };
    assert_eq!(resource.resolve(&base).unwrap(), "https://contoso.sharepoint.com");
    let minting = |path: &str| {
        if path == "resource.origin" { Some("https://graph.microsoft.com".to_owned()) } else { base(path) }
    };
    assert_eq!(resource.resolve(&minting).unwrap(), "https://graph.microsoft.com");
}

#[test]
fn a_shown_resource_must_be_one_of_the_proxy_block() {
    let shown = own("sharepoint-online").provider.shown_resources.clone();
    assert_eq!(shown, [("sharepointAccessToken".to_owned(), "sharepoint".to_owned())]);
    assert_eq!(own("one-drive").provider.shown_resources, shown);
    assert!(own("microsoft").provider.shown_resources.is_empty());
    let error = read(&format!("{CODE_FLOW}shown_resources: {{someToken: elsewhere}}")).unwrap_err();
    assert!(error.to_string().contains("`elsewhere` is not one of proxy.resources"), "{error}");
}
