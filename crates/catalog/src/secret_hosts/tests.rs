use domain::ProviderName;

use super::*;
use crate::catalog::Catalog;

const FLOW: &str = "  display_name: A\n  auth_mode: OAUTH2\n  authorization_url: https://a.example/a\n";

fn check(token_url: &str, field: &str, value: &str, allowed: &[&str]) -> Result<(), SecretHost> {
    let yaml = format!(
        "acme:\n{FLOW}  token_url: '{token_url}'\n  connection_config:\n    h: {{type: string, title: H{field}}}\n"
    );
    let catalog = Catalog::embedded().unwrap().with_file("acme.yaml", &yaml).unwrap();
    let provider = &catalog.get(&ProviderName::parse("acme").unwrap()).unwrap().provider;
    let values = |path: &str| (path == "connectionConfig.h").then(|| value.to_owned());
    let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
    check_secret_hosts(provider, &values, &allowed)
}

#[test]
fn a_part_under_the_definition_s_domain_is_labels() {
    let url = "https://${connectionConfig.h}.okta.com/t";
    check(url, "", "acme", &[]).unwrap();
    for bad in ["a.b", "evil.example/", "evil.example#", "u@evil.example", "", "a b", "a%2f"] {
        assert!(check(url, "", bad, &[]).is_err() || bad.is_empty(), "{bad}");
    }
    check(url, ", pattern: '^[a-z.]+$'", "a.b", &[]).unwrap();
    assert!(check(url, ", pattern: '.*'", "evil.example/", &[]).is_err(), "its own pattern is no licence");
}

#[test]
fn a_whole_host_needs_a_pattern_that_says_whose_it_is_or_the_operator() {
    let url = "https://${connectionConfig.h}/t";
    let pinned = ", pattern: '^[a-z0-9-]+\\.my\\.acme\\.com$'";
    check(url, pinned, "eu.my.acme.com", &[]).unwrap();
    for (field, value) in [
        ("", "eu.acme.com"),
        (", format: hostname", "eu.acme.com"),
        (", pattern: '^[a-zA-Z0-9.-]+$'", "eu.acme.com"),
        (", pattern: '.*acme.com'", "eu.acme.com"),
        (", pattern: '[a-z./]+\\.acme\\.com'", "eu.acme.com"),
        (", pattern: '^[a-z]+\\.acme.com$'", "eu.acmexcom"),
        (pinned, "eu.my.acme.com.evil.example"),
    ] {
        let problem = check(url, field, value, &[]).unwrap_err();
        assert_eq!(problem.field, "h", "{field}");
    }
    check(url, "", "eu.acme.com", &["eu.acme.com"]).unwrap();
    check(url, "", "eu.acme.com", &["*.acme.com"]).unwrap();
    assert!(check(url, "", "eu.acme.com.evil.example", &["*.acme.com"]).is_err());
    assert!(check(url, "", "eu.acme.com:8443", &["*.acme.com"]).is_err());
    check(url, ", enum: [eu.acme.com]", "eu.acme.com", &[]).unwrap();
    assert!(check(url, ", enum: [eu.acme.com]", "evil.example", &[]).is_err());
    let refusal = check(url, "", "evil.example", &[]).unwrap_err().to_string();
    assert!(
        refusal.contains("h decides") && refusal.contains(r#"{"allowed_hosts":["evil.example"]}"#),
        "{refusal}"
    );
}

#[test]
fn an_undeclared_value_never_chooses_the_host() {
    let yaml = format!(
        "acme:\n{FLOW}  token_url: '${{connectionConfig.server}}/t'\n  redirect_uri_metadata: [server]\n"
    );
    let catalog = Catalog::embedded().unwrap().with_file("acme.yaml", &yaml).unwrap();
    let provider = &catalog.get(&ProviderName::parse("acme").unwrap()).unwrap().provider;
    let values = |path: &str| (path == "connectionConfig.server").then(|| "https://evil.example".to_owned());
    assert_eq!(check_secret_hosts(provider, &values, &[]).unwrap_err().host, "evil.example");
    check_secret_hosts(provider, &values, &["evil.example".to_owned()]).unwrap();
}

#[test]
fn a_key_of_the_operator_in_a_header_is_a_secret_too() {
    let yaml = "acme:\n  display_name: A\n  auth_mode: API_KEY\n  \
        proxy:\n    base_url: https://${connectionConfig.h}\n    headers: {x-licence: '${integrationConfig.key}'}\n  \
        connection_config:\n    h: {title: H}\n  \
        integration_config:\n    key: {title: K, secret: true}\n";
    let catalog = Catalog::embedded().unwrap().with_file("acme.yaml", yaml).unwrap();
    let provider = &catalog.get(&ProviderName::parse("acme").unwrap()).unwrap().provider;
    let values = |path: &str| (path == "connectionConfig.h").then(|| "evil.example".to_owned());
    assert!(check_secret_hosts(provider, &values, &[]).is_err());
}

/// The JWT of an installed app mints for each of its installations while it lasts.
#[test]
fn what_an_app_s_key_signs_goes_to_no_stranger() {
    let yaml = "acme:\n  display_name: A\n  auth_mode: APP\n  authorization_url: ${connectionConfig.appPublicLink}/install\n  \
        token_url: https://${connectionConfig.h}/app/installations/${connectionConfig.installation_id}/access_tokens\n  \
        connection_config:\n    h: {type: string, title: Host}\n";
    let catalog = Catalog::embedded().unwrap().with_file("acme.yaml", yaml).unwrap();
    let provider = &catalog.get(&ProviderName::parse("acme").unwrap()).unwrap().provider;
    let values =
        |path: &str| Some(if path == "connectionConfig.h" { "evil.example" } else { "1" }.to_owned());
    assert_eq!(check_secret_hosts(provider, &values, &[]).unwrap_err().field, "h");
    check_secret_hosts(provider, &values, &["evil.example".to_owned()]).unwrap();
}
