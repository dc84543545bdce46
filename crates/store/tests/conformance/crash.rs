//! A process that is killed while it writes: everything it was told is done must be there.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use domain::{EnvironmentName, Scope};
use store::{DatabaseUrl, Store, StoreOptions};

use crate::fixture::{NOW, connection_id, integration, key, new_connection};

/// Set for the process that is to be killed.
const VICTIM: &str = "SHEETBEND_TEST_VICTIM";

async fn open(url: &str) -> (Store, Scope) {
    let store = Store::open(StoreOptions::new(url.parse::<DatabaseUrl>().unwrap())).await.unwrap();
    let name = EnvironmentName::parse("dev").unwrap();
    let environment = store.get_or_create_environment(&name, "uuid", NOW).await.unwrap();
    (store, Scope { environment: environment.id })
}

/// Not a test by itself: the victim, which writes until it dies and prints what was acknowledged.
#[tokio::test]
async fn victim() {
    let Ok(url) = std::env::var(VICTIM) else { return };
    let (store, scope) = open(&url).await;
    store.insert_integration(scope, &integration("excel")).await.unwrap();
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for index in 0.. {
                let id = format!("c{writer}-{index}");
                store.upsert_connection(scope, new_connection(&id), NOW).await.unwrap();
                println!("acknowledged {id}");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

async fn nothing_acknowledged_is_lost(url: String) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["crash::victim", "--exact", "--nocapture"])
        .env(VICTIM, &url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    for line in lines.by_ref().map_while(Result::ok) {
        acknowledged.extend(line.split_once("acknowledged ").map(|(_, id)| id.to_owned()));
        if acknowledged.len() == 200 {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();
    assert!(acknowledged.len() >= 200, "the victim died by itself after {}", acknowledged.len());
    // The kill may have cut the last line; a shortened id would name another connection.
    acknowledged.pop();
    let (store, scope) = open(&url).await;
    for id in &acknowledged {
        let found = store.connection(scope, &key("excel"), &connection_id(id)).await.unwrap();
        assert!(found.is_some(), "{id} was acknowledged and is gone");
    }
}

#[tokio::test]
async fn killed_over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    nothing_acknowledged_is_lost(folder.path().join("x.db").display().to_string()).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn killed_over_postgres() {
    let database = testkit::databases::FreshDatabase::postgres().unwrap();
    let store::DatabaseUrl::Postgres(url) = database.url() else { panic!() };
    nothing_acknowledged_is_lost(url.clone()).await;
}
