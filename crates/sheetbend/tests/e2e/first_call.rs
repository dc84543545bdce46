//! What a newcomer does first: the seed's own call, and a second start.

use crate::harness;

use harness::Start;

#[tokio::test]
async fn the_seed_s_call_lists_the_worksheets_of_a_workbook() {
    let server = Start::dev().start();
    let path = format!("/v1.0/me/drive/items/{}/workbook/worksheets", server.file("Sales.xlsx"));
    for version in ["v1.0", "beta"] {
        let answer =
            server.proxy("GET", &path.replace("v1.0", version), "microsoft-excel", "demo-excel").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sheets = answer.json()["value"].as_array().unwrap().clone();
        assert_eq!(sheets[0]["name"], "Orders");
    }
}

#[tokio::test]
async fn sharepoint_answers_by_graph_and_by_its_own_rest() {
    let server = Start::dev().start();
    let root = server.proxy("GET", "/v1.0/sites/root", "sharepoint-online", "demo-sharepoint").await;
    assert_eq!(root.status, 200, "{}", root.text());
    let lists = server.proxy("GET", "/_api/web/lists", "sharepoint-online-v1", "demo-sharepoint-v1").await;
    assert_eq!(lists.status, 200, "{}", lists.text());
    assert!(lists.json()["d"]["results"].is_array());
}

#[tokio::test]
async fn a_second_start_reuses_everything_and_a_stop_is_clean() {
    let dir = tempfile::TempDir::new().unwrap();
    let mut first = Start::dev().in_dir(dir.path()).start();
    let (key, facts) = (first.key().to_owned(), first.facts.clone());
    assert_eq!(first.stop(), Some(0));
    let second = Start::dev().in_dir(dir.path()).start();
    assert_eq!(second.key(), key);
    assert_eq!(second.facts["files"], facts["files"]);
    let connections = second.api("GET", "/connections", None).await.json();
    assert_eq!(connections["connections"].as_array().unwrap().len(), 3);
    let answer = second.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
