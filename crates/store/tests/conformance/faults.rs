//! A database that is locked, full, read-only, damaged or away.

use std::path::{Path, PathBuf};

use domain::Sealed;
use store::{AdminLink, DatabaseUrl, NewConnection, Store, StoreError, StoreOptions};

use crate::fixture::{Fixture, NOW, connection_id, key, new_connection, tags};

crate::on_both!(a_nul_character_is_refused, one_failure_leaves_its_neighbours_alone);

fn path(f: &Fixture) -> PathBuf {
    match &f.url {
        DatabaseUrl::Sqlite(path) => path.clone(),
        DatabaseUrl::Postgres(url) => panic!("{url} is no file"),
    }
}

fn options(path: &Path) -> StoreOptions {
    StoreOptions { wait_ms: 50, ..StoreOptions::new(DatabaseUrl::Sqlite(path.to_owned())) }
}

async fn a_nul_character_is_refused(f: Fixture) {
    let new = NewConnection { tags: Some(tags(&[("a", "b\0c")])), ..new_connection("c1") };
    let error = f.store.upsert_connection(f.scope, new, NOW).await.unwrap_err();
    assert_eq!(error, StoreError::NulCharacter);
    assert!(f.store.connection(f.scope, &key("excel"), &connection_id("c1")).await.unwrap().is_none());
}

async fn one_failure_leaves_its_neighbours_alone(f: Fixture) {
    let link = |hash: String| AdminLink { hash, payload: Sealed::from_bytes(vec![1]), expires_at_ms: NOW };
    let writes = (0..100).map(|index| {
        let (store, link) = (f.store.clone(), link(format!("h{}", index / 2)));
        tokio::spawn(async move { store.insert_admin_link(&link).await })
    });
    let (mut done, mut refused) = (0, 0);
    for write in writes.collect::<Vec<_>>() {
        match write.await.unwrap() {
            Ok(()) => done += 1,
            Err(StoreError::Duplicate(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((done, refused), (50, 50));
    for index in 0..50 {
        assert!(f.store.find_admin_link(&format!("h{index}")).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_locked_file_says_so_and_recovers() {
    let f = Fixture::sqlite().await;
    let store = Store::open(options(&path(&f))).await.unwrap();
    let raw = rusqlite::Connection::open(path(&f)).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.upsert_connection(f.scope, new_connection("c1"), NOW).await.unwrap_err();
    assert_eq!(error, StoreError::Locked);
    assert!(error.is_transient());
    assert_eq!(Store::open(options(&path(&f))).await.err(), Some(StoreError::Locked));
    raw.execute_batch("ROLLBACK").unwrap();
    store.upsert_connection(f.scope, new_connection("c1"), NOW).await.unwrap();
}

#[tokio::test]
async fn a_full_database_refuses_and_keeps_what_it_has() {
    let f = Fixture::sqlite().await;
    f.connection("kept").await;
    let limited = StoreOptions { max_bytes: Some(800 << 10), ..options(&path(&f)) };
    let store = Store::open(limited).await.unwrap();
    let large = |index: usize| NewConnection {
        credentials: Sealed::from_bytes(vec![1; 40_000]),
        ..new_connection(&format!("large{index}"))
    };
    let mut stored = Vec::new();
    let mut refused = None;
    for index in 0..30 {
        match store.upsert_connection(f.scope, large(index), NOW).await {
            Ok((connection, _)) => stored.push(connection.id),
            Err(error) => refused = Some(error),
        }
    }
    assert_eq!(refused, Some(StoreError::Full));
    assert!(!stored.is_empty());
    for id in stored.iter().chain([&connection_id("kept")]) {
        assert!(store.connection(f.scope, &key("excel"), id).await.unwrap().is_some());
    }
    store.delete_connections(f.scope, &key("excel")).await.unwrap();
    store.upsert_connection(f.scope, large(99), NOW).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    std::fs::write(
        &file,
        "this is a text file, and a long one at that, so that a page header is read".repeat(50),
    )
    .unwrap();
    let error = Store::open(options(&file)).await.err().unwrap();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    let error = Store::open(options(&folder.path().join("no/such/folder.db"))).await.err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_read_only_file_is_refused_at_start() {
    use std::os::unix::fs::PermissionsExt;
    let f = Fixture::sqlite().await;
    f.store.close().await;
    let file = path(&f);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).unwrap();
    if std::fs::OpenOptions::new().write(true).open(&file).is_ok() {
        // Permissions do not bind root; an address that asks for a read-only file does.
        let uri = format!("file:{}?mode=ro", file.display());
        let error = Store::open(options(Path::new(&uri))).await.err();
        assert_eq!(error, Some(StoreError::ReadOnly));
        return;
    }
    assert_eq!(Store::open(options(&file)).await.err(), Some(StoreError::ReadOnly));
}

#[tokio::test]
async fn a_server_that_is_away_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = DatabaseUrl::Postgres(format!("postgres://u:hunter2@127.0.0.1:{port}/x"));
    let error = Store::open(StoreOptions { wait_ms: 500, ..StoreOptions::new(url) }).await.err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(!error.to_string().contains("hunter2"));
}
