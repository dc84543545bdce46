//! The pages' sources: types by TypeScript's own compiler, logic by Node, codes to scan by somebody else's reader.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::outside::node;

/// A path of the repository.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).canonicalize().unwrap()
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_the_pages_are_typed_by_the_api_document() {
    let options = json!({"web": at("web"), "openapi": at("openapi.json")});
    // On a difference: `openapi-typescript openapi.json -o web/shared/openapi.d.ts`.
    let facts = node("pages_types.mjs", &options).await;
    assert!(facts["files"].as_u64().unwrap() > 50, "does the check still read the sources? {facts}");
}

#[tokio::test]
#[ignore = "needs Node and Python"]
async fn needs_python_and_needs_node_the_code_of_a_call_says_the_same_everywhere() {
    let options = json!({"web": at("web"), "permissions": at("crates/domain/src/permission.rs")});
    let facts = node("pages_tools.mjs", &options).await;
    assert!(facts["scopes"].as_u64().unwrap() > 30, "{facts}");
}

#[tokio::test]
#[ignore = "needs Node"]
async fn needs_node_what_touches_no_page_is_right() {
    let facts = node("pages_logic.mjs", &json!({"web": at("web")})).await;
    assert!(facts["codes"].as_u64().unwrap() > 20);
}
