//! Graph sites, lists, items, delta, permissions and `$batch`, by the front door.

mod front_door;

use front_door::{Call, FrontDoor, with_json};
use http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn the_root_site_names_the_tenants_own_host() {
    let door = FrontDoor::open().await;
    let root = door.graph_get("/v1.0/sites/root").await.json();
    let host = format!("contoso.sharepoint.localhost:{}", door.port);
    assert_eq!(root["siteCollection"]["hostname"], json!(host));
    assert_eq!(root["webUrl"], json!(format!("http://{host}")));
    let id = root["id"].as_str().expect("id").to_owned();
    assert_eq!(door.graph_get(&format!("/v1.0/sites/{id}")).await.json()["id"], root["id"]);
    let real = door.send_as_ada("graph.microsoft.com", "/v1.0/sites/root").await.json();
    assert_eq!(real["siteCollection"]["hostname"], json!("contoso.sharepoint.com"));
    assert_eq!(real["webUrl"], json!("http://contoso.sharepoint.com"));
    let projects = door.graph_get(&format!("/v1.0/sites/{host}:/sites/projects")).await.json();
    assert_eq!(projects["displayName"], json!("Projects"));
    let found = door.graph_get("/v1.0/sites?search=team").await.json();
    assert_eq!(found["value"][0]["name"], json!("team"));
    assert_eq!(door.graph_get("/beta/sites/root/sites").await.json()["value"], json!([]));
    assert_eq!(door.graph_get("/v1.0/sites/root:/sites/nope").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn lists_hide_system_lists_and_expand_columns_and_items() {
    let door = FrontDoor::open().await;
    let names = |lists: &Value| {
        let lists = lists["value"].as_array().expect("lists").clone();
        lists.iter().map(|list| list["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let lists = door.graph_get("/v1.0/sites/root/lists").await.json();
    assert_eq!(names(&lists), ["Shared Documents", "Tasks", "Contacts", "Big"]);
    let with_system = door.graph_get("/v1.0/sites/root/lists?$select=name,system").await.json();
    assert_eq!(with_system["value"].as_array().map(Vec::len), Some(5));
    let tasks = door
        .graph_get("/v1.0/sites/root/lists/Tasks?$expand=columns,items($expand=fields($select=Title);$top=2)")
        .await
        .json();
    assert_eq!(tasks["items"].as_array().map(Vec::len), Some(2));
    assert!(tasks["items"][0]["fields"]["Title"].is_string());
    assert!(tasks["items"][0]["fields"].get("Status").is_none());
    let status =
        tasks["columns"].as_array().expect("columns").iter().find(|column| column["name"] == "Status");
    assert_eq!(status.expect("Status")["choice"]["choices"][0], json!("Not Started"));
}

#[tokio::test]
async fn items_page_to_the_end_and_filter_with_or_without_an_index() {
    let door = FrontDoor::open().await;
    let mut path = "/v1.0/sites/root/lists/Tasks/items?$expand=fields($select=Title)&%24top=100".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = door.graph_get(&path).await.json();
        seen.extend(page["value"].as_array().expect("items").iter().map(|item| item["id"].clone()));
        match page.get("@odata.nextLink") {
            Some(link) => path = door.path_of(link),
            None => break,
        }
    }
    assert_eq!((seen.len(), &seen[249]), (250, &json!("250")));
    let items = "/v1.0/sites/root/lists/Tasks/items";
    let indexed = door.graph_get(&format!("{items}?$filter=fields/Status%20eq%20'Completed'")).await;
    assert_eq!(indexed.json()["value"].as_array().map(Vec::len), Some(50));
    let path = format!(
        "{items}?$filter=fields/Priority%20ge%204%20and%20startswith(fields/Title,'Send')&$expand=fields"
    );
    let refused = door.graph_get(&path).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("HonorNonIndexedQueriesWarningMayFailRandomly"));
    let prefer = [("prefer", "HonorNonIndexedQueriesWarningMayFailRandomly")];
    let page = door.graph(Call { method: "GET", path: &path, headers: &prefer, body: "" }).await.json();
    let rows = page["value"].as_array().expect("rows");
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| row["fields"]["Priority"].as_i64() >= Some(4)));
    let big = "/v1.0/sites/root/lists/Big/items?$filter=fields/Amount%20eq%207";
    let too_big = door.graph(Call { method: "GET", path: big, headers: &prefer, body: "" }).await;
    assert_eq!(too_big.status, StatusCode::UNPROCESSABLE_ENTITY);
    for bad in ["$filter=fields/Nope%20eq%201", "$top=0", "$skip=5", "$skiptoken=x", "$filter=((("] {
        let answer = door.graph_get(&format!("{items}?{bad}")).await;
        assert_eq!((bad, answer.status), (bad, StatusCode::BAD_REQUEST));
        assert!(answer.json()["error"]["innerError"]["request-id"].is_string());
    }
}

#[tokio::test]
async fn items_are_created_changed_and_deleted_under_their_tags() {
    let door = FrontDoor::open().await;
    let items = "/v1.0/sites/root/lists/Tasks/items";
    let body =
        json!({"fields": {"Title": "Buy rope", "Priority": 2, "AssignedToLookupId": "7", "Done": false}})
            .to_string();
    let made = door.graph(with_json("POST", items, &body)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    assert_eq!(made["fields"]["AssignedToLookupId"], json!("7"));
    assert_eq!(made["createdBy"]["user"]["displayName"], json!("Ada Lovelace"));
    let item = format!("{items}/{}", made["id"].as_str().expect("id"));
    let fields = format!("{item}/fields");
    let changed = door.graph(with_json("PATCH", &fields, r#"{"Title":"Buy two ropes"}"#)).await;
    assert_eq!((changed.status, &changed.json()["Title"]), (StatusCode::OK, &json!("Buy two ropes")));
    let old = [("content-type", "application/json"), ("if-match", made["eTag"].as_str().expect("tag"))];
    let stale =
        door.graph(Call { method: "PATCH", path: &fields, headers: &old, body: r#"{"Title":"x"}"# }).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    for bad in [r#"{"Priority":"many"}"#, r#"{"Nope":1}"#, r#"{"Created":"2020-01-01T00:00:00Z"}"#, "[]", "{"]
    {
        let answer = door.graph(with_json("PATCH", &fields, bad)).await;
        assert_eq!((bad, answer.status), (bad, StatusCode::BAD_REQUEST));
    }
    let gone = door.graph(with_json("DELETE", &item, "")).await;
    assert_eq!((gone.status, gone.body.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(door.graph_get(&item).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn delta_lists_all_then_changes_then_asks_to_start_again() {
    let door = FrontDoor::open().await;
    let base = "/v1.0/sites/root/lists/Tasks/items";
    let first = door.graph_get(&format!("{base}/delta?$top=200")).await.json();
    assert_eq!(first["value"].as_array().map(Vec::len), Some(200));
    let last = door.graph_get(&door.path_of(&first["@odata.nextLink"])).await.json();
    assert_eq!(last["value"].as_array().map(Vec::len), Some(50));
    let delta = door.path_of(&last["@odata.deltaLink"]);
    assert_eq!(door.graph_get(&delta).await.json()["value"], json!([]));
    door.graph(with_json("PATCH", &format!("{base}/4/fields"), r#"{"Done":true}"#)).await;
    door.graph(with_json("PATCH", &format!("{base}/4/fields"), r#"{"Done":false}"#)).await;
    door.graph(with_json("DELETE", &format!("{base}/5"), "")).await;
    let changes = door.graph_get(&delta).await.json();
    assert_eq!(changes["value"].as_array().map(Vec::len), Some(2));
    assert_eq!(changes["value"][0]["id"], json!("4"));
    assert_eq!(changes["value"][1]["deleted"], json!({"state": "deleted"}));
    let latest = door.graph_get(&format!("{base}/delta?token=latest")).await.json();
    assert_eq!(latest["value"], json!([]));
    assert!(latest["@odata.deltaLink"].is_string());
    let foreign = door.graph_get(&format!("{base}/delta?token=abc")).await;
    assert_eq!(foreign.status, StatusCode::GONE);
    assert_eq!(foreign.json()["error"]["code"], json!("resyncRequired"));
    let fresh = foreign.headers["location"].to_str().expect("location").to_owned();
    assert!(fresh.ends_with("/items/delta"));
    let host = format!("localhost:{}", door.port);
    let expire = Call { method: "POST", path: "/_control/delta/expire", headers: &[], body: "" };
    assert_eq!(door.send(&host, "", expire).await.status, StatusCode::OK);
    assert_eq!(door.graph_get(&delta).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_caller_without_the_scope_is_refused() {
    let door = FrontDoor::open().await;
    let host = format!("graph.localhost:{}", door.port);
    let get = |path: &'static str| Call { method: "GET", path, headers: &[], body: "" };
    let files = FrontDoor::sign_in(
        &door.sandbox,
        "megan@contoso.example",
        "https://graph.microsoft.com/Files.ReadWrite",
    );
    assert_eq!(door.send(&host, &files, get("/v1.0/sites/root")).await.status, StatusCode::FORBIDDEN);
    let read = FrontDoor::sign_in(
        &door.sandbox,
        "alex@fabrikam.example",
        "https://graph.microsoft.com/Sites.Read.All",
    );
    let own = door.send(&host, &read, get("/v1.0/sites/root/lists/Tasks/items/1")).await;
    assert_eq!(own.status, StatusCode::OK);
    let foreign = door.send(&host, &read, get("/v1.0/sites/contoso.sharepoint.localhost")).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    assert!(foreign.text().contains("Invalid hostname for this tenancy"));
}

#[tokio::test]
async fn lists_columns_and_grants_are_made() {
    let door = FrontDoor::open().await;
    let body = json!({"displayName": "Ropes", "columns": [{"name": "Length", "number": {}}], "list": {"template": "genericList"}});
    let made = door.graph(with_json("POST", "/v1.0/sites/root/lists", &body.to_string())).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let again = door.graph(with_json("POST", "/v1.0/sites/root/lists", &body.to_string())).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let item = door
        .graph(with_json(
            "POST",
            "/v1.0/sites/root/lists/Ropes/items",
            r#"{"fields":{"Title":"Hemp","Length":12.5}}"#,
        ))
        .await
        .json();
    assert_eq!(item["fields"]["Length"], json!(12.5));
    let grant = json!({"roles": ["write"], "grantedToIdentities": [{"application": {"id": "app", "displayName": "App"}}]});
    let granted = door.graph(with_json("POST", "/v1.0/sites/root/permissions", &grant.to_string())).await;
    assert_eq!(granted.status, StatusCode::CREATED);
    let listed = door.graph_get("/v1.0/sites/root/permissions").await.json();
    assert_eq!(listed["value"][0]["roles"], json!(["write"]));
}

#[tokio::test]
async fn a_batch_answers_each_call_by_itself() {
    let door = FrontDoor::open().await;
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/sites/root"},
        {"id": "2", "method": "GET", "url": "/sites/root/lists/Nope"},
        {"id": "3", "method": "GET", "url": "/sites/root/lists", "dependsOn": ["2"]},
        {"id": "4", "method": "PATCH", "url": "sites/root/lists/Tasks/items/1/fields", "body": {"Done": true},
         "headers": {"Content-Type": "application/json"}, "dependsOn": ["1"]},
    ]});
    let answer = door.graph(with_json("POST", "/v1.0/$batch", &batch.to_string())).await.json();
    let status = |id: &str| {
        let rows = answer["responses"].as_array().expect("responses");
        rows.iter().find(|row| row["id"] == id).map(|row| row["status"].clone()).expect("a response")
    };
    assert_eq!(
        (status("1"), status("2"), status("3"), status("4")),
        (json!(200), json!(404), json!(424), json!(200))
    );
    let one = json!({"id": "a", "method": "GET", "url": "/sites/root"});
    let twins = json!({"requests": [one, {"id": "A", "method": "GET", "url": "/sites/root"}]});
    let nested = json!({"requests": [{"id": "1", "method": "POST", "url": "/$batch"}]});
    let many = json!({"requests": (0..21).map(|n| json!({"id": n.to_string(), "method": "GET", "url": "/me"})).collect::<Vec<_>>()});
    for bad in [twins, many, json!({}), json!({"requests": []})] {
        let answer = door.graph(with_json("POST", "/v1.0/$batch", &bad.to_string())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    let nested = door.graph(with_json("POST", "/v1.0/$batch", &nested.to_string())).await.json();
    assert_eq!(nested["responses"][0]["status"], json!(400));
}

#[tokio::test]
async fn a_library_is_a_drive_and_a_list_at_once() {
    let door = FrontDoor::open().await;
    let drive = door.graph_get("/v1.0/sites/root/drive").await.json();
    assert_eq!(drive["driveType"], json!("documentLibrary"));
    let drives = door.graph_get("/v1.0/sites/root/drives").await.json();
    assert_eq!(drives["value"][0]["id"], drive["id"]);
    let same = format!("/v1.0/sites/root/drives/{}/root/children", drive["id"].as_str().expect("id"));
    assert_eq!(door.graph_get(&same).await.status, StatusCode::OK);
    let delta = door.graph_get("/v1.0/sites/root/lists/Documents/items/delta?token=latest").await.json();
    let delta = door.path_of(&delta["@odata.deltaLink"]);
    let put = Call {
        method: "PUT",
        path: "/v1.0/sites/root/drive/root:/a%20new%20file.txt:/content",
        headers: &[("content-type", "text/plain")],
        body: "hello",
    };
    assert_eq!(door.graph(put).await.status, StatusCode::CREATED);
    let items = door.graph_get("/v1.0/sites/root/lists/Documents/items?$expand=fields").await.json();
    let rows = items["value"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["fields"]["FileLeafRef"] == "a new file.txt").expect("the new file");
    assert_eq!(row["contentType"]["name"], json!("Document"));
    let changes = door.graph_get(&delta).await.json();
    assert_eq!(changes["value"][0]["id"], row["id"]);
    let item = format!("/v1.0/sites/root/lists/Documents/items/{}", row["id"].as_str().expect("id"));
    let file = door.graph_get(&format!("{item}/driveItem")).await.json();
    assert_eq!(file["name"], json!("a new file.txt"));
    assert_eq!(door.graph(with_json("DELETE", &item, "")).await.status, StatusCode::NO_CONTENT);
    let gone = door.graph_get("/v1.0/sites/root/drive/root:/a%20new%20file.txt").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(door.graph_get(&item).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_call_of_a_batch_is_throttled_by_itself() {
    let door = FrontDoor::open().await;
    let host = format!("localhost:{}", door.port);
    let limit = with_json("POST", "/_control/throttle", r#"{"resource_units_per_minute":4}"#);
    assert_eq!(door.send(&host, "", limit).await.status, StatusCode::OK);
    let one = |id: &str| json!({"id": id, "method": "GET", "url": "/sites/root/lists/Tasks"});
    let batch = json!({"requests": [one("1"), one("2"), one("3"), one("4")]});
    let answer = door.graph(with_json("POST", "/v1.0/$batch", &batch.to_string())).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = answer.json();
    let rows = answer["responses"].as_array().expect("responses");
    let statuses: Vec<&Value> = rows.iter().map(|row| &row["status"]).collect();
    // The batch itself costs two units, each look at a list one.
    assert_eq!(statuses, [&json!(200), &json!(200), &json!(429), &json!(429)]);
    assert!(rows[3]["headers"]["Retry-After"].is_string());
    assert_eq!(rows[3]["body"]["error"]["code"], json!("activityLimitReached"));
}
