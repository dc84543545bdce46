//! The dashboard in Chromium: the newcomer's walk and every page by axe, then what a person meets besides: data written
//! to hurt, more than fits, roles, a server that goes away, keys and links.

use serde_json::json;
use tempfile::TempDir;

use crate::harness::Start;
use crate::harness::outside::{free_port, node, python};
use crate::harness::upstream::{Upstream, answer};

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_newcomer_walks_from_the_setup_link_to_a_call_in_the_log() {
    // Behind a prefix, where an address that was not made relative is lost.
    let server = Start::dev().args(&["--base-path", "/knots"]).start();
    let facts =
        node("dashboard.mjs", &json!({"setup": server.facts["dashboard_url"], "pictures": pictures()})).await;
    assert_eq!(facts["pages"], 16);
}

fn pictures() -> Option<String> {
    std::env::var("SHEETBEND_TEST_PICTURES").ok()
}

/// Texts of a provider that means harm, as an error, a table, a tree and a page.
fn hostile(line: &str) -> Vec<u8> {
    let evil = "<img src=x onerror=pwned()> \"><script>pwned()</script> javascript:pwned() \u{202e}gnp.exe";
    let long = format!("{evil} {}", "W".repeat(10_000));
    let headers = [("content-type", "application/json"), ("x-note", "<img src=x onerror=pwned()>")];
    let json = |status, body: serde_json::Value| answer(status, &headers, body.to_string().as_bytes());
    match line.split(' ').nth(1).unwrap_or_default() {
        "/base/fail" => json(
            "400 Bad Request",
            json!({"error": {"code": evil, "message": long, "link": "javascript:pwned()"}}),
        ),
        "/base/list" => json("200 OK", json!({"value": [{"name": long, evil: evil}, {"name": evil}]})),
        "/base/deep" => json("200 OK", json!({evil: {"a": {evil: [[[long]]]}}})),
        "/token" => json("400 Bad Request", json!({"error": evil, "error_description": long})),
        _ => answer("200 OK", &[("content-type", "text/html")], format!("<html>{long}").as_bytes()),
    }
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_what_others_wrote_runs_nowhere_and_breaks_out_of_nothing() {
    let upstream = Upstream::start(|_, seen| hostile(seen.line())).await;
    let receiver = Upstream::start(|_, seen| hostile(&format!("POST /base/fail {}", seen.line()))).await;
    let (server, _dir) = upstream.server(&[]).await;
    let options = json!({
        "setup": server.facts["dashboard_url"], "pictures": pictures(),
        "receiver": format!("http://127.0.0.1:{}/hook?<script>pwned()</script>", receiver.port),
    });
    let facts = node("dashboard_hostile.mjs", &options).await;
    assert!(facts["looked"].as_u64().unwrap() > 40, "{facts}");
    server.calm();
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_what_is_too_much_is_drawn_in_parts() {
    let server = Start::dev().start();
    let facts = node("dashboard_large.mjs", &json!({"setup": server.facts["dashboard_url"]})).await;
    assert!(facts["operations"]["most"].as_u64().unwrap() > 10, "{facts}");
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_role_is_shown_what_it_may_do_and_told_who_can_help() {
    let server = Start::dev().start();
    let facts = node("dashboard_roles.mjs", &json!({"setup": server.facts["dashboard_url"]})).await;
    assert_eq!(facts["pages"], 16);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_every_page_says_when_the_server_is_gone_and_goes_on_by_itself() {
    let dir = TempDir::new().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let arguments = json!([
        "dev",
        "--json",
        "--sandbox-listen",
        "127.0.0.1:0",
        "--listen",
        address,
        "--data-dir",
        dir.path().join("data"),
    ]);
    let options = json!({"binary": env!("CARGO_BIN_EXE_sheetbend"), "arguments": arguments});
    let facts = node("dashboard_gone.mjs", &options).await;
    assert_eq!(facts["pages"], 16);
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_everything_is_reached_by_keys_and_shown_by_links() {
    let server = Start::dev().start();
    node("dashboard_hands.mjs", &json!({"setup": server.facts["dashboard_url"], "key": server.key()})).await;
}

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_people_come_change_lose_their_password_and_go() {
    let server = Start::dev().start();
    node("dashboard_people.mjs", &json!({"setup": server.facts["dashboard_url"]})).await;
}

#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_dev_opens_the_dashboard_for_a_person_at_a_desktop() {
    let arguments = json!(["dev", "--sandbox-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"]);
    let options = json!({"binary": env!("CARGO_BIN_EXE_sheetbend"), "arguments": arguments});
    python("dev_opens.py", &options).await;
}
