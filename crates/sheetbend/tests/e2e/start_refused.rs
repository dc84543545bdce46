//! Starts that must not happen: each says why and what to do, and leaves everything as it was.

use crate::harness;

use std::path::Path;
use std::process::Command;

use harness::Start;
use tempfile::TempDir;

fn prepared() -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut server = Start::dev().in_dir(dir.path()).start();
    assert_eq!(server.stop(), Some(0));
    dir
}

#[track_caller]
fn refused(dir: &Path, arguments: &[&str], wanted: &[&str]) {
    let stderr = Start::dev().in_dir(dir).args(arguments).try_start().err().expect("it started");
    for part in wanted {
        assert!(stderr.contains(part), "no {part:?} in {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

async fn works(dir: &Path) {
    let server = Start::dev().in_dir(dir).start();
    let answer = server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn without_the_right_encryption_key() {
    let dir = prepared();
    let file = dir.path().join("encryption.key");
    let right = std::fs::read_to_string(&file).unwrap();
    let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let sealed_with = {
        let stderr =
            Start::dev().in_dir(dir.path()).args(&["--encryption-key", other]).try_start().err().unwrap();
        assert!(stderr.contains("sealed with another encryption key"), "{stderr}");
        let id = stderr.split("sealed with key ").nth(1).unwrap_or_else(|| panic!("no key id: {stderr}"));
        id.split(';').next().unwrap().to_owned()
    };
    assert!(sealed_with.len() >= 8, "{sealed_with}");
    assert!(!right.contains(&sealed_with) && !sealed_with.contains(right.trim()), "an id, not the key");
    refused(dir.path(), &["--encryption-key", "short"], &["32 bytes in base64"]);
    std::fs::remove_file(&file).unwrap();
    refused(dir.path(), &[], &["no encryption key was given", "encryption.key is missing"]);
    assert!(!file.exists(), "no new key beside an old database");
    let both = format!("{other},{}", right.trim());
    let server = Start::dev().in_dir(dir.path()).args(&["--encryption-key", &both]).start();
    assert_eq!(server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.status, 200);
    drop(server);
    std::fs::write(&file, right).unwrap();
    works(dir.path()).await;
}

#[test]
fn a_start_that_fails_leaves_no_key_behind() {
    let dir = TempDir::new().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    refused(dir.path(), &["--database-url", &format!("postgres://x@{closed}/x")], &["cannot be reached"]);
    assert!(!dir.path().join("encryption.key").exists(), "a key that seals nothing");
}

#[test]
fn a_start_that_was_killed_before_it_sealed_anything_is_made_up_for() {
    let dir = TempDir::new().unwrap();
    let mut server = Start::dev().in_dir(dir.path()).start();
    server.stop();
    drop(server);
    // As if killed between the database's making and the key's.
    let file = dir.path().join("sheetbend.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute("DELETE FROM meta WHERE key = 'encryption_check'", [])
        .unwrap();
    for table in ["integrations", "connections"] {
        rusqlite::Connection::open(&file).unwrap().execute(&format!("DELETE FROM {table}"), []).unwrap();
    }
    std::fs::remove_file(dir.path().join("encryption.key")).unwrap();
    let mut server = Start::dev().in_dir(dir.path()).start();
    assert!(dir.path().join("encryption.key").exists());
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn beside_another_process() {
    let dir = TempDir::new().unwrap();
    let server = Start::dev().in_dir(dir.path()).start();
    refused(dir.path(), &["--log-level", "info"], &["another sheetbend works in"]);
    assert_eq!(server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.status, 200);
}

#[tokio::test]
async fn on_a_database_that_is_newer_locked_or_not_ours() {
    let dir = prepared();
    let file = dir.path().join("sheetbend.db");
    let sql = |text: &str| rusqlite::Connection::open(&file).unwrap().execute_batch(text).unwrap();
    sql("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from the future')");
    refused(dir.path(), &[], &["schema 9999", "start the newer version"]);
    sql("DELETE FROM schema_migrations WHERE version = 9999");
    let held = rusqlite::Connection::open(&file).unwrap();
    held.execute_batch("BEGIN EXCLUSIVE").unwrap();
    refused(dir.path(), &[], &["locked by another process"]);
    drop(held);
    works(dir.path()).await;
    let other = TempDir::new().unwrap();
    std::fs::write(other.path().join("encryption.key"), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
        .unwrap();
    std::fs::write(other.path().join("sheetbend.db"), "this is a letter, not a database\n".repeat(100))
        .unwrap();
    refused(other.path(), &[], &["damaged"]);
}

/// Root writes to anything, so only other users can see this one.
#[tokio::test]
async fn on_a_database_that_accepts_no_writes() {
    let dir = prepared();
    let file = dir.path().join("sheetbend.db");
    let read_only = |flag: &str| {
        Command::new("chattr").arg(flag).arg(&file).status().is_ok_and(|status| status.success())
    };
    let mut permissions = std::fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&file, permissions).unwrap();
    let writable = std::fs::OpenOptions::new().append(true).open(&file).is_ok();
    if writable && !read_only("+i") {
        println!("skipped: this user may write to read-only files");
        return;
    }
    refused(dir.path(), &[], &["read-only"]);
    if writable {
        assert!(read_only("-i"));
    }
}

#[test]
fn with_settings_that_cannot_be() {
    let dir = TempDir::new().unwrap();
    refused(dir.path(), &["--exempt", "nonsense"], &["--exempt nonsense"]);
    refused(dir.path(), &["--provider-file", "/nowhere.yaml"], &["--provider-file", "/nowhere.yaml"]);
    let file = dir.path().join("broken.yaml");
    std::fs::write(&file, "x:\n  auth_mode: [\n").unwrap();
    refused(dir.path(), &["--provider-file", file.to_str().unwrap()], &["broken.yaml"]);
    refused(dir.path(), &["--database-url", "mysql://x"], &["neither sqlite: nor postgres:"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(dir.path(), &["--metrics-listen", &address], &[&address]);
}

/// A server whose database turns bad while it runs: 503, nothing lost, and it recovers.
#[tokio::test]
async fn a_lock_that_comes_later_is_a_503_and_passes() {
    let dir = TempDir::new().unwrap();
    let server = Start::dev().in_dir(dir.path()).start();
    let body = serde_json::json!({"end_user": {"id": "x"}});
    server.api("POST", "/connect/sessions", Some(body.clone())).await.ok();
    let held = rusqlite::Connection::open(dir.path().join("sheetbend.db")).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = server.api("POST", "/connect/sessions", Some(body.clone())).await;
    assert_eq!(refused.header("retry-after"), "5");
    refused.refused(503, "service_unavailable");
    // Reading goes on, and so do proxied calls.
    assert_eq!(server.proxy("GET", "/v1.0/me", "microsoft-excel", "demo-excel").await.status, 200);
    held.execute_batch("ROLLBACK").unwrap();
    server.api("POST", "/connect/sessions", Some(body)).await.ok();
    server.calm();
}
