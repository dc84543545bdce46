//! The workbook API by the front door of Graph.

use http::Method;
use serde_json::{Value, json};

use crate::graph::test_client::Client;
use crate::options::ExcelAppOnly;

const WB: &str = "/me/drive/root:/Sales.xlsx:/workbook";
const MINUTE_MS: i64 = 60_000;

fn url(rest: &str) -> String {
    format!("{WB}/{rest}")
}

#[tokio::test]
async fn worksheets_are_listed_added_changed_and_deleted() {
    let ada = Client::ada();
    let list = ada.get(&url("worksheets")).await;
    assert_eq!(list.status, 200, "{:?}", list.json);
    let first = &list.json["value"][0];
    assert_eq!(first["id"], "{00000000-0001-0000-0000-000000000000}");
    assert_eq!(first["name"], "Orders");
    assert_eq!(list.json["value"][2]["visibility"], "Hidden");
    let encoded = url("worksheets/%7B00000000-0001-0000-0000-000000000000%7D");
    assert_eq!(ada.get(&encoded).await.json["name"], "Orders");
    assert_eq!(ada.get(&url("worksheets('summary')")).await.json["position"], 1);
    let added = ada.post(&url("worksheets/add"), json!({ "name": "New one" })).await;
    assert_eq!((added.status, added.json["position"].as_i64()), (201, Some(3)));
    let taken = ada.post(&url("worksheets"), json!({ "name": "new ONE" })).await;
    assert_eq!((taken.status, taken.codes().1.as_str()), (409, "itemAlreadyExists"));
    let body = json!({ "name": "Renamed", "position": 0, "visibility": "Hidden" });
    let changed = ada.patch(&url("worksheets/New%20one"), body).await;
    assert_eq!(
        (changed.json["name"].as_str(), changed.json["id"] == added.json["id"]),
        (Some("Renamed"), true)
    );
    assert_eq!(ada.delete(&url("worksheets/Renamed")).await.status, 204);
    let gone = ada.get(&url("worksheets/Renamed")).await;
    assert_eq!((gone.status, gone.codes()), (404, ("resourceNotFound".into(), "itemNotFound".into())));
    assert_eq!(ada.get(&encoded).await.json["name"], "Orders");
}

#[tokio::test]
async fn a_range_has_the_full_shape() {
    let ada = Client::ada();
    let range = ada.get(&url("worksheets/Orders/range(address='A1:G2')")).await;
    assert_eq!(range.status, 200, "{:?}", range.json);
    let json = &range.json;
    assert_eq!(json["address"], "Orders!A1:G2");
    assert_eq!((json["cellCount"].as_i64(), json["rowCount"].as_i64()), (Some(14), Some(2)));
    assert_eq!(json["values"][1], json!([1001, 46027, "North", "Pear", 1, 1.25, 1.25]));
    assert_eq!(json["text"][1], json!(["1001", "2026-01-05", "North", "Pear", "1", "1.25", "1.25"]));
    assert_eq!(json["formulas"][1][6], "=E2*F2");
    assert_eq!(json["formulasR1C1"][1][6], "=RC[-2]*RC[-1]");
    assert_eq!(json["numberFormat"][1][1], "yyyy-mm-dd");
    assert_eq!(json["valueTypes"][0][0], "String");
    let used = ada.get(&url("worksheets/Orders/usedRange(valuesOnly=true)?$select=address")).await;
    assert_eq!(used.json["address"], "Orders!A1:G61");
    let cell = ada.get(&url("worksheets/Orders/cell(row=1,column=3)")).await;
    assert_eq!(cell.json["values"], json!([["Pear"]]));
    let column = ada.get(&url("worksheets/Orders/range(address='A:B')")).await;
    assert_eq!(
        (column.json["values"].clone(), column.json["rowCount"].as_i64()),
        (Value::Null, Some(1_048_576))
    );
    let write = ada.patch(&url("worksheets/Orders/range(address='A:B')"), json!({ "values": "x" })).await;
    assert_eq!((write.status, write.codes().1.as_str()), (400, "invalidArgument"));
    let bad = ada.get(&url("worksheets/Orders/range(address='nonsense!!')")).await;
    assert_eq!((bad.status, bad.codes().1.as_str()), (400, "invalidArgument"));
}

