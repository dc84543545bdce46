//! Files over HTTP: the redirect to another host, ranges there, and workbooks as an independent reader sees them.

mod front_door;

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use front_door::{Call, FrontDoor, with_json};
use serde_json::json;

const SALES: &str = "/v1.0/me/drive/root:/Sales.xlsx:";

async fn content(door: &FrontDoor, path: &str) -> Vec<u8> {
    let redirect = door.graph_get(&format!("{path}/content")).await;
    assert_eq!(redirect.status, 302);
    let location = json!(redirect.headers["location"].to_str().unwrap());
    let place = door.path_of(&location);
    let host = format!("127.0.0.1:{}", door.port);
    assert!(location.as_str().unwrap().starts_with(&format!("http://{host}/_files/")));
    let call = Call { method: "GET", path: &place, headers: &[], body: "" };
    let answer = door.send(&host, "no token that means anything", call).await;
    assert_eq!(answer.status, 200);
    let part = Call { method: "GET", path: &place, headers: &[("range", "bytes=0-1")], body: "" };
    let part = door.send(&host, "", part).await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &answer.body[..2]));
    answer.body.to_vec()
}

#[tokio::test]
async fn edits_are_in_the_file_that_an_independent_reader_opens() {
    let door = FrontDoor::open().await;
    let body = json!({ "values": [["1000"]] }).to_string();
    let path = format!("{SALES}/workbook/worksheets/Orders/range(address='E2')");
    assert_eq!(door.graph(with_json("PATCH", &path, &body)).await.status, 200);
    let body = json!({ "values": [[2001, "2026-11-21", "West", "Fig", 2, 4.5, null]] }).to_string();
    let path = format!("{SALES}/workbook/tables/Orders/rows/add");
    assert_eq!(door.graph(with_json("POST", &path, &body)).await.status, 201);

    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(content(&door, SALES).await)).unwrap();
    assert_eq!(book.sheet_names(), ["Orders", "Summary", "Prices"]);
    let orders = book.worksheet_range("Orders").unwrap();
    assert_eq!(orders.get_value((1, 4)), Some(&Data::Float(1000.0)));
    assert_eq!(orders.get_value((1, 6)), Some(&Data::Float(1250.0)));
    assert_eq!(orders.get_value((61, 6)), Some(&Data::Float(9.0)));
    let formulas = book.worksheet_formula("Orders").unwrap();
    assert_eq!(formulas.get_value((61, 6)).map(String::as_str), Some("E62*F62"));
    let summary = book.worksheet_range("Summary").unwrap();
    assert_eq!(summary.get_value((1, 1)), Some(&Data::Float(61.0)));
    book.load_tables().unwrap();
    assert_eq!(book.table_names(), ["Orders"]);
    let table = book.table_by_name("Orders").unwrap();
    assert_eq!(table.data().height(), 61);
    let names: Vec<&str> = book.defined_names().iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"TotalAmount") && names.contains(&"PriceList"), "{names:?}");
}

#[tokio::test]
async fn beta_answers_as_v1_and_the_first_files_are_listed() {
    let door = FrontDoor::open().await;
    let listed = door.sandbox.files();
    let names: Vec<&str> = listed.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["Budget.xlsx", "Empty.xlsx", "Sales.xlsx"]);
    for file in &listed {
        let path = format!("/beta/drives/{}/items/{}/workbook/worksheets", file.drive_id, file.id);
        let sheets = door.graph_get(&path).await;
        assert_eq!(sheets.status, 200, "{}", sheets.text());
        assert!(sheets.json()["@odata.context"].as_str().unwrap().contains("/beta/$metadata#"));
    }
    let site = door.graph_get("/v1.0/sites/root/drive/root:/Sales.xlsx:/workbook/tables").await;
    assert_eq!(site.json()["value"][0]["name"], "Orders", "{}", site.text());
}
