//! Drives by the front door of Graph.

use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use crate::graph::test_client::Client;

const DAY_MS: i64 = 24 * 3600 * 1000;

fn names(answer: &Value) -> Vec<String> {
    answer["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap_or("-").to_owned())
        .collect()
}

#[tokio::test]
async fn me_and_my_drive() {
    let ada = Client::ada();
    let me = ada.get("/me").await;
    assert_eq!((me.status, me.json["userPrincipalName"].as_str()), (200, Some("ada@contoso.example")));
    let drive = ada.get("/me/drive").await;
    assert_eq!(drive.json["driveType"], "business");
    let again = ada.get(&format!("/drives/{}", drive.json["id"].as_str().unwrap())).await;
    assert_eq!(again.json["id"], drive.json["id"]);
    let children = ada.get("/me/drive/root/children").await;
    assert_eq!(names(&children.json), ["Budget.xlsx", "Empty.xlsx", "Reports", "Sales.xlsx"]);
    let sales = &children.json["value"][3];
    assert_eq!(sales["id"].as_str().unwrap().len(), 34);
    assert_eq!(
        sales["parentReference"]["path"],
        format!("/drives/{}/root:", drive.json["id"].as_str().unwrap())
    );
    assert!(
        sales["@microsoft.graph.downloadUrl"].as_str().unwrap().starts_with("http://127.0.0.1:9/_files/")
    );
    assert_eq!(ada.get("/me/drives").await.json["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn paths_reach_items_with_odd_names() {
    let ada = Client::ada();
    let put =
        ada.send(Method::PUT, "/me/drive/root:/New%20folder/It%27s%20%C3%A9%23.txt:/content", "hi").await;
    assert_eq!(put.status, 201, "{:?}", put.json);
    assert_eq!(put.json["name"], "It's é#.txt");
    let found = ada.get("/me/drive/root:/new%20folder/IT%27s%20%C3%A9%23.txt").await;
    assert_eq!(found.json["id"], put.json["id"]);
    let folder = ada.get("/me/drive/root:/New%20folder:").await;
    assert_eq!(folder.json["folder"]["childCount"], 1);
    let id = folder.json["id"].as_str().unwrap();
    let below = ada.get(&format!("/me/drive/items/{id}:/It's%20%C3%A9%23.txt:/parentReference")).await;
    assert_eq!(below.status, 400);
    let below = ada.get(&format!("/me/drive/items/{id}:/It's%20%C3%A9%23.txt")).await;
    assert_eq!(below.json["id"], put.json["id"]);
    let missing = ada.get("/me/drive/root:/nope.xlsx").await;
    assert_eq!((missing.status, missing.codes().0.as_str()), (404, "itemNotFound"));
    let nested = ada.get("/me/drive/root:/Reports/Quarterly.xlsx:/workbook/worksheets").await;
    assert_eq!(names(&nested.json), ["Q1"]);
}

#[tokio::test]
async fn pages_of_children() {
    let ada = Client::ada();
    let first = ada.get("/me/drive/root/children?$top=3&$select=name,id").await;
    assert_eq!(names(&first.json), ["Budget.xlsx", "Empty.xlsx", "Reports"]);
    assert_eq!(first.json["value"][0].as_object().unwrap().len(), 2);
    let next = first.json["@odata.nextLink"].as_str().unwrap();
    assert!(next.starts_with("http://graph.localhost:9/v1.0/me/drive/root/children?"), "{next}");
    let second = ada.get(next).await;
    assert_eq!(names(&second.json), ["Sales.xlsx"]);
    assert_eq!(second.json["@odata.nextLink"], Value::Null);
    let sorted = ada.get("/me/drive/root/children?%24orderby=name%20desc").await;
    assert_eq!(names(&sorted.json)[0], "Sales.xlsx");
    assert_eq!(ada.get("/me/drive/root/children?$top=x").await.status, 400);
    assert_eq!(ada.get("/me/drive/root/children?$skiptoken=zzz").await.status, 400);
}

#[tokio::test]
async fn content_comes_from_another_host() {
    let ada = Client::ada();
    let url = "/me/drive/root:/Reports/Notes.txt:/content";
    let whole = ada.download(url, &HeaderMap::new()).await;
    assert_eq!((whole.status, whole.body.len()), (200, 41));
    let mut headers = HeaderMap::new();
    headers.insert("range", HeaderValue::from_static("bytes=0-8"));
    let part = ada.download(url, &headers).await;
    assert_eq!((part.status, &part.body[..]), (206, &b"Quarterly"[..]));
    assert_eq!(part.headers["content-range"], "bytes 0-8/41");
    headers.insert("range", HeaderValue::from_static("bytes=100-"));
    assert_eq!(ada.download(url, &headers).await.status, 416);
    let mut headers = HeaderMap::new();
    headers.insert("if-none-match", whole.headers["etag"].clone());
    assert_eq!(ada.download(url, &headers).await.status, 304);
    let place = ada.get(url).await.headers["location"].to_str().unwrap().to_owned();
    let token = place.rsplit('/').next().unwrap();
    ada.world.clock.advance(16 * 60 * 1000);
    assert_eq!(crate::files::download_response(&ada.world, token, &HeaderMap::new()).status, 401);
    let forged = format!("{}A.x", token.split('.').next().unwrap());
    assert_eq!(crate::files::download_response(&ada.world, &forged, &HeaderMap::new()).status, 401);
}

#[tokio::test]
async fn uploads_respect_names_and_versions() {
    let mut ada = Client::ada();
    let url = "/me/drive/root:/a.txt:/content";
    let first = ada.send(Method::PUT, url, "one").await;
    assert_eq!(first.status, 201);
    let second = ada.send(Method::PUT, url, "two").await;
    assert_eq!((second.status, second.json["id"] == first.json["id"]), (200, true));
    assert_ne!(second.json["eTag"], first.json["eTag"]);
    let fail = ada.send(Method::PUT, &format!("{url}?@microsoft.graph.conflictBehavior=fail"), "x").await;
    assert_eq!((fail.status, fail.codes().0.as_str()), (409, "nameAlreadyExists"));
    let renamed =
        ada.send(Method::PUT, &format!("{url}?@microsoft.graph.conflictBehavior=rename"), "x").await;
    assert_eq!((renamed.status, renamed.json["name"].as_str()), (201, Some("a 1.txt")));
    ada.header("if-match", first.json["eTag"].as_str().unwrap());
    assert_eq!(ada.send(Method::PUT, url, "late").await.status, 412);
    ada.header("if-match", second.json["eTag"].as_str().unwrap());
    assert_eq!(ada.send(Method::PUT, url, "good").await.status, 200);
    ada.headers.clear();
    assert_eq!(&ada.download(url, &HeaderMap::new()).await.body[..], b"good");
    assert_eq!(ada.send(Method::PUT, "/me/drive/root:/b%3A%2A.txt:/content", "x").await.status, 400);
}

#[tokio::test]
async fn folders_are_made_moved_and_deleted() {
    let ada = Client::ada();
    let folder = ada.post("/me/drive/root/children", json!({ "name": "Box", "folder": {} })).await;
    assert_eq!(folder.status, 201);
    let taken = ada.post("/me/drive/root/children", json!({ "name": "box", "folder": {} })).await;
    assert_eq!(taken.status, 409);
    let body = json!({ "name": "Box", "folder": {}, "@microsoft.graph.conflictBehavior": "rename" });
    assert_eq!(ada.post("/me/drive/root/children", body).await.json["name"], "Box 1");
    let id = folder.json["id"].as_str().unwrap();
    let moved = ada
        .patch("/me/drive/root:/Budget.xlsx", json!({ "name": "B.xlsx", "parentReference": { "id": id } }))
        .await;
    assert_eq!((moved.status, moved.json["name"].as_str()), (200, Some("B.xlsx")));
    assert_eq!(ada.get("/me/drive/root:/Box/B.xlsx").await.json["id"], moved.json["id"]);
    let inside =
        ada.patch(&format!("/me/drive/items/{id}"), json!({ "parentReference": { "id": id } })).await;
    assert_eq!(inside.status, 400);
    assert_eq!(ada.delete(&format!("/me/drive/items/{id}")).await.status, 204);
    assert_eq!(ada.get("/me/drive/root:/Box/B.xlsx").await.status, 404);
    assert_eq!(ada.delete(&format!("/me/drive/items/{id}")).await.status, 404);
    let found = ada.get("/me/drive/root/search(q='quart')").await;
    assert_eq!(names(&found.json), ["Quarterly.xlsx"]);
}

#[tokio::test]
async fn delta_tells_what_changed() {
    let ada = Client::ada();
    let mut all = Vec::new();
    let mut page = ada.get("/me/drive/root/delta?$top=3").await;
    loop {
        all.extend(names(&page.json));
        let Some(next) = page.json["@odata.nextLink"].as_str() else { break };
        page = ada.get(next).await;
    }
    all.sort();
    assert_eq!(
        all,
        ["Budget.xlsx", "Empty.xlsx", "Notes.txt", "Quarterly.xlsx", "Reports", "Sales.xlsx", "root"]
    );
    let link = page.json["@odata.deltaLink"].as_str().unwrap().to_owned();
    let latest = ada.get("/me/drive/root/delta?token=latest").await;
    assert!(latest.json["value"].as_array().unwrap().is_empty());
    assert!(latest.json["@odata.deltaLink"].is_string());
    ada.send(Method::PUT, "/me/drive/root:/n.txt:/content", "x").await;
    ada.delete("/me/drive/root:/Empty.xlsx").await;
    let changed = ada.get(&link).await;
    assert_eq!(changed.json["value"][0]["name"], "n.txt");
    assert_eq!(changed.json["value"][1]["deleted"]["state"], "deleted");
    assert_eq!(changed.json["value"].as_array().unwrap().len(), 2);
    for link in [link.as_str(), "/me/drive/root/delta(token='nonsense')"] {
        ada.world.clock.advance(61 * DAY_MS);
        let gone = ada.get(link).await;
        assert_eq!((gone.status, gone.codes().0.as_str()), (410, "resyncRequired"));
        let place = gone.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(ada.get(&place).await.status, 200);
    }
}

#[tokio::test]
async fn sharing_opens_an_item_to_another_user() {
    let mut ada = Client::ada();
    let link = ada
        .post("/me/drive/root:/Sales.xlsx:/createLink", json!({ "type": "view", "scope": "organization" }))
        .await;
    assert_eq!(link.status, 201);
    let again = ada
        .post("/me/drive/root:/Sales.xlsx:/createLink", json!({ "type": "view", "scope": "organization" }))
        .await;
    assert_eq!((again.status, &again.json["id"]), (200, &link.json["id"]));
    let drive = ada.get("/me/drive").await.json["id"].as_str().unwrap().to_owned();
    let ada_id = ada.principal.user_id.replace("aaaaaaaa-0000-4000-8000-000000000002".into());
    ada.principal.scopes.push("Files.Read.All".into());
    let item = format!("/drives/{drive}/root:/Sales.xlsx");
    assert_eq!(ada.get(&item).await.status, 403);
    ada.principal.user_id = ada_id;
    let body = json!({ "recipients": [{ "email": "megan@contoso.example" }], "roles": ["read"], "requireSignIn": true });
    assert_eq!(ada.post("/me/drive/root:/Sales.xlsx:/invite", body).await.status, 200);
    assert_eq!(
        ada.get("/me/drive/root:/Sales.xlsx:/permissions").await.json["value"].as_array().unwrap().len(),
        3
    );
    ada.principal.user_id = Some("aaaaaaaa-0000-4000-8000-000000000002".into());
    assert_eq!(ada.get(&item).await.status, 200);
    assert_eq!(ada.delete(&item).await.status, 403);
}

#[tokio::test]
async fn tokens_open_only_what_they_may() {
    let mut ada = Client::ada();
    assert_eq!(ada.get("/users").await.codes().0, "Authorization_RequestDenied");
    let drive = ada.get("/me/drive").await.json["id"].as_str().unwrap().to_owned();
    ada.principal.scopes = vec!["Files.Read".into()];
    assert_eq!(ada.get("/me/drive/root").await.status, 200);
    let denied = ada.delete("/me/drive/root:/Sales.xlsx").await;
    assert_eq!((denied.status, denied.codes().0.as_str()), (403, "accessDenied"));
    ada.principal.tenant_id = crate::FABRIKAM.into();
    assert_eq!(ada.get(&format!("/drives/{drive}")).await.status, 404);
    let daemon = Client::ada().app_only(&["Files.ReadWrite.All", "User.Read.All"]);
    let refused = daemon.get("/me/drive").await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.json["error"]["message"],
        "/me request is only valid with delegated authentication flow."
    );
    assert_eq!(daemon.get("/users/ada@contoso.example/drive/root/children").await.status, 200);
    assert_eq!(daemon.get("/users").await.json["value"].as_array().unwrap().len(), 2);
    assert_eq!(daemon.get("/nonsense").await.status, 400);
}

#[tokio::test]
async fn state_outlives_the_process() {
    let dir = std::env::temp_dir().join(format!("sandbox-files-{}", crate::random::guid()));
    let (id, own) = {
        let own = dir.join("Mine.xlsx");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(&own, include_bytes!("../../../assets/Budget.xlsx")).unwrap();
        let ada = Client::with(|options| {
            options.state_dir = Some(dir.clone());
            options.workbooks = vec![own.clone()];
        });
        let body = json!({ "values": [["kept"]] });
        let url = "/me/drive/root:/Mine.xlsx:/workbook/worksheets/Budget/range(address='A9')";
        assert_eq!(ada.patch(url, body).await.status, 200);
        (ada.get("/me/drive/root:/Mine.xlsx").await.json["id"].clone(), own)
    };
    let ada = Client::with(|options| {
        options.state_dir = Some(dir.clone());
        options.workbooks = vec![own.clone()];
    });
    assert_eq!(ada.get("/me/drive/root:/Mine.xlsx").await.json["id"], id);
    let url = "/me/drive/root:/Mine.xlsx:/workbook/worksheets/Budget/range(address='A9')?$select=values";
    assert_eq!(ada.get(url).await.json["values"], json!([["kept"]]));
    assert_eq!(ada.get("/me/drive/root/children").await.json["value"].as_array().unwrap().len(), 5);
    std::fs::remove_dir_all(dir).unwrap();
}
