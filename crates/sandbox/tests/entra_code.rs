//! The authorization code grant with PKCE, and each way in which a redemption is refused.

mod common;

use common::{CHALLENGE, Fixture, authorize_params, claims, code_of, redeem, tokens_of, with};
use http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use sandbox::{CONTOSO, FABRIKAM, MULTI_AND_PERSONAL_APP, MULTI_TENANT_APP, SINGLE_TENANT_APP};
use serde_json::json;

const APP: &str = MULTI_TENANT_APP;
const SECRET: &str = "sandbox-secret-2-a";
const SCOPE: &str = "openid offline_access Files.ReadWrite";
const ADA: &str = "ada@contoso.example";

#[tokio::test]
async fn a_code_becomes_tokens_that_graph_takes() {
    let fixture = Fixture::open().await;
    let mut params = authorize_params(APP, SCOPE);
    params.extend([("nonce", "n-1"), ("client_info", "1")]);
    let mut browser = fixture.browser();
    let page = browser.authorize("common", &params).await;
    let consent = browser.pick(&page, ADA).await;
    assert!(consent.body.contains("Have full access to your files"), "{}", consent.body);
    let (_, callback) = browser.accept(&consent).await.location();
    let fields = with(&redeem(APP, SECRET, callback.get("code").unwrap()), "client_info", "1");
    let answer = fixture.token("common", &fields).await;
    let body = answer.json();
    assert_eq!(answer.status, StatusCode::OK, "{body}");
    assert_eq!(body["token_type"], "Bearer");
    assert!((3599..=5399).contains(&body["expires_in"].as_i64().unwrap()));
    assert_eq!(body["scope"], "Files.ReadWrite openid");
    assert!(body["client_info"].is_string() && body["refresh_token"].is_string());
    let access = claims(body["access_token"].as_str().unwrap());
    assert_eq!(
        (&access["tid"], &access["appidacr"], &access["aud"]),
        (&json!(CONTOSO), &json!("1"), &json!("https://graph.microsoft.com"))
    );
    let graph = fixture.call("graph.localhost", "/v1.0/me", body["access_token"].as_str().unwrap()).await;
    assert_ne!(graph.status, StatusCode::UNAUTHORIZED, "{}", graph.body);
}

#[tokio::test]
async fn the_id_token_is_signed_by_the_published_key() {
    let fixture = Fixture::open().await;
    let mut params = authorize_params(APP, SCOPE);
    params.push(("nonce", "n-2"));
    let mut browser = fixture.browser();
    let page = browser.authorize("organizations", &params).await;
    let consent = browser.pick(&page, ADA).await;
    let (_, callback) = browser.accept(&consent).await.location();
    let body =
        fixture.token("organizations", &redeem(APP, SECRET, callback.get("code").unwrap())).await.json();
    let keys = fixture.get("/common/discovery/v2.0/keys").await.json();
    let key = &keys["keys"][0];
    let key =
        DecodingKey::from_rsa_components(key["n"].as_str().unwrap(), key["e"].as_str().unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&[APP]);
    rules.set_issuer(&[format!("{}/{CONTOSO}/v2.0", fixture.login())]);
    rules.validate_exp = false;
    let token = body["id_token"].as_str().unwrap();
    let read = jsonwebtoken::decode::<serde_json::Value>(token, &key, &rules).unwrap().claims;
    assert_eq!(
        (&read["nonce"], &read["preferred_username"], &read["tid"]),
        (&json!("n-2"), &json!(ADA), &json!(CONTOSO))
    );
}

