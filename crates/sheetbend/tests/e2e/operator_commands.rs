//! The operator's commands, as one types them: beside a running server, without one, and from another server.

use crate::harness;

use std::path::Path;
use std::process::{Command, Output};

use harness::{Server, Start};
use serde_json::{Value, json};

const KEY: &str = "6f1c2a52-0d6d-4a41-9a52-7c9d4f3c1b2a";

fn sheetbend(data_dir: &Path, words: &[&str]) -> Output {
    let (first, rest) = words.split_first().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sheetbend"));
    command.arg(first).arg("--data-dir").arg(data_dir).args(rest);
    command.env_remove("HTTP_PROXY").env_remove("HTTPS_PROXY");
    command.output().unwrap()
}

/// What a command with `--json` printed; it must have succeeded.
#[track_caller]
fn printed(data_dir: &Path, words: &[&str]) -> Value {
    let (first, rest) = words.split_first().unwrap();
    let output = sheetbend(data_dir, &[&[first, "--json"], rest].concat());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words:?}: {out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{words:?}: {error}: {out}{err}"))
}

#[track_caller]
fn refused(data_dir: &Path, words: &[&str]) -> String {
    let output = sheetbend(data_dir, words);
    assert_eq!(output.status.code(), Some(1), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ids(list: &Value) -> Vec<&str> {
    let all = list.as_array().unwrap_or_else(|| panic!("{list}"));
    all.iter().filter_map(|one| one["connection_id"].as_str()).collect()
}

#[tokio::test]
async fn a_running_server_is_asked_by_its_socket() {
    let server = Start::dev().start();
    let dir = server.data_dir.as_path();
    let all = printed(dir, &["connections", "list", "--integration", "microsoft-excel"]);
    assert_eq!(ids(&all), ["demo-excel"]);
    let shown = printed(dir, &["connections", "show", "demo-excel", "--integration", "microsoft-excel"]);
    assert_eq!(shown["connection_id"], "demo-excel");
    assert!(shown.get("credentials").is_none(), "secrets only when asked for");
    let words = ["connections", "show", "demo-excel", "--integration", "microsoft-excel", "--credentials"];
    assert!(printed(dir, &words)["credentials"]["refresh_token"].is_string());

    let before = server.token_calls().await;
    printed(dir, &["connections", "refresh", "demo-excel", "--integration", "microsoft-excel"]);
    assert_eq!(server.token_calls().await, before + 1);

    let made = printed(dir, &["api-keys", "create", "robot", "--scope", "environment:connections:list"]);
    let key = made["data"]["secret"].as_str().unwrap().to_owned();
    assert_eq!(list_with(&server, &key).await, 200);
    let listed = printed(dir, &["api-keys", "list"]);
    let robot = listed["data"].as_array().unwrap().iter().find(|one| one["display_name"] == "robot").unwrap();
    assert!(!listed.to_string().contains(&key));
    printed(dir, &["api-keys", "revoke", &robot["id"].to_string()]);
    assert_eq!(list_with(&server, &key).await, 401);

    let findings = printed(dir, &["doctor"])["findings"].clone();
    let of = |check: &str| {
        let found = findings.as_array().unwrap().iter().filter(|one| one["check"] == check);
        found.map(|one| one["level"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("database"), ["ok"], "{findings}");
    assert_eq!(of("clock"), ["ok"], "{findings}");
    assert_eq!(of("secret-end"), ["ok"], "{findings}");
    assert!(of("host").iter().all(|level| level == "ok"), "{findings}");

    let told = refused(dir, &["connections", "delete", "nobody", "--integration", "microsoft-excel"]);
    assert!(told.contains("unknown_connection"), "{told}");
    server.calm();
}

async fn list_with(server: &Server, key: &str) -> u16 {
    let authorization = format!("Bearer {key}");
    let url = format!("{}/connections", server.url());
    server.send("GET", &url, &[("authorization", &authorization)], "").await.status.as_u16()
}

#[tokio::test]
async fn without_a_server_the_database_is_opened_and_a_second_import_doubles_nothing() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    let mut server = Start::serve(KEY).in_dir(&dir).start();
    let credentials = json!({"type": "OAUTH2", "client_id": "id", "client_secret": "secret"});
    let integration =
        json!({"provider": "microsoft-excel", "unique_key": "microsoft-excel", "credentials": credentials});
    server.api("POST", "/integrations", Some(integration)).await.ok();
    server.stop();
    let file = home.path().join("more.csv");
    let rows = "connection_id,provider_config_key,credentials.type,credentials.access_token,tags.team,end_user.id\n\
                one,microsoft-excel,OAUTH2,t1,red,u1\n\
                two,microsoft-excel,OAUTH2,t2,blue,u2\n\
                three,nothing,OAUTH2,t3,,\n\
                ,microsoft-excel,OAUTH2,t4,,\n";
    std::fs::write(&file, rows).unwrap();
    for _ in 0..2 {
        let words = ["connections", "import", file.to_str().unwrap()];
        let told = refused(&dir, &words);
        assert!(told.contains("2 rows were refused"), "{told}");
        let all = printed(&dir, &["connections", "list", "--integration", "microsoft-excel"]);
        let mut found = ids(&all);
        found.sort_unstable();
        assert_eq!(found, ["one", "two"]);
    }
    // Options stand where one likes.
    let late = Command::new(env!("CARGO_BIN_EXE_sheetbend"))
        .args(["connections", "list", "--json", "--data-dir", dir.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(late.status.success(), "{}", String::from_utf8_lossy(&late.stderr));
    let red = printed(&dir, &["connections", "list", "--tag", "team=red"]);
    assert_eq!(ids(&red), ["one"]);
    assert!(!dir.join("admin.sock").exists());

    let nowhere = refused(&home.path().join("empty"), &["connections", "list"]);
    assert!(nowhere.contains("no server runs"), "{nowhere}");
}

#[tokio::test]
async fn a_backup_made_while_serving_is_restored() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    let backup = home.path().join("backup");
    let mut server = Start::dev().in_dir(&dir).start();
    let made = printed(&dir, &["backup", backup.to_str().unwrap()]);
    assert!(made["data"]["bytes"].as_u64().unwrap() > 4096);
    let again = refused(&dir, &["backup", backup.to_str().unwrap()]);
    assert!(again.contains("holds a backup already"), "{again}");

    printed(&dir, &["connections", "delete", "demo-excel", "--integration", "microsoft-excel"]);
    let busy = refused(&dir, &["restore", backup.to_str().unwrap()]);
    assert!(busy.contains("another sheetbend works in"), "{busy}");
    server.stop();
    // Another key does not open it, and the database that is there stays.
    let wrong = Command::new(env!("CARGO_BIN_EXE_sheetbend"))
        .args(["restore", backup.to_str().unwrap(), "--data-dir", dir.to_str().unwrap()])
        .env("SHEETBEND_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        .output()
        .unwrap();
    assert!(!wrong.status.success());
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(told.contains("another encryption key"), "{told}");

    let restored = printed(&dir, &["restore", backup.to_str().unwrap()]);
    assert!(Path::new(restored["kept"].as_str().unwrap()).exists());
    let all = printed(&dir, &["connections", "list", "--integration", "microsoft-excel"]);
    assert_eq!(ids(&all), ["demo-excel"]);
}

#[tokio::test]
async fn a_house_moves_here_with_its_keys() {
    let theirs = Start::dev().start();
    let variables = json!({"variables": [{"name": "REGION", "value": "eu"}]});
    theirs.api("PUT", "/environment-variables", Some(variables)).await.ok();
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    let ours = Start::serve(KEY).in_dir(&dir).start();
    let words = ["import", "--json", "nango", "--from", theirs.url(), "--key", theirs.key()];
    for _ in 0..2 {
        let output = sheetbend(&dir, &words);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["connections"], 2, "{report}");
        assert_eq!(report["variables"], 1, "{report}");
        // The certificate of SharePoint's v1 stays where it was made.
        let missing = report["missing"].as_array().unwrap();
        assert_eq!(missing.len(), 1, "{report}");
        assert!(missing[0]["why"].as_str().unwrap().contains("TWO_STEP"), "{report}");
        assert_eq!(output.status.code(), Some(1));
    }
    assert_eq!(list_with(&ours, theirs.key()).await, 200, "the backend keeps its key");
    let path = "/connections/demo-excel?provider_config_key=microsoft-excel&refresh_token=true";
    let (there, here) = (theirs.api("GET", path, None).await.ok(), ours.api("GET", path, None).await.ok());
    for name in ["access_token", "refresh_token"] {
        assert_eq!(here["credentials"][name], there["credentials"][name], "{name}");
    }
    assert_eq!(ours.api("GET", "/environment-variables", None).await.ok()[0]["value"], "eu");
    // Its exit code depends on whether this machine reaches Microsoft's hosts.
    let doctor = sheetbend(&dir, &["doctor"]);
    let findings = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(findings.contains("signed with an API key"), "{findings}");
    let environment = ours.api("GET", "/environment", None).await.ok();
    assert!(environment.to_string().contains("any-public"), "{environment}");
}

#[tokio::test]
async fn the_encryption_key_changes_while_serving() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data");
    let mut server = Start::dev().in_dir(&dir).start();
    let file = dir.join("encryption.key");
    let before = std::fs::read_to_string(&file).unwrap();
    let status = printed(&dir, &["keys", "status"]);
    let old = status["keys"][0]["id"].as_str().unwrap().to_owned();
    assert!(status["keys"][0]["values"].as_u64().unwrap() > 0, "{status}");

    let after = printed(&dir, &["keys", "rotate"]);
    let keys = after["keys"].as_array().unwrap();
    assert_eq!((keys[0]["state"].as_str(), keys[1]["id"].as_str()), (Some("seals"), Some(old.as_str())));
    assert_eq!(keys[1]["values"], 0, "{after}");
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(lines.lines().nth(1), before.lines().next(), "the new key stands first");
    let call = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!(call.status, 200, "{}", call.text());

    let sealing = keys[0]["id"].as_str().unwrap();
    let told = refused(&dir, &["keys", "retire", sealing]);
    assert!(told.contains("rotate to another key first"), "{told}");
    assert!(sheetbend(&dir, &["keys", "retire", &old]).status.success());
    server.stop();
    let server = Start::dev().in_dir(&dir).start();
    let call = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!(call.status, 200, "the old key is needed for nothing: {}", call.text());
}
