use std::collections::BTreeMap;

use domain::credentials::FormFields;
use domain::integration::{Integration, IntegrationSettings};
use domain::provider::{Expiry, Method, TokenAnswerPaths};
use domain::template::{Template, TemplateTree};
use domain::{IntegrationKey, ProviderName};
use serde_json::json;

use super::super::{Client, Party};
use super::*;
use crate::credentials::problem::Concern;
use crate::credentials::template_functions::TemplateFunctions;

const NOW_MS: i64 = 1_795_219_200_000;

fn tree(value: &Value) -> TemplateTree {
    match value {
        Value::String(text) => TemplateTree::Text(Template::parse(text).unwrap()),
        Value::Array(items) => TemplateTree::List(items.iter().map(tree).collect()),
        Value::Object(map) => {
            TemplateTree::Map(map.iter().map(|(key, value)| (key.clone(), tree(value))).collect())
        }
        other => TemplateTree::Literal(other.clone()),
    }
}

fn step(format: BodyFormat, method: Method, params: &Value) -> TokenStep {
    let params = params.as_object().unwrap();
    TokenStep {
        url: Template::parse("https://${connectionConfig.host}/token").unwrap(),
        method,
        headers: vec![("x-user".to_owned(), Template::parse("${credentials.user}").unwrap())],
        params: params.iter().map(|(name, value)| (name.clone(), tree(value))).collect(),
        body_format: format,
    }
}

fn scheme(answer: TokenAnswerPaths, token_life: TokenLife) -> TwoStep {
    TwoStep {
        request: step(BodyFormat::Json, Method::Post, &json!({})),
        additional_steps: Vec::new(),
        refresh: None,
        answer,
        token_life,
        expiration_buffer_seconds: None,
        token_response_metadata: Vec::new(),
        assertion: None,
        jwt: None,
        default_scopes: Vec::new(),
        scope_rules: provider::ScopeRules::None,
    }
}

fn paths(token: &str, expiry: Option<Expiry>) -> TokenAnswerPaths {
    TokenAnswerPaths { token: token.to_owned(), expiry, refresh_token: None, headers: Vec::new() }
}

/// Hands `work` the values of a form with the fields `user`, `password` and an empty `optional`.
fn with_values<T>(work: impl FnOnce(&FormValues<'_>, &FormFields) -> T) -> T {
    let integration = Integration {
        id: "i".to_owned(),
        key: IntegrationKey::parse("key").unwrap(),
        provider: ProviderName::parse("vendor").unwrap(),
        display_name: None,
        client_id: None,
        client_secret: None,
        scopes: Vec::new(),
        settings: IntegrationSettings::default(),
        created_at_ms: 0,
        updated_at_ms: 0,
    };
    let catalog = catalog::Catalog::embedded().unwrap();
    let provider = &catalog.get(&ProviderName::parse("microsoft").unwrap()).unwrap().provider.clone();
    let config = json!({"host": "login.example:8443"}).as_object().cloned().unwrap();
    let cloud = BTreeMap::new();
    let fields: FormFields = [("user", "ada & co"), ("password", "p\"w"), ("optional", "")]
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .into_iter()
        .collect();
    let party = Party {
        provider,
        integration: &integration,
        client: Client { id: String::new(), secret: Secret::default() },
        cloud: &cloud,
        config: &config,
        redirect_uri: "",
        functions: TemplateFunctions::at(NOW_MS, "party".to_owned()),
        extra: &[],
    };
    let functions = TemplateFunctions::at(NOW_MS, "random".to_owned());
    let values = FormValues::new(&party, &fields, functions, NOW_MS);
    work(&values, &fields)
}

#[test]
fn a_body_is_written_in_the_form_that_the_definition_names() {
    let params = json!({"login": {"user": "${credentials.user}", "password": "${credentials.password}"},
        "keep": true, "gone": "${credentials.optional}", "list": ["${credentials.user}", 1]});
    with_values(|values, _| {
        let made = |format, method| request(&step(format, method, &params), values).unwrap();
        let json = made(BodyFormat::Json, Method::Post);
        assert_eq!(json.url, "https://login.example:8443/token");
        let body: Value = serde_json::from_str(json.body.unwrap().expose()).unwrap();
        assert_eq!(
            body,
            json!({"login": {"user": "ada & co", "password": "p\"w"}, "keep": true, "list": ["ada & co", 1]})
        );
        let form = made(BodyFormat::Form, Method::Post);
        assert!(form.body.is_none());
        let mut fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                ("keep", "true"),
                ("list", "1"),
                ("list", "ada & co"),
                ("login[password]", "p\"w"),
                ("login[user]", "ada & co")
            ]
        );
        let get = made(BodyFormat::Json, Method::Get);
        assert_eq!((get.method, get.body.is_none(), get.fields.len()), (http::Method::GET, true, 5));
    });
    let xml = with_values(|values, _| {
        request(&step(BodyFormat::Xml, Method::Post, &json!({"r": {"u": "${credentials.user}"}})), values)
    });
    assert!(xml.unwrap().body.unwrap().expose().ends_with("<r><u>ada &amp; co</u></r>"));
}