#[tokio::test]
async fn range_functions_lead_to_other_ranges() {
    let ada = Client::ada();
    for (path, address) in [
        ("range(address='A1:C5')/lastRow", "Orders!A5:C5"),
        ("range(address='A1:C5')/lastCell", "Orders!C5"),
        ("range(address='A1:C5')/row(row=1)", "Orders!A2:C2"),
        ("range(address='A1:C5')/column(column=2)", "Orders!C1:C5"),
        ("range(address='A1:C5')/offsetRange(rowOffset=1,columnOffset=2)", "Orders!C2:E6"),
        ("range(address='A1:C5')/resizedRange(deltaRows=-1,deltaColumns=1)", "Orders!A1:D4"),
        ("range(address='A1:C5')/boundingRect(anotherRange='E7')", "Orders!A1:E7"),
        ("range(address='A1:C5')/intersection(anotherRange='C4:D9')", "Orders!C4:C5"),
        ("range(address='B2')/entireRow", "Orders!2:2"),
        ("range(address='B2')/entireColumn", "Orders!B:B"),
        ("range(address='B2')/rowsBelow(count=2)", "Orders!B3:B4"),
        ("range(address='Orders')", "Orders!A2:G61"),
        ("range", "Orders!A1:XFD1048576"),
    ] {
        let range = ada.get(&url(&format!("worksheets/Orders/{path}?$select=address"))).await;
        assert_eq!(range.json["address"], address, "{path}: {:?}", range.json);
    }
    let outside =
        ada.get(&url("worksheets/Orders/range(address='A1')/offsetRange(rowOffset=-1,columnOffset=0)")).await;
    assert_eq!(outside.status, 400);
}

#[tokio::test]
async fn writes_recalculate_and_keep_what_is_null() {
    let ada = Client::ada();
    let body = json!({ "values": [["49", null, "=A1*2"], [true, "", "text"]], "numberFormat": [["0.00", null, null], [null, null, null]] });
    let written = ada.patch(&url("worksheets/Summary/range(address='E1:G2')"), body).await;
    assert_eq!(written.status, 200, "{:?}", written.json);
    assert_eq!(written.json["values"][0][0], 49);
    assert_eq!(written.json["text"][0][0], "49.00");
    assert_eq!(written.json["values"][1], json!([true, "", "text"]));
    let total = |json: &Value| json["values"][0][0].as_f64().unwrap();
    let before = total(&ada.get(&url("worksheets/Summary/range(address='B3')")).await.json);
    ada.patch(&url("worksheets/Orders/range(address='E2')"), json!({ "values": 11 })).await;
    let after = total(&ada.get(&url("worksheets/Summary/range(address='B3')")).await.json);
    assert_eq!(after, before + 10.0);
    let fill = ada.patch(&url("worksheets/Summary/range(address='E5:F6')"), json!({ "values": 7 })).await;
    assert_eq!(fill.json["values"], json!([[7, 7], [7, 7]]));
    let shape =
        ada.patch(&url("worksheets/Summary/range(address='E5:F6')"), json!({ "values": [[1, 2]] })).await;
    assert_eq!((shape.status, shape.codes().1.as_str()), (400, "invalidArgument"));
    let clear = ada
        .post(&url("worksheets/Summary/range(address='E5:F6')/clear"), json!({ "applyTo": "Contents" }))
        .await;
    assert_eq!(clear.status, 204);
    let insert =
        ada.post(&url("worksheets/Summary/range(address='A1:C1')/insert"), json!({ "shift": "Down" })).await;
    assert_eq!((insert.status, insert.json["values"].clone()), (200, json!([["", "", ""]])));
    let name = ada.get(&url("names/TotalAmount")).await;
    assert_eq!(name.json["value"], "Summary!$B$5");
}

