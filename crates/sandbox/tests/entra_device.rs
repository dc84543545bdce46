//! The device code grant.

mod common;

use common::Fixture;
use http::StatusCode;
use sandbox::{CONTOSO, DAEMON_APP, MULTI_TENANT_APP};
use serde_json::Value;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn start(fixture: &Fixture, authority: &str) -> Value {
    let fields = [("client_id", MULTI_TENANT_APP), ("scope", "offline_access User.Read")];
    fixture.form(&format!("/{authority}/oauth2/v2.0/devicecode"), &fields, &[]).await.json()
}

fn poll(flow: &Value) -> [(&str, &str); 3] {
    [
        ("grant_type", GRANT),
        ("client_id", MULTI_TENANT_APP),
        ("device_code", flow["device_code"].as_str().unwrap()),
    ]
}

async fn decide(fixture: &Fixture, flow: &Value, decision: &str) -> common::Answer {
    let mut browser = fixture.browser();
    let page = browser.get("/common/oauth2/deviceauth").await;
    let page = browser.submit(&page, &[("otc", flow["user_code"].as_str().unwrap())]).await;
    let consent = browser.pick(&page, "megan@contoso.example").await;
    browser.submit(&consent, &[("decision", decision)]).await
}

#[tokio::test]
async fn a_device_signs_in() {
    let fixture = Fixture::open().await;
    let flow = start(&fixture, "organizations").await;
    assert_eq!((flow["expires_in"].as_i64(), flow["interval"].as_i64()), (Some(900), Some(5)));
    assert_eq!(flow["verification_uri"], format!("{}/common/oauth2/deviceauth", fixture.login()));
    assert!(flow["message"].as_str().unwrap().contains(flow["user_code"].as_str().unwrap()));
    fixture.token("organizations", &poll(&flow)).await.refused(400, "authorization_pending", 70016);
    assert!(decide(&fixture, &flow, "accept").await.body.contains("signed in on your device"));
    let answer = fixture.token("organizations", &poll(&flow)).await;
    let tokens = answer.json();
    assert_eq!(answer.status, StatusCode::OK, "{tokens}");
    fixture.token("organizations", &poll(&flow)).await.refused(400, "invalid_grant", 54005);
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", MULTI_TENANT_APP),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(
        fixture.token("organizations", &fields).await.status,
        StatusCode::OK,
        "no secret was needed before either"
    );
}

#[tokio::test]
async fn declined_expired_unknown() {
    let fixture = Fixture::open().await;
    let flow = start(&fixture, CONTOSO).await;
    assert!(decide(&fixture, &flow, "deny").await.body.contains("declined"));
    fixture.token(CONTOSO, &poll(&flow)).await.refused(400, "authorization_declined", 70015);
    let flow = start(&fixture, CONTOSO).await;
    fixture.sandbox.advance_clock(900_000);
    fixture.token(CONTOSO, &poll(&flow)).await.refused(400, "expired_token", 70020);
    let mut browser = fixture.browser();
    let page = browser.get("/common/oauth2/deviceauth").await;
    let page = browser.submit(&page, &[("otc", flow["user_code"].as_str().unwrap())]).await;
    assert!(page.body.contains("That code didn"));
    let unknown = [("grant_type", GRANT), ("client_id", MULTI_TENANT_APP), ("device_code", "x")];
    fixture.token(CONTOSO, &unknown).await.refused(400, "bad_verification_code", 70018);
    let daemon = [("grant_type", GRANT), ("client_id", DAEMON_APP), ("device_code", "x")];
    fixture.token(CONTOSO, &daemon).await.refused(401, "invalid_client", 7000218);
    let shared = [("client_id", DAEMON_APP), ("scope", "User.Read")];
    fixture.form("/common/oauth2/v2.0/devicecode", &shared, &[]).await.refused(400, "invalid_request", 50194);
}
