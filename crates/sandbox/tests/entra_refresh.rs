//! Refresh tokens: several resources, no rotation kill, and everything that ends one.

mod common;

use common::{Fixture, claims, tokens_of, with};
use http::StatusCode;
use sandbox::{MULTI_TENANT_APP, SignInRequest};
use serde_json::{Value, json};

const APP: &str = MULTI_TENANT_APP;
const SECRET: &str = "sandbox-secret-2-a";
const ADA: &str = "ada@contoso.example";
const SHAREPOINT: &str = "https://contoso.sharepoint.com/AllSites.Write";
const DAY_MS: i64 = 24 * 3600 * 1000;

fn refresh(token: &Value) -> Vec<(&str, &str)> {
    let token = token["refresh_token"].as_str().expect("a refresh token");
    vec![
        ("grant_type", "refresh_token"),
        ("client_id", APP),
        ("client_secret", SECRET),
        ("refresh_token", token),
    ]
}

async fn signed_in(fixture: &Fixture) -> Value {
    tokens_of(fixture, APP, SECRET, ADA, "offline_access Files.ReadWrite").await
}

#[tokio::test]
async fn an_old_refresh_token_still_works() {
    let fixture = Fixture::open().await;
    let first = signed_in(&fixture).await;
    let second = fixture.token("common", &refresh(&first)).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(second["scope"], "Files.ReadWrite");
    for token in [&first, &second] {
        assert_eq!(fixture.token("common", &refresh(token)).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn one_refresh_token_serves_another_resource() {
    let fixture = Fixture::open().await;
    let all = format!("offline_access Files.ReadWrite {SHAREPOINT}");
    let tokens = tokens_of(&fixture, APP, SECRET, ADA, &all).await;
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["aud"], "https://graph.microsoft.com");
    let answer = fixture.token("common", &with(&refresh(&tokens), "scope", SHAREPOINT)).await.json();
    assert_eq!(answer["scope"], SHAREPOINT);
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(claims(token)["aud"], "https://contoso.sharepoint.com");
    let web = fixture.call("contoso.sharepoint.localhost", "/_api/web", token).await;
    assert_ne!(web.status, StatusCode::UNAUTHORIZED, "{}", web.body);
    let own = format!("http://contoso.sharepoint.localhost:{}/.default", fixture.port);
    let answer = fixture.token("common", &with(&refresh(&tokens), "scope", &own)).await.json();
    assert_eq!(claims(answer["access_token"].as_str().unwrap())["aud"], "https://contoso.sharepoint.com");
}

#[tokio::test]
async fn what_was_not_consented_to_is_refused() {
    let fixture = Fixture::open().await;
    let tokens = signed_in(&fixture).await;
    let good = refresh(&tokens);
    let (fixture, good) = (&fixture, &good);
    let ask = async |scope: &'static str| fixture.token("common", &with(good, "scope", scope)).await;
    let body = ask("Mail.Read").await.refused(400, "invalid_grant", 65001);
    assert_eq!(body["suberror"], "consent_required");
    ask(SHAREPOINT).await.refused(400, "invalid_grant", 65001);
    ask("https://contoso.sharepoint.com/.default").await.refused(400, "invalid_grant", 65001);
    ask("Files.ReadWrite https://contoso.sharepoint.com/AllSites.Write").await.refused(
        400,
        "invalid_request",
        28000,
    );
    ask("https://fabrikam.sharepoint.com/.default").await.refused(400, "invalid_resource", 500011);
    ask("https://11111111-2222-4333-8444-555555555555.sharepoint.com/Sites.Read.All").await.refused(
        400,
        "invalid_resource",
        500011,
    );
    ask(".default Files.ReadWrite").await.refused(400, "invalid_scope", 70011);
    assert_eq!(ask("https://graph.microsoft.com/.default").await.status, StatusCode::OK);
}

#[tokio::test]
async fn ninety_days_without_use_end_it() {
    let fixture = Fixture::open().await;
    let first = signed_in(&fixture).await;
    fixture.sandbox.advance_clock(89 * DAY_MS);
    let second = fixture.token("common", &refresh(&first)).await.json();
    fixture.sandbox.advance_clock(2 * DAY_MS);
    fixture.token("common", &refresh(&first)).await.refused(400, "invalid_grant", 700082);
    assert_eq!(fixture.token("common", &refresh(&second)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_an_administrator_does_reaches_the_token() {
    let fixture = Fixture::open().await;
    let tokens = signed_in(&fixture).await;
    let user = format!("users/{ADA}");
    fixture.must("POST", &user, json!({ "rule": "mfa" })).await;
    let body = fixture.token("common", &refresh(&tokens)).await.refused(400, "invalid_grant", 50076);
    assert_eq!(body["suberror"], "basic_action");
    assert!(body["claims"].as_str().unwrap().contains("capolids"));
    let again = signed_in(&fixture).await;
    assert_eq!(
        fixture.token("common", &refresh(&again)).await.status,
        StatusCode::OK,
        "a new sign-in had MFA"
    );
    fixture.must("POST", &user, json!({ "rule": "blocked" })).await;
    let body = fixture.token("common", &refresh(&again)).await.refused(400, "invalid_grant", 53003);
    assert_eq!(body["suberror"], "message_only");
    fixture.must("POST", &user, json!({ "rule": "none", "disabled": true })).await;
    fixture.token("common", &refresh(&again)).await.refused(400, "invalid_grant", 50057);
    fixture.must("POST", &user, json!({ "disabled": false })).await;
    fixture.must("POST", "revoke", json!({ "user": ADA })).await;
    fixture.token("common", &refresh(&again)).await.refused(400, "invalid_grant", 50173);
}

#[tokio::test]
async fn the_wrong_client_tenant_or_token() {
    let fixture = Fixture::open().await;
    let tokens = signed_in(&fixture).await;
    let good = refresh(&tokens);
    fixture.token("fabrikam.example", &good).await.refused(400, "invalid_grant", 50020);
    fixture.token("consumers", &good).await.refused(400, "invalid_grant", 50020);
    fixture.token("nowhere.example", &good).await.refused(400, "invalid_request", 90002);
    fixture.token("common", &with(&good, "refresh_token", "1.abc.def")).await.refused(
        400,
        "invalid_grant",
        70000,
    );
    fixture.token("common", &with(&good, "client_secret", "")).await.refused(401, "invalid_client", 7000218);
    let other = with(
        &with(&good, "client_id", sandbox::MULTI_AND_PERSONAL_APP),
        "client_secret",
        "sandbox-secret-3-a",
    );
    fixture.token("common", &other).await.refused(400, "invalid_grant", 70000);
}

#[tokio::test]
async fn a_sign_in_without_a_browser_is_worth_the_same() {
    let fixture = Fixture::open().await;
    let scope = "openid offline_access .default";
    let login = fixture.login();
    let asked = SignInRequest { app_id: APP, user: ADA, scope, login: &login };
    let answer = fixture.sandbox.sign_in(&asked).unwrap();
    assert_eq!(answer.tenant_id, sandbox::CONTOSO);
    assert!(!format!("{answer:?}").contains(&answer.access_token));
    let tokens = json!({ "refresh_token": answer.refresh_token });
    assert_eq!(fixture.token("common", &refresh(&tokens)).await.status, StatusCode::OK);
    let whole = with(&refresh(&tokens), "scope", "https://contoso.sharepoint.com/.default");
    assert_eq!(
        fixture.token("common", &whole).await.status,
        StatusCode::OK,
        "`.default` is the whole registration"
    );
    let asked = SignInRequest { user: "nobody@contoso.example", ..asked };
    assert!(fixture.sandbox.sign_in(&asked).unwrap_err().to_string().contains("AADSTS50034"));
}