#[test]
fn an_answer_may_be_json_xml_or_the_token_itself() {
    let read = |kind: &str, body: &str| answer(200, Some(kind), body.as_bytes());
    assert_eq!(read("application/json", r#"{"a":{"b":1}}"#).unwrap()["a"]["b"], 1);
    assert_eq!(read("text/plain", "tok-1\n").unwrap()["token"], "tok-1");
    assert_eq!(read("application/json", "\"tok-2\"").unwrap()["token"], "tok-2");
    assert_eq!(read("text/xml", "<r><s>tok-3</s></r>").unwrap()["r"]["s"], "tok-3");
    for (kind, body) in
        [("text/html", "<html><body>Sign in</body></html>"), ("text/plain", ""), ("text/json", "[1]")]
    {
        assert_eq!(read(kind, body).unwrap_err().concern, Concern::Passing, "{body}");
    }
    for (status, concern) in [(401, Concern::Unknown), (500, Concern::Passing), (429, Concern::Passing)] {
        assert_eq!(answer(status, None, b"<html>").unwrap_err().concern, concern);
        assert_eq!(answer(status, None, br#"{"token":"t"}"#).unwrap_err().concern, concern);
    }
}

#[test]
fn the_end_is_found_by_every_strategy() {
    let end = |answer: TokenAnswerPaths, life: TokenLife, raw: Value| {
        with_values(|values, fields| {
            let raw = raw.as_object().cloned().unwrap();
            credentials(&scheme(answer, life), raw, values, &unbought(fields.clone()))
                .map(|made| made.expires_at_ms)
        })
        .unwrap()
    };
    let said = |expiry| paths("data.token", Some(expiry));
    let raw = |end: Value| json!({"data": {"token": "t", "end": end}});
    let within = || said(Expiry::In("data.end".to_owned()));
    let at = || said(Expiry::At("data.end".to_owned()));
    assert_eq!(end(within(), TokenLife::AsAnswered, raw(json!("3600"))), Some(NOW_MS + 3_600_000));
    assert_eq!(end(at(), TokenLife::AsAnswered, raw(json!("2027-01-01T00:00:00Z"))), Some(1_798_761_600_000));
    assert_eq!(
        end(at(), TokenLife::AsAnswered, raw(json!("1:02:30"))),
        Some(NOW_MS + 26 * 3_600_000 + 30 * 60_000)
    );
    assert_eq!(end(within(), TokenLife::AsAnswered, raw(json!(-5))), Some(NOW_MS), "it has ended");
    for nothing in [json!(null), json!({"a": 1}), json!([1]), json!("soon")] {
        assert_eq!(end(within(), TokenLife::AsAnswered, raw(nothing.clone())), None);
        assert_eq!(end(within(), TokenLife::Milliseconds(900_000), raw(nothing)), Some(NOW_MS + 900_000));
    }
    assert_eq!(end(paths("data.token", None), TokenLife::Endless, raw(json!(5))), None);
    let huge = end(within(), TokenLife::AsAnswered, raw(json!(1e300))).unwrap();
    assert!(huge < NOW_MS + 11 * 365 * 86_400_000, "{huge}");
    // `{"exp":1795222800}` as the claims of a JWT.
    let jwt = json!({"token": "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUyMjI4MDB9."});
    assert_eq!(end(paths("token", None), TokenLife::AsAnswered, jwt), Some(1_795_222_800_000));
}

#[test]
fn a_token_that_is_not_where_it_should_be_is_told_by_its_place() {
    for raw in [
        json!({}),
        json!({"data": "t"}),
        json!({"data": {"token": ""}}),
        json!({"data": {"token": {"t": 1}}}),
    ] {
        let outcome = with_values(|values, fields| {
            let raw = raw.as_object().cloned().unwrap();
            credentials(
                &scheme(paths("data.token", None), TokenLife::Endless),
                raw,
                values,
                &unbought(fields.clone()),
            )
        });
        let problem = outcome.unwrap_err();
        assert!(problem.cause.contains("`data.token`"), "{}", problem.cause);
    }
}

#[test]
fn cookies_are_kept_as_they_go_back() {
    let mut headers = http::HeaderMap::new();
    headers.append("set-cookie", "B1SESSION=abc; HttpOnly; Path=/".parse().unwrap());
    headers.append("set-cookie", "ROUTEID=.node1; path=/".parse().unwrap());
    headers.append("x-region", "eu".parse().unwrap());
    let mut raw = json!({"SessionId": "abc", "ROUTEID": "its own"}).as_object().cloned().unwrap();
    keep_headers(&["set-cookie".to_owned(), "x-region".to_owned(), "absent".to_owned()], &headers, &mut raw);
    let wanted = json!({"SessionId": "abc", "ROUTEID": "its own", "B1SESSION": "abc", "x-region": "eu",
        "_cookies": "B1SESSION=abc; ROUTEID=.node1"});
    assert_eq!(Value::Object(raw), wanted);
}
