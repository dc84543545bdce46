//! Edits through the proxy are in the stored `.xlsx`, as an independent reader sees it.

use crate::harness;

use std::path::Path;

use harness::outside::python;
use harness::{Server, Start};
use serde_json::{Value, json};

const KEY: &str = "microsoft-excel";
const ID: &str = "demo-excel";

async fn workbook(server: &Server, method: &str, file: &str, path: &str, body: Value) -> Value {
    let path = format!("/v1.0/me/drive/items/{file}/workbook{path}");
    let headers = [("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = server.proxy_with(method, &path, KEY, ID, &headers, body).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
    answer.json()
}

fn stored(server: &Server, file: &str) -> std::path::PathBuf {
    server.data_dir.join("sandbox/files/content").join(format!("{file}.xlsx"))
}

#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_values_formulas_and_tables_are_in_the_file() {
    let server = Start::dev().start();
    let file = server.file("Sales.xlsx");
    let values = json!({"values": [["a", "b", "sum"], [2, 3, "=K2+L2"]]});
    workbook(&server, "PATCH", &file, "/worksheets/Orders/range(address='K1:M2')", values).await;
    let table = json!({"address": "Orders!K1:M2", "hasHeaders": true});
    let made = workbook(&server, "POST", &file, "/tables/add", table).await;
    let rename = json!({"name": "Sums"});
    workbook(&server, "PATCH", &file, &format!("/tables/{}", made["id"].as_str().unwrap()), rename).await;
    let row = json!({"values": [[5, 6, "=K3+L3"]]});
    workbook(&server, "POST", &file, "/tables/Sums/rows/add", row).await;
    let expected = json!({
        "file": stored(&server, &file),
        "cells": {"Orders!K2": 2, "Orders!M2": 5, "Orders!M3": 11},
        "formulas": {"Orders!M2": "=K2+L2", "Orders!M3": "=K3+L3"},
        "tables": {"Orders": {"Orders": "A1:G61", "Sums": "K1:M3"}},
        "names": ["VatRate"],
    });
    python("openpyxl_check.py", &expected).await;
}

/// A workbook of the user's own, written by openpyxl.
async fn own_workbook(path: &Path) {
    let python = std::env::var("SHEETBEND_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = "import openpyxl, sys\nbook = openpyxl.Workbook()\nbook.active.title = 'Mine'\n\
        book.active.append(['real', 42])\nbook.active['C1'] = '=B1*2'\nbook.save(sys.argv[1])";
    let done = std::process::Command::new(python).args(["-c", script]).arg(path).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
#[ignore = "needs Python"]
async fn needs_python_the_user_s_own_workbook_is_in_the_drive() {
    let dir = tempfile::TempDir::new().unwrap();
    let own = dir.path().join("Own data.xlsx");
    own_workbook(&own).await;
    let server = Start::dev().args(&["--workbook", own.to_str().unwrap()]).start();
    let file = server.file("Own data.xlsx");
    let children = server.proxy("GET", "/v1.0/me/drive/root/children?$select=name", KEY, ID).await;
    assert!(children.text().contains("Own data.xlsx"), "{}", children.text());
    let range = workbook(&server, "GET", &file, "/worksheets/Mine/usedRange", Value::Null).await;
    assert_eq!(range["values"], json!([["real", 42, 84]]));
    let changed = json!({"values": [[50]]});
    workbook(&server, "PATCH", &file, "/worksheets/Mine/range(address='B1')", changed).await;
    let expected = json!({"file": stored(&server, &file), "cells": {"Mine!B1": 50, "Mine!C1": 100},
        "formulas": {"Mine!C1": "=B1*2"}});
    python("openpyxl_check.py", &expected).await;
}
