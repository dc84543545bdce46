//! Who lives, as PostgreSQL's locks tell.

use std::time::Duration;

use serde_json::json;
use store::{Claim, DatabaseUrl, GRACE, Hearing, Intent, LifeWatch, NewTask, Store};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, NOW};

crate::on_both!(held_tasks_are_freed_by_life);

const LEASE: i64 = 30_000;
const WAIT: Duration = Duration::from_secs(20);

fn task() -> NewTask {
    NewTask { kind: "k".to_owned(), dedup: None, payload: json!({}), due_at_ms: NOW }
}

/// Without a lock nobody knows of a life, and nothing is freed before its lease ends.
async fn held_tasks_are_freed_by_life(f: Fixture) {
    f.store.enqueue_tasks(vec![task()], NOW).await.unwrap();
    assert_eq!(f.store.claim_tasks("k", "n/1", NOW, NOW + LEASE, 9).await.unwrap().len(), 1);
    assert_eq!(f.store.lives_with_tasks().await.unwrap(), Vec::<i64>::new());
    assert!(LifeWatch::default().over(&f.store, &[]).await.unwrap().is_empty());
    assert_eq!(f.store.free_tasks_of(1, NOW).await.unwrap(), 0);
}

struct Node {
    store: Store,
    cancel: CancellationToken,
    listener: JoinHandle<()>,
}

impl Node {
    /// Listens, and has its lock.
    async fn start(store: Store) -> Self {
        let cancel = CancellationToken::new();
        let (own, until) = (store.clone(), cancel.clone());
        let listener = tokio::spawn(async move { own.run_listener(until).await });
        let node = Self { store, cancel, listener };
        let deadline = Instant::now() + WAIT;
        while node.store.hearing() == Hearing::Lost || node.life().await.is_none() {
            assert!(Instant::now() < deadline, "no lock");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        node
    }

    /// The life that a task claimed now is held by.
    async fn life(&self) -> Option<i64> {
        self.store.enqueue_tasks(vec![task()], NOW).await.unwrap();
        self.store.claim_tasks("k", "n/1", NOW, NOW + LEASE, 1).await.unwrap();
        self.store.lives_with_tasks().await.unwrap().into_iter().next()
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.listener.await.unwrap();
    }
}

/// Asks until it is over or `until` has passed.
async fn is_over(watch: &mut LifeWatch, store: &Store, life: i64, until: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < until {
        if watch.over(store, &[life]).await.unwrap() == [life] {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn needs_postgres_the_dead_are_told_from_the_living() {
    let f = Fixture::postgres().await;
    let node = Node::start(f.another_node().await).await;
    let life = node.life().await.unwrap();
    let row = f.connection("c1").await.row;
    let intent = |owner: &str| Intent { owner: owner.to_owned(), operation_id: "o".to_owned(), at_ms: NOW };
    let claim = node.store.claim_refresh(f.scope, row, 1, intent("n/1"), LEASE).await.unwrap();
    assert!(matches!(claim, Claim::Claimed { .. }));
    let mut watch = LifeWatch::default();
    assert!(watch.over(&f.store, &[life]).await.unwrap().is_empty(), "who hears nothing sees nobody die");
    let observer = Node::start(f.store.clone()).await;
    assert!(!is_over(&mut watch, &observer.store, life, GRACE * 2).await, "it lives");

    // Its listening connection breaks: it is back, with its lock, before anybody takes it for dead.
    let DatabaseUrl::Postgres(url) = &f.url else { panic!() };
    let database = url.rsplit('/').next().unwrap();
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' \
         AND ((CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT)) = {life} \
         AND database = (SELECT oid FROM pg_database WHERE datname = '{database}')"
    );
    f.server().execute(&kill).unwrap();
    assert!(!is_over(&mut watch, &observer.store, life, GRACE * 2).await, "it only lost a connection");

    node.stop().await;
    let begun = Instant::now();
    assert!(is_over(&mut watch, &observer.store, life, WAIT).await, "it is gone");
    assert!(begun.elapsed() >= GRACE - Duration::from_millis(100), "not at the first look");
    assert!(begun.elapsed() < GRACE * 2, "took {:?}", begun.elapsed());
    assert!(observer.store.free_tasks_of(life, NOW).await.unwrap() >= 1);
    match observer.store.claim_refresh(f.scope, row, 1, intent("m/1"), LEASE).await.unwrap() {
        Claim::Busy { fence, life: Some(holder), .. } if holder == life => {
            observer.store.break_refresh_lease(row, fence).await.unwrap();
        }
        other => panic!("{other:?}"),
    }
    match observer.store.claim_refresh(f.scope, row, 1, intent("m/1"), LEASE).await.unwrap() {
        Claim::Claimed { previous_intent: Some(before), .. } => assert_eq!(before.owner, "n/1"),
        other => panic!("{other:?}"),
    }
    observer.stop().await;
}
