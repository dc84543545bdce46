//! Folders and files of SharePoint REST by the front door.

mod front_door;

use front_door::{Answer, Call, FrontDoor};
use http::StatusCode;
use serde_json::json;

const PLAIN: [(&str, &str); 1] = [("accept", "application/json;odata=nometadata")];
const LIBRARY: &str = "/_api/web/GetFolderByServerRelativeUrl('/Shared%20Documents')";

async fn send(door: &FrontDoor, method: &str, path: &str, body: &str) -> Answer {
    door.sharepoint(Call { method, path, headers: &PLAIN, body }).await
}

#[tokio::test]
async fn a_file_is_added_read_replaced_and_recycled() {
    let door = FrontDoor::open().await;
    let add = format!("{LIBRARY}/Files/add(url='it''s.txt',overwrite=false)");
    let added = send(&door, "POST", &add, "one").await;
    assert_eq!(added.status, StatusCode::OK);
    assert_eq!(added.json()["ServerRelativeUrl"], json!("/Shared Documents/it's.txt"));
    assert_eq!(send(&door, "POST", &add, "two").await.status, StatusCode::BAD_REQUEST);
    let file = "/_api/web/GetFileByServerRelativePath(decodedurl='/Shared%20Documents/it%27%27s.txt')";
    let value = send(&door, "GET", &format!("{file}/$value"), "").await;
    assert_eq!((value.status, value.text().as_str()), (StatusCode::OK, "one"));
    let put = send(&door, "PUT", &format!("{file}/$value"), "replaced").await;
    assert_eq!((put.status, put.body.len()), (StatusCode::NO_CONTENT, 0));
    let facts = send(&door, "GET", &format!("{file}?$select=Name,Length,UIVersionLabel"), "").await.json();
    assert_eq!(facts, json!({"Name": "it's.txt", "Length": "8", "UIVersionLabel": "2.0"}));
    let items = "/_api/web/lists/getbytitle('Documents')/items?$select=Id,File/Name&$expand=File&$filter=FileLeafRef%20eq%20'it''s.txt'";
    let expanded = send(&door, "GET", items, "").await.json();
    assert_eq!(expanded["value"][0]["File"], json!({"Name": "it's.txt"}));
    let fields = send(&door, "GET", &format!("{file}/ListItemAllFields?$select=FileRef"), "").await.json();
    assert_eq!(fields["FileRef"], json!("/Shared Documents/it's.txt"));
    let id = send(&door, "GET", &format!("{file}/UniqueId"), "").await.json();
    let by_id = format!("/_api/web/GetFileById('{}')/ServerRelativePath", id["value"].as_str().expect("id"));
    assert_eq!(
        send(&door, "GET", &by_id, "").await.json(),
        json!({"value": {"DecodedUrl": "/Shared Documents/it's.txt"}})
    );
    let recycled = send(&door, "POST", &format!("{file}/recycle()"), "").await;
    assert_eq!(recycled.status, StatusCode::OK);
    let gone = send(&door, "GET", file, "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(gone.json()["odata.error"]["code"], json!("-2147024894, System.IO.FileNotFoundException"));
}

#[tokio::test]
async fn folders_are_made_listed_and_deleted() {
    let door = FrontDoor::open().await;
    let made = send(
        &door,
        "POST",
        "/_api/web/folders/addUsingPath(DecodedUrl='Shared%20Documents/Plans',overwrite=false)",
        "",
    )
    .await;
    assert_eq!(
        (made.status, &made.json()["ServerRelativeUrl"]),
        (StatusCode::CREATED, &json!("/Shared Documents/Plans"))
    );
    let inner = send(
        &door,
        "POST",
        "/_api/web/GetFolderByServerRelativePath(decodedurl='/Shared%20Documents/Plans')/Folders/add('2026')",
        "",
    )
    .await;
    assert_eq!(inner.json()["Name"], json!("2026"));
    let add = "/_api/web/GetFolderByServerRelativeUrl('Shared%20Documents/Plans/2026')/Files/AddUsingPath(decodedurl='100%25.txt',Overwrite=true)";
    assert_eq!(send(&door, "POST", add, "x").await.status, StatusCode::OK);
    let listed = send(&door, "GET", "/_api/web/GetFolderByServerRelativePath(decodedurl='/Shared%20Documents/Plans/2026')/Files?$select=Name", "").await;
    assert_eq!(listed.json()["value"], json!([{"Name": "100%.txt"}]));
    let deleted =
        send(&door, "DELETE", "/_api/web/GetFolderByServerRelativeUrl('/Shared%20Documents/Plans')", "")
            .await;
    assert_eq!(deleted.status, StatusCode::OK);
    let folders = send(&door, "GET", &format!("{LIBRARY}/Folders?$filter=Name%20eq%20'Plans'"), "").await;
    assert_eq!(folders.json()["value"], json!([]));
    assert_eq!(
        send(&door, "GET", "/_api/web/GetFolderByServerRelativeUrl('/Nowhere')", "").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_checked_out_file_is_locked_for_others() {
    let door = FrontDoor::open().await;
    let add = format!("{LIBRARY}/Files/add(url='held.txt',overwrite=true)");
    send(&door, "POST", &add, "mine").await;
    let file = "/_api/web/GetFileByServerRelativeUrl('/Shared%20Documents/held.txt')";
    assert_eq!(send(&door, "POST", &format!("{file}/CheckOut()"), "").await.status, StatusCode::OK);
    assert_eq!(send(&door, "GET", &format!("{file}/CheckOutType"), "").await.json(), json!({"value": 0}));
    let scope = "https://contoso.sharepoint.com/AllSites.Write";
    let megan = FrontDoor::sign_in(&door.sandbox, "megan@contoso.example", scope);
    let host = format!("contoso.sharepoint.localhost:{}", door.port);
    let value = format!("{file}/$value");
    let put = Call { method: "PUT", path: &value, headers: &PLAIN, body: "hers" };
    let refused = door.send(&host, &megan, put).await;
    assert_eq!(refused.status, StatusCode::LOCKED);
    assert_eq!(
        refused.json()["odata.error"]["code"],
        json!("-2147018894, Microsoft.SharePoint.SPFileLockException")
    );
    let check_in = format!("{file}/CheckIn(comment='done',checkintype=0)");
    assert_eq!(send(&door, "POST", &check_in, "").await.status, StatusCode::OK);
    let put = Call { method: "PUT", path: &value, headers: &PLAIN, body: "hers" };
    assert_eq!(door.send(&host, &megan, put).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send(&door, "GET", &value, "").await.text(), "hers");
    let twice = send(&door, "POST", &check_in, "").await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
}
