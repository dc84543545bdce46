//! Every property in an answer must exist in Microsoft's own schemas.
//!
//! The schemas are subsets of Graph's CSDL and of a SharePoint tenant's `$metadata`. They lie beside the repository
//! (`../shared/reference`, or where `SHEETBEND_SHARED` says); where they are absent the tests say "skipped".

mod front_door;

use std::path::PathBuf;

use front_door::{Call, FrontDoor};
use serde_json::{Value, json};

fn schema(name: &str) -> Option<Value> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("SHEETBEND_SHARED").map_or_else(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(shared.join("reference").join(name)) else {
        println!("skipped: {name} is not beside the repository");
        return None;
    };
    Some(serde_json::from_str(&text).expect("a schema"))
}

/// Walks a Graph answer of a type; faults are `type.property` lines.
fn check_graph(schema: &Value, kind: &str, value: &Value, faults: &mut Vec<String>) {
    if let Some(element) = kind.strip_prefix("Collection(") {
        let element = element.trim_end_matches(')');
        match value {
            Value::Array(rows) => rows.iter().for_each(|row| check_graph(schema, element, row, faults)),
            Value::Null => {}
            other => faults.push(format!("{kind} is {other}")),
        }
        return;
    }
    if let Some(primitive) = kind.strip_prefix("Edm.") {
        let fits = match primitive {
            "Boolean" => value.is_boolean(),
            "String" | "DateTimeOffset" | "Guid" => value.is_string(),
            "Int32" | "Int64" | "Int16" | "Double" | "Decimal" => value.is_number(),
            _ => true,
        };
        if !fits && !value.is_null() {
            faults.push(format!("{kind} is {value}"));
        }
        return;
    }
    let Some(object) = value.as_object() else { return };
    for (name, value) in object.iter().filter(|(name, _)| !name.contains('@')) {
        match property(schema, kind, name) {
            Found::Of(of) => check_graph(schema, &of, value, faults),
            Found::Open => {}
            Found::Missing => faults.push(format!("{kind}.{name}")),
        }
    }
}

enum Found {
    Of(String),
    /// The type is open, or not in the subset.
    Open,
    Missing,
}

fn property(schema: &Value, kind: &str, name: &str) -> Found {
    let mut at = kind.to_owned();
    let mut open = false;
    loop {
        let Some(definition) = schema["types"].get(&at) else { return Found::Open };
        if let Some(of) = definition["props"].get(name) {
            return Found::Of(of[0].as_str().expect("a type").to_owned());
        }
        if let Some(of) = definition["nav"].get(name) {
            return Found::Of(of.as_str().expect("a type").to_owned());
        }
        open |= definition["open"] == json!(true);
        match definition["base"].as_str() {
            Some(base) => base.clone_into(&mut at),
            None if open => return Found::Open,
            None => return Found::Missing,
        }
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let Some(schema) = schema("graph-v1-schema-subset.json") else { return };
    let wrong = json!({"id": 7, "list": {"hidden": "no", "colour": "red"}, "items": [{"fields": {"Anything": 1}, "nope": 1}]});
    let mut faults = Vec::new();
    check_graph(&schema, "list", &wrong, &mut faults);
    faults.sort();
    assert_eq!(faults, ["Edm.Boolean is \"no\"", "Edm.String is 7", "listInfo.colour", "listItem.nope"]);
}

#[tokio::test]
async fn graph_sites_and_lists_use_only_graphs_own_names() {
    let Some(schema) = schema("graph-v1-schema-subset.json") else { return };
    let door = FrontDoor::open().await;
    let grant = json!({"roles": ["write"], "grantedToIdentities": [{"application": {"id": "a", "displayName": "A"}}]});
    door.graph(front_door::with_json("POST", "/v1.0/sites/root/permissions", &grant.to_string())).await;
    door.graph(front_door::with_json("DELETE", "/v1.0/sites/root/lists/Tasks/items/3", "")).await;
    let one = [
        ("/sites/root", "site"),
        ("/sites/root?$expand=lists", "site"),
        ("/sites/root/lists/Tasks?$expand=columns,items($expand=fields),contentTypes", "list"),
        ("/sites/root/lists/Contacts/items/1", "listItem"),
        ("/sites/root/lists/Documents/items/1", "listItem"),
        ("/sites/root/lists/Documents/items/1/driveItem", "driveItem"),
        ("/sites/root/drive", "drive"),
    ];
    let many = [
        ("/sites?search=*", "site"),
        ("/sites/root/sites", "site"),
        ("/sites/root/lists?$select=id,name,system,list", "list"),
        ("/sites/root/columns", "columnDefinition"),
        ("/sites/root/contentTypes", "contentType"),
        ("/sites/root/permissions", "permission"),
        ("/sites/root/drives", "drive"),
        ("/sites/root/lists/Tasks/columns", "columnDefinition"),
        ("/sites/root/lists/Tasks/items?$expand=fields&$top=300", "listItem"),
        ("/sites/root/lists/Tasks/items/delta?$top=5000", "listItem"),
        ("/sites/root/lists/Documents/items?$expand=fields", "listItem"),
    ];
    let calls = one
        .map(|(path, kind)| (path, kind, false))
        .into_iter()
        .chain(many.map(|(path, kind)| (path, kind, true)));
    for (path, kind, is_collection) in calls {
        let answer = door.graph_get(&format!("/v1.0{path}")).await;
        assert_eq!((path, answer.status.as_u16()), (path, 200), "{}", answer.text());
        let body = answer.json();
        let mut faults = Vec::new();
        if is_collection {
            check_graph(&schema, &format!("Collection({kind})"), &body["value"], &mut faults);
        } else {
            check_graph(&schema, kind, &body, &mut faults);
        }
        assert_eq!(faults, Vec::<String>::new(), "{path}");
    }
}

/// Properties of types that the subset names only as bases.
fn inherited(kind: &str) -> &'static [&'static str] {
    match kind {
        "SP.Web" | "SP.List" | "SP.ListItem" => {
            &["FirstUniqueAncestorSecurableObject", "HasUniqueRoleAssignments", "RoleAssignments"]
        }
        "SP.User" => &["Id", "IsHiddenInUI", "LoginName", "Title", "PrincipalType"],
        "SP.Field" => &["Choices"],
        _ => &[],
    }
}