#[tokio::test]
async fn redemptions_that_are_refused() {
    let fixture = Fixture::open().await;
    let code = code_of(&fixture, "common", APP, ADA, SCOPE).await;
    let good = redeem(APP, SECRET, &code);
    fixture.token("common", &with(&good, "code_verifier", CHALLENGE)).await.refused(
        400,
        "invalid_grant",
        501481,
    );
    fixture.token("common", &with(&good, "code_verifier", "")).await.refused(400, "invalid_request", 900144);
    fixture
        .token("common", &with(&good, "redirect_uri", "http://localhost:4000/oauth/callback"))
        .await
        .refused(400, "invalid_grant", 500112);
    fixture.token("common", &with(&good, "client_secret", "")).await.refused(401, "invalid_client", 7000218);
    fixture.token("common", &with(&good, "client_secret", "wrong")).await.refused(
        401,
        "invalid_client",
        7000215,
    );
    fixture.token("common", &with(&good, "client_secret", "sandbox-secret-2-old")).await.refused(
        401,
        "invalid_client",
        7000222,
    );
    fixture.token("common", &with(&good, "client_id", "77777777-0000-4000-a000-000000000009")).await.refused(
        400,
        "unauthorized_client",
        700016,
    );
    fixture.token("common", &with(&good, "code", "1.unknown")).await.refused(400, "invalid_grant", 70000);
    fixture.token("common", &with(&good, "grant_type", "password_or_so")).await.refused(
        400,
        "unsupported_grant_type",
        70003,
    );
    fixture.token("common", &with(&good, "grant_type", "")).await.refused(400, "invalid_request", 900144);
    fixture
        .token(
            "common",
            &with(&good, "scope", "Files.ReadWrite https://contoso.sharepoint.com/AllSites.Read"),
        )
        .await
        .refused(400, "invalid_request", 28000);
}

#[tokio::test]
async fn a_code_is_redeemed_once() {
    let fixture = Fixture::open().await;
    let code = code_of(&fixture, "common", APP, ADA, SCOPE).await;
    let good = redeem(APP, "sandbox-secret-2-b", &code);
    assert_eq!(fixture.token("common", &good).await.status, StatusCode::OK, "the second secret overlaps");
    fixture.token("common", &good).await.refused(400, "invalid_grant", 54005);
}

#[tokio::test]
async fn a_code_lives_ten_minutes_and_in_one_tenant() {
    let fixture = Fixture::open().await;
    let code = code_of(&fixture, "common", APP, ADA, SCOPE).await;
    let good = redeem(APP, SECRET, &code);
    fixture.token(FABRIKAM, &good).await.refused(400, "invalid_grant", 700005);
    fixture.sandbox.advance_clock(10 * 60 * 1000);
    fixture.token("common", &good).await.refused(400, "invalid_grant", 70008);
}

#[tokio::test]
async fn a_web_code_is_not_redeemed_by_a_page() {
    let fixture = Fixture::open().await;
    let code = code_of(&fixture, "common", APP, ADA, SCOPE).await;
    let origin = [("origin", "http://localhost:3003")];
    let answer = fixture.form("/common/oauth2/v2.0/token", &redeem(APP, SECRET, &code), &origin).await;
    answer.refused(400, "invalid_request", 9002326);
}

