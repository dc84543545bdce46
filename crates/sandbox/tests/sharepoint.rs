//! SharePoint REST by the front door: flavours, paging, edits, CAML, batches, errors.

mod front_door;

use front_door::{Answer, Call, FrontDoor};
use http::StatusCode;
use serde_json::{Value, json};

const TASKS: &str = "/_api/web/lists/getbytitle('Tasks')";
const VERBOSE: &str = "application/json;odata=verbose";
const PLAIN: &str = "application/json;odata=nometadata";

async fn post(door: &FrontDoor, path: &str, flavour: &str, extra: &[(&str, &str)], body: &Value) -> Answer {
    let mut headers = vec![("accept", flavour), ("content-type", flavour)];
    headers.extend_from_slice(extra);
    let body = body.to_string();
    door.sharepoint(Call { method: "POST", path, headers: &headers, body: &body }).await
}

#[tokio::test]
async fn one_web_in_every_flavour() {
    let door = FrontDoor::open().await;
    let verbose = door.sharepoint_get("/_api/web", "verbose").await.json();
    assert_eq!(verbose["d"]["Title"], json!("Contoso"));
    assert_eq!(verbose["d"]["__metadata"]["type"], json!("SP.Web"));
    assert!(
        verbose["d"]["Lists"]["__deferred"]["uri"]
            .as_str()
            .is_some_and(|uri| uri.ends_with("/_api/Web/Lists"))
    );
    let minimal = door.sharepoint_get("/sites/projects/_api/web", "minimalmetadata").await.json();
    assert_eq!((&minimal["Title"], &minimal["odata.type"]), (&json!("Projects"), &json!("SP.Web")));
    let plain = door.sharepoint_get("/_api/Web?$select=Title,Url", "nometadata").await.json();
    assert_eq!(
        plain,
        json!({"Title": "Contoso", "Url": format!("http://contoso.sharepoint.localhost:{}", door.port)})
    );
    let atom = door.sharepoint(Call { method: "GET", path: "/_api/web", headers: &[], body: "" }).await;
    assert!(atom.headers["content-type"].to_str().expect("type").starts_with("application/atom+xml"));
    assert!(atom.text().contains("<d:Title>Contoso</d:Title>"));
    assert_eq!(atom.headers["x-sharepointhealthscore"], "0");
    let title = door.sharepoint_get("/_api/web/title", "verbose").await.json();
    assert_eq!(title, json!({"d": {"Title": "Contoso"}}));
    assert_eq!(door.sharepoint_get("/sites/nope/_api/web", "verbose").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn items_page_by_id_in_each_flavour() {
    let door = FrontDoor::open().await;
    for (flavour, rows, next) in [
        ("verbose", "/d/results", "/d/__next"),
        ("minimalmetadata", "/value", "/odata.nextLink"),
        ("nometadata", "/value", "/odata.nextLink"),
    ] {
        let mut path = format!("{TASKS}/items?%24select=Id,Title&$top=120&$skip=7");
        let mut ids = Vec::new();
        loop {
            let page = door.sharepoint_get(&path, flavour).await.json();
            let found = page.pointer(rows).and_then(Value::as_array).expect("rows").clone();
            ids.extend(found.iter().map(|row| row["Id"].as_i64().expect("id")));
            match page.pointer(next) {
                Some(link) => path = door.path_of(link),
                None => break,
            }
        }
        assert_eq!(ids, (1..=250).collect::<Vec<i64>>(), "{flavour}");
    }
    let hundred = door.sharepoint_get(&format!("{TASKS}/items"), "nometadata").await.json();
    assert_eq!(hundred["value"].as_array().map(Vec::len), Some(100));
}

#[tokio::test]
async fn items_are_filtered_expanded_and_ordered() {
    let door = FrontDoor::open().await;
    let path = format!(
        "{TASKS}/items?$select=Title,Priority,AssignedTo/Title,AssignedToId&$expand=AssignedTo\
         &$filter=Status%20eq%20%27Completed%27%20and%20substringof(%27budget%27,Title)&$orderby=Priority%20desc,Id"
    );
    let page = door.sharepoint_get(&path, "verbose").await.json();
    let rows = page["d"]["results"].as_array().expect("rows");
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| row["Title"].as_str().is_some_and(|title| title.contains("budget"))));
    assert_eq!(rows[0]["AssignedTo"]["__metadata"]["type"], json!("SP.Data.UserInfoItem"));
    assert!(rows[0]["AssignedTo"]["Title"].is_string());
    assert!(rows[0].get("Status").is_none());
    let place =
        door.sharepoint_get(&format!("{TASKS}/items(4)?$select=FileRef,Title"), "nometadata").await.json();
    assert_eq!(place["FileRef"], json!("/Lists/Tasks/4_.000"));
    let dates = format!("{TASKS}/items?$filter=DueDate%20lt%20datetime'2026-01-08T00:00:00Z'");
    assert_eq!(
        door.sharepoint_get(&dates, "nometadata").await.json()["value"].as_array().map(Vec::len),
        Some(3)
    );
    let titles = door
        .sharepoint_get(
            "/_api/web/lists?$filter=Hidden%20eq%20false&$select=Title&$orderby=Title",
            "nometadata",
        )
        .await;
    let expected =
        json!([{"Title": "Big"}, {"Title": "Contacts"}, {"Title": "Documents"}, {"Title": "Tasks"}]);
    assert_eq!(titles.json()["value"], expected);
}

