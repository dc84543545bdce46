//! What becomes of an authorization that comes back wrong; the connections that are there stay as they are.

use crate::harness;

use harness::visitor::{Visitor, session};
use harness::{Answer, Server, Start};
use serde_json::json;

const EXCEL: &str = "microsoft-excel";
const ADA: &str = "ada@contoso.example";

#[track_caller]
fn page(answer: &Answer, status: u16, code: &str) -> String {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), status, "{text}");
    assert!(text.contains(code), "no {code} in: {text}");
    assert!(answer.header("content-security-policy").contains("default-src"), "{:?}", answer.headers);
    text
}

async fn connections(server: &Server) -> usize {
    server.api("GET", "/connections", None).await.ok()["connections"].as_array().unwrap().len()
}

/// Waits until so many failed authorizations stand in the log; the demo's connections stand there too, as successes.
async fn failures_told(server: &Server, wanted: usize) {
    harness::eventually("a failure in the log", async || {
        let list = server.api("GET", "/operations?type=auth&state=failed", None).await.ok();
        (list["data"].as_array()?.len() == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_state_works_once_and_in_its_own_browser() {
    let server = Start::dev().start();
    let mut visitor = Visitor::new(&server);
    let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
    let cookie = begun.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("/oauth/callback")
    );
    let returned = visitor.sign_in(&begun, ADA).await;
    let before = connections(&server).await;
    let calls = server.token_calls().await;
    page(&Visitor::new(&server).get(&returned.url).await, 400, "state_other_browser");
    assert_eq!(server.token_calls().await, calls, "no code goes out for another browser");
    page(&visitor.get(&returned.url).await, 400, "state_unknown");
    assert_eq!(connections(&server).await, before);

    let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
    let returned = visitor.sign_in(&begun, ADA).await;
    page(&visitor.get(&returned.url).await, 200, "is connected");
    page(&visitor.get(&returned.url).await, 400, "state_unknown");
    assert_eq!(connections(&server).await, before + 1);
    let base = server.url();
    page(&visitor.get(&format!("{base}/oauth/callback")).await, 400, "no_state");
    page(&visitor.get(&format!("{base}/oauth/callback?state=odd&code=x")).await, 400, "state_unknown");
    page(&visitor.get(&format!("{base}/oauth/callback?state=%00&code=x")).await, 400, "state_unknown");
    server.calm();
}

#[tokio::test]
async fn the_provider_s_own_refusal_is_told_in_words() {
    let server = Start::dev().start();
    let mut visitor = Visitor::new(&server);
    let before = connections(&server).await;
    let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
    let returned = visitor.sign_in(&begun, ADA).await;
    let state = returned.param("state").unwrap();
    let description = "AADSTS65004%3A+User+declined+to+consent.+Trace+ID%3A+t-1";
    let url = format!(
        "{}/oauth/callback?error=access_denied&error_description={description}&state={state}",
        server.url()
    );
    let text = page(&visitor.get(&url).await, 200, "AADSTS65004");
    assert!(!text.contains("is connected"), "{text}");
    failures_told(&server, 1).await;
    // A description is text, never markup.
    let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
    let returned = visitor.sign_in(&begun, ADA).await;
    let state = returned.param("state").unwrap();
    let url = format!(
        "{}/oauth/callback?error=odd&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state={state}",
        server.url()
    );
    let text = page(&visitor.get(&url).await, 200, "odd");
    assert!(!text.contains("<script>alert"), "{text}");
    assert_eq!(connections(&server).await, before);
    server.calm();
}

#[tokio::test]
async fn a_code_that_is_spent_or_made_up_connects_nothing() {
    let server = Start::dev().start();
    let mut visitor = Visitor::new(&server);
    let before = connections(&server).await;
    let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
    let first = visitor.sign_in(&begun, ADA).await;
    let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
    let second = visitor.sign_in(&begun, ADA).await;
    page(&visitor.get(&first.url).await, 200, "is connected");
    let spent = first.param("code").unwrap();
    let with = |code: &str, state: &str| {
        let query = serde_urlencoded::to_string([("code", code), ("state", state)]).unwrap();
        format!("{}/oauth/callback?{query}", server.url())
    };
    page(&visitor.get(&with(&spent, &second.param("state").unwrap())).await, 400, "AADSTS54005");
    let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
    let third = visitor.sign_in(&begun, ADA).await;
    page(&visitor.get(&with("made-up", &third.param("state").unwrap())).await, 400, "AADSTS");
    assert_eq!(connections(&server).await, before + 1);
    server.calm();
}

#[tokio::test]
async fn a_token_endpoint_that_misbehaves_connects_nothing() {
    let server = Start::dev().start();
    let before = connections(&server).await;
    let huge = 10 * 1024 * 1024;
    let actions = [
        (json!({"html": true}), "token_answer_unreadable"),
        (json!({"status": 500, "body": "oops"}), "token_answer_unreadable"),
        (json!({"status": 200}), "token_answer_unreadable"),
        (json!({"status": 200, "body": {"token_type": "Bearer"}}), "token_answer_unreadable"),
        (json!({"drop": true}), "closed"),
        (json!({"truncate_after": 40}), "closed"),
        (json!({"huge": huge}), "answer_too_large"),
        (json!({"redirect": format!("{}/_files/x", server.sandbox())}), "token_answer_unreadable"),
    ];
    for (failed, (action, code)) in actions.into_iter().enumerate() {
        let mut visitor = Visitor::new(&server);
        let begun = visitor.begin(EXCEL, session(EXCEL), "").await;
        let returned = visitor.sign_in(&begun, ADA).await;
        let fault = json!({"match": {"path_regex": "oauth2/v2.0/token"}, "times": 1, "action": action});
        server.control("faults", fault).await.ok();
        page(&visitor.get(&returned.url).await, 400, code);
        failures_told(&server, failed + 1).await;
    }
    assert_eq!(connections(&server).await, before);
    page(&Visitor::new(&server).connect(EXCEL, ADA).await, 200, "is connected");
    assert_eq!(connections(&server).await, before + 1);
    server.calm();
}

#[tokio::test]
async fn a_clock_that_is_wrong_does_not_lock_anybody_out() {
    let server = Start::dev().start();
    // The provider lives two hours ahead, then two hours behind: `expires_in` counts from the receipt.
    for skew in [2 * 3600 * 1000, -4 * 3600 * 1000_i64] {
        server.control("clock", json!({"advance_ms": skew})).await.ok();
        let text = page(&Visitor::new(&server).connect(EXCEL, ADA).await, 200, "is connected");
        assert!(!text.contains("AADSTS"));
        let list = server.api("GET", "/connections?integrationId=microsoft-excel&limit=1", None).await.ok();
        let id = list["connections"][0]["connection_id"].as_str().unwrap().to_owned();
        let answer = server.proxy("GET", "/v1.0/me", EXCEL, &id).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    server.calm();
}
