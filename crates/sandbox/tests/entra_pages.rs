//! The pages: who is asked what, what goes back to the app, and what never does.

mod common;

use common::{Answer, CALLBACK, Fixture, authorize_params, with};
use http::StatusCode;
use sandbox::{CONTOSO, FABRIKAM, MULTI_AND_PERSONAL_APP, MULTI_TENANT_APP, SINGLE_TENANT_APP};
use serde_json::json;

const APP: &str = MULTI_TENANT_APP;
const ADA: &str = "ada@contoso.example";
const MEGAN: &str = "megan@contoso.example";
const ALEX: &str = "alex@fabrikam.example";

#[track_caller]
fn sent_back(answer: &Answer, error: &str, code: u32) {
    let (to, params) = answer.location();
    assert_eq!(to, CALLBACK);
    assert_eq!(params.get("error"), Some(error), "{params:?}");
    let description = params.get("error_description").unwrap();
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    assert_eq!(params.get("state"), Some("a state & more"));
}

#[track_caller]
fn succeeded(answer: &Answer) {
    let (to, params) = answer.location();
    assert_eq!(to, CALLBACK);
    assert!(params.get("code").is_some_and(|code| code.len() > 400), "{params:?}");
    assert!(params.get("session_state").is_some());
}

fn needs_admin(answer: &Answer) -> bool {
    answer.status == StatusCode::OK && answer.body.contains("Need admin approval")
}

#[tokio::test]
async fn errors_that_never_come_back() {
    let fixture = Fixture::open().await;
    let mut browser = fixture.browser();
    let good = authorize_params(APP, "User.Read");
    let foreign = with(&good, "redirect_uri", "https://evil.example/cb");
    browser.authorize("common", &foreign).await.error_page(50011);
    let other_path = with(&good, "redirect_uri", "http://localhost:3003/oauth/callbacks");
    browser.authorize("common", &other_path).await.error_page(50011);
    browser.authorize("common", &with(&good, "redirect_uri", "")).await.error_page(900971);
    let unknown = with(&good, "client_id", "77777777-0000-4000-a000-000000000009");
    browser.authorize("common", &unknown).await.error_page(700016);
    browser.authorize("common", &with(&good, "client_id", SINGLE_TENANT_APP)).await.error_page(50194);
    browser.authorize(FABRIKAM, &with(&good, "client_id", SINGLE_TENANT_APP)).await.error_page(700016);
    browser.authorize("nowhere.example", &good).await.error_page(90002);
    browser.authorize("consumers", &good).await.error_page(700016);
    for mixed in [".default Files.Read", "https://graph.microsoft.com/.default User.Read"] {
        browser.authorize("common", &with(&good, "scope", mixed)).await.error_page(70011);
    }
    let hostile = with(&good, "redirect_uri", "https://evil.example/\"><script>alert(1)</script>");
    assert!(!browser.authorize("common", &hostile).await.body.contains("<script>"));
}

#[tokio::test]
async fn accounts_that_may_not_come_in() {
    let fixture = Fixture::open().await;
    let params = authorize_params(APP, "User.Read");
    let mut browser = fixture.browser();
    let page = browser.authorize("common", &params).await;
    assert!(page.body.contains("pat@outlook.example"));
    let answer = browser.pick(&page, "pat@outlook.example").await;
    answer.error_page(700016);
    let page = fixture.browser().authorize(CONTOSO, &params).await;
    assert!(page.body.contains(ADA) && !page.body.contains(ALEX));
    fixture.browser().pick(&page, ALEX).await.error_page(50020);
    let page = fixture.browser().authorize("organizations", &params).await;
    assert!(!page.body.contains("pat@outlook.example"));
    let again = fixture.browser().pick(&page, "nobody@contoso.example").await;
    assert!(again.body.contains("find an account with that username"));
    fixture.must("POST", &format!("users/{ADA}"), json!({ "disabled": true })).await;
    fixture.browser().pick(&page, ADA).await.error_page(50057);
    fixture.must("POST", &format!("users/{ADA}"), json!({ "disabled": false, "rule": "blocked" })).await;
    fixture.browser().pick(&page, ADA).await.error_page(53003);
}