#[tokio::test]
async fn tables_rows_and_columns() {
    let ada = Client::ada();
    let tables = ada.get(&url("tables")).await;
    let table = &tables.json["value"][0];
    assert_eq!((table["name"].as_str(), table["showBandedRows"].as_bool()), (Some("Orders"), Some(true)));
    let id = table["id"].as_str().unwrap().replace('{', "%7B").replace('}', "%7D");
    assert_eq!(ada.get(&url(&format!("tables/{id}"))).await.json["name"], "Orders");
    let rows = ada.get(&url("tables/Orders/rows?$top=2&$skip=1")).await;
    assert_eq!(rows.json["value"][0]["index"], 1);
    assert_eq!(rows.json["value"].as_array().unwrap().len(), 2);
    let body = json!({ "index": null, "values": [[2001, "2026-11-21", "West", "Fig", 2, 4.5, null]] });
    let added = ada.post(&url("tables/Orders/rows"), body).await;
    assert_eq!((added.status, added.json["index"].as_i64()), (201, Some(60)), "{:?}", added.json);
    assert_eq!(added.json["values"][0][6], 9);
    assert_eq!(ada.get(&url("worksheets/Summary/range(address='B2')")).await.json["values"], json!([[61]]));
    let patch = ada
        .patch(
            &url("tables/Orders/rows/$/itemAt(index=60)"),
            json!({ "values": [[null, null, null, null, 3, null, null]] }),
        )
        .await;
    assert_eq!((patch.status, patch.json["values"][0][6].as_f64()), (200, Some(13.5)), "{:?}", patch.json);
    assert_eq!(ada.delete(&url("tables/Orders/rows/itemAt(index=60)")).await.status, 204);
    assert_eq!(ada.get(&url("tables/Orders/rows/itemAt(index=60)")).await.status, 404);
    let wrong = ada.post(&url("tables/Orders/rows/add"), json!({ "values": [[1]] })).await;
    assert_eq!((wrong.status, wrong.codes().1.as_str()), (400, "invalidArgument"));
    let header = ada.get(&url("tables/Orders/headerRowRange?$select=address,values")).await;
    assert_eq!(header.json["address"], "Orders!A1:G1");
    let columns = ada.get(&url("tables/Orders/columns")).await;
    assert_eq!(columns.json["value"][3]["name"], "Product");
    assert_eq!(columns.json["value"][3]["id"], "4");
    let column = ada.post(&url("tables/Orders/columns"), json!({ "name": "Note" })).await;
    assert_eq!((column.status, column.json["index"].as_i64()), (201, Some(7)), "{:?}", column.json);
    let renamed = ada.patch(&url("tables/Orders/columns/Note"), json!({ "name": "Remark" })).await;
    assert_eq!(renamed.json["values"][0], json!(["Remark"]));
    assert_eq!(ada.delete(&url("tables/Orders/columns/Remark")).await.status, 204);
    let filter = json!({ "criteria": { "filterOn": "custom", "criterion1": "=Fig" } });
    assert_eq!(ada.post(&url("tables/Orders/columns/Product/filter/apply"), filter).await.status, 204);
    let view = ada.get(&url("tables/Orders/dataBodyRange/visibleView")).await;
    assert_eq!(view.json["rowCount"], 12, "{:?}", view.json);
    assert_eq!(ada.post(&url("tables/Orders/clearFilters"), json!({})).await.status, 204);
    let made = ada.post(&url("tables/add"), json!({ "address": "Summary!A1:B7", "hasHeaders": true })).await;
    assert_eq!((made.status, made.json["name"].as_str()), (201, Some("Table1")));
    let plain = ada.post(&url("tables/Table1/convertToRange"), json!({})).await;
    assert_eq!((plain.status, plain.json["address"].as_str()), (200, Some("Summary!A1:B7")));
}

#[tokio::test]
async fn names_and_functions() {
    let ada = Client::ada();
    assert_eq!(ada.get(&url("names")).await.json["value"].as_array().unwrap().len(), 3);
    let range = ada.get(&url("names/PriceList/range")).await;
    assert_eq!(range.json["address"], "Prices!A1:B6");
    let body = json!({ "name": "Firsts", "reference": "=Orders!A2:A5", "comment": "" });
    let added = ada.post(&url("names/add"), body).await;
    assert_eq!((added.status, added.json["value"].as_str()), (201, Some("Orders!$A$2:$A$5")));
    let body = json!({ "lookupValue": "Fig", "tableArray": { "Address": "Prices!A2:B6" }, "colIndexNum": 2, "rangeLookup": false });
    let found = ada.post(&url("functions/vlookup"), body).await;
    assert_eq!(
        (found.json["value"].as_f64(), found.json["error"].clone()),
        (Some(4.5), Value::Null),
        "{:?}",
        found.json
    );
    let sum =
        ada.post(&url("functions/sum"), json!({ "values": [1, 2.5, { "address": "Prices!B2:B3" }] })).await;
    assert_eq!(sum.json["value"].as_f64(), Some(5.65));
    let error = ada.post(&url("functions/sqrt"), json!({ "number": -1 })).await;
    assert_eq!((error.status, error.json["error"].as_str()), (200, Some("#NUM!")));
    let text = ada.post(&url("functions/upper"), json!({ "text": "a\"b" })).await;
    assert_eq!(text.json["value"], "A\"B");
    assert_eq!(
        ada.post(&url("application/calculate"), json!({ "calculationType": "Full" })).await.status,
        204
    );
}

#[tokio::test]
async fn a_session_that_does_not_persist_is_a_scratch_copy() {
    let mut ada = Client::ada();
    let session = ada.post(&url("createSession"), json!({ "persistChanges": false })).await;
    assert_eq!((session.status, session.json["persistChanges"].as_bool()), (201, Some(false)));
    ada.header("workbook-session-id", session.json["id"].as_str().unwrap());
    let cell = url("worksheets/Orders/range(address='A2')");
    ada.patch(&cell, json!({ "values": [["scratch"]] })).await;
    assert_eq!(ada.get(&cell).await.json["values"], json!([["scratch"]]));
    assert_eq!(ada.post(&url("refreshSession"), json!({})).await.status, 204);
    assert_eq!(ada.post(&url("closeSession"), json!({})).await.status, 204);
    let closed = ada.get(&cell).await;
    assert_eq!((closed.status, closed.codes().1.as_str()), (404, "invalidSessionNotFound"));
    ada.headers.clear();
    assert_eq!(ada.get(&cell).await.json["values"], json!([[1001]]));
}

