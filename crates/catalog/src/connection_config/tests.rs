use domain::ProviderName;
use serde_json::json;

use super::*;
use crate::catalog::Catalog;

fn validated(provider: &str, given: Value) -> Result<Map<String, Value>, Vec<FieldProblem>> {
    let catalog = Catalog::embedded().unwrap();
    let entry = catalog.get(&ProviderName::parse(provider).unwrap()).unwrap();
    validate_connection_config(&entry.provider, given.as_object().unwrap())
}

#[test]
fn a_tenant_is_a_guid_or_a_domain() {
    for good in ["8eaef023-2b34-4da1-9baa-8bc8c9d6a490", "contoso.onmicrosoft.com", "xn--bcher-kva.example"] {
        validated("microsoft-oauth2-cc", json!({ "tenantId": good })).unwrap();
        validated("microsoft-tenant-specific", json!({ "tenant": good })).unwrap();
        validated("microsoft-excel", json!({ "tenant": good })).unwrap();
    }
    for bad in [
        "contoso",
        "contoso.com/../evil",
        "common?x=",
        "8eaef023-2b34-4da1-9baa",
        "contoso.com\n",
        "a@b.com",
        "..",
        ".",
        "contoso.com/",
        "%2e%2e",
        "contoso..com",
    ] {
        let problems = validated("microsoft-oauth2-cc", json!({ "tenantId": bad })).unwrap_err();
        assert_eq!(problems.len(), 1, "{bad}");
        assert_eq!(problems[0].field, "tenantId");
        assert!(validated("microsoft-excel", json!({ "tenant": bad })).is_err(), "{bad}");
    }
    let problems = validated("microsoft-oauth2-cc", json!({ "tenantId": "contoso" })).unwrap_err();
    assert!(problems[0].message.contains("a GUID such as"), "{}", problems[0].message);
    assert!(problems[0].message.contains("contoso.onmicrosoft.com"), "{}", problems[0].message);
}

#[test]
fn required_fields_are_asked_for_and_optional_ones_are_not() {
    let problems = validated("sharepoint-online-v1", json!({ "tenantId": "" })).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["tenantId", "tenantName"]);
    assert!(problems[0].message.starts_with("is required"), "{}", problems[0].message);
    validated("microsoft-excel", json!({})).unwrap();
    validated("microsoft-excel", json!({ "tenant": "common" })).unwrap();
    assert!(validated("microsoft-tenant-specific", json!({ "tenant": "common" })).is_err());
}

#[test]
fn the_object_is_loose_and_what_stands_in_a_url_is_text() {
    let given = json!({ "tenant": "contoso.com", "anything": { "nested": [1] } });
    assert_eq!(Value::Object(validated("microsoft", given.clone()).unwrap()), given);
    let problems = validated("microsoft", json!({ "tenant": 7 })).unwrap_err();
    assert_eq!(problems[0].message, "must be text");
}

#[test]
fn a_tenant_name_is_one_label() {
    let tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
    let given = |name: &str| json!({ "tenantId": tenant, "tenantName": name });
    validated("sharepoint-online-v1", given("contoso-emea")).unwrap();
    for bad in
        ["contoso.sharepoint.com", "evil.example/", "a@b", "-contoso", "", "contoso#", "contoso.evil.example"]
    {
        assert!(validated("sharepoint-online-v1", given(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_foreign_file_s_host_fields_are_held_to_the_same_rule() {
    let yaml = "acme:\n  display_name: Acme\n  auth_mode: OAUTH2\n  \
        authorization_url: https://${connectionConfig.sub}.acme.example/a\n  \
        token_url: https://${connectionConfig.sub}.acme.example/t\n  \
        proxy:\n    base_url: ${connectionConfig.instance_url}\n  \
        connection_config:\n    sub: {type: string, title: Subdomain, pattern: '[a-z.]+'}\n    \
        region: {type: string, title: Region, enum: [eu, us], default_value: eu}\n";
    let catalog = Catalog::embedded().unwrap().with_file("acme.yaml", yaml).unwrap();
    let acme = &catalog.get(&ProviderName::parse("acme").unwrap()).unwrap().provider;
    let check = |given: Value| validate_connection_config(acme, given.as_object().unwrap());
    assert_eq!(check(json!({ "sub": "a" })).unwrap()["region"], "eu", "defaults are filled");
    assert!(check(json!({ "sub": "a.b", "region": "mars" })).is_err());
    assert!(check(json!({ "sub": "a/../../evil" })).is_err(), "a host part must match whole");
    assert!(check(json!({ "sub": "a", "instance_url": "https://u@evil.example" })).is_err());
    assert!(check(json!({ "sub": "a", "instance_url": ["x"] })).is_err());
    check(json!({ "sub": "a", "instance_url": "https://eu.acme.example" })).unwrap();
}

/// `evil.example/x` is a whole host with a path, and as a part of a host it would be all of it.
#[test]
fn a_part_of_a_host_has_no_path_port_or_scheme() {
    let yaml = "acme:\n  display_name: Acme\n  auth_mode: API_KEY\n  \
        proxy:\n    base_url: https://${connectionConfig.sub}.acme.example/api\n";
    let catalog = Catalog::embedded().unwrap().with_file("acme.yaml", yaml).unwrap();
    let acme = &catalog.get(&ProviderName::parse("acme").unwrap()).unwrap().provider;
    let check = |sub: &str| validate_connection_config(acme, json!({ "sub": sub }).as_object().unwrap());
    check("eu").unwrap();
    check("a.eu").unwrap();
    for bad in ["evil.example/x", "evil.example/", "evil.example:443/", "https://evil.example/x"] {
        assert_eq!(check(bad).unwrap_err()[0].field, "sub", "{bad}");
    }
}

#[test]
fn credentials_are_checked_without_being_repeated() {
    let catalog = Catalog::embedded().unwrap();
    let v1 = &catalog.get(&ProviderName::parse("sharepoint-online-v1").unwrap()).unwrap().provider;
    let check = |given: Value| validate_credentials(v1, given.as_object().unwrap());
    let client = "11112222-bbbb-3333-cccc-4444dddd5555";
    check(json!({ "clientId": client })).unwrap();
    check(json!({ "clientId": client, "privateKey": "-----BEGIN PRIVATE KEY-----\nAAAA\n" })).unwrap();
    let given = json!({ "clientId": "hunter2", "privateKey": 7, "certificateThumbprint": "AB:CD", "extra": "hunter2" });
    let problems = check(given).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["clientId", "privateKey", "certificateThumbprint", "extra"]);
    assert!(problems.iter().all(|problem| !problem.message.contains("hunter2")), "{problems:?}");
    assert!(check(json!({ "clientId": client, "privateKey": "a\u{0}b" })).is_err());
    assert!(check(json!({})).unwrap_err()[0].message.starts_with("is required"));
}
