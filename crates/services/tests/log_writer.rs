//! The log's writer outlives a database that fails for a moment.

use std::sync::Arc;
use std::time::Duration;

use domain::operation::{Operation, OperationState};
use domain::{Clock, Entropy, EnvironmentName, Scope};
use services::operations::Recorder;
use testkit::databases::FreshDatabase;
use tokio_util::sync::CancellationToken;

struct Still;

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }
}

impl Entropy for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn operation(id: &str) -> Operation {
    Operation {
        id: id.to_owned(),
        kind: "proxy".to_owned(),
        action: "call".to_owned(),
        state: OperationState::Success,
        integration: None,
        connection: None,
        provider: None,
        status: Some(200),
        summary: "GET".to_owned(),
        error: None,
        created_at_ms: 1,
        ended_at_ms: Some(2),
        duration_us: Some(1),
        detail: None,
    }
}

/// Ends the first connection that waits for a lock.
const END_WAITING: &str = "DO $$ BEGIN LOOP PERFORM pg_stat_clear_snapshot(); \
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE application_name = 'sheetbend' AND datname = current_database() AND wait_event_type = 'Lock'; \
    EXIT WHEN FOUND; PERFORM pg_sleep(0.02); END LOOP; END $$";
const HOLD: &str = "DO $$ BEGIN LOCK TABLE operations IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(2); END $$";

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_entries_survive_a_connection_that_dies_in_the_middle() {
    let database = Arc::new(FreshDatabase::postgres().unwrap());
    let store = database.open().await.unwrap();
    let environment =
        store.get_or_create_environment(&EnvironmentName::parse("dev").unwrap(), "u", 0).await.unwrap();
    let scope = Scope { environment: environment.id };
    let aside = |sql: &'static str| {
        let database = database.clone();
        tokio::task::spawn_blocking(move || {
            let store::DatabaseUrl::Postgres(url) = database.url() else { panic!("not PostgreSQL") };
            testkit::postgres::execute_on(url, sql).unwrap();
        })
    };
    let (recorder, writer) = Recorder::new(store.clone(), Arc::new(Still), Arc::new(Still));
    let held = aside(HOLD);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ended = aside(END_WAITING);
    recorder.whole(scope, operation("1700000000000_aaaaaaaa"), Vec::new());
    let cancel = CancellationToken::new();
    let writing = tokio::spawn(writer.run(cancel.clone()));
    ended.await.unwrap();
    held.await.unwrap();
    cancel.cancel();
    writing.await.unwrap();
    assert!(store.operation(scope, "1700000000000_aaaaaaaa").await.unwrap().is_some(), "the entry was lost");
}
