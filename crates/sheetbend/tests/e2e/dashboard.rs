//! The dashboard in Chromium: the newcomer's walk, then every page by axe, in both themes and three widths.

use serde_json::json;

use crate::harness::Start;
use crate::harness::outside::node;

#[tokio::test]
#[ignore = "needs Node and a browser"]
async fn needs_browser_a_newcomer_walks_from_the_setup_link_to_a_call_in_the_log() {
    // Behind a prefix, where an address that was not made relative is lost.
    let server = Start::dev().args(&["--base-path", "/knots"]).start();
    let link = server.facts["dashboard_url"].as_str().unwrap().to_owned();
    let pictures = std::env::var("SHEETBEND_TEST_PICTURES").ok();
    let facts = node("dashboard.mjs", &json!({"setup": link, "pictures": pictures})).await;
    assert_eq!(facts["pages"], 16);
}
