use std::sync::Arc;

use domain::provider::{Assertion, AssertionKey, Auth, ClientAuth, CodeGrant, Expiry, Pkce, ScopeRules};
use domain::template::{Template, TemplateTree};

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

fn two_step(entry: &Entry) -> &domain::provider::TwoStep {
    let Auth::TwoStep(auth) = &entry.provider.auth else { panic!("{:?}", entry.provider.auth) };
    auth
}

fn param<'a>(auth: &'a domain::provider::TwoStep, name: &str) -> &'a Template {
    let (_, tree) = auth.request.params.iter().find(|(key, _)| key == name).unwrap();
    let TemplateTree::Text(template) = tree else { panic!("{tree:?}") };
    template
}

fn lack(entry: &Entry) -> &str {
    let Auth::Incomplete(incomplete) = &entry.provider.auth else { panic!("{:?}", entry.provider.auth) };
    &incomplete.problem
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
    let auth = two_step(&entry);
    let Some(Assertion::Certificate(assertion)) = &auth.assertion else { panic!("a certificate") };
    assert_eq!((assertion.lifetime_seconds, assertion.key), (3600, AssertionKey::Given));
    assert_eq!(param(auth, "client_assertion").source(), "${assertion}", "the signed one, not a pasted one");
}

#[test]
fn our_certificate_definitions_hold_the_key_and_still_take_a_pasted_assertion() {
    for name in ["microsoft-oauth2-cc-cert", "sharepoint-online-v1"] {
        let entry = own(name);
        let auth = two_step(&entry);
        let Some(Assertion::Certificate(assertion)) = &auth.assertion else { panic!("{name}") };
        assert_eq!((assertion.lifetime_seconds, assertion.key), (300, AssertionKey::HeldOrGiven));
        assert_eq!(assertion.audience, auth.request.url, "Entra ID wants the token endpoint as audience");
        let param = param(auth, "client_assertion");
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
        let url = auth.authorization_url.as_ref().unwrap();
        let authorize = |values: &dyn Fn(&str) -> Option<String>| url.resolve(&values).unwrap();
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
    assert!(lack(&foreign).contains("sign_in_url"), "{}", lack(&foreign));
}

#[test]
fn what_a_mode_cannot_do_without_is_named() {
    for (body, problem) in [
        ("auth_mode: OAUTH2_CC\n".to_owned(), "`token_url` is missing"),
        ("auth_mode: OAUTH2\ntoken_url: https://x.example\n".to_owned(), "`authorization_url` is missing"),
        (format!("{CODE_FLOW}token_params: {{grant_type: password}}\n"), "not of a code flow"),
        ("auth_mode: JWT\nsignature: {protocol: RSA}\n".to_owned(), "`token` is missing"),
        (CODE_FLOW.replace("OAUTH2", "OAUTH1"), "`request_url` is missing"),
    ] {
        let entry = read(&body).unwrap();
        assert!(lack(&entry).contains(problem), "{}", lack(&entry));
        assert_eq!(entry.raw["auth_mode"], entry.provider.auth.mode().as_str());
    }
}

#[test]
fn mistakes_name_file_line_definition_and_key() {
    for (body, part) in [
        ("auth_mode: [OAUTH2]\n".to_owned(), "invalid type"),
        (format!("{CODE_FLOW}grant: telepathy\n"), "grant"),
        (format!("{CODE_FLOW}scope_rules: strict\n"), "scope_rules"),
        (format!("{CODE_FLOW}authorization_method: carrier-pigeon\n"), "authorization_method"),
        (format!("{CODE_FLOW}proxy: {{base_url: 'https://${{open'}}\n"), "base_url"),
        (
            format!("{CODE_FLOW}proxy: {{base_url: 'https://x', paginate: {{a: '${{}}'}}}}\n"),
            "proxy.paginate",
        ),
        (format!("{CODE_FLOW}proxy: {{base_url: 'https://x', resources: {{r: {{origin: x}}}}}}\n"), "scope"),
        ("docs: https://x\n".to_owned(), "auth_mode"),
        (
            "auth_mode: NONE\nconnection_config: {a: {pattern: '^('}}\n".to_owned(),
            "connection_config.a.pattern",
        ),
        ("auth_mode: TELEPATHY\n".to_owned(), "auth_mode: `TELEPATHY`"),
        (format!("{CODE_FLOW}authorization_ulr: x\n"), "unknown key `authorization_ulr`"),
        (format!("{CODE_FLOW}proxy: {{base_url: 'https://x', retry: {{afterwards: []}}}}\n"), "proxy.retry"),
        (format!("{CODE_FLOW}token_params: {{variables: {{a: b}}}}\n"), "token_params.variables"),
        (format!("{CODE_FLOW}token_request_auth_method: telepathy\n"), "token_request_auth_method"),
        (format!("{CODE_FLOW}token_params: {{a: '${{rot13(${{clientId}})}}'}}\n"), "`rot13`"),
    ] {
        let error = read(&body).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("acme.yaml:") && text.contains(": acme: ") && text.contains(part),
            "{part}: {text}"
        );
        assert!(!text.contains("column"), "{text}");
    }
    let error =
        read(&format!("{CODE_FLOW}proxy:\n  base_url: https://x.example\n  headers:\n    a: '${{}}'\n"));
    assert!(
        error.unwrap_err().to_string().starts_with("acme.yaml:10: acme: proxy.headers.a: "),
        "the key's line"
    );
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
    let resource = param(two_step(&entry), "resource");
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
fn days_of_rest_are_read_within_a_year() {
    let days = |value: &str| read(&format!("{CODE_FLOW}refresh_idle_days: {value}"));
    assert_eq!(days("30").unwrap().provider.refresh_idle_days, Some(30));
    for bad in ["0", "366", "-1", "soon"] {
        assert!(days(bad).is_err(), "{bad}");
    }
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

/// A webhook that anybody could send, or that fits whoever waits, is refused with the file.
#[test]
fn the_webhook_of_an_installation_is_signed_and_says_whose_it_is() {
    let read = |signature: &str, matching: &str| {
        read(&format!(
            "auth_mode: OAUTH2\ninstallation: outbound\ntoken_url: https://x.example/token\n\
             authorization_code_param_in_webhook: data.code\nwebhook_response_metadata: [id]\n\
             token_response: {{token: t, token_expiration: e, token_expiration_strategy: expireAt}}\n\
             connection_config: {{actor: {{title: Actor}}}}\n\
             installation_webhook: {{signature: {{{signature}}}, matching: {{{matching}}}}}\n"
        ))
    };
    let whose = "actor.id: '${connectionConfig.actor}'";
    let entry =
        read("header: X-Signature, key: webhook_secret, prefix: 'v1=', encoding: base64", whose).unwrap();
    let Auth::OAuth2(auth) = &entry.provider.auth else { panic!("OAUTH2") };
    let webhook = auth.installation.as_ref().unwrap().webhook.as_ref().unwrap();
    assert_eq!(
        (webhook.signature.header.as_str(), webhook.signature.prefix.as_str()),
        ("x-signature", "v1=")
    );
    assert_eq!(webhook.matching.len(), 1);
    let answer = auth.answer.as_ref().unwrap();
    assert_eq!((answer.token.as_str(), &answer.refresh_token), ("t", &None));
    assert_eq!(answer.expiry, Some(Expiry::At("e".to_owned())));
    // Keys of ours are not on the wire; that it begins at the vendor is.
    assert_eq!(
        (entry.raw.get("installation_webhook"), &entry.raw["installation"]),
        (None, &"outbound".into())
    );
    let good = "header: X-Signature, key: client_secret";
    for (signature, matching, says) in [
        (good, "", "compares nothing with the connection"),
        (good, "actor.id: seven", "compares nothing with the connection"),
        ("header: '', key: client_secret", whose, "is no header's name"),
        ("header: 'a b', key: client_secret", whose, "is no header's name"),
        ("header: X-Signature, key: none", whose, "neither client_secret nor webhook_secret"),
        ("header: X-Signature, key: client_secret, encoding: rot13", whose, "neither hex nor base64"),
    ] {
        let error = read(signature, matching).unwrap_err().to_string();
        assert!(error.contains(says), "{signature} {matching}: {error}");
    }
}