#[tokio::test]
async fn errors_that_come_back() {
    let fixture = Fixture::open().await;
    let mut browser = fixture.browser();
    let good = authorize_params(APP, "User.Read");
    let ask = async |name, value| fixture.browser().authorize("common", &with(&good, name, value)).await;
    sent_back(&ask("response_type", "token").await, "unsupported_response_type", 700054);
    sent_back(&ask("scope", "Nonsense.Read").await, "invalid_client", 650053);
    sent_back(&ask("scope", "").await, "invalid_request", 900144);
    sent_back(&ask("scope", "https://evil.example/x").await, "invalid_resource", 500011);
    sent_back(&ask("prompt", "maybe").await, "invalid_request", 90023);
    sent_back(&ask("prompt", "none").await, "login_required", 50058);
    sent_back(&ask("code_challenge", "short").await, "invalid_request", 501491);
    sent_back(&ask("code_challenge_method", "S1").await, "invalid_request", 501491);
    let page = browser.authorize("common", &good).await;
    let consent = browser.pick(&page, ADA).await;
    let declined = browser.submit(&consent, &[("decision", "deny")]).await;
    sent_back(&declined, "access_denied", 65004);
    assert_eq!(declined.location().1.get("error_subcode"), Some("cancel"));
    let page = browser
        .authorize("common", &with(&good, "scope", "https://fabrikam.sharepoint.com/AllSites.Read"))
        .await;
    sent_back(&page, "invalid_resource", 500011);
}

#[tokio::test]
async fn prompts_and_hints() {
    let fixture = Fixture::open().await;
    let mut browser = fixture.browser();
    let good = authorize_params(APP, "User.Read");
    let page = browser.authorize("common", &good).await;
    let consent = browser.pick(&page, MEGAN).await;
    succeeded(&browser.accept(&consent).await);
    succeeded(&browser.authorize("common", &good).await);
    succeeded(&browser.authorize("common", &with(&good, "prompt", "none")).await);
    succeeded(&browser.authorize("common", &with(&good, "login_hint", MEGAN)).await);
    for prompt in ["login", "select_account"] {
        let page = browser.authorize("common", &with(&good, "prompt", prompt)).await;
        succeeded(&browser.pick(&page, MEGAN).await);
    }
    let page = browser.authorize("common", &with(&good, "prompt", "consent")).await;
    succeeded(&browser.accept(&page).await);
    let hinted = browser.authorize("common", &with(&good, "login_hint", ADA)).await;
    assert!(hinted.body.contains("value=\"ada@contoso.example\" required"), "{}", hinted.body);
    let page =
        browser.authorize("common", &with(&with(&good, "prompt", "login"), "domain_hint", "consumers")).await;
    assert!(page.body.contains("pat@outlook.example") && !page.body.contains(ADA));
    let page = browser.authorize("common", &with(&good, "prompt", "login")).await;
    let consent = browser.pick(&page, ADA).await;
    succeeded(&browser.accept(&consent).await);
    sent_back(
        &browser.authorize("common", &with(&good, "prompt", "none")).await,
        "interaction_required",
        16000,
    );
    let more = with(&with(&good, "scope", "Mail.Read"), "login_hint", ADA);
    sent_back_consent_required(&browser.authorize("common", &with(&more, "prompt", "none")).await);
    let out = browser.get("/common/oauth2/v2.0/logout").await;
    assert!(out.body.contains("signed out"));
    sent_back(&browser.authorize("common", &with(&good, "prompt", "none")).await, "login_required", 50058);
}

#[track_caller]
fn sent_back_consent_required(answer: &Answer) {
    assert_eq!(answer.location().1.get("error"), Some("consent_required"));
}

#[tokio::test]
async fn default_asks_only_when_nothing_was_granted() {
    let fixture = Fixture::open().await;
    let mut browser = fixture.browser();
    let default = authorize_params(APP, ".default offline_access");
    let page = browser.authorize("common", &default).await;
    let consent = browser.pick(&page, MEGAN).await;
    assert!(
        consent.body.contains("Sites.ReadWrite.All") && consent.body.contains("AllSites.Write"),
        "{}",
        consent.body
    );
    let nothing_more = authorize_params(APP, "User.Read");
    browser.submit(&consent, &[("decision", "deny")]).await;
    let consent = browser.authorize("common", &nothing_more).await;
    assert!(!consent.body.contains("Sites.ReadWrite.All"));
    succeeded(&browser.accept(&consent).await);
    succeeded(&browser.authorize("common", &default).await);
    let forced = browser.authorize("common", &with(&default, "prompt", "consent")).await;
    assert!(forced.body.contains("Sites.ReadWrite.All"));
}