#[tokio::test]
async fn an_item_is_made_merged_and_recycled() {
    let door = FrontDoor::open().await;
    let items = format!("{TASKS}/items");
    let untyped = post(&door, &items, VERBOSE, &[], &json!({"Title": "x"})).await;
    assert_eq!(untyped.status, StatusCode::BAD_REQUEST);
    let typed =
        json!({"__metadata": {"type": "SP.Data.TasksListItem"}, "Title": "Splice", "AssignedToId": 6});
    let made = post(&door, &items, VERBOSE, &[], &typed).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["d"]["__metadata"]["etag"], json!("\"1\""));
    let id = made.json()["d"]["Id"].as_i64().expect("id");
    let item = format!("{TASKS}/items({id})");
    let merge = [("x-http-method", "MERGE"), ("if-match", "\"1\"")];
    let merged = post(&door, &item, PLAIN, &merge, &json!({"Title": "Spliced"})).await;
    assert_eq!((merged.status, merged.body.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(merged.headers["etag"], "\"2\"");
    let stale = post(&door, &item, PLAIN, &merge, &json!({"Title": "Again"})).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert!(stale.json()["odata.error"]["message"]["value"].is_string());
    let read = door
        .sharepoint_get(
            &format!("/_api/web/GetList(@u)/items({id})?@u='/Lists/Tasks'&$select=Title"),
            "nometadata",
        )
        .await;
    assert_eq!(read.json(), json!({"Title": "Spliced"}));
    let replaced = Call {
        method: "PUT",
        path: &item,
        headers: &[("accept", PLAIN), ("content-type", PLAIN), ("if-match", "*")],
        body: r#"{"Title":"Replaced"}"#,
    };
    assert_eq!(door.sharepoint(replaced).await.status, StatusCode::NO_CONTENT);
    let select = format!("{item}?$select=Title,AssignedToId");
    let now = door.sharepoint_get(&select, "nometadata").await.json();
    assert_eq!(now, json!({"Title": "Replaced", "AssignedToId": null}));
    let recycled = post(&door, &format!("{item}/recycle()"), PLAIN, &[], &json!({})).await.json();
    assert_eq!(recycled["value"].as_str().map(str::len), Some(36));
    assert_eq!(door.sharepoint_get(&item, "verbose").await.status, StatusCode::NOT_FOUND);
    let bin = door.sharepoint_get("/_api/web/recyclebin", "nometadata").await.json();
    assert_eq!(bin["value"][0]["Title"], json!("Replaced"));
    let of_site = door
        .sharepoint_get("/_api/site/RecycleBin?$filter=(ItemState%20eq%201)&$select=Title", "nometadata")
        .await;
    assert_eq!(of_site.json()["value"], json!([{"Title": "Replaced"}]));
    let restore =
        format!("/_api/web/recyclebin('{}')/restore()", bin["value"][0]["Id"].as_str().expect("id"));
    assert_eq!(post(&door, &restore, PLAIN, &[], &json!({})).await.status, StatusCode::OK);
    assert_eq!(door.sharepoint_get(&item, "verbose").await.status, StatusCode::OK);
    let removed = post(
        &door,
        &format!("{TASKS}/items(9)"),
        PLAIN,
        &[("x-http-method", "DELETE"), ("if-match", "*")],
        &json!({}),
    )
    .await;
    assert_eq!(removed.status, StatusCode::OK);
}

#[tokio::test]
async fn errors_have_the_codes_and_forms_of_their_flavour() {
    let door = FrontDoor::open().await;
    let cases = [
        (
            format!("{TASKS}/items?$select=Nope"),
            400,
            "-1, Microsoft.SharePoint.Client.InvalidClientQueryException",
        ),
        (
            format!("{TASKS}/items?$filter=endswith(Title,'x')"),
            400,
            "-1, Microsoft.SharePoint.Client.InvalidClientQueryException",
        ),
        (format!("{TASKS}/items?$select=AssignedTo/Title"), 400, "-1, Microsoft.SharePoint.SPException"),
        (format!("{TASKS}/items(9999)"), 404, "-2130575338, System.ArgumentException"),
        ("/_api/web/lists/getbytitle('Nope')".to_owned(), 404, "-1, System.ArgumentException"),
        ("/_api/web/nonsense".to_owned(), 404, "-1, Microsoft.SharePoint.Client.ResourceNotFoundException"),
        ("/_api/web/lists('x".to_owned(), 400, "-1, Microsoft.SharePoint.Client.InvalidClientQueryException"),
        (
            "/_api/web/lists/getbytitle('Big')/items?$filter=Amount%20eq%207".to_owned(),
            500,
            "-2147024860, Microsoft.SharePoint.SPQueryThrottledException",
        ),
    ];
    for (path, status, code) in cases {
        let verbose = door.sharepoint_get(&path, "verbose").await;
        assert_eq!((path.as_str(), verbose.status.as_u16()), (path.as_str(), status));
        assert_eq!(verbose.json()["error"]["code"], json!(code));
        let plain = door.sharepoint_get(&path, "nometadata").await;
        assert_eq!(plain.json()["odata.error"]["code"], json!(code));
        let atom = door.sharepoint(Call { method: "GET", path: &path, headers: &[], body: "" }).await;
        assert!(atom.text().contains(&format!("<m:code>{code}</m:code>")));
    }
    let indexed = door
        .sharepoint_get(
            "/_api/web/lists/getbytitle('Big')/items?$filter=Code%20eq%20'C007'&$top=3",
            "nometadata",
        )
        .await;
    assert_eq!(indexed.json()["value"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn context_info_gives_a_digest_and_a_broken_one_is_refused() {
    let door = FrontDoor::open().await;
    for (path, flavour, place) in [
        ("/_api/contextinfo", VERBOSE, "/d/GetContextWebInformation/FormDigestValue"),
        ("/sites/team/_api/contextInfo", PLAIN, "/FormDigestValue"),
    ] {
        let info = post(&door, path, flavour, &[], &json!({})).await.json();
        let digest = info.pointer(place).and_then(Value::as_str).expect("a digest").to_owned();
        let made = post(
            &door,
            &format!("{TASKS}/items"),
            PLAIN,
            &[("x-requestdigest", &digest)],
            &json!({"Title": "d"}),
        )
        .await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    let refused = post(
        &door,
        &format!("{TASKS}/items"),
        PLAIN,
        &[("x-requestdigest", "broken")],
        &json!({"Title": "d"}),
    )
    .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        door.sharepoint_get("/_api/contextinfo", "verbose").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn caml_streams_and_form_values() {
    let door = FrontDoor::open().await;
    let xml = "<View><Query><Where><Eq><FieldRef Name='Status'/><Value Type='Text'>Deferred</Value></Eq></Where></Query>\
               <RowLimit>5</RowLimit></View>";
    let found = post(&door, &format!("{TASKS}/getitems"), PLAIN, &[], &json!({"query": {"ViewXml": xml}}))
        .await
        .json();
    let rows = found["value"].as_array().expect("rows");
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row["Status"] == "Deferred"));
    let place = json!({"PagingInfo": format!("Paged=TRUE&p_ID={}", rows[4]["Id"])});
    let query = json!({"query": {"ViewXml": xml, "ListItemCollectionPosition": place}});
    let further = post(&door, &format!("{TASKS}/getitems"), PLAIN, &[], &query).await.json();
    assert!(further["value"][0]["Id"].as_i64() > rows[4]["Id"].as_i64());
    let parameters = json!({"parameters": {"ViewXml": "<View><RowLimit Paged='TRUE'>2</RowLimit></View>"}});
    let stream =
        post(&door, &format!("{TASKS}/RenderListDataAsStream"), PLAIN, &[], &parameters).await.json();
    assert_eq!(stream["Row"][1]["ID"], json!("2"));
    let paging = json!({"parameters": {"ViewXml": "<View><RowLimit Paged='TRUE'>2</RowLimit></View>", "Paging": stream["NextHref"]}});
    let second = post(&door, &format!("{TASKS}/RenderListDataAsStream"), PLAIN, &[], &paging).await.json();
    assert_eq!(second["Row"][0]["ID"], json!("3"));
    let values = |priority: &str| {
        json!({"listItemCreateInfo": {}, "formValues": [
            {"FieldName": "ContentType", "FieldValue": "0x0100"},
            {"FieldName": "Title", "FieldValue": "Form"},
            {"FieldName": "Priority", "FieldValue": priority},
            {"FieldName": "AssignedTo", "FieldValue": "[{\"Key\":\"i:0#.f|membership|megan@contoso.example\"}]"},
        ]})
    };
    let path = format!("{TASKS}/AddValidateUpdateItemUsingPath");
    let wrong = post(&door, &path, PLAIN, &[], &values("lots")).await.json();
    assert_eq!(wrong["value"][2]["HasException"], json!(true));
    let right = post(&door, &path, PLAIN, &[], &values("3")).await.json();
    let id = right["value"].as_array().and_then(|rows| rows.last()).expect("a row")["FieldValue"].clone();
    let item = door
        .sharepoint_get(&format!("{TASKS}/items({})", id.as_str().expect("id")), "nometadata")
        .await
        .json();
    assert_eq!(
        (&item["Title"], &item["Priority"], &item["AssignedToId"]),
        (&json!("Form"), &json!(3), &json!(7))
    );
}

#[tokio::test]
async fn a_multipart_batch_mixes_reads_and_change_sets() {
    let door = FrontDoor::open().await;
    let host = format!("http://contoso.sharepoint.localhost:{}", door.port);
    let body = [
        "--batch_1\n".to_owned(),
        "Content-Type: application/http\nContent-Transfer-Encoding: binary\n\n".to_owned(),
        format!("GET {host}/_api/web?$select=Title HTTP/1.1\naccept: {PLAIN}\n\n"),
        "--batch_1\nContent-Type: multipart/mixed; boundary=\"changeset_2\"\n\n".to_owned(),
        "--changeset_2\nContent-Type: application/http\n\n".to_owned(),
        format!("POST {host}{TASKS}/items HTTP/1.1\naccept: {PLAIN}\ncontent-type: {PLAIN}\n\n{{\"Title\":\"From a batch\"}}\n\n"),
        "--changeset_2\nContent-Type: application/http\n\n".to_owned(),
        format!("MERGE {host}{TASKS}/items(9999) HTTP/1.1\naccept: {PLAIN}\ncontent-type: {PLAIN}\nif-match: *\n\n{{\"Title\":\"x\"}}\n\n"),
        "--changeset_2--\n\n--batch_1--\n".to_owned(),
    ]
    .concat();
    let headers = [("content-type", "multipart/mixed; boundary=batch_1"), ("accept", PLAIN)];
    let answer =
        door.sharepoint(Call { method: "POST", path: "/_api/$batch", headers: &headers, body: &body }).await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = answer.text();
    let statuses: Vec<&str> = text.lines().filter(|line| line.starts_with("HTTP/1.1")).collect();
    assert_eq!(statuses, ["HTTP/1.1 200 OK", "HTTP/1.1 201 Created", "HTTP/1.1 404 Not Found"]);
    let found =
        door.sharepoint_get("/_api/search/query?querytext='From%20a%20batch'", "nometadata").await.json();
    assert_eq!(found["PrimaryQueryResult"]["RelevantResults"]["RowCount"], json!(1));
}

#[tokio::test]
async fn users_fields_views_and_lists() {
    let door = FrontDoor::open().await;
    let me = door.sharepoint_get("/_api/web/currentuser", "nometadata").await.json();
    assert_eq!(me["LoginName"], json!("i:0#.f|membership|ada@contoso.example"));
    let megan = door
        .sharepoint_get("/_api/web/siteusers/getbyemail('megan@contoso.example')?$select=Id", "nometadata")
        .await;
    assert_eq!(megan.json(), json!({"Id": 7}));
    let choice = door
        .sharepoint_get(&format!("{TASKS}/fields/getbyinternalnameortitle('Status')"), "verbose")
        .await
        .json();
    assert_eq!(choice["d"]["Choices"]["__metadata"]["type"], json!("Collection(Edm.String)"));
    let ensured =
        post(&door, "/_api/web/ensureuser", PLAIN, &[], &json!({"logonName": "megan@contoso.example"})).await;
    assert_eq!(ensured.json()["Id"], json!(7));
    let stranger = post(&door, "/_api/web/ensureuser('alex@fabrikam.example')", PLAIN, &[], &json!({})).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    let views = door.sharepoint_get(&format!("{TASKS}/views"), "nometadata").await.json();
    assert_eq!(views["value"][0]["Title"], json!("All Items"));
    let made = post(
        &door,
        "/sites/team/_api/web/lists",
        PLAIN,
        &[],
        &json!({"Title": "Knots", "BaseTemplate": 100}),
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let count = door.sharepoint_get("/_api/web/lists/getbytitle('Big')/ItemCount", "nometadata").await.json();
    assert_eq!(count, json!({"value": 12_000}));
    assert_eq!(
        door.sharepoint_get(&format!("{TASKS}/items(1)/AttachmentFiles"), "nometadata").await.json()["value"],
        json!([])
    );
}

#[tokio::test]
async fn rights_and_tenants_are_kept_apart() {
    let door = FrontDoor::open().await;
    let read = FrontDoor::sign_in(
        &door.sandbox,
        "megan@contoso.example",
        "https://contoso.sharepoint.com/AllSites.Read",
    );
    let host = format!("contoso.sharepoint.localhost:{}", door.port);
    let path = format!("{TASKS}/items");
    let headers = [("accept", PLAIN), ("content-type", PLAIN)];
    let write = Call { method: "POST", path: &path, headers: &headers, body: r#"{"Title":"no"}"# };
    let refused = door.send(&host, &read, write).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        refused.json()["odata.error"]["code"],
        json!("-2147024891, System.UnauthorizedAccessException")
    );
    let get = Call { method: "GET", path: &path, headers: &headers, body: "" };
    assert_eq!(door.send(&host, &read, get).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_change_token_tells_what_is_new() {
    let door = FrontDoor::open().await;
    let list = door.sharepoint_get(TASKS, "nometadata").await.json();
    let start = list["CurrentChangeToken"].clone();
    let item = format!("{TASKS}/items(2)");
    post(&door, &item, PLAIN, &[("x-http-method", "MERGE")], &json!({"Done": true})).await;
    post(&door, &item, PLAIN, &[("x-http-method", "DELETE")], &json!({})).await;
    let mut query =
        json!({"query": {"Item": true, "Update": true, "DeleteObject": true, "ChangeTokenStart": start}});
    let changes = post(&door, &format!("{TASKS}/GetChanges"), PLAIN, &[], &query).await.json();
    let kinds: Vec<&Value> =
        changes["value"].as_array().expect("changes").iter().map(|row| &row["ChangeType"]).collect();
    assert_eq!(kinds, [&json!(2), &json!(3)]);
    query["query"]["ChangeTokenStart"] = changes["value"][1]["ChangeToken"].clone();
    let nothing = post(&door, &format!("{TASKS}/GetChanges"), PLAIN, &[], &query).await.json();
    assert_eq!(nothing["value"], json!([]));
    query["query"]["ChangeTokenStart"] = json!({"StringValue": "1;3;nonsense;0;1"});
    assert_eq!(
        post(&door, &format!("{TASKS}/GetChanges"), PLAIN, &[], &query).await.status,
        StatusCode::BAD_REQUEST
    );
}