/// Walks a verbose answer: every object that names its type is checked against it.
fn check_verbose(schema: &Value, value: &Value, faults: &mut Vec<String>, seen: &mut usize) {
    match value {
        Value::Array(rows) => rows.iter().for_each(|row| check_verbose(schema, row, faults, seen)),
        Value::Object(object) => {
            let kind = object.get("__metadata").and_then(|about| about["type"].as_str()).unwrap_or_default();
            // Lists have item types of their own, whose columns are the list's; fields have types by kind.
            let known = if kind.starts_with("SP.Field") && kind != "SP.FieldStringValues" {
                "SP.Field"
            } else {
                kind
            };
            if let Some(definition) = schema["types"].get(known) {
                *seen += 1;
                let nav = definition["nav"].as_array().expect("nav");
                for name in object.keys().filter(|name| *name != "__metadata") {
                    let found = definition["props"].get(name).is_some()
                        || nav.iter().any(|found| found == name)
                        || inherited(known).contains(&name.as_str());
                    if !found {
                        faults.push(format!("{kind}.{name}"));
                    }
                }
            }
            object.values().for_each(|value| check_verbose(schema, value, faults, seen));
        }
        _ => {}
    }
}

#[tokio::test]
async fn sharepoint_uses_only_sharepoints_own_names() {
    let Some(schema) = schema("sharepoint-rest-schema-subset.json") else { return };
    let door = FrontDoor::open().await;
    let accept = [("accept", "application/json;odata=verbose"), ("x-http-method", "DELETE")];
    let path = "/_api/web/lists/getbytitle('Tasks')/items(5)";
    door.sharepoint(Call { method: "POST", path, headers: &accept, body: "" }).await;
    let paths = [
        "/_api/web?$expand=Lists,CurrentUser,SiteUsers,Fields",
        "/_api/site?$expand=RootWeb",
        "/_api/web/lists?$expand=Fields,DefaultView,Views,ContentTypes,RootFolder",
        "/_api/web/currentuser",
        "/_api/web/siteusers",
        "/_api/web/recyclebin",
        "/_api/web/contenttypes",
        "/_api/web/lists/getbytitle('Tasks')/fields",
        "/_api/web/lists/getbytitle('Tasks')/views",
        "/_api/web/lists/getbytitle('Tasks')/items?$expand=Author,ContentType,ParentList&$top=3",
        "/_api/web/getfolderbyserverrelativeurl('/Shared%20Documents')?$expand=Files,Folders",
        "/_api/web/getfolderbyserverrelativeurl('/Shared%20Documents')/files?$expand=Author,ListItemAllFields",
        "/_api/web/folders",
    ];
    for path in paths {
        let answer = door.sharepoint_get(path, "verbose").await;
        assert_eq!((path, answer.status.as_u16()), (path, 200), "{}", answer.text());
        let (mut faults, mut seen) = (Vec::new(), 0);
        check_verbose(&schema, &answer.json(), &mut faults, &mut seen);
        faults.sort();
        faults.dedup();
        assert_eq!(faults, Vec::<String>::new(), "{path}");
        assert!(seen > 0 || path.contains("items"), "{path} has no entity that the schema knows");
    }
}

/// What `calls` answer has only properties that Graph knows; each is method, path, body, kind, `value` or all.
async fn walk(schema: &Value, door: &FrontDoor, calls: &[(&str, &str, Value, &str)]) {
    for (method, path, body, kind) in calls {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = door.graph(front_door::with_json(method, &format!("/v1.0{path}"), &text)).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
        let body = answer.json();
        let mut faults = Vec::new();
        let value = if kind.starts_with("Collection(") { &body["value"] } else { &body };
        check_graph(schema, kind, value, &mut faults);
        assert_eq!(faults, Vec::<String>::new(), "{method} {path}");
    }
}