#[tokio::test]
async fn sessions_die_of_idleness_and_may_be_made_in_the_background() {
    let mut ada = Client::ada();
    ada.header("prefer", "respond-async");
    let accepted = ada.post(&url("createSession"), json!({ "persistChanges": true })).await;
    assert_eq!(accepted.status, 202);
    let place = accepted.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(ada.get(&place).await.json["status"], "running");
    let done = ada.get(&place).await;
    assert_eq!(done.json["status"], "succeeded");
    let info = ada.get(done.json["resourceLocation"].as_str().unwrap()).await;
    ada.headers.clear();
    ada.header("workbook-session-id", info.json["id"].as_str().unwrap());
    let cell = url("worksheets/Orders/range(address='A2')");
    assert_eq!(ada.patch(&cell, json!({ "values": 5 })).await.status, 200);
    ada.world.clock.advance(4 * MINUTE_MS);
    assert_eq!(ada.get(&cell).await.status, 200);
    ada.world.clock.advance(6 * MINUTE_MS);
    let expired = ada.get(&cell).await;
    assert_eq!(expired.codes().1, "invalidSessionReCreatable");
    ada.headers.clear();
    assert_eq!(ada.get(&cell).await.json["values"], json!([[5]]));
}

#[tokio::test]
async fn refusals() {
    let deny = Client::with(|options| options.excel_app_only = ExcelAppOnly::Deny)
        .app_only(&["Files.ReadWrite.All"]);
    let path = "/users/ada@contoso.example/drive/root:/Sales.xlsx:/workbook/worksheets";
    let refused = deny.get(path).await;
    assert_eq!((refused.status, refused.codes().0.as_str()), (403, "AccessDenied"));
    let allow = Client::ada().app_only(&["Files.ReadWrite.All"]);
    assert_eq!(allow.get(path).await.status, 200);
    let ada = Client::ada();
    let text = ada.get("/me/drive/root:/Reports/Notes.txt:/workbook/worksheets").await;
    assert_eq!((text.status, text.codes().1.as_str()), (400, "unsupportedWorkbook"));
    ada.send(Method::PUT, "/me/drive/root:/fake.xlsx:/content", "no workbook").await;
    let fake = ada.get("/me/drive/root:/fake.xlsx:/workbook/worksheets").await;
    assert_eq!((fake.status, fake.codes().1.as_str()), (400, "unsupportedWorkbook"));
    let large = vec![b' '; 6 * 1024 * 1024];
    let refused = ada.send(Method::PATCH, &url("worksheets/Orders/range(address='A1')"), large).await;
    assert_eq!((refused.status, refused.codes().0.as_str()), (413, "requestSizeExceeded"));
    let scoped =
        ada.patch(&url("worksheets/Orders/range(address='Summary!A1')"), json!({ "values": 1 })).await;
    assert_eq!(scoped.codes().1, "invalidReference");
    assert_eq!(ada.get(&url("nonsense")).await.status, 400);
}

#[tokio::test]
async fn formats_merges_and_sorting() {
    let ada = Client::ada();
    let range = "worksheets/Prices/range(address='A2:B6')";
    let bold =
        ada.patch(&url(&format!("{range}/format/font")), json!({ "bold": true, "color": "#FF0000" })).await;
    assert_eq!((bold.json["bold"].as_bool(), bold.json["color"].as_str()), (Some(true), Some("#FF0000")));
    let fill = ada.patch(&url(&format!("{range}/format/fill")), json!({ "color": "#00FF00" })).await;
    assert_eq!(fill.json["color"], "#00FF00");
    let order = json!({ "fields": [{ "key": 1, "ascending": false }] });
    assert_eq!(ada.post(&url(&format!("{range}/sort/apply")), order).await.status, 204);
    let sorted = ada.get(&url(range)).await;
    assert_eq!(sorted.json["values"][0], json!(["Fig", 4.5]));
    let merge = url("worksheets/Summary/range(address='D1:E2')/merge");
    assert_eq!(ada.post(&merge, json!({ "across": false })).await.status, 204);
    assert_eq!(
        ada.post(&url("worksheets/Summary/range(address='D1:E2')/unmerge"), json!({})).await.status,
        204
    );
    let delete = url("worksheets/Prices/range(address='A2:B2')/delete");
    assert_eq!(ada.post(&delete, json!({ "shift": "Up" })).await.status, 204);
    assert_eq!(ada.post(&delete, json!({ "shift": "Sideways" })).await.status, 400);
}