/// The seed's story: where users may not consent but the administrator has granted, `.default` with an empty `prompt`
/// connects, and the override's absence ends on "Need admin approval".
#[tokio::test]
async fn users_who_may_not_consent() {
    let fixture = Fixture::open().await;
    let default = authorize_params(APP, ".default offline_access");
    let mut browser = fixture.browser();
    let page = browser.authorize("common", &default).await;
    succeeded(&browser.pick(&page, ALEX).await);
    let stuck = browser.authorize("common", &with(&default, "prompt", "consent")).await;
    assert!(needs_admin(&stuck), "{}", stuck.body);
    let listed = authorize_params(APP, "Files.ReadWrite offline_access");
    succeeded(&browser.authorize("common", &listed).await);
    let more = authorize_params(APP, "Mail.Read");
    let stuck = browser.authorize("common", &more).await;
    assert!(needs_admin(&stuck), "{}", stuck.body);
    let back = browser.submit(&stuck, &[("decision", "return")]).await;
    sent_back(&back, "access_denied", 90094);
    let forged = browser.submit(&stuck, &[("decision", "accept")]).await;
    sent_back(&forged, "access_denied", 65004);
    let mut nora = fixture.browser();
    let page = nora.authorize("common", &default).await;
    assert!(needs_admin(&nora.pick(&page, "nora@northwind.example").await));
}

#[tokio::test]
async fn an_administrator_consents_for_all() {
    let fixture = Fixture::open().await;
    let params = authorize_params(APP, "Mail.Read");
    let mut admin = fixture.browser();
    let page = admin.authorize("common", &params).await;
    let consent = admin.pick(&page, "admin@fabrikam.example").await;
    assert!(consent.body.contains("Consent on behalf of your organization"));
    succeeded(&admin.submit(&consent, &[("decision", "accept"), ("organization", "1")]).await);
    let mut browser = fixture.browser();
    let page = browser.authorize("common", &params).await;
    succeeded(&browser.pick(&page, ALEX).await);
}

#[tokio::test]
async fn some_scopes_are_for_administrators_everywhere() {
    let fixture = Fixture::open().await;
    let params = authorize_params(APP, "Sites.FullControl.All");
    let mut browser = fixture.browser();
    let page = browser.authorize("common", &params).await;
    assert!(needs_admin(&browser.pick(&page, MEGAN).await));
    let mut browser = fixture.browser();
    let page = browser.authorize("common", &params).await;
    let consent = browser.pick(&page, ADA).await;
    succeeded(&browser.accept(&consent).await);
}

#[tokio::test]
async fn the_answer_travels_as_asked() {
    let fixture = Fixture::open().await;
    let app = MULTI_AND_PERSONAL_APP;
    let mut browser = fixture.browser();
    let posted = with(&authorize_params(app, "User.Read"), "response_mode", "form_post");
    let page = browser.authorize("consumers", &posted).await;
    let consent = browser.pick(&page, "pat@outlook.example").await;
    let form = browser.accept(&consent).await;
    assert!(form.body.contains(&format!("action=\"{CALLBACK}\"")) && form.body.contains("name=\"code\""));
    assert!(form.body.contains("value=\"a state &amp; more\""));
    let mut hybrid = with(&authorize_params(app, "openid User.Read"), "response_type", "code id_token");
    sent_back(&browser.authorize("consumers", &hybrid).await, "invalid_request", 900144);
    hybrid.push(("nonce", "n"));
    let answer = browser.authorize("consumers", &hybrid).await;
    assert!(answer.header("location").starts_with(&format!("{CALLBACK}#")));
    let (_, params) = answer.location();
    assert!(common::claims(params.get("id_token").unwrap())["c_hash"].is_string());
}

#[tokio::test]
async fn the_consent_form_is_bound_to_the_browser() {
    let fixture = Fixture::open().await;
    let mut browser = fixture.browser();
    let page = browser.authorize("common", &authorize_params(APP, "User.Read")).await;
    let consent = browser.pick(&page, ADA).await;
    let mut other = fixture.browser();
    other.submit(&consent, &[("decision", "accept")]).await.error_page(50089);
    fixture.sandbox.advance_clock(2 * 3600 * 1000);
    browser.submit(&consent, &[("decision", "accept")]).await.error_page(50089);
}

#[tokio::test]
async fn a_revoked_session_signs_in_anew() {
    let fixture = Fixture::open().await;
    let mut browser = fixture.browser();
    let params = authorize_params(APP, "User.Read");
    let page = browser.authorize("common", &params).await;
    let consent = browser.pick(&page, ADA).await;
    succeeded(&browser.accept(&consent).await);
    fixture.must("POST", "revoke", json!({ "user": ADA })).await;
    let page = browser.authorize("common", &params).await;
    assert!(page.body.contains("<h1>Sign in</h1>"));
}