#[tokio::test]
async fn graph_drives_use_only_graphs_own_names() {
    let Some(schema) = schema("graph-v1-schema-subset.json") else { return };
    let door = FrontDoor::open().await;
    let link = json!({"type": "view", "scope": "organization"});
    let invite = json!({"recipients": [{"email": "megan@contoso.example"}], "roles": ["read"]});
    let folder = json!({"name": "Made", "folder": {}});
    let calls = [
        ("GET", "/me/drive", Value::Null, "drive"),
        ("GET", "/me/drives", Value::Null, "Collection(drive)"),
        ("GET", "/me/drive/root?$expand=children", Value::Null, "driveItem"),
        ("GET", "/me/drive/root:/Reports:/children", Value::Null, "Collection(driveItem)"),
        ("GET", "/me/drive/root/search(q='sales')", Value::Null, "Collection(driveItem)"),
        ("GET", "/me/drive/recent", Value::Null, "Collection(driveItem)"),
        ("POST", "/me/drive/root/children", folder, "driveItem"),
        ("PATCH", "/me/drive/root:/Made", json!({"name": "Named"}), "driveItem"),
        ("PUT", "/me/drive/root:/Named/a.txt:/content", json!("x"), "driveItem"),
        ("POST", "/me/drive/root:/Sales.xlsx:/createLink", link, "permission"),
        ("POST", "/me/drive/root:/Sales.xlsx:/invite", invite, "Collection(permission)"),
        ("GET", "/me/drive/root:/Sales.xlsx:/permissions", Value::Null, "Collection(permission)"),
        ("GET", "/me/drive/root:/Sales.xlsx:/versions", Value::Null, "Collection(driveItemVersion)"),
    ];
    walk(&schema, &door, &calls).await;
    door.graph(front_door::with_json("DELETE", "/v1.0/me/drive/root:/Budget.xlsx", "")).await;
    walk(&schema, &door, &[("GET", "/me/drive/root/delta", Value::Null, "Collection(driveItem)")]).await;
}

#[tokio::test]
async fn graph_workbooks_use_only_graphs_own_names() {
    let Some(schema) = schema("graph-v1-schema-subset.json") else { return };
    let door = FrontDoor::open().await;
    let row = json!({"values": [[1, "2026-11-21", "West", "Fig", 2, 4.5, null]]});
    let lookup = json!({"number": 4});
    let name = json!({"name": "Here", "reference": "=Orders!A1:B2"});
    let table = json!({"address": "Summary!A1:B7", "hasHeaders": true});
    let calls = [
        ("POST", "createSession", json!({"persistChanges": false}), "workbookSessionInfo"),
        ("GET", "worksheets", Value::Null, "Collection(workbookWorksheet)"),
        ("POST", "worksheets", json!({"name": "X"}), "workbookWorksheet"),
        ("PATCH", "worksheets/X", json!({"visibility": "Hidden"}), "workbookWorksheet"),
        ("GET", "worksheets/Orders/range(address='A1:C3')", Value::Null, "workbookRange"),
        ("GET", "worksheets/Orders/range(address='A:C')", Value::Null, "workbookRange"),
        ("GET", "worksheets/Orders/usedRange", Value::Null, "workbookRange"),
        ("GET", "worksheets/Orders/usedRange/lastRow", Value::Null, "workbookRange"),
        ("PATCH", "worksheets/X/range(address='A1')", json!({"values": 1}), "workbookRange"),
        ("GET", "worksheets/Orders/range(address='A1')/format", Value::Null, "workbookRangeFormat"),
        ("GET", "worksheets/Orders/range(address='A1')/format/font", Value::Null, "workbookRangeFont"),
        ("GET", "worksheets/Orders/range(address='A1')/format/fill", Value::Null, "workbookRangeFill"),
        ("GET", "worksheets/Orders/range(address='A1:B3')/visibleView", Value::Null, "workbookRangeView"),
        ("GET", "tables", Value::Null, "Collection(workbookTable)"),
        ("POST", "tables/add", table, "workbookTable"),
        ("GET", "tables/Orders/rows?$top=2", Value::Null, "Collection(workbookTableRow)"),
        ("POST", "tables/Orders/rows", row, "workbookTableRow"),
        ("GET", "tables/Orders/columns", Value::Null, "Collection(workbookTableColumn)"),
        ("GET", "names", Value::Null, "Collection(workbookNamedItem)"),
        ("POST", "names/add", name, "workbookNamedItem"),
        ("POST", "functions/sqrt", lookup, "workbookFunctionResult"),
        ("GET", "application", Value::Null, "workbookApplication"),
    ];
    let paths: Vec<String> =
        calls.iter().map(|(_, path, _, _)| format!("/me/drive/root:/Sales.xlsx:/workbook/{path}")).collect();
    let calls: Vec<(&str, &str, Value, &str)> = calls
        .into_iter()
        .zip(&paths)
        .map(|((method, _, body, kind), path)| (method, path.as_str(), body, kind))
        .collect();
    walk(&schema, &door, &calls).await;
}