#[tokio::test]
async fn basic_credentials_are_form_encoded() {
    let fixture = Fixture::open().await;
    fixture.must("POST", &format!("apps/{APP}/secrets"), json!({ "value": "a+b/c d%" })).await;
    let code = code_of(&fixture, "common", APP, ADA, SCOPE).await;
    let fields = with(&with(&redeem(APP, "", &code), "client_id", ""), "client_secret", "");
    use base64::Engine as _;
    let pair = format!("{APP}:a%2Bb%2Fc+d%25");
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let answer = fixture.form("/common/oauth2/v2.0/token", &fields, &[("authorization", &basic)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[tokio::test]
async fn the_v1_endpoint_speaks_in_strings() {
    let fixture = Fixture::open().await;
    let code =
        code_of(&fixture, "common", APP, ADA, "https://graph.microsoft.com/.default offline_access openid")
            .await;
    let fields = with(&redeem(APP, SECRET, &code), "resource", "https://graph.microsoft.com");
    let answer = fixture.form("/common/oauth2/token", &fields, &[]).await;
    let body = answer.json();
    assert_eq!(answer.status, StatusCode::OK, "{body}");
    let seconds: i64 = body["expires_in"].as_str().unwrap().parse().unwrap();
    assert_eq!(body["expires_on"].as_str().unwrap(), (common::START_MS / 1000 + seconds).to_string());
    assert_eq!(body["resource"], "https://graph.microsoft.com");
    assert!(body["refresh_token"].is_string());
}

#[tokio::test]
async fn no_refresh_token_without_offline_access() {
    let fixture = Fixture::open().await;
    let body = tokens_of(&fixture, APP, SECRET, ADA, "User.Read").await;
    assert!(body["refresh_token"].is_null() && body["id_token"].is_null(), "{body}");
}

#[tokio::test]
async fn personal_accounts_and_single_tenants() {
    let fixture = Fixture::open().await;
    let body =
        tokens_of(&fixture, MULTI_AND_PERSONAL_APP, "sandbox-secret-3-a", "pat@outlook.example", SCOPE).await;
    assert_eq!(claims(body["id_token"].as_str().unwrap())["tid"], "9188040d-6c67-4c5b-b112-36a304b66dad");
    let code = code_of(&fixture, CONTOSO, SINGLE_TENANT_APP, ADA, SCOPE).await;
    let good = redeem(SINGLE_TENANT_APP, "sandbox-secret-1-a", &code);
    fixture.token("common", &good).await.refused(400, "invalid_request", 50194);
    assert_eq!(fixture.token("contoso.example", &good).await.status, StatusCode::OK);
}

#[tokio::test]
async fn single_page_and_native_apps() {
    let fixture = Fixture::open().await;
    for (uri, kind) in [("https://spa.example/cb", "spa"), ("msal://auth", "native")] {
        fixture.must("POST", &format!("apps/{APP}/redirect-uris"), json!({ "uri": uri, "kind": kind })).await;
    }
    let mut browser = fixture.browser();
    let mut code = async |uri: &'static str| {
        let params = with(&authorize_params(APP, "offline_access User.Read"), "redirect_uri", uri);
        let mut next = browser.authorize("common", &params).await;
        if next.body.contains("<h1>Sign in</h1>") {
            let consent = browser.pick(&next, ADA).await;
            next = browser.accept(&consent).await;
        }
        next.location().1.get("code").unwrap().to_owned()
    };
    let spa = code("https://spa.example/cb").await;
    let public =
        with(&with(&redeem(APP, "", &spa), "client_secret", ""), "redirect_uri", "https://spa.example/cb");
    fixture.token("common", &public).await.refused(400, "invalid_request", 9002327);
    let origin = [("origin", "https://spa.example")];
    let tokens = fixture.form("/common/oauth2/v2.0/token", &public, &origin).await.json();
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let refresh = [("grant_type", "refresh_token"), ("client_id", APP), ("refresh_token", token.as_str())];
    assert_eq!(fixture.token("common", &refresh).await.status, StatusCode::OK);
    let native = code("msal://auth").await;
    let fields = with(&redeem(APP, SECRET, &native), "redirect_uri", "msal://auth");
    fixture.token("common", &fields).await.refused(401, "invalid_client", 700025);
    assert_eq!(fixture.token("common", &with(&fields, "client_secret", "")).await.status, StatusCode::OK);
    fixture.sandbox.advance_clock(24 * 3600 * 1000);
    fixture.token("common", &refresh).await.refused(400, "invalid_grant", 700084);
    let no_challenge = with(&authorize_params(APP, "User.Read"), "redirect_uri", "https://spa.example/cb");
    let refused = fixture.browser().authorize("common", &with(&no_challenge, "code_challenge", "")).await;
    assert!(refused.location().1.get("error_description").unwrap().starts_with("AADSTS9002325"));
}

#[tokio::test]
async fn the_v1_authorize_endpoint_names_a_resource() {
    let fixture = Fixture::open().await;
    let mut browser = fixture.browser();
    let resource = "https://contoso.sharepoint.com";
    let params = with(&with(&authorize_params(APP, ""), "scope", ""), "resource", resource);
    let query = serde_urlencoded::to_string(params).unwrap();
    let page = browser.get(&format!("/common/oauth2/authorize?{query}")).await;
    let consent = browser.pick(&page, ADA).await;
    assert!(consent.body.contains("AllSites.Write"), "{}", consent.body);
    let (_, callback) = browser.accept(&consent).await.location();
    let fields = redeem(APP, SECRET, callback.get("code").unwrap());
    let body = fixture.form("/common/oauth2/token", &fields, &[]).await.json();
    assert_eq!(body["resource"], resource, "{body}");
    assert_eq!(claims(body["access_token"].as_str().unwrap())["aud"], resource);
    assert_eq!(claims(body["id_token"].as_str().unwrap())["ver"], "1.0");
}
