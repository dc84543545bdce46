use std::sync::{Arc, Mutex};

use domain::permission::Grants;
use store::{CacheEvent, Hearing, NewApiKey, StoreError};
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, NOW, connection_id, integration, key, new_connection};

crate::on_both!(writers_hear_themselves_first, nothing_is_told_of_a_failed_write, results_reach_this_node);

fn api_key() -> NewApiKey {
    NewApiKey {
        name: "n".to_owned(),
        hash: "hash".to_owned(),
        prefix: "p".to_owned(),
        grants: Grants::everything(),
    }
}

async fn writers_hear_themselves_first(f: Fixture) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = heard.clone();
    f.store.watch(move |event| sink.lock().unwrap().push(event.clone()));
    let environment = f.scope.environment;
    let row = f.connection("c1").await.row;
    // No waiting: the watcher ran before the writer got its answer.
    let connection =
        CacheEvent::Connection { environment, integration: key("excel"), id: connection_id("c1"), row };
    assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), [connection]);
    let id = f.store.insert_api_key(f.scope, api_key(), 50, NOW).await.unwrap();
    f.store.revoke_api_key(f.scope, id, NOW).await.unwrap();
    let of_key = CacheEvent::ApiKey { hash: "hash".to_owned() };
    assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), [of_key.clone(), of_key]);
    let renamed = domain::integration::Integration { key: key("new"), ..integration("excel") };
    f.store.update_integration(f.scope, &renamed).await.unwrap();
    let of = |name: &str| CacheEvent::Integration { environment, key: key(name) };
    assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), [of("excel"), of("new")]);
}

async fn nothing_is_told_of_a_failed_write(f: Fixture) {
    let mut events = f.store.events();
    let row = f.connection("c1").await.row;
    let elsewhere = f.other_scope().await;
    assert!(f.store.delete_connection(elsewhere, row).await.is_err());
    let before = f.store.count_statements();
    assert!(matches!(events.try_recv().unwrap(), CacheEvent::Connection { .. }));
    assert!(events.try_recv().is_err(), "one write, one event");
    assert_eq!(f.store.count_statements(), before);
}

async fn results_reach_this_node(f: Fixture) {
    let mut results = f.store.connect_results();
    f.store.publish_connect_result("{\"ws\":\"1\"}".to_owned()).await.unwrap();
    assert_eq!(&*results.try_recv().unwrap(), "{\"ws\":\"1\"}");
    let error = f.store.publish_connect_result("x".repeat(7200)).await.unwrap_err();
    assert_eq!(error, StoreError::TooLarge);
}

async fn next(events: &mut Receiver<CacheEvent>) -> CacheEvent {
    let wait = std::time::Duration::from_secs(20);
    tokio::time::timeout(wait, events.recv()).await.expect("an event in time").unwrap()
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn nodes_hear_each_other() {
    let f = Fixture::postgres().await;
    let other = f.another_node().await;
    let (mut events, mut results) = (other.events(), other.connect_results());
    let cancel = CancellationToken::new();
    let listener = tokio::spawn({
        let (other, cancel) = (other.clone(), cancel.clone());
        async move { other.run_listener(cancel).await }
    });
    assert_eq!(next(&mut events).await, CacheEvent::ReloadAll, "what happened before the LISTEN is unknown");
    let row = f.connection("c1").await.row;
    match next(&mut events).await {
        CacheEvent::Connection { row: heard, .. } => assert_eq!(heard, row),
        event => panic!("{event:?}"),
    }
    assert_eq!(other.hearing(), Hearing::Live);
    f.store.insert_api_key(f.scope, api_key(), 50, NOW).await.unwrap();
    assert_eq!(next(&mut events).await, CacheEvent::ApiKey { hash: "hash".to_owned() });
    f.store.publish_connect_result("{}".to_owned()).await.unwrap();
    assert_eq!(&*results.recv().await.unwrap(), "{}");
    // Its own words do not come back to it.
    other.publish_connect_result("own".to_owned()).await.unwrap();
    assert_eq!(&*results.recv().await.unwrap(), "own");
    f.store.publish_connect_result("after".to_owned()).await.unwrap();
    assert_eq!(&*results.recv().await.unwrap(), "after");
    many_at_once_say_all(&f, &mut events).await;
    cancel.cancel();
    listener.await.unwrap();
}

async fn many_at_once_say_all(f: &Fixture, events: &mut Receiver<CacheEvent>) {
    for index in 0..60 {
        f.store.upsert_connection(f.scope, new_connection(&format!("many{index}")), NOW).await.unwrap();
        assert!(matches!(next(events).await, CacheEvent::Connection { .. }));
    }
    f.store.delete_connections(f.scope, &key("excel")).await.unwrap();
    assert_eq!(next(events).await, CacheEvent::ReloadAll);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_lost_channel_is_told() {
    let f = Fixture::postgres().await;
    assert_eq!(f.store.hearing(), Hearing::Lost, "nobody listens yet");
    let mut events = f.store.events();
    let cancel = CancellationToken::new();
    let listener = tokio::spawn({
        let (store, cancel) = (f.store.clone(), cancel.clone());
        async move { store.run_listener(cancel).await }
    });
    assert_eq!(next(&mut events).await, CacheEvent::ReloadAll);
    let store::DatabaseUrl::Postgres(url) = &f.url else { panic!() };
    let database = url.rsplit('/').next().unwrap();
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE application_name = 'sheetbend listener' AND datname = '{database}'"
    );
    f.server().execute(&kill).unwrap();
    assert_eq!(next(&mut events).await, CacheEvent::ReloadAll, "lost");
    assert_eq!(next(&mut events).await, CacheEvent::ReloadAll, "and back");
    let sqlite = Fixture::sqlite().await;
    assert_eq!(sqlite.store.hearing(), Hearing::Live, "a file has no other writers");
    let row = f.connection("c1").await.row;
    while !matches!(next(&mut events).await, CacheEvent::Connection { row: heard, .. } if heard == row) {}
    cancel.cancel();
    listener.await.unwrap();
    assert_eq!(f.store.hearing(), Hearing::Lost, "nobody listens any more");
}
